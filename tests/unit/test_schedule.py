"""The schedule: jobs come when they are due, one at a time, until somebody ends it."""

import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from elkmon.errors import ConfigurationError
from elkmon.schedule import Clock, Job, Ticks, serve, weekday_names

NOON = datetime(2024, 5, 14, 12, 0, 30, tzinfo=UTC)  # a Tuesday
MINUTE, HOUR, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=7)


class Enough(BaseException):
    """Ends a test's service, as a signal does."""


class HandClock(Clock):
    """A clock that goes on when somebody waits for it, or when work takes its time."""

    def __init__(self, now=NOON):
        self.shows = now

    def now(self):
        return self.shows

    def wait(self, until):
        self.shows = max(self.shows, until)


class Diary:
    """Work that writes down its name, its tick and when it was done, and ends the service after so many entries."""

    def __init__(self, until, clock=None):
        self.entries = []
        self.clock = clock or HandClock()
        self._until = until

    def job(self, name, ticks, *, takes=timedelta(0), again=()):
        """Return a job that asks to be called again after each of `again` in turn."""
        pauses = iter(again)

        def work(due):
            self.entries.append((name, due, self.clock.now()))
            if len(self.entries) == self._until:
                raise Enough
            if takes:
                self.clock.shows += takes
            return next(pauses, None)

        return Job(ticks, work)

    def serve(self, *jobs):
        """Serve them until there is enough."""
        with pytest.raises(Enough):
            serve(jobs, self.clock)
        return self.entries


def test_jobs_are_done_at_once_for_their_last_tick_and_then_at_every_tick():
    """What was due before the start is done first, in the order of the jobs; then each when it is due."""
    diary = Diary(until=6)
    often, rarely = Ticks(every=timedelta(minutes=10)), Ticks(cron="15 * * * *")

    entries = diary.serve(diary.job("rarely", rarely), diary.job("often", often))

    noon = NOON.replace(second=0)
    assert entries == [
        ("rarely", noon - 45 * MINUTE, NOON),
        ("often", noon, NOON),
        ("often", noon + 10 * MINUTE, noon + 10 * MINUTE),
        ("rarely", noon + 15 * MINUTE, noon + 15 * MINUTE),
        ("often", noon + 20 * MINUTE, noon + 20 * MINUTE),
        ("often", noon + 30 * MINUTE, noon + 30 * MINUTE),
    ]


def test_what_was_missed_is_done_once_for_the_last_tick():
    """A check that took two and a half ticks is followed by one for the latest of them, not by one for each."""
    diary = Diary(until=3)

    entries = diary.serve(diary.job("slow", Ticks(every=MINUTE), takes=2.5 * MINUTE))

    noon = NOON.replace(second=0)
    assert [due for _, due, _ in entries] == [noon, noon + 3 * MINUTE, noon + 5 * MINUTE]


def test_a_job_that_wants_to_be_called_again_does_not_hold_up_the_others():
    """It is called again for the same tick after the pause it asked for; in between others come."""
    diary = Diary(until=5)
    noon = NOON.replace(second=0)

    entries = diary.serve(
        diary.job("troubled", Ticks(every=HOUR), again=[40 * MINUTE]), diary.job("calm", Ticks(cron="*/20 * * * *"))
    )

    assert entries[:5] == [
        ("troubled", noon, NOON),
        ("calm", noon, NOON),
        ("calm", noon + 20 * MINUTE, noon + 20 * MINUTE),
        ("calm", noon + 40 * MINUTE, noon + 40 * MINUTE),
        ("troubled", noon, NOON + 40 * MINUTE),
    ]


def test_no_pause_reaches_beyond_the_next_tick():
    """Who asks to be called again in two hours is called in one, for the tick that came meanwhile."""
    diary = Diary(until=2)
    noon = NOON.replace(second=0)

    entries = diary.serve(diary.job("troubled", Ticks(every=HOUR), again=[2 * HOUR]))

    assert entries[1] == ("troubled", noon + HOUR, noon + HOUR)


def test_the_work_is_done_on_the_thread_that_serves_and_leaves_none():
    """So the exception of a signal's handler ends it in the middle of its work, leases given back."""
    before = threading.active_count()
    seen = []

    def work(_):
        seen.append(threading.get_ident())
        raise Enough

    with pytest.raises(Enough):
        serve([Job(Ticks("0 0 1 1 *"), work)], Clock())

    assert seen == [threading.get_ident()]
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("ticks", "last", "following"),
    [
        (Ticks("10 * * * *"), "2024-05-14T11:10", "2024-05-14T12:10"),
        (Ticks("0 12 * * *"), "2024-05-14T12:00", "2024-05-15T12:00"),
        (Ticks("10 6 * * 1"), "2024-05-13T06:10", "2024-05-20T06:10"),
        (Ticks("* * * 1 *"), "2024-01-31T23:59", "2025-01-01T00:00"),
        (Ticks("0 0 29 2 *"), "2024-02-29T00:00", "2028-02-29T00:00"),
        (Ticks(every=6 * HOUR), "2024-05-14T12:00", "2024-05-14T18:00"),
        (Ticks(every=WEEK), "2024-05-09T00:00", "2024-05-16T00:00"),
        # Noon is minute 28,594,800, and 28,594,797 is a multiple of seven.
        (Ticks(every=7 * MINUTE), "2024-05-14T11:57", "2024-05-14T12:04"),
    ],
)
def test_ticks_are_the_same_whoever_asks_and_whenever(ticks, last, following):
    """They follow from cron and the calendar alone, or are counted from 1970: a Thursday, minute 0 of the epoch."""
    last, following = (datetime.fromisoformat(f"{each}+00:00") for each in (last, following))

    assert (ticks.last(NOON), ticks.next(NOON)) == (last, following)
    assert (ticks.last(last), ticks.next(last)) == (last, following)
    assert ticks.last(following - timedelta(microseconds=1)) == last


def test_a_cron_that_never_comes_is_a_mistake_of_the_configuration():
    """Nobody waits for 31 February in silence."""
    with pytest.raises(ConfigurationError, match="'0 0 31 2 \\*' never comes"):
        Ticks("0 0 31 2 *").last(NOON)


def test_a_fast_clock_goes_so_many_times_faster_and_so_does_waiting_for_it():
    """At a thousand times the speed, five minutes are over in less than the third of a second that they take."""
    clock = Clock(speed=1000, start=NOON)
    began = time.monotonic()

    while clock.now() < NOON + 5 * MINUTE:
        clock.wait(NOON + 5 * MINUTE)

    assert time.monotonic() - began >= 0.3
    assert clock.now() - NOON >= 5 * MINUTE


def fire_times(cron: str, start: datetime, count: int) -> list[datetime]:
    times = [start]
    for _ in range(count):
        times.append(Ticks(cron).next(times[-1]))
    return times[1:]


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("0", {6}),
        ("7", {6}),
        ("1-5", {0, 1, 2, 3, 4}),
        ("5-7", {4, 5, 6}),
        ("0,3", {6, 2}),
        ("sat-sun", {5, 6}),
        ("*/2", {6, 1, 3, 5}),
    ],
)
def test_weekdays_are_counted_as_cron_counts_them(field, days):
    """Sunday is 0 and 7, as in cron, and not Monday, as APScheduler would have it."""
    times = fire_times(f"10 6 * * {field}", datetime(2024, 1, 1, tzinfo=UTC), 14)

    assert {each.weekday() for each in times} == days
    assert {(each.hour, each.minute, each.utcoffset()) for each in times} == {(6, 10, timedelta(0))}


def test_the_default_is_every_hour_at_minute_ten():
    """The five fields of the default mean what they say."""
    times = fire_times("10 * * * *", datetime(2024, 1, 1, 0, 30, tzinfo=UTC), 5)

    assert times[0] == datetime(2024, 1, 1, 1, 10, tzinfo=UTC)
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(hours=1)}


def test_every_day_stays_every_day():
    """A star is left as it is, and names are taken as they are."""
    assert weekday_names("*") == "*"
    assert weekday_names("mon,wed") == "mon,wed"
