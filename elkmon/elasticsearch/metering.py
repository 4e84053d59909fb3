"""
What talking to Elasticsearch takes: requests and bytes, counted where they leave.

Both ways are packed. Counts are mostly digits and brackets: packed, answers are a tenth to a twentieth, requests a quarter.
"""

from __future__ import annotations

import gzip
from threading import Lock
from typing import TYPE_CHECKING

from elastic_transport import HttpHeaders, NodeConfig, Urllib3HttpNode
from elastic_transport.client_utils import DEFAULT, DefaultType
from elasticsearch import Elasticsearch

from elkmon.ports import Usage

if TYPE_CHECKING:
    from elastic_transport._node import NodeApiResponse  # what a node returns has no public name


_WORTH_PACKING = 2_000
"""Bytes below which a request is sent as it is."""


class MeteredNode(Urllib3HttpNode):
    """A node that counts what it is asked. A request that fails counts, with nothing received."""

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        self._lock = Lock()
        self.usage = Usage()

    def perform_request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: HttpHeaders | None = None,
        request_timeout: DefaultType | float | None = DEFAULT,
    ) -> NodeApiResponse:
        """Ask as any node does, packed, and count."""
        headers = HttpHeaders({**(headers or {}), "accept-encoding": "gzip"})
        if body is not None and len(body) >= _WORTH_PACKING:
            body = gzip.compress(body, compresslevel=1)
            headers["content-encoding"] = "gzip"
        self._count(requests=1, sent=len(body or b""))
        response = super().perform_request(method, target, body, headers, request_timeout)
        length = response.meta.headers.get("content-length") if response.body else None
        self._count(received=int(length or len(response.body)))
        return response

    def _count(self, *, requests: int = 0, sent: int = 0, received: int = 0) -> None:
        with self._lock:
            before = self.usage
            self.usage = Usage(before.requests + requests, before.sent + sent, before.received + received)


def usage_of(client: Elasticsearch) -> Usage:
    """Return what has been asked through `client`, which `connect` made, so far."""
    nodes = [node.usage for node in client.transport.node_pool.all() if isinstance(node, MeteredNode)]
    return Usage(
        sum(each.requests for each in nodes), sum(each.sent for each in nodes), sum(each.received for each in nodes)
    )
