"""
What one monitor has seen of the others' leases, by its own clock: which are held, and whose clock differs from its own.

Nothing is asked or written here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from elkmon.elasticsearch.lease_documents import LeaseRecord
from elkmon.ports import Share

CLOCKS_MAY_DIFFER = timedelta(seconds=5)
"""Clocks that differ by more are reported. Twice what a busy machine may take between reading a clock and being read."""


@dataclass(frozen=True, slots=True)
class Moment:
    """
    One moment by both clocks of a machine.

    `wall` is what others can read, and is set now and then; `steady` (seconds) is never set, and may stand still while the
    machine sleeps.
    """

    wall: datetime
    steady: float

    def until(self, later: Moment) -> timedelta:
        """Return how much time has passed until `later`, by the clock that says more."""
        return max(later.wall - self.wall, timedelta(seconds=later.steady - self.steady))


@dataclass(frozen=True, slots=True)
class Clocks:
    """Both clocks of this machine."""

    wall: Callable[[], datetime]
    steady: Callable[[], float]

    def now(self) -> Moment:
        """Read both."""
        return Moment(self.wall(), self.steady())


@dataclass(frozen=True, slots=True)
class _Sight:
    """One lease as it was seen: where it lay, since when it lies there, when it was last looked at, whether it ever moved."""

    place: tuple[int, int] | None
    since: Moment
    seen: Moment
    moved: bool


class Sightings:
    """
    The leases as one monitor sees them, look after look.

    Who looks for the first time must believe the owner's clock. Who has looked before needs no other clock than its own: a
    lease that changes within its length is alive, one that does not is not.
    """

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._sights: dict[Share, _Sight] = {}

    def look(self, records: Iterable[LeaseRecord], owner: str) -> tuple[str, ...]:
        """Take in how the leases stand, as `owner` sees them; return what is to be said of the clocks of others."""
        now = self._clocks.now()
        notes: dict[str, str] = {}
        for record in records:
            before = self._sights.get(record.share)
            if before is not None and before.place == record.place:
                self._sights[record.share] = _Sight(record.place, before.since, now, before.moved)
                continue
            self._sights[record.share] = _Sight(record.place, now, now, before is not None)
            difference = _difference(record.renewed_at, now, before)
            if record.owner != owner and abs(difference) > CLOCKS_MAY_DIFFER:
                notes[record.owner] = _note(record, owner, difference)
        return tuple(notes.values())

    def held(self, record: LeaseRecord) -> bool:
        """Whether whoever took the lease must be taken to work still; `record` as it was last looked at."""
        if not record.held:
            return False
        now, sight = self._clocks.now(), self._sights[record.share]
        watched = timedelta(seconds=now.steady - sight.since.steady)
        if sight.moved or watched >= record.length:
            return watched < record.length
        return now.wall < record.expires_at


def _difference(renewed_at: datetime, now: Moment, before: _Sight | None) -> timedelta:
    """
    Return by how much at least the clock that wrote `renewed_at` is ahead of this one; below zero when it is behind.

    It was written before now, and after the look `before`: only what lies outside of that tells of the clocks.
    """
    if renewed_at > now.wall:
        return renewed_at - now.wall
    if before is None:
        return timedelta(0)
    earliest = now.wall - before.seen.until(now)
    return min(renewed_at - earliest, timedelta(0))


def _note(record: LeaseRecord, owner: str, difference: timedelta) -> str:
    seconds = abs(difference).total_seconds()
    side = "ahead of" if difference > timedelta(0) else "behind"
    tolerated = tolerated_difference(record.length).total_seconds()
    return (
        f"the clock of {record.owner} is about {seconds:.0f} s {side} that of {owner}: when one of them is killed, a command "
        f"that looks once takes its lease over that much too early or too late, and beyond {tolerated:.0f} s it may do so while "
        "the other still works, whose writes are then refused. Set the clocks of both machines, for example by NTP"
    )


def tolerated_difference(length: timedelta) -> timedelta:
    """
    Return by how much clocks may differ without a lease of `length` being taken from somebody who works, by who looks once.

    A lease is renewed when a third of it has passed, so two thirds are always left.
    """
    return length * 2 / 3
