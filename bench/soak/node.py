"""The Elasticsearch of the soak, which is stopped or killed and started again, and what is stored in it at the end."""

from __future__ import annotations

import os
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elasticsearch import Elasticsearch

from elkmon.elasticsearch import setup
from elkmon.embedded import EmbeddedElasticsearch

_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Stored:
    """What is in the stream of predictions: documents, distinct ids of events, and these by the service's life."""

    documents: int
    distinct: int
    by_life: Counter[str]


class Node:
    """One node at one port, with its data kept."""

    def __init__(self, data: Path, namespace: str) -> None:
        self._node = EmbeddedElasticsearch(port=_free_port(), data=data, heap="1g")
        self._namespace = namespace
        self.url = self._node.start()
        with self._client() as client:
            setup(client, namespace)

    def go_down(self, *, killed: bool) -> None:
        """Stop it in order, or kill it."""
        if killed:
            os.kill(self._node.pid, signal.SIGKILL)
        self._node.stop()

    def come_up(self) -> None:
        """Start it again, with its data and at its port."""
        self._node.start()

    def close(self) -> None:
        """End it."""
        self._node.stop()

    def stored(self) -> Stored:
        """Read the id of every document."""
        seen: Counter[str] = Counter()
        by_life: Counter[str] = Counter()
        index = f"logs-elkmon.prediction-{self._namespace}"
        with self._client() as client:
            client.indices.refresh(index=index)
            for name, life in _documents(client, index):
                seen[name] += 1
                by_life[life] += seen[name] == 1
            documents = client.count(index=index)["count"]
        return Stored(documents, len(seen), by_life)

    def _client(self) -> Elasticsearch:
        return Elasticsearch(self.url, request_timeout=120)


def _documents(client: Elasticsearch, index: str) -> Iterator[tuple[str, str]]:
    """Give the event's id and the service's life of each document, a page at a time from one moment's view."""
    view = client.open_point_in_time(index=index, keep_alive="5m")["id"]
    after = None
    while True:
        answer = client.search(
            pit={"id": view, "keep_alive": "5m"},
            size=_PAGE,
            sort=["_shard_doc"],
            search_after=after,
            track_total_hits=False,
            source=False,
            docvalue_fields=[{"field": "event.id"}, {"field": "labels.life"}],
        )
        hits = answer["hits"]["hits"]
        for hit in hits:
            yield hit["fields"]["event.id"][0], hit["fields"]["labels.life"][0]
        if len(hits) < _PAGE:
            client.close_point_in_time(id=view)
            return
        after = hits[-1]["sort"]


def _free_port() -> int:
    """Take one below those the system gives to connections: nobody else gets it while the node is down."""
    for port in range(21_000, 30_000):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise OSError("no port is free between 21000 and 30000")
