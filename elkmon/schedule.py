"""
Runs checks when they are due, one at a time, on the thread that waits for them.

APScheduler says when; the work is done where `serve` is called, so a signal ends it like any other code, leases given back.
What a check is, and what happens when one fails, is said by the caller.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from elkmon.errors import MissingExtra

_WAKE_EVERY = timedelta(seconds=30)
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do by `cron` (five fields, UTC, Sunday is 0 or 7), or `every` so often; `work` must not raise."""

    name: str
    work: Callable[[], None]
    cron: str = ""
    every: timedelta | None = None


def serve(jobs: Sequence[Job], *, at_once: bool = True) -> NoReturn:
    """
    Do each of `jobs` whenever it is due, until an exception (that of a signal handler) ends it.

    Jobs wait for each other and never overlap. What was missed, because another job ran long or the machine slept, is done
    once as soon as possible. With `at_once` each job is done first when this starts.

    Raises:
        MissingExtra: without APScheduler.
    """
    try:
        from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]  # it has no types
    except ImportError as error:
        raise MissingExtra("apscheduler", "monitor") from error
    due = _Due()
    scheduler = BackgroundScheduler(timezone=UTC)
    for job in jobs:
        first = {"next_run_time": datetime.now(UTC)} if at_once else {}
        scheduler.add_job(
            due.put,
            _trigger(job),
            (job,),
            name=job.name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            **first,
        )
    # The scheduler waits by a clock that stands still while the machine sleeps; looking up often, it notices what was missed.
    scheduler.add_job(
        lambda: None, "interval", seconds=_WAKE_EVERY.total_seconds(), coalesce=True, misfire_grace_time=None
    )
    scheduler.start()
    try:
        while True:
            due.get().work()
    finally:
        scheduler.shutdown()


class _Due:
    """Jobs that wait to be done; each waits at most once."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._waiting: set[int] = set()

    def put(self, job: Job) -> None:
        """Add `job` unless it waits already."""
        if id(job) not in self._waiting:
            self._waiting.add(id(job))
            self._queue.put(job)

    def get(self) -> Job:
        """Wait for the next job and take it."""
        job = self._queue.get()
        self._waiting.discard(id(job))
        return job


def _trigger(job: Job) -> object:
    from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]
    from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

    if job.every is not None:
        return IntervalTrigger(seconds=job.every.total_seconds(), timezone=UTC)
    minute, hour, day, month, weekday = job.cron.split()
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
