"""
What both front doors share: an event is encoded on the caller's thread and queued; nothing is raised into the service.

A `Shipper` belongs to one handler and keeps its channels, its buffer and its sender.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import count
from sys import modules
from time import time
from typing import TYPE_CHECKING, Any

from elkmon.schema import Document
from elkmon.shipping import lifecycle, parts, timestamps, totals
from elkmon.shipping.accounting import Account
from elkmon.shipping.buffer import Buffer, Limits
from elkmon.shipping.channels import Channel, Origin
from elkmon.shipping.context import SURROUNDINGS, TRACING, surrounding
from elkmon.shipping.dead_letters import DeadLetters
from elkmon.shipping.encoding import LINE_LIMIT
from elkmon.shipping.entries import Entry
from elkmon.shipping.features import FeatureReader
from elkmon.shipping.sender import Pace, Sender
from elkmon.shipping.shorthand import Shorthand
from elkmon.shipping.transports import Transport
from elkmon.shipping.trouble import Teller

if TYPE_CHECKING:
    from elkmon.shipping.journal.backlog import Backlog
    from elkmon.shipping.journal.journal import Shelf

_MODELS = 1000  # with accounts of their own: a service that makes up names must not grow without bound
_OTHERS = "(other models)"


@dataclass(slots=True)
class Subject:
    """
    A model version, and what is kept for it.

    Attributes:
        name, version: as they are stored.
        reader: reads its features.
        channel: takes its predictions.
        document: the `elkmon.model` part of its events.
        shorthand: encodes its ordinary predictions.
    """

    name: str
    version: str
    reader: FeatureReader
    channel: Channel
    document: dict[str, str] = field(init=False)
    shorthand: Shorthand = field(init=False)

    def __post_init__(self) -> None:
        self.document = {"name": self.name, "version": self.version}
        self.shorthand = Shorthand(self.document)


class Shipper:
    """
    Encodes, queues and accounts.

    Args:
        make_origin: says who sends, with a random process name of its own; asked again in a forked child.
        transport: brings events to the other end.
        limits: how much may wait.
        pace: when and how much is sent.
        teller: hears of trouble.
        dead_letters: keeps what was rejected.
        shelf: where events are kept until they have arrived; None to keep them in memory.

    Attributes:
        reader: reads features that nothing is declared of.
    """

    def __init__(
        self,
        make_origin: Callable[[], Origin],
        transport: Transport,
        limits: Limits,
        pace: Pace,
        teller: Teller,
        dead_letters: DeadLetters | None,
        shelf: Shelf | None = None,
    ) -> None:
        self._make_origin = make_origin
        self._transport = transport
        self._limits = limits
        self._pace = pace
        self._teller = teller
        self._dead_letters = dead_letters
        self._shelf = shelf
        self._backlog: Backlog | None = None
        self._channels: dict[tuple[Document, str | None], Channel] = {}
        self._subjects: dict[tuple[Any, ...], Subject] = {}
        self._begin()
        self.reader = self._reader()
        lifecycle.register(self)

    def _begin(self) -> None:
        self.origin = self._make_origin()
        self._ids = count(1)
        self._told: dict[Channel, Account] = {}
        self._totals_channel = Channel(Document.SHIPPER, None, self.origin, Account())  # nobody's events
        self._addresses: dict[tuple[bytes, bytes | None], Channel] = {}
        if self._shelf is not None:
            from elkmon.shipping.journal.backlog import Backlog  # a service without a journal need not load it

            self._backlog = Backlog(self._shelf, self.origin.process, self._channel_at)
        self.buffer = Buffer(self._limits, self._backlog)
        self.sender = Sender(
            self.buffer, self._transport, self._pace, self._teller, self._totals, self._dead_letters, self._backlog
        )

    def after_fork(self) -> None:
        """Begin anew in a forked child: what was queued, and the connection, are the parent's."""
        self._transport.abandon()
        if self._backlog is not None:
            self._backlog.abandon()
        self._begin()
        for channel in self._channels.values():
            channel.begin(self.origin, self.buffer.open_account())

    def ship(
        self,
        channel: Channel,
        model: dict[str, str] | None,
        fill: Callable[[dict[str, Any], Origin, Any], None],
        said: Any,
        shorthand: Shorthand | None = None,
    ) -> str:
        """
        Encode an event and queue it.

        Args:
            channel: what kind of event it is, and about which model.
            model: the `elkmon.model` part, where there is one.
            fill: fills in the rest of the document: `fill(body, origin, said)`.
            said: what the service says, which may be anything.
            shorthand: makes the line without a document, where there is nothing out of the ordinary.

        Returns:
            The prediction's id, or the event's where it has none.
        """
        origin = self.origin
        id_ = f"{origin.process}-{next(self._ids):x}"
        sequence = next(channel.sequence)
        moment = timestamps.stamp(time())
        around = None if SURROUNDINGS.get() is None and TRACING not in modules else surrounding(origin)
        if shorthand is not None:
            line = shorthand.line(origin, channel, moment, id_, sequence, around, said)
            if line is not None and len(line) <= LINE_LIMIT:
                self.buffer.offer(line, channel)
                if self.sender.thread is None:
                    self.sender.start()
                return id_
        own: dict[str, Any] = {"process": origin.process}
        if model is not None:
            own["model"] = model
        event = {"id": id_, "sequence": sequence}
        body: dict[str, Any] = {"@timestamp": moment, "event": event, "elkmon": own, **(around or {})}
        try:
            fill(body, origin, said)
            line = channel.line(body)
            if len(line) > LINE_LIMIT:
                line = _reduced(channel, body, f"too large: only what identifies it is left of {len(line)} bytes")
        except Exception as error:  # noqa: BLE001  never into the service
            line = _rescued(channel, body, error)
        if line:
            self.buffer.offer(line, channel)
        else:
            self.buffer.lost(channel, body["@timestamp"], "encode_error")
        if self.sender.thread is None:
            self.sender.start()
        return str(own.get("prediction", event)["id"])

    def channel(self, kind: Document, model: str | None) -> Channel:
        """Return the channel for events of a kind about a model; made when first met."""
        channel = self._channels.get((kind, model))
        if channel is None:
            if len(self._channels) >= _MODELS and model not in (None, _OTHERS):
                return self.channel(kind, _OTHERS)
            made = Channel(kind, model, self.origin, self.buffer.open_account())
            channel = self._channels.setdefault((kind, model), made)
        return channel

    def subject(
        self, model: object, version: object, categorical: Collection[str] = (), numeric: Collection[str] = ()
    ) -> Subject:
        """Return what is kept for a model version; made when first met."""
        key = (model, version, tuple(categorical), tuple(numeric))
        subject = self._subjects.get(key)
        if subject is None:
            name = parts.model_name(model)
            channel = self.channel(Document.PREDICTION, name)
            subject = Subject(name, parts.model_version(version), self._reader(categorical, numeric), channel)
            if len(self._subjects) < _MODELS:
                self._subjects[key] = subject
        return subject

    def _reader(self, categorical: Collection[str] = (), numeric: Collection[str] = ()) -> FeatureReader:
        return FeatureReader(categorical, numeric, self.origin.redaction)

    def flush(self, deadline: float) -> bool:
        """Wait until nothing is pending of what was logged before, or for a moment of the monotonic clock."""
        self.sender.hurry()
        if lifecycle.exiting() and self.sender.thread is None:
            return not self.buffer.pending  # the last attempt was made
        return self.buffer.wait_until_settled(deadline)

    def begin_close(self, deadline: float) -> None:
        """Begin to end: by a moment of the monotonic clock all is delivered or dropped."""
        self.sender.stop(deadline)

    def end_close(self) -> None:
        """Wait for the end that was begun. The next event begins again."""
        self.sender.join()
        if self._backlog is not None and self._backlog.pending:
            where = self._backlog.directory
            kept = f"events stay in {where} until a later start logs something, or `elkmon replay DIRECTORY --to URL`"
            self._teller.tell("journal_kept", kept, self._backlog.pending)

    def _channel_at(self, address: tuple[bytes, bytes | None]) -> Channel:
        """Find the channel at an address: the rest of a data stream's part, and a model's name, as they are encoded."""
        channel = self._addresses.get(address)
        if channel is None:
            dataset, _, _ = address[0].partition(b'"')
            model = None if address[1] is None else str(json.loads(b'"' + address[1] + b'"'))
            channel = self.channel(Document(dataset.decode("ascii").split(".")[1]), model)
            if len(self._addresses) < _MODELS:
                self._addresses[address] = channel
        return channel

    def _totals(self) -> list[Entry]:
        """Make the events that carry the totals: of those channels that have news."""
        accounts = [(channel, self.buffer.copied(channel.account)) for channel in list(self._channels.values())]
        shipper = self._totals_channel
        return [
            (totals.totals_line(channel, account, shipper, self.origin), shipper)
            for channel, account in totals.changed(accounts, self._told)
        ]


def _reduced(channel: Channel, body: dict[str, Any], note: str) -> bytes:
    """Encode what identifies an event, and why there is no more of it."""
    own = {key: body["elkmon"][key] for key in ("process", "model", "prediction") if key in body["elkmon"]}
    if "prediction" in own:
        own["prediction"] = {"id": own["prediction"]["id"]}
    return channel.line({"@timestamp": body["@timestamp"], "event": body["event"], "elkmon": {**own, "notes": [note]}})


def _rescued(channel: Channel, body: dict[str, Any], error: Exception) -> bytes:
    """Encode what is left of an event whose parts could not be encoded; nothing, where not even that is possible."""
    try:
        return _reduced(channel, body, f"could not be encoded: {type(error).__name__}")
    except Exception:  # noqa: BLE001  the stack is at its end, or memory is
        return b""
