"""The schedule: jobs come when they are due, one at a time, until somebody ends it."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from elkmon.schedule import Job, _Due, _trigger, serve, weekday_names


class Enough(BaseException):
    """Ends a test's service, as a signal does."""


class Diary:
    """Work that writes down its name, and ends the service after so many entries."""

    def __init__(self, until: int) -> None:
        self.entries: list[str] = []
        self.threads: set[int] = set()
        self._until = until

    def work(self, name: str):
        """Return work that writes down `name`."""

        def write() -> None:
            self.entries.append(name)
            self.threads.add(threading.get_ident())
            if len(self.entries) == self._until:
                raise Enough

        return write


def test_jobs_are_done_at_once_and_then_again_and_again():
    """Each job is done when the service starts and then by its interval, on the thread that serves."""
    diary = Diary(until=8)
    jobs = [Job(name, diary.work(name), every=timedelta(milliseconds=20)) for name in "ab"]

    with pytest.raises(Enough):
        serve(jobs)

    assert set(diary.entries[:2]) == {"a", "b"}
    assert diary.threads == {threading.get_ident()}


def test_a_job_that_runs_long_is_done_once_more_and_not_for_every_time_it_missed():
    """What came due many times while another job ran waits once."""
    due = _Due()
    late, other = Job("late", lambda: None), Job("other", lambda: None)

    for job in (late, late, other, late):
        due.put(job)

    assert [due.get(), due.get()] == [late, other]
    due.put(late)
    assert due.get() is late


def test_the_end_of_the_service_leaves_no_thread():
    """After a signal ended it, nothing of the scheduler is left running."""
    before = threading.active_count()
    diary = Diary(until=1)

    with pytest.raises(Enough):
        serve([Job("a", diary.work("a"), cron="0 0 1 1 *")])

    for thread in threading.enumerate():
        if thread.name == "APScheduler":
            thread.join(timeout=10)
    assert threading.active_count() == before


def fire_times(job: Job, start: datetime, count: int) -> list[datetime]:
    trigger = _trigger(job)
    times = []
    now = start
    for _ in range(count):
        fires = trigger.get_next_fire_time(None, now)
        times.append(fires)
        now = fires + timedelta(seconds=1)
    return times


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
    times = fire_times(Job("m", lambda: None, cron=f"10 6 * * {field}"), datetime(2024, 1, 1, tzinfo=UTC), 14)

    assert {each.weekday() for each in times} == days
    assert {(each.hour, each.minute, each.utcoffset()) for each in times} == {(6, 10, timedelta(0))}


def test_the_default_is_every_hour_at_minute_ten():
    """The five fields of the default mean what they say."""
    times = fire_times(Job("m", lambda: None, cron="10 * * * *"), datetime(2024, 1, 1, 0, 30, tzinfo=UTC), 5)

    assert times[0] == datetime(2024, 1, 1, 1, 10, tzinfo=UTC)
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(hours=1)}


def test_every_day_stays_every_day():
    """A star is left as it is, and names are taken as they are."""
    assert weekday_names("*") == "*"
    assert weekday_names("mon,wed") == "mon,wed"
