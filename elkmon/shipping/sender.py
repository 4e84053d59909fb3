"""
One thread that sends what is queued: in batches, patiently, and with every event accounted for.

It never logs: its own trouble goes to the teller.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from elkmon.shipping.backoff import Backoff
from elkmon.shipping.buffer import Buffer, Entry
from elkmon.shipping.dead_letters import DeadLetters
from elkmon.shipping.transports import Indigestible, Transport, Unavailable
from elkmon.shipping.trouble import Teller

_LAST_SECONDS = 0.3  # for a thread that was interrupted


@dataclass(frozen=True, slots=True)
class Pace:
    """
    When and how much is sent.

    Attributes:
        count: events in a batch, at most.
        octets: bytes in a batch, about.
        linger: seconds to wait for a batch to fill; what `os._exit` may lose.
        totals_every: seconds between shipments of the totals; 0 for never.
    """

    count: int = 1000
    octets: int = 4 * 1024 * 1024
    linger: float = 0.05
    totals_every: float = 60.0


class Sender:
    """
    Sends from a buffer to a transport until it is stopped.

    Args:
        buffer: where entries come from, and where they are accounted for.
        transport: brings them to the other end.
        pace: when and how much.
        teller: hears of trouble.
        totals: makes the entries that carry the handler's own totals.
        dead_letters: keeps what was rejected; None to keep nothing.
    """

    def __init__(
        self,
        buffer: Buffer,
        transport: Transport,
        pace: Pace,
        teller: Teller,
        totals: Callable[[], Sequence[Entry]],
        dead_letters: DeadLetters | None = None,
    ) -> None:
        self._buffer = buffer
        self._transport = transport
        self._pace = pace
        self._teller = teller
        self._totals = totals
        self._dead_letters = dead_letters
        self.thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._deadline: float | None = None  # set when it is to stop
        self._hurry = False
        self._totals_at = monotonic() + pace.totals_every
        self._told_drops: dict[str, int] = {}
        self.thread_id = 0

    def start(self) -> None:
        """Start the thread. Where none can be started (while the interpreter exits), `stop` sends what is left."""
        if self._deadline is not None or not self._starting.acquire(blocking=False):
            return
        try:
            if self.thread is None:
                thread = threading.Thread(target=self.run, name="elkmon-sender", daemon=True)
                thread.start()
                self.thread = thread
        except RuntimeError:
            pass
        finally:
            self._starting.release()

    def hurry(self) -> None:
        """Send at once what is queued, without lingering or backing off."""
        self._hurry = True
        self._buffer.ring()

    def stop(self, deadline: float) -> None:
        """Ask it to send what is queued and end, by a moment of the monotonic clock; `join` waits for that."""
        self._deadline = deadline
        self._buffer.ring()

    def join(self) -> None:
        """Wait for the end. What is not delivered by then is dropped, and told of."""
        thread = self.thread
        deadline = self._deadline or 0.0
        if thread is None:
            if self._buffer.pending:
                self.run()
        elif thread is not threading.current_thread():
            thread.join(max(0.0, deadline - monotonic()))
            if thread.is_alive():
                self._transport.interrupt()
                thread.join(_LAST_SECONDS)
        remaining = self._buffer.close("exit_timeout")
        if remaining:
            self._teller.tell_of_drops("exit_timeout", remaining)

    def run(self) -> None:
        """Send until stopped."""
        self.thread_id = threading.get_ident()
        try:
            while not self._timed_out():
                if self._buffer.waiting < self._pace.count and not self._wait():
                    break
                batch = self._buffer.take(self._pace.count, self._pace.octets)
                if batch:
                    self._deliver(batch)
                self._tell_of_drops()
                if self._totals_due():
                    self._send_totals()
            self._tell_of_drops()
            if self._pace.totals_every and not self._timed_out():
                self._send_totals()
        finally:
            with contextlib.suppress(Exception):
                self._transport.close()

    def _wait(self) -> bool:
        """Wait for the first event, then for more to fill a batch; false when all is sent and it is time to end."""
        if not self._buffer.waiting:
            self._hurry = False
            if self._deadline is not None:
                return False
            patience = max(0.0, self._totals_at - monotonic()) if self._pace.totals_every else None
            self._buffer.rest(patience, until=1)
        if self._buffer.waiting and not self._hurry and self._deadline is None:
            self._buffer.rest(self._pace.linger, until=self._pace.count)
        return True

    def _deliver(self, batch: list[Entry]) -> None:
        """Send a batch until each of its entries is settled, or time is up."""
        backoff = Backoff()
        parts = [batch]
        began = 0.0
        while parts and not self._timed_out():
            part = parts.pop()
            try:
                tried_for = monotonic() - began if began else 0.0
                began = began or monotonic()
                receipt = self._transport.send(part, tried_for)
            except Indigestible as error:
                if len(part) > 1:
                    middle = len(part) // 2
                    parts += [part[middle:], part[:middle]]
                else:
                    self._reject(error.reason, [(part[0], str(error))])
                continue
            except Unavailable as error:
                parts.append(part)
                self._teller.tell("refused" if error.refused else "unavailable", str(error))
                self._pause(backoff.wait(error.retry_after))
                continue
            except Exception as error:  # noqa: BLE001  a bug in a transport must not cost an event
                parts.append(part)
                self._teller.tell("unavailable", f"{type(error).__name__}: {error}")
                self._pause(backoff.wait())
                continue
            unsettled = {*receipt.again, *(position for position, _ in receipt.rejected)}
            self._buffer.delivered(entry for position, entry in enumerate(part) if position not in unsettled)
            if receipt.rejected:
                self._reject("rejected", [(part[position], detail) for position, detail in receipt.rejected])
            if receipt.again:
                parts.append([part[position] for position in receipt.again])
                self._teller.tell("unavailable", receipt.detail)
                self._pause(backoff.wait(receipt.retry_after))
            else:
                backoff.reset()

    def _reject(self, reason: str, rejected: list[tuple[Entry, str]]) -> None:
        """Drop what the other end will never take, and keep it beside where that was asked for."""
        self._teller.tell(reason, rejected[0][1], len(rejected))
        if self._dead_letters is not None:
            try:
                self._dead_letters.append(reason, [(entry[0], detail) for entry, detail in rejected])
            except OSError as error:
                self._teller.tell("dead_letters", f"{self._dead_letters.path}: {error.strerror or error}")
        self._told_drops[reason] = self._told_drops.get(reason, 0) + len(rejected)
        self._buffer.dropped([entry for entry, _ in rejected], reason)

    def _pause(self, seconds: float) -> None:
        """Wait before trying again; `hurry` and `stop` cut it short, once."""
        self._tell_of_drops()
        stopping = self._deadline is not None
        if self._hurry and not stopping:
            self._hurry = False
            seconds = 0.0
        if stopping:
            seconds = min(seconds, max(0.0, (self._deadline or 0.0) - monotonic()))
        if seconds:
            self._buffer.rest(seconds)

    def _tell_of_drops(self) -> None:
        """Tell of what callers dropped: they only count, since they must not wait for stderr."""
        for reason, count in self._buffer.stats().dropped.items():
            more = count - self._told_drops.get(reason, 0)
            if more > 0:
                self._told_drops[reason] = count
                self._teller.tell_of_drops(reason, more)

    def _totals_due(self) -> bool:
        return bool(self._pace.totals_every) and monotonic() >= self._totals_at

    def _send_totals(self) -> None:
        """Ship the totals once; should they not arrive, the next ones say more."""
        self._totals_at = monotonic() + self._pace.totals_every
        with contextlib.suppress(Exception):
            entries = self._totals()
            if entries:
                self._transport.send(entries)

    def _timed_out(self) -> bool:
        return self._deadline is not None and monotonic() >= self._deadline
