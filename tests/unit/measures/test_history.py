"""The reference's own windows as they are read: steps of time added up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from elkmon.measures.history import own_windows
from elkmon.profiles import Counts, Profile, total
from elkmon.windows import DAY, HOUR, Window

START = datetime(2013, 1, 1, tzinfo=UTC)


def hour(place: int) -> Profile:
    """Make an hour of which a feature is there in every second one only."""
    counts = {"a": Counts((place, 1), 2, 0, place, 3), **({"b": Counts((1, 1, place), unseen=1)} if place % 2 else {})}
    start = START + place * HOUR
    return Profile("m", "1", start, start + HOUR, "r", place, 1, counts)


def test_the_hours_of_a_step_are_added_up():
    """As profiles add up, whichever hours there are."""
    hours = [hour(place) for place in range(72) if place not in {5, 30, 31}]
    windows = own_windows(hours, Window(START, START + 3 * DAY), DAY)
    assert windows.cells.tolist() == [0, 1, 2]
    for day, part in enumerate(windows.parts):
        start = START + day * DAY
        inside = [each for each in hours if start <= each.start < start + DAY]
        whole = total(inside, Profile("m", "1", start, start + DAY, "r"))
        assert (part.subjects, part.predictions, part.errors) == (whole.subjects, whole.predictions, whole.errors)


def test_a_week_is_made_of_days_and_six_hours_of_themselves():
    """A step is a day for longer windows, the window for shorter ones."""
    hours = [hour(place) for place in range(24 * 14)]
    span = Window(START, START + 14 * DAY)
    assert len(own_windows(hours, span, 7 * DAY).parts) == 14
    assert len(own_windows(hours, span, timedelta(hours=6)).parts) == 56
    assert own_windows(hours, span, HOUR).parts == tuple(hours)
