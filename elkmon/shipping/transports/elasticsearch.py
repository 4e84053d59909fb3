"""
Events straight into Elasticsearch, by its bulk interface: acknowledged, and judged one by one.

Every event is created under its own id, so that one sent again after a lost answer is found to be there (409).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from elkmon.shipping.buffer import Entry
from elkmon.shipping.encoding import id_of
from elkmon.shipping.transports import ARRIVED, Receipt, Unavailable
from elkmon.shipping.transports.hosts import Login
from elkmon.shipping.transports.link import Link, excerpt

_PATH = (
    "/_bulk?require_data_stream=true"
    "&filter_path=items.*.status,items.*.error.type,items.*.error.reason,items.*.failure_store"
)
_SEARCH = "ignore_unavailable=true&filter_path=_shards.failed,hits.total,hits.hits._id"
_THERE_ALREADY = 409
_NO_STREAM = 404
_HOLD = frozenset({401, 403, _NO_STREAM, 408, 429})  # nothing is wrong with the event

ASK_AFTER_SECONDS = 600.0
"""From this age on a batch that was tried before is looked for, before it is sent again."""


class ElasticsearchTransport:
    """
    Sends to Elasticsearch. Delivered means: stored, by its own word, event by event.

    Args:
        hosts: one URL or several; the next is asked when one does not answer.
        api_key: as Elasticsearch gave it out.
        basic_auth: user name and password, instead.
        ca_file: certificates to trust instead of the system's. Certificate and host name are always verified.
        timeout: seconds to wait for a connection, and for an answer.
        compress: whether to gzip requests: less to send, more to compute.

    Raises:
        ShippingError: an argument cannot be used.
    """

    def __init__(
        self,
        hosts: str | Sequence[str],
        *,
        api_key: str | None = None,
        basic_auth: tuple[str, str] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        timeout: float = 30.0,
        compress: bool = False,
    ) -> None:
        login = Login(api_key, basic_auth)
        self._link = Link(hosts, default_port=9200, login=login, ca_file=ca_file, timeout=timeout, compress=compress)

    def __repr__(self) -> str:
        return f"ElasticsearchTransport({str(self._link)!r})"

    def send(self, batch: Sequence[Entry], tried_for: float = 0.0) -> Receipt:
        """Create a document for each entry, except those that an earlier attempt has created."""
        if tried_for < ASK_AFTER_SECONDS:
            return self._create(batch)
        there = self._stored(batch)
        missing = [position for position, (line, _) in enumerate(batch) if id_of(line) not in there]
        if not missing:
            return ARRIVED
        receipt = self._create([batch[position] for position in missing])
        return Receipt(
            tuple(missing[position] for position in receipt.again),
            tuple((missing[position], detail) for position, detail in receipt.rejected),
            receipt.detail,
        )

    def _create(self, batch: Sequence[Entry]) -> Receipt:
        actions = (
            b'{"create":{"_index":"%b","_id":"%b"}}\n%b\n' % (channel.index.encode(), id_of(line), line)
            for line, channel in batch
        )
        reply = self._link.post(_PATH, b"".join(actions), "application/x-ndjson")
        try:
            items = json.loads(reply.body)["items"]
            return _receipt([next(iter(item.values())) for item in items], len(batch))
        except (ValueError, TypeError, LookupError, AttributeError, StopIteration) as error:
            raise Unavailable(f"{reply.host} gave no answer of Elasticsearch: {excerpt(reply.body)}") from error

    def _stored(self, batch: Sequence[Entry]) -> set[bytes]:
        """
        Ask which of the ids are in their streams. In the meantime these may have rolled over, and an id is unique
        within a backing index only. Without the right to read nothing is known to be there, and a repeat may double.
        """
        ids: dict[str, list[str]] = {}
        for line, channel in batch:
            ids.setdefault(channel.index, []).append(id_of(line).decode("ascii"))
        there: set[bytes] = set()
        for index, values in ids.items():
            query = {"query": {"ids": {"values": values}}, "size": len(values), "_source": False}
            try:
                reply = self._link.post(f"/{index}/_search?{_SEARCH}", json.dumps(query).encode(), "application/json")
            except Unavailable as error:
                if not error.refused:
                    raise
                continue
            try:
                answer = json.loads(reply.body)
                if answer["_shards"]["failed"]:
                    raise Unavailable(f"{reply.host}: some shards of {index} do not answer")
                there.update(hit["_id"].encode() for hit in answer["hits"].get("hits", ()))
            except (ValueError, TypeError, LookupError, AttributeError) as error:
                raise Unavailable(f"{reply.host} gave no answer of Elasticsearch: {excerpt(reply.body)}") from error
        return there

    def interrupt(self) -> None:
        """Make a `send` that waits on another thread end soon."""
        self._link.interrupt()

    def abandon(self) -> None:
        """Let go of the connection without touching it."""
        self._link.abandon()

    def close(self) -> None:
        """Close the connection."""
        self._link.close()


def _receipt(items: list[dict[str, Any]], sent: int) -> Receipt:
    """Judge every item. Raises LookupError where there are not as many as were sent."""
    if len(items) != sent:
        raise LookupError(len(items))
    again: list[int] = []
    rejected: list[tuple[int, str]] = []
    detail = ""
    for position, item in enumerate(items):
        status = int(item["status"])
        if item.get("failure_store") == "used":
            rejected.append((position, "Elasticsearch put it into its failure store: it does not fit the mapping"))
        elif status == _THERE_ALREADY or 200 <= status < 300:
            continue
        elif status in _HOLD or status >= 500:
            again.append(position)
            detail = detail or _why(item)
        else:
            rejected.append((position, _why(item)))
    return Receipt(tuple(again), tuple(rejected), detail)


def _why(item: dict[str, Any]) -> str:
    error = item.get("error", {})
    why = f"{item['status']} {error.get('type', '')}: {error.get('reason', '')}"
    if item["status"] == _NO_STREAM:
        why += " (no index template makes this data stream; `elkmon setup` does)"
    return why
