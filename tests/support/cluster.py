"""A cluster of three real nodes on this machine, of which one can be killed."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from elasticsearch import Elasticsearch

from elkmon.embedded import EmbeddedElasticsearch
from support.mail_server import free_port

NAMES = ("one", "two", "three")


class ThreeNodes:
    """Three nodes that find each other, whichever of them is there."""

    def __init__(self, heap: str = "512m") -> None:
        transports = {name: free_port() for name in NAMES}
        together = {
            "discovery.type": "multi-node",
            "discovery.seed_hosts": ",".join(f"127.0.0.1:{port}" for port in transports.values()),
            "cluster.initial_master_nodes": NAMES[0],
            "cluster.routing.allocation.same_shard.host": "false",
            "node.processors": "1",
        }
        self._nodes = {
            name: EmbeddedElasticsearch(
                heap=heap, settings={**together, "node.name": name, "transport.port": str(transports[name])}
            )
            for name in NAMES
        }

    @property
    def urls(self) -> list[str]:
        """Where the nodes answer, those that were killed included."""
        return [node.url for node in self._nodes.values()]

    def kill_master(self) -> str:
        """Kill the node that leads the others with SIGKILL; return its name."""
        with Elasticsearch(self.urls) as client:
            state = client.cluster.state(metric="master_node,nodes")
        name: str = state["nodes"][state["master_node"]]["name"]
        os.kill(self._nodes[name].pid, signal.SIGKILL)
        return name

    def __enter__(self) -> Self:
        with ThreadPoolExecutor(len(NAMES)) as starting:
            list(starting.map(lambda node: node.start(), self._nodes.values()))
        with Elasticsearch(self.urls, request_timeout=60) as client:
            health = client.cluster.health(wait_for_nodes=str(len(NAMES)), wait_for_status="green", timeout="50s")
        assert not health["timed_out"], health
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with ThreadPoolExecutor(len(NAMES)) as stopping:
            list(stopping.map(lambda node: node.stop(), self._nodes.values()))
