"""
One thread that sends what is queued: in batches, patiently, and with every event accounted for.

It never logs: its own trouble goes to the teller.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from elkmon.shipping import lifecycle
from elkmon.shipping.buffer import Buffer
from elkmon.shipping.dead_letters import DeadLetters
from elkmon.shipping.delivery import Delivery
from elkmon.shipping.entries import Entry
from elkmon.shipping.losses import Losses
from elkmon.shipping.transports import Transport
from elkmon.shipping.trouble import Teller

if TYPE_CHECKING:
    from elkmon.shipping.journal.backlog import Backlog

_LAST_SECONDS = 0.3  # for a thread that was interrupted
_LOOK_SECONDS = 60.0  # without events: for what other processes leave


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
        backlog: what waits on disk; None where there is no journal.
    """

    def __init__(
        self,
        buffer: Buffer,
        transport: Transport,
        pace: Pace,
        teller: Teller,
        totals: Callable[[], Sequence[Entry]],
        dead_letters: DeadLetters | None = None,
        backlog: Backlog | None = None,
    ) -> None:
        self._buffer = buffer
        self._transport = transport
        self._pace = pace
        self._teller = teller
        self._totals = totals
        self._backlog = backlog
        self._delivery = Delivery(buffer, transport, teller, dead_letters, self._pause, self._timed_out)
        self._losses = Losses(buffer, backlog, teller, self._delivery.told)
        self.thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._deadline: float | None = None  # set while it is to stop
        self._end_by = 0.0  # what `join` goes by: the thread may have ended, and begun again, before it looks
        self._hurry = False
        self._broken = False  # the run did not come to its end, by an error perhaps
        self._totals_at = monotonic() + pace.totals_every
        self.thread_id = 0

    def start(self) -> None:
        """
        Start the thread. Where none can be started (while the interpreter exits), `stop` sends what is left; and once
        that was done for the exit, an event is sent here and now: nobody would come for it any more.
        """
        if self._deadline is not None or not self._starting.acquire(blocking=False):
            return
        try:
            if self._lives():
                pass
            elif lifecycle.exiting():
                with lifecycle.exit_deadline() as deadline:
                    self._send_here(deadline)
            else:
                thread = self.thread = threading.Thread(target=self._work, name="elkmon-sender", daemon=True)
                thread.start()
        except RuntimeError:
            self.thread = None
        finally:
            self._starting.release()

    def hurry(self) -> None:
        """Send at once what is queued, without lingering or backing off."""
        self._hurry = True
        self._buffer.ring()
        if not self._lives() and self._buffer.pending:
            self.start()

    def stop(self, deadline: float) -> None:
        """Ask it to send what is queued and end, by a moment of the monotonic clock; `join` waits for that."""
        self._deadline = self._end_by = deadline
        self._buffer.ring()

    def join(self) -> None:
        """Wait for the end. What is not delivered by then is dropped, and told of. The next event begins again."""
        deadline = self._end_by
        if self._starting.acquire(timeout=max(0.0, deadline - monotonic())):
            try:
                if not self._lives():
                    self._send_here(deadline)
            finally:
                self._starting.release()
        thread = self.thread
        if thread is None:
            return
        if thread is not threading.current_thread():
            self.stop(deadline)  # once more: it may have begun since
            thread.join(max(0.0, deadline - monotonic()))
            if thread.is_alive():
                self._transport.interrupt()
                thread.join(max(0.0, deadline + _LAST_SECONDS - monotonic()))
            if not thread.is_alive():
                self._deadline = None
                if monotonic() < deadline:
                    if self._broken:
                        self.join()  # there is time for another attempt
                    return
        self._give_up()

    def _work(self) -> None:
        """Be the thread. What was logged while it ended gets a new one; after an error the next event does."""
        more = False
        try:
            self._buffer.hang_bell()
            self.run()
            more = not self._broken and not self._timed_out()
        finally:
            self._deadline = None
            self.thread = None
        if more and self._buffer.waiting:
            self.start()

    def _lives(self) -> bool:
        thread = self.thread
        return thread is not None and thread.is_alive()

    def _send_here(self, deadline: float) -> None:
        """Send on the caller's thread what is queued, until a deadline; there is no other thread."""
        self._deadline = deadline
        if self._buffer.pending:
            self.run()
            if self._broken or self._timed_out():
                self._give_up()
        self._deadline = None

    def _give_up(self) -> None:
        remaining = self._buffer.give_up("exit_timeout")
        if remaining:
            self._teller.tell_of_drops("exit_timeout", remaining)

    def run(self) -> None:
        """Send until stopped."""
        self._broken = True
        try:
            self.thread_id = threading.get_ident()
            with contextlib.suppress(Exception), lifecycle.no_forks():
                import random  # noqa: F401  what backing off needs

                self._transport.prepare()
            while not self._timed_out():
                self._send_held_over()
                inherited = self._send_inherited()
                if not inherited and self._buffer.waiting < self._pace.count and not self._wait():
                    break
                self._send_own()
                self._losses.tell()
                if self._totals_due():
                    self._send_totals()
            self._losses.tell()
            if self._pace.totals_every and not self._timed_out():
                self._send_totals()
            self._broken = False
        except (Exception, SystemExit) as error:  # noqa: BLE001  a bug of ours, or others that exit on this thread
            with contextlib.suppress(SystemExit):
                self._teller.tell("internal", f"{type(error).__name__}: {error}")
        finally:
            if self._backlog is not None:
                with contextlib.suppress(Exception):
                    self._backlog.close()
            with contextlib.suppress(Exception, SystemExit):
                self._transport.close()
            self.thread_id = 0

    def _wait(self) -> bool:
        """Wait for the first event, then for more to fill a batch; false when all is sent and it is time to end."""
        if not self._buffer.waiting:
            self._hurry = False
            if self._deadline is not None:
                return False
            waits = [self._totals_at - monotonic()] if self._pace.totals_every else []
            if self._backlog is not None:
                waits.append(_LOOK_SECONDS)
            self._buffer.rest(max(0.0, min(waits)) if waits else None, until=1)
        if self._buffer.waiting and not self._hurry and self._deadline is None:
            self._buffer.rest(self._pace.linger, until=self._pace.count)
        return True

    def _send_own(self) -> None:
        """Send a batch of this process's events."""
        batch = self._buffer.take(self._pace.count, self._pace.octets)
        if batch:
            self._delivery.deliver(batch)
        if self._backlog is not None:
            self._backlog.settle()
            self._backlog.look_after()

    def _send_inherited(self) -> bool:
        """Send a batch of what ended processes have left, which may have arrived already; false where there is none."""
        if self._backlog is None:
            return False
        with lifecycle.no_forks():  # a child born between lock and claim would keep the lock, and know of none
            batch = self._backlog.inherit(self._pace.count, self._pace.octets)
        if batch:
            self._delivery.deliver(batch, math.inf)
            self._backlog.settle()
        return bool(batch)

    def _send_held_over(self) -> None:
        """Send what was handed over and not settled: time was up, and then was not; or a thread broke off."""
        batch = self._buffer.held_over()
        if batch:
            self._delivery.deliver(batch, math.inf)
            if self._backlog is not None:
                self._backlog.settle()

    def _pause(self, seconds: float) -> None:
        """Wait before trying again; `hurry` and `stop` cut it short, once."""
        self._losses.tell()
        if self._backlog is not None:
            self._backlog.look_after()
        stopping = self._deadline is not None
        if stopping and self._backlog is not None and self._buffer.pending == self._backlog.pending:
            self._deadline = monotonic()  # all that is left is on disk, where it may wait for the next start
        if self._hurry and not stopping:
            self._hurry = False
            seconds = 0.0
        if stopping:
            seconds = min(seconds, max(0.0, (self._deadline or 0.0) - monotonic()))
        if seconds:
            self._buffer.rest(seconds)

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
