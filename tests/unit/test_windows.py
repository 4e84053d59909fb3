"""Half-open stretches of time on whole UTC hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from elkmon.errors import ConfigurationError
from elkmon.windows import (
    DAY,
    HOUR,
    WEEK,
    Window,
    as_utc,
    format_length,
    hour_of,
    last_window,
    parse_length,
    windows_within,
)

MONDAY = datetime(2013, 4, 1, tzinfo=UTC)


def test_an_instant_without_a_zone_is_refused():
    """It could mean anything; one of another zone is the same instant in UTC."""
    with pytest.raises(ValueError, match="no time zone"):
        as_utc(datetime(2013, 4, 1))
    assert as_utc(datetime(2013, 4, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == MONDAY


def test_an_hour_begins_at_its_start():
    """Minutes and below are dropped, in UTC."""
    assert hour_of(MONDAY + timedelta(minutes=59, microseconds=1)) == MONDAY
    assert hour_of(datetime(2013, 4, 1, 5, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))) == MONDAY


@pytest.mark.parametrize(
    ("start", "end", "problem"),
    [
        (MONDAY, MONDAY, "ends after it begins"),
        (MONDAY + HOUR, MONDAY, "ends after it begins"),
        (MONDAY + timedelta(minutes=1), MONDAY + DAY, "whole UTC hour"),
        (MONDAY, MONDAY + timedelta(hours=1, seconds=1), "whole UTC hour"),
    ],
)
def test_windows_that_are_none_are_refused(start, end, problem):
    """Whole hours, and an end after the start."""
    with pytest.raises(ValueError, match=problem):
        Window(start, end)


def test_a_window_holds_its_start_and_not_its_end():
    """So windows tile."""
    window = Window(MONDAY, MONDAY + DAY)
    assert MONDAY in window
    assert MONDAY + DAY not in window
    assert list(window.hours()) == [MONDAY + place * HOUR for place in range(24)]
    assert window.before(2) == Window(MONDAY - 2 * DAY, MONDAY - DAY)


def test_windows_are_named_for_people():
    """A day by its date, days by first and last, anything else by its hours."""
    assert str(Window(MONDAY, MONDAY + DAY)) == "2013-04-01"
    assert str(Window(MONDAY, MONDAY + WEEK)) == "2013-04-01 – 2013-04-07"
    assert str(Window(MONDAY, MONDAY + HOUR)) == "2013-04-01 00:00 – 2013-04-01 01:00 UTC"


@pytest.mark.parametrize("after", [timedelta(0), timedelta(minutes=1), timedelta(hours=23, minutes=59)])
def test_the_last_window_ends_at_or_before(after):
    """At its very end a window counts as over."""
    assert last_window(MONDAY + after, DAY) == Window(MONDAY - DAY, MONDAY)


def test_weeks_begin_on_monday_and_a_zone_moves_midnight():
    """Two hours east of UTC, Monday begins at 22:00 on Sunday."""
    assert last_window(MONDAY + 3 * DAY, WEEK) == Window(MONDAY - WEEK, MONDAY)
    shifted = last_window(MONDAY + 3 * DAY, WEEK, 2 * HOUR)
    assert shifted.end == MONDAY - 2 * HOUR


def test_instants_before_the_anchor_have_windows_too():
    """Time does not begin in 1970."""
    early = datetime(1969, 12, 31, 13, tzinfo=UTC)
    window = last_window(early, DAY)
    assert window == Window(datetime(1969, 12, 30, tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC))


def test_windows_within_a_span_lie_wholly_within():
    """From Wednesday to Wednesday three weeks on there are two whole weeks."""
    span = Window(MONDAY + 2 * DAY, MONDAY + 2 * DAY + 3 * WEEK)
    assert windows_within(span, WEEK) == (
        Window(MONDAY + WEEK, MONDAY + 2 * WEEK),
        Window(MONDAY + 2 * WEEK, MONDAY + 3 * WEEK),
    )
    assert windows_within(Window(MONDAY, MONDAY + HOUR), DAY) == ()


@pytest.mark.parametrize("text", ["1h", "6h", "36h", "1d", "10d", "1w", "52w"])
def test_lengths_are_read_and_written_alike(text):
    """As a configuration has them."""
    assert format_length(parse_length(text)) == text
    assert parse_length(f" {text} ") == parse_length(text)


@pytest.mark.parametrize("text", ["", "h", "0d", "-1d", "1.5h", "1m", "1 d", "99999h", "d1", "1d1h"])
def test_other_lengths_are_refused_with_what_is_valid(text):
    """The message shows the value and how to write it."""
    with pytest.raises(ConfigurationError, match="hours, days or weeks") as caught:
        parse_length(text)
    assert repr(text) in str(caught.value)
