"""
The queue between the service's threads and the sender: bounded by bytes and count, with an account of every event.

Its lock is held for a few steps that run nobody else's code. It is re-entrant because a finaliser or a signal handler
that logs may run in between, on the same thread.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import TypeAlias

from elkmon.shipping.accounting import Account, Stats, summed
from elkmon.shipping.channels import Channel
from elkmon.shipping.encoding import timestamp_of

Entry: TypeAlias = tuple[bytes, Channel]
"""An encoded event and the channel it came by."""

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
    """The two queues of a handler, ordinary and errors, and the accounts of its channels."""

    def __init__(self, limits: Limits) -> None:
        self._lock = threading.RLock()
        self._bell: SimpleQueue[None] = SimpleQueue()  # safe to ring from signal handlers, which an Event is not
        self._ring_at = _NEVER
        self._ordinary = _Queue(limits)
        self._errors = _Queue(ERROR_LIMITS)
        self._accounts: list[Account] = []
        self._closed = False

    def open_account(self) -> Account:
        """Begin an account for a channel."""
        account = Account()
        with self._lock:
            self._accounts.append(account)
        return account

    def offer(self, line: bytes, channel: Channel) -> None:
        """Take an event in, or count it as dropped."""
        queue = self._errors if channel.errors else self._ordinary
        octets = len(line)
        if queue.blocks and not queue.fits(octets):
            self._wait_for_room(queue, octets)
        with self._lock:
            channel.account.logged += 1
            if self._closed:
                _drop((line, channel), "closed")
            elif queue.fits(octets) or self._made_room(queue, octets):
                queue.entries.append((line, channel))
                queue.octets += octets
            else:
                _drop((line, channel), "queue_full")
        if len(queue.entries) >= self._ring_at:
            self._ring_at = _NEVER
            self._bell.put(None)

    def lost(self, channel: Channel, timestamp: str, reason: str) -> None:
        """Account for an event that never became a line."""
        with self._lock:
            channel.account.logged += 1
            channel.account.drop(reason, timestamp)

    def take(self, count: int, octets: int) -> list[Entry]:
        """Hand over the next entries, errors first; they stay pending until they are settled."""
        taken: list[Entry] = []
        with self._lock:
            for queue in (self._errors, self._ordinary):
                while queue.entries and len(taken) < count and (octets > 0 or not taken):
                    entry = queue.entries.popleft()
                    queue.held[id(entry)] = entry
                    octets -= len(entry[0])
                    taken.append(entry)
        return taken

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

    def close(self, reason: str) -> int:
        """Give up all that is pending, also what is not known to have arrived; say how many those were."""
        with self._lock:
            self._closed = True
            remaining = self.pending
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
        return len(self._errors.entries) + len(self._ordinary.entries)

    @property
    def pending(self) -> int:
        """Events neither delivered nor dropped."""
        with self._lock:
            return self.waiting + len(self._errors.held) + len(self._ordinary.held)

    def stats(self) -> Stats:
        """Return all totals, consistent with one another."""
        with self._lock:
            return summed(self._accounts, self.pending)

    def copied(self, account: Account) -> Account:
        """Return one account as it is now."""
        with self._lock:
            return account.copy()

    def wait_until_settled(self, deadline: float) -> bool:
        """Wait until nothing is pending; false where that took too long."""
        while self.pending:
            if monotonic() >= deadline:
                return False
            sleep(_GLANCE_SECONDS)
        return True

    def ring(self) -> None:
        """Wake the sender."""
        self._bell.put(None)

    def rest(self, seconds: float | None, *, until: int = _NEVER) -> None:
        """Let the sender wait: for the bell, which also rings when `until` entries wait, or for some seconds."""
        self._ring_at = until
        if self.waiting < until:
            with contextlib.suppress(Empty):
                self._bell.get(timeout=seconds)
        self._ring_at = _NEVER
        while not self._bell.empty():
            self._bell.get()

    def _made_room(self, queue: _Queue, octets: int) -> bool:
        """Push the oldest entries out, where that is the policy."""
        if queue.limits.when_full is not WhenFull.DROP_OLDEST:
            return False
        while queue.entries and not queue.fits(octets):
            entry = queue.entries.popleft()
            queue.octets -= len(entry[0])
            _drop(entry, "queue_full")
        return queue.fits(octets)

    def _wait_for_room(self, queue: _Queue, octets: int) -> None:
        deadline = monotonic() + queue.limits.block_seconds
        while not queue.fits(octets) and not self._closed and monotonic() < deadline:
            sleep(_GLANCE_SECONDS)

    def _released(self, entry: Entry) -> bool:
        """Take an entry off its queue's load; false where it was given up meanwhile."""
        queue = self._errors if entry[1].errors else self._ordinary
        if queue.held.pop(id(entry), None) is None:
            return False
        queue.octets -= len(entry[0])
        return True


def _drop(entry: Entry, reason: str) -> None:
    line, channel = entry
    channel.account.drop(reason, timestamp_of(line))
