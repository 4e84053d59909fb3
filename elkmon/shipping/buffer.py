"""
The queue between the service's threads and the sender: bounded by bytes and count, with an account of every event.

Its lock is held for a few steps that run nobody else's code. It is re-entrant because a finaliser or a signal handler
that logs may run in between, on the same thread.
"""

from __future__ import annotations

import contextlib
import queue as queues
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING

from elkmon.shipping.accounting import Account, Stats, summed
from elkmon.shipping.channels import Channel
from elkmon.shipping.encoding import timestamp_of
from elkmon.shipping.entries import Bequest, Entry, Kept

if TYPE_CHECKING:
    from elkmon.shipping.journal.backlog import Backlog

_NEVER = sys.maxsize
_GLANCE_SECONDS = 0.002


class WhenFull(StrEnum):
    """What to do with an event that does not fit."""

    DROP_OLDEST = "drop_oldest"
    DROP_NEWEST = "drop_newest"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Limits:
    """
    How much may wait.

    Attributes:
        count: events.
        octets: bytes of their lines.
        when_full: what gives way.
        block_seconds: how long BLOCK makes the caller wait before the event is dropped.
    """

    count: int = 100_000
    octets: int = 64 * 1024 * 1024
    when_full: WhenFull = WhenFull.DROP_OLDEST
    block_seconds: float = 1.0


ERROR_LIMITS = Limits(count=1_000, octets=8 * 1024 * 1024)
"""Errors have a queue of their own, so that a flood of predictions cannot push them out."""


class _Queue:
    """Entries in order, those the sender holds, and the bytes of both."""

    __slots__ = ("blocks", "entries", "held", "limits", "octets")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.blocks = limits.when_full is WhenFull.BLOCK
        self.entries: deque[Entry] = deque()
        self.held: dict[int, Entry] = {}
        self.octets = 0

    def fits(self, octets: int) -> bool:
        limits = self.limits
        return self.octets + octets <= limits.octets and len(self.entries) + len(self.held) < limits.count


class Buffer:
    """
    The two queues of a handler, ordinary and errors, and the accounts of its channels.

    Args:
        limits: how much may wait in memory.
        backlog: what waits on disk, where a journal is kept: then memory takes only what the disk does not.
    """

    def __init__(self, limits: Limits, backlog: Backlog | None = None) -> None:
        self._backlog = backlog
        self._lock = threading.RLock() if backlog is None else backlog.lock
        self.hang_bell()
        self._ring_at = _NEVER
        self._ordinary = _Queue(limits)
        self._errors = _Queue(ERROR_LIMITS)
        self._from_disk = False
        self._accounts: list[Account] = [] if backlog is None else [backlog.account]

    def open_account(self) -> Account:
        """Begin an account for a channel."""
        account = Account()
        with self._lock:
            self._accounts.append(account)
        return account

    def offer(self, line: bytes, channel: Channel | Bequest) -> None:
        """Take an event in, or count it as dropped."""
        if self._backlog is not None and self._kept_on_disk(line, channel, self._backlog):
            return
        queue = self._errors if channel.errors else self._ordinary
        octets = len(line)
        deadline = monotonic() + queue.limits.block_seconds if queue.blocks else 0.0
        while True:
            with self._lock:
                if queue.fits(octets) or self._made_room(queue, octets):
                    channel.account.logged += 1
                    queue.entries.append((line, channel))
                    queue.octets += octets
                    break
                if not queue.blocks or monotonic() >= deadline:
                    channel.account.logged += 1
                    _drop((line, channel), "queue_full")
                    break
            time.sleep(_GLANCE_SECONDS)  # somebody else who waits may get the room
        if len(queue.entries) >= self._ring_at:
            self._ring_at = _NEVER
            self._bell.put(None)

    def _kept_on_disk(self, line: bytes, channel: Channel | Bequest, backlog: Backlog) -> bool:
        """Write an event to the journal, or count it as dropped where that is full; false where memory has to take it."""
        deadline = monotonic() + self._ordinary.limits.block_seconds if self._ordinary.blocks else 0.0
        while (kept := self._offered(line, channel, backlog)) is Kept.FULL and monotonic() < deadline:
            time.sleep(_GLANCE_SECONDS)
        if kept is Kept.FULL:
            self.lost(channel, timestamp_of(line), "journal_full")
        elif backlog.waiting >= self._ring_at:
            self._ring_at = _NEVER
            self._bell.put(None)
        return kept is not Kept.FAILED

    def _offered(self, line: bytes, channel: Channel | Bequest, backlog: Backlog) -> Kept:
        with self._lock:
            return backlog.offer(line, channel.account, urgent=channel.errors)

    def lost(self, channel: Channel | Bequest, timestamp: str, reason: str) -> None:
        """Account for an event that never became a line."""
        with self._lock:
            channel.account.logged += 1
            channel.account.drop(reason, timestamp)

    def take(self, count: int, octets: int) -> list[Entry]:
        """Hand over the next entries, from disk and memory in turns, errors first; they stay pending until settled."""
        taken: list[Entry] = []
        self._from_disk = self._backlog is not None and (not self._from_disk or not self._in_memory)
        if self._from_disk and self._backlog is not None:
            taken = self._backlog.take(count, octets)
            if taken:
                return taken
        with self._lock:
            for queue in (self._errors, self._ordinary):
                while queue.entries and len(taken) < count and (octets > 0 or not taken):
                    entry = queue.entries.popleft()
                    queue.held[id(entry)] = entry
                    octets -= len(entry[0])
                    taken.append(entry)
        return taken

    def held_over(self) -> list[Entry]:
        """Return what was handed over, of memory and disk, and has neither arrived nor been dropped."""
        with self._lock:
            on_disk = self._backlog.held_over() if self._backlog is not None else []
            return [*self._errors.held.values(), *self._ordinary.held.values(), *on_disk]

    def delivered(self, entries: Iterable[Entry]) -> None:
        """Account for entries that arrived."""
        with self._lock:
            for entry in entries:
                if self._released(entry):
                    entry[1].account.delivered += 1

    def dropped(self, entries: Iterable[Entry], reason: str) -> None:
        """Account for taken entries that will not arrive."""
        with self._lock:
            for entry in entries:
                if self._released(entry):
                    _drop(entry, reason)

    def give_up(self, reason: str) -> int:
        """
        Give up all that is pending in memory, also what is not known to have arrived; say how many those were. What is
        on disk stays there.
        """
        with self._lock:
            remaining = self._in_memory + len(self._errors.held) + len(self._ordinary.held)
            for queue in (self._errors, self._ordinary):
                for entry in (*queue.held.values(), *queue.entries):
                    _drop(entry, reason)
                queue.held.clear()
                queue.entries.clear()
                queue.octets = 0
            return remaining

    @property
    def waiting(self) -> int:
        """Entries not taken yet."""
        return self._in_memory + (self._backlog.waiting if self._backlog is not None else 0)

    @property
    def pending(self) -> int:
        """Events neither delivered nor dropped."""
        with self._lock:
            on_disk = self._backlog.pending if self._backlog is not None else 0
            return self._in_memory + len(self._errors.held) + len(self._ordinary.held) + on_disk

    def stats(self) -> Stats:
        """Return all totals, consistent with one another."""
        with self._lock:
            unjournalled = self._backlog.unjournalled if self._backlog is not None else 0
            return summed(self._accounts, self.pending, unjournalled)

    def copied(self, account: Account) -> Account:
        """Return one account as it is now."""
        with self._lock:
            return account.copy()

    def wait_until_settled(self, deadline: float) -> bool:
        """Wait until what was logged before now is settled, though more may follow; false where that took too long."""
        with self._lock:
            unsettled = [(account, account.settled + account.pending) for account in self._accounts]
        while self.pending:
            with self._lock:  # the events of an account are settled in their order
                unsettled = [(account, goal) for account, goal in unsettled if account.settled < goal]
            if not unsettled:
                return True
            if monotonic() >= deadline:
                return False
            time.sleep(_GLANCE_SECONDS)
        return True

    def hang_bell(self) -> None:
        """Get a bell for a sender that begins; gevent may have put another kind in the place of the usual one by now."""
        self._bell: queues.SimpleQueue[None] = queues.SimpleQueue()  # a signal handler may ring, unlike an Event

    def ring(self) -> None:
        """Wake the sender."""
        self._bell.put(None)

    def rest(self, seconds: float | None, *, until: int = _NEVER) -> None:
        """Let the sender wait: for the bell, which also rings when `until` entries wait, or for some seconds."""
        self._ring_at = until
        if self.waiting < until:
            with contextlib.suppress(queues.Empty):
                self._bell.get(timeout=seconds)
        self._ring_at = _NEVER
        while not self._bell.empty():
            self._bell.get()

    @property
    def _in_memory(self) -> int:
        return len(self._errors.entries) + len(self._ordinary.entries)

    def _made_room(self, queue: _Queue, octets: int) -> bool:
        """Push the oldest entries out, where that is the policy."""
        if queue.limits.when_full is not WhenFull.DROP_OLDEST:
            return False
        while queue.entries and not queue.fits(octets):
            entry = queue.entries.popleft()
            queue.octets -= len(entry[0])
            _drop(entry, "queue_full")
        return queue.fits(octets)

    def _released(self, entry: Entry) -> bool:
        """Take an entry off its queue's load; false where it was given up meanwhile."""
        if self._backlog is not None and self._backlog.released(entry):
            return True
        queue = self._errors if entry[1].errors else self._ordinary
        if queue.held.pop(id(entry), None) is None:
            return False
        queue.octets -= len(entry[0])
        return True


def _drop(entry: Entry, reason: str) -> None:
    line, channel = entry
    channel.account.drop(reason, timestamp_of(line))
