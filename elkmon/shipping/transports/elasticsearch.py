"""
Events straight into Elasticsearch, by its bulk interface: acknowledged, and judged one by one.

Every event is created under its own id, so that one sent again after a lost answer is found to be there (409).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence

from elkmon.shipping.channels import Channel
from elkmon.shipping.encoding import id_of
from elkmon.shipping.entries import Bequest, Entry
from elkmon.shipping.transports import ARRIVED, Indigestible, Receipt, Unavailable
from elkmon.shipping.transports.judging import events_at_fault, receipt
from elkmon.shipping.transports.link import Answered, Link, excerpt

_BULK = (
    "/_bulk?require_data_stream=true"
    "&filter_path=error,items.*.status,items.*.error.type,items.*.error.reason,items.*.failure_store"
)
_REFRESH = "_refresh?ignore_unavailable=true&filter_path=_shards.failed"
_SEARCH = "_search?ignore_unavailable=true&filter_path=_shards.failed,hits.total,hits.hits._id"
_ASKED_AT_ONCE = 1000
_REMEMBERED = 20
_MOST_HITS = 10_000  # what Elasticsearch gives at most; an id may already be there in several backing indices

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
        client_cert: our own certificate (PEM, perhaps with its key), where the server wants one.
        client_key: its key, where that has a file of its own.
        proxy: the URL of an HTTP proxy; None for what HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say, which
            never takes this machine's own addresses through one; False for none.
        timeout: seconds to wait for a connection, and for an answer.
        compress: whether to gzip requests (of 1 KB and more, to about a fifth); None for: unless all hosts are this
            machine, where it costs more than it saves.

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
        client_cert: str | os.PathLike[str] | None = None,
        client_key: str | os.PathLike[str] | None = None,
        proxy: str | bool | None = None,
        timeout: float = 30.0,
        compress: bool | None = None,
    ) -> None:
        self._refreshed: list[Bequest] = []
        self._link = Link(
            hosts,
            default_port=9200,
            api_key=api_key,
            basic_auth=basic_auth,
            ca_file=ca_file,
            client_cert=client_cert,
            client_key=client_key,
            proxy=proxy,
            timeout=timeout,
            compress=compress,
        )

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
        try:
            result = self._create([batch[position] for position in missing])
        except Unavailable:
            self._refreshed.clear()
            raise
        return Receipt(
            tuple(missing[position] for position in result.again),
            tuple((missing[position], detail) for position, detail in result.rejected),
            result.detail,
            failing=tuple((missing[position], detail) for position, detail in result.failing),
        )

    def _create(self, batch: Sequence[Entry]) -> Receipt:
        actions = (
            b'{"create":{"_index":"%b","_id":"%b"}}\n%b\n' % (channel.index.encode(), id_of(line), line)
            for line, channel in batch
        )
        try:
            reply = self._link.post(_BULK, b"".join(actions), "application/x-ndjson")
        except Answered as answer:
            if events_at_fault(answer.reply.status, answer.reply.body):
                raise Indigestible("rejected", str(answer)) from answer
            raise
        try:
            return receipt(reply.body, len(batch))
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
        try:
            self._refresh(channel for _, channel in batch)
            return {id_ for index, values in ids.items() for id_ in self._stored_in(index, values)}
        except Unavailable:
            self._refreshed.clear()
            raise

    def _refresh(self, channels: Iterable[Channel | Bequest]) -> None:
        """
        Make what was stored a moment ago findable: for a bequest once, since its owner sends nothing any more; but
        again after an attempt of our own that has failed.
        """
        for channel in {id(channel): channel for channel in channels}.values():
            if not any(known is channel for known in self._refreshed):
                self._answer(f"/{channel.index}/{_REFRESH}", b"")
                if isinstance(channel, Bequest):
                    self._refreshed = [*self._refreshed[-_REMEMBERED:], channel]

    def _stored_in(self, index: str, ids: list[str]) -> Iterator[bytes]:
        for start in range(0, len(ids), _ASKED_AT_ONCE):
            values = ids[start : start + _ASKED_AT_ONCE]
            query = {"query": {"ids": {"values": values}}, "size": _MOST_HITS, "_source": False}
            yield from self._answer(f"/{index}/{_SEARCH}", json.dumps(query).encode())

    def _answer(self, path: str, body: bytes) -> list[bytes]:
        """Return the ids of the hits; none where we may not ask."""
        try:
            reply = self._link.post(path, body, "application/json")
        except Unavailable as error:
            if error.refused:
                return []
            raise
        try:
            answer = json.loads(reply.body)
            if answer["_shards"]["failed"]:
                raise Unavailable(f"{reply.host}: some shards do not answer {path.partition('?')[0]}")
            return [hit["_id"].encode() for hit in answer.get("hits", {}).get("hits", ())]
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise Unavailable(f"{reply.host} gave no answer of Elasticsearch: {excerpt(reply.body)}") from error

    def prepare(self) -> None:
        """Import what `send` needs."""
        self._link.prepare()

    def interrupt(self) -> None:
        """Make a `send` that waits on another thread end soon."""
        self._link.interrupt()

    def abandon(self) -> None:
        """Let go of the connection without touching it."""
        self._link.abandon()

    def close(self) -> None:
        """Close the connection."""
        self._link.close()
