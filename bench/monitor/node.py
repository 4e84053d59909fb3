"""The Elasticsearch of the bench: one node of its own, its data in a folder that goes with it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from elasticsearch import Elasticsearch

from elkmon.elasticsearch import setup
from elkmon.embedded import EmbeddedElasticsearch

HEAP = "2g"


@dataclass(frozen=True, slots=True)
class Node:
    """A node that runs: where, as which process, which version, and a client of it."""

    url: str
    pid: int
    version: str
    client: Elasticsearch

    @property
    def processor(self) -> float:
        """Seconds of the processor it has taken so far."""
        numbers = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")

    def set_up(self, *namespaces: str) -> None:
        """Make what `elkmon setup` makes."""
        for each in namespaces:
            setup(self.client, each)

    def forget_answers(self) -> None:
        """Empty the caches of answers: a node that was asked the same a moment ago would not count again."""
        self.client.indices.clear_cache(index="logs-elkmon.*", request=True, query=True)

    def settle(self, index: str) -> None:
        """Bring what was loaded into as few segments as a stream has after a while."""
        self.client.options(request_timeout=600).indices.forcemerge(index=index, max_num_segments=5)
        self.client.indices.refresh(index=index)


@contextmanager
def node() -> Iterator[Node]:
    """Give a node that ends with the context."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-monitor-", ignore_cleanup_errors=True) as folder,
        EmbeddedElasticsearch(heap=HEAP, data=Path(folder), log=lambda _: None) as embedded,
        Elasticsearch(embedded.url, request_timeout=120) as client,
    ):
        yield Node(embedded.url, embedded.pid, embedded.version, client)
