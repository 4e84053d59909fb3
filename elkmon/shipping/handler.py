"""`PredictionHandler`: the handler a service adds to its loggers, and the place where its events come together."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from threading import get_ident
from typing import TYPE_CHECKING, Any

from elkmon.errors import ShippingError
from elkmon.shipping import lifecycle, parts
from elkmon.shipping.accounting import Stats
from elkmon.shipping.buffer import Limits, WhenFull
from elkmon.shipping.channels import Origin
from elkmon.shipping.dead_letters import DeadLetters
from elkmon.shipping.intake import EVENTS, ship_event, ship_record
from elkmon.shipping.naming import Streams
from elkmon.shipping.record_formatter import RecordFormatter
from elkmon.shipping.redaction import redaction_of
from elkmon.shipping.sender import Pace
from elkmon.shipping.shipper import Shipper
from elkmon.shipping.transports import Transport
from elkmon.shipping.transports.named import as_transport
from elkmon.shipping.trouble import Teller, Trouble

if TYPE_CHECKING:
    from elkmon.shipping.journal.journal import Shelf

_CARRIED = ("prediction", "outcome", "failure")


class PredictionHandler(logging.Handler):
    """
    Ships predictions, outcomes, errors and ordinary records.

    It never raises into the service, never waits on the network, and never grows without bound. A thread starts with
    the first event. Every event is accounted for: see `stats`.

    A record that is logged on that thread is neither shipped nor counted, or what a transport, or `on_trouble`, says of
    a shipment would have to be shipped, for ever. That includes what a finaliser logs that happens to run there:
    nothing tells it from the others. Where such records matter, let finalisers log to another handler as well; what is
    said to a `ModelLog` is shipped from any thread.

    At exit it delivers what is queued, for five seconds at most; forked children begin anew. A SIGTERM nobody handles
    ends Python without an exit: `signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))` makes it one.

    Args:
        transport: where events go: an `ElasticsearchTransport`, `LogstashHttpTransport`, `LogstashTcpTransport` or
            `FileTransport`; the URL of an Elasticsearch; or, for `dictConfig`, `{"()": "elkmon.FileTransport", …}`.
        namespace: the installation; part of the data streams' names.
        service, service_version, environment: how the service describes itself.
        labels: whatever it wants to search by; on every event.
        group: gives a family of models a stream of its own, where one stream would hold too many features.
        max_queue_count, max_queue_bytes: how much may wait. Errors have a small queue of their own.
        when_full: what gives way: `drop_oldest`, `drop_newest`, or `block` (which waits for `block_seconds`, then drops).
        journal: a directory for what has not arrived yet. Each event is written there before its call returns, so that
            not even `kill -9` loses it: the next process with the same directory sends it.
        journal_bytes: how much all the journals in that directory may take; what does not fit is dropped.
        flush_every: seconds an event waits for company; what `os._exit` may lose.
        batch_count, batch_bytes: how much is sent at once.
        dead_letters: a file for what the other end refuses for good, each document beside the reason.
        redact: what must not leave the process: `drop` or `hash` by name of a feature, a label, a key of `extra`, or a
            key a formatter makes, at any depth; see `Redaction`. Done before anything is encoded, so that no file or
            wire holds the value. A hashed number becomes a level. Free text is as it was written: messages, texts and
            stack traces of exceptions, what objects print; so are ids, classes and model names.
        redact_key: the secret that keeps hashes from being guessed; the same key makes the same hashes everywhere.
        totals_every: seconds between shipments of the totals; 0 for never.
        on_trouble: called with a `Trouble`, at most once a minute per cause, on the sender's thread.
        level: as for any handler.

    Raises:
        ShippingError: an argument cannot be used.
    """

    def __init__(
        self,
        transport: Transport | str | Mapping[str, Any],
        *,
        namespace: str = "default",
        service: str | None = None,
        service_version: str | None = None,
        environment: str | None = None,
        labels: Mapping[str, Any] | None = None,
        group: str = "",
        max_queue_count: int = 100_000,
        max_queue_bytes: int = 64 * 1024 * 1024,
        when_full: str = WhenFull.DROP_OLDEST,
        block_seconds: float = 1.0,
        journal: str | os.PathLike[str] | None = None,
        journal_bytes: int = 1024 * 1024 * 1024,
        flush_every: float = 0.05,
        batch_count: int = 1000,
        batch_bytes: int = 4 * 1024 * 1024,
        dead_letters: str | os.PathLike[str] | None = None,
        redact: Mapping[str, str] | None = None,
        redact_key: str | bytes | None = None,
        totals_every: float = 60.0,
        on_trouble: Callable[[Trouble], object] | None = None,
        level: int | str = logging.NOTSET,
    ) -> None:
        _at_least(1, max_queue_count=max_queue_count, batch_count=batch_count)
        _at_least(4096, max_queue_bytes=max_queue_bytes, batch_bytes=batch_bytes)
        _at_least(1024 * 1024, journal_bytes=journal_bytes)
        _at_least(0, block_seconds=block_seconds, flush_every=flush_every, totals_every=totals_every)
        if when_full not in tuple(WhenFull):
            raise ShippingError(f"when_full={when_full!r}: choose one of {', '.join(WhenFull)}")
        streams = Streams(namespace, group)
        redaction = redaction_of(redact, redact_key)
        shared = parts.as_labels(labels)
        if redaction is not None:
            shared = redaction.of(shared)

        def origin() -> Origin:
            return Origin(
                streams, os.urandom(8).hex(), service, service_version, environment, shared or None, redaction
            )

        self._shipper = Shipper(
            origin,
            as_transport(transport),
            Limits(max_queue_count, max_queue_bytes, WhenFull(when_full), block_seconds),
            Pace(batch_count, batch_bytes, flush_every, totals_every),
            Teller(on_trouble),
            DeadLetters(dead_letters) if dead_letters is not None else None,
            _shelf(journal, journal_bytes),
        )
        self._default_formatter = RecordFormatter()
        super().__init__(level)
        self.formatter = self._default_formatter  # or logging.basicConfig would set one of plain text

    @property
    def shipper(self) -> Shipper:
        """What `ModelLog` writes to."""
        return self._shipper

    def handle(self, record: logging.LogRecord) -> bool:
        """Handle a record without the lock every other handler takes: a call waits for no other thread."""
        if not self.filters:
            self.emit(record)
            return True
        passed: object = self.filter(record)  # since Python 3.12 a filter may return another record
        if passed:
            self.emit(passed if isinstance(passed, logging.LogRecord) else record)
        return bool(passed)

    def emit(self, record: logging.LogRecord) -> None:
        """Ship what a record carries in `extra` as `prediction`, `outcome` or `failure`; if nothing, the record itself."""
        shipper = self._shipper
        if get_ident() == shipper.sender.thread_id:
            return
        carried = False
        try:
            if record.name.startswith("elkmon") and _is_own(record.name):
                return
            extra = record.__dict__
            for name in _CARRIED:
                if name in extra and isinstance(extra[name], EVENTS):
                    carried = True
                    ship_event(shipper, extra[name])
            if not carried or record.exc_info:
                ship_record(shipper, record, self.formatter or self._default_formatter)
        except Exception:  # noqa: BLE001, S110  a log call does not raise; what was accepted is accounted for
            pass

    def stats(self) -> Stats:
        """Return what became of every event; `logged == delivered + pending + sum(dropped.values())`."""
        return self._shipper.buffer.stats()

    def flush(self, timeout: float = 5.0) -> bool:  # type: ignore[override]
        """
        Send what is pending now; return whether all of it was settled in time. While the process exits, all waiting
        shares the exit's five seconds.
        """
        with lifecycle.deadline_in(timeout) as deadline:
            return self._shipper.flush(deadline)

    def close(self, timeout: float = 5.0) -> None:
        """
        Send what is pending, for `timeout` seconds at most, and end; what is left is counted as `exit_timeout`.

        Called at exit, if nobody did before. An event logged later begins again, as with any handler of `logging`:
        `dictConfig`, which servers call, closes all handlers it meets, also those it does not configure.

        While the process exits, all waiting shares the exit's five seconds: `logging` closes handlers once more then.
        """
        with lifecycle.deadline_in(timeout) as deadline:
            self._shipper.begin_close(deadline)
            self._shipper.end_close()
        super().close()


def _shelf(directory: str | os.PathLike[str] | None, octets: int) -> Shelf | None:
    if directory is None:
        return None
    from elkmon.shipping.journal.journal import Shelf  # a service without a journal need not load it

    return Shelf(os.path.abspath(directory), octets)  # noqa: PTH100  pathlib weighs more than the handler


def _is_own(logger: str) -> bool:
    return logger == "elkmon" or logger.startswith("elkmon.")


def _at_least(least: float, **arguments: object) -> None:
    for name, value in arguments.items():
        if not isinstance(value, int | float) or isinstance(value, bool) or value < least:
            raise ShippingError(f"{name}={value!r}: must be a number of at least {least}")
