"""
Runs jobs when they are due, one at a time, on the thread that waits for them.

APScheduler says when; the work is done where `serve` is called, so a signal ends it like any other code, leases given back.
What a job is, and what happens when one fails, is said by the caller.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NoReturn

from elkmon.errors import ConfigurationError, MissingExtra

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_EARLIEST = timedelta(days=8 * 366)
"""The rarest tick of cron, 29 February, is at most eight years old."""

_LOOK_UP = 30.0
"""Seconds after which a waiting thread looks at the clock, which goes on while the machine sleeps."""

_SHORTEST = 0.05
"""Seconds that a fast clock's shortest waits take all the same, so that a busy store is not asked without a pause."""

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Clock:
    """
    What time it is, and how it is waited for.

    Args:
        speed: how many times faster than the world it goes, from now on or from `start` on; a rehearsal's is above 1.
    """

    def __init__(self, speed: float = 1.0, start: datetime | None = None) -> None:
        self._speed = speed
        self._start = start or datetime.now(UTC)
        self._began = time.monotonic()
        self._real = speed == 1.0 and start is None

    def now(self) -> datetime:
        """Return the instant it shows, in UTC."""
        if self._real:
            return datetime.now(UTC)
        return self._start + self._speed * timedelta(seconds=time.monotonic() - self._began)

    def wait(self, until: datetime) -> None:
        """Wait for `until`, or for less: who waited looks at the clock again."""
        seconds = (until - self.now()).total_seconds() / self._speed
        time.sleep(min(max(seconds, 0.0 if self._real else _SHORTEST), _LOOK_UP))


@dataclass(frozen=True, slots=True)
class Ticks:
    """
    Instants at which something is due: by `cron` (five fields, UTC, Sunday is 0 or 7), or `every` so often since 1970.

    They follow from these alone, so all processes that wait for them have the same.
    """

    cron: str = ""
    every: timedelta | None = None

    def last(self, now: datetime) -> datetime:
        """
        Return the latest tick that is not after `now`.

        >>> str(Ticks(every=timedelta(hours=6)).last(datetime(2024, 3, 1, 13, 5, tzinfo=UTC)))
        '2024-03-01 12:00:00+00:00'

        Raises:
            ConfigurationError: for a cron that names no day there is, such as 31 February.
            MissingExtra: for cron's, without APScheduler.
        """
        if self.every is not None:
            return _EPOCH + (now - _EPOCH) // self.every * self.every
        earliest, latest = now - _EARLIEST, now
        # The next tick after an instant never moves back as that instant moves on: halve the stretch in which it passes now.
        tick = self._from(earliest)
        while latest - earliest > _SECOND:
            middle = earliest + (latest - earliest) / 2
            following = self._from(middle)
            if following <= now:
                earliest = tick = following
            else:
                latest = middle
        return tick

    def next(self, after: datetime) -> datetime:
        """Return the first tick later than `after`."""
        if self.every is not None:
            return self.last(after) + self.every
        return self._from(after.replace(microsecond=0) + _SECOND)

    def _from(self, instant: datetime) -> datetime:
        fires: datetime | None = _cron_trigger(self.cron).get_next_fire_time(None, instant)
        if fires is None:
            raise ConfigurationError(f"the schedule {self.cron!r} never comes: no year has such a day")
        return fires

    def __str__(self) -> str:
        return f"cron {self.cron} UTC" if self.every is None else f"every {self.every}"


@dataclass(frozen=True, slots=True)
class Job:
    """
    Something to do at each of `ticks`.

    `work` is given the tick it is done for and must not raise. It returns after how long it wants to be called again for the
    same tick, or None when it is done with it.
    """

    ticks: Ticks
    work: Callable[[datetime], timedelta | None]


@dataclass(order=True, slots=True)
class _Appointment:
    at: datetime
    place: int
    job: Job = field(compare=False)


def serve(jobs: Sequence[Job], clock: Clock) -> NoReturn:
    """
    Do each of `jobs` at once for its last tick and then at every tick, until an exception (a signal handler's) ends it.

    Jobs never overlap; of those due at the same time the earlier in `jobs` comes first. What was missed, because another job
    ran long or the machine slept, is done once, for the last tick. A job that wants to be called again does not hold up the
    others, and from the next tick on it is called for that one.

    Raises:
        ConfigurationError: when the ticks of one of them never come.
        MissingExtra: without APScheduler.
    """
    start = clock.now()
    waiting = [_Appointment(start, place, job) for place, job in enumerate(jobs)]
    while True:
        coming = waiting[0]
        now = clock.now()
        if coming.at > now:
            clock.wait(coming.at)
            continue
        ticks = coming.job.ticks
        due = ticks.last(now)
        again = coming.job.work(due)
        following = ticks.next(due)
        coming.at = following if again is None else min(following, clock.now() + again)
        heapq.heapreplace(waiting, coming)


@cache
def _cron_trigger(cron: str) -> Any:
    try:
        from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]  # it has no types
    except ImportError as error:
        raise MissingExtra("apscheduler", "monitor") from error
    minute, hour, day, month, weekday = cron.split()
    return CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekday_names(weekday), timezone=UTC)


def weekday_names(field: str) -> str:
    """
    Return cron's weekday `field` with names, as APScheduler counts from Monday where cron counts from Sunday.

    >>> weekday_names("1-5"), weekday_names("sat-sun"), weekday_names("*"), weekday_names("mon-wed/2")
    ('mon,tue,wed,thu,fri', 'sat,sun', '*', 'mon,wed')
    """
    days: list[str] = []
    for entry in field.split(","):
        part, _, step = entry.partition("/")
        if part == "*" and not step:
            return "*"
        first, dash, last = ("0", "-", "6") if part == "*" else part.partition("-")
        start = _weekday(first)
        end = _weekday(last) or 7 if dash else start
        days.extend(_WEEKDAYS[start : end + 1 : int(step or 1)])
    return ",".join(dict.fromkeys(days))


def _weekday(text: str) -> int:
    return int(text) if text.isdecimal() else _WEEKDAYS.index(text)
