"""The reference's own windows, and the limits learnt from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from elkmon.measures.drift import Numbers
from elkmon.measures.history import blocks, own_windows
from elkmon.measures.limits import learn_limit, margin, run_length
from elkmon.profiles import Outcomes, Profile
from elkmon.windows import DAY, HOUR, WEEK, Window

START = datetime(2013, 1, 1, tzinfo=UTC)  # a Tuesday


def hours(per_hour: list[int], start: datetime = START) -> tuple[Profile, ...]:
    return tuple(
        Profile("m", "1", start + place * HOUR, start + (place + 1) * HOUR, "r", predictions=rows)
        for place, rows in enumerate(per_hour)
        if rows
    )


def span(days: float, start: datetime = START) -> Window:
    return Window(start, start + days * DAY)


def largest_value(_: Numbers, currents: Numbers) -> Numbers:
    return currents[:, 0]


def test_windows_of_a_week_slide_by_a_day():
    """Four weeks of days hold 22 of them; each sums its seven days."""
    windows = own_windows(hours([1] * 24 * 28), span(28), WEEK)
    assert windows.count == 22
    sums = windows.sums(windows.per_part(lambda hour: (hour.predictions,)))
    assert sums[:, 0].tolist() == [168.0] * 22
    assert windows.apart(np.ones(22, dtype=bool)) == 4


def test_windows_up_to_a_day_lie_where_productions_do():
    """A reference from 05:00 to 03:00 holds the days between; a zone's midnight moves them."""
    start = START + 5 * HOUR
    windows = own_windows(hours([1] * 70, start), Window(start, start + 70 * HOUR), DAY)
    assert windows.count == 2
    assert windows.sums(windows.per_part(lambda hour: (hour.predictions,)))[:, 0].tolist() == [24, 24]
    assert own_windows(hours([1] * 72), span(3), DAY, timedelta(hours=2)).count == 2


def test_a_reference_shorter_than_a_window_has_none():
    """And teaches nothing."""
    windows = own_windows(hours([1] * 24 * 3), span(3), WEEK)
    assert windows.count == 0
    assert windows.longest_silence() == 0


def test_silence_is_counted_in_windows_in_a_row():
    """Weekends off: two days in a row without a prediction."""
    week = ([5] * 24) * 5 + [0] * 48
    windows = own_windows(hours(week * 4), span(28), DAY)
    assert windows.longest_silence() == 2
    assert own_windows(hours(week * 4), span(28), WEEK).longest_silence() == 0


def test_the_limit_is_the_largest_score_with_its_margin():
    """Ten days with their number of rows as score: 10 × (1 + 2.4/√10)."""
    rows = [place for place in range(1, 11) for _ in range(1)]
    per_hour = [rows[place // 24] if place % 24 == 0 else 0 for place in range(240)]
    windows = own_windows(hours(per_hour), span(10), DAY)
    counted = windows.per_part(lambda hour: (hour.predictions,))
    learnt = learn_limit(windows, counted, largest_value, min_rows=0, run=2, floor=0)
    assert (learnt.windows, learnt.largest) == (10, 10.0)
    assert learnt.limit == pytest.approx(10 * (1 + 2.4 / np.sqrt(10)))
    assert (learnt.runs, learnt.run_largest) == (5, 9.0)
    assert learnt.run_limit == pytest.approx(9 * (1 + 2.4 / np.sqrt(5)))


def test_each_window_is_left_out_of_what_it_is_compared_with():
    """The rest and the window together are always the whole."""
    windows = own_windows(hours([2] * 240), span(10), DAY)
    counted = windows.per_part(lambda hour: (hour.predictions,))
    seen: list[float] = []

    def score(rest: Numbers, currents: Numbers) -> Numbers:
        seen.extend((rest + currents)[:, 0].tolist())
        return currents[:, 0]

    learn_limit(windows, counted, score, min_rows=0, run=3, floor=0)
    assert set(seen[:10]) == {480.0}


def test_too_few_windows_or_runs_teach_nothing():
    """Below 8 windows there is no limit, below 4 runs none for runs; windows with too few rows do not count."""
    windows = own_windows(hours([1] * 24 * 7), span(7), DAY)
    counted = windows.per_part(lambda hour: (hour.predictions,))
    learnt = learn_limit(windows, counted, largest_value, min_rows=0, run=2, floor=0)
    assert (learnt.windows, learnt.limit, learnt.runs, learnt.run_limit) == (7, None, 3, None)
    assert learn_limit(windows, counted, largest_value, min_rows=25, run=2, floor=0).windows == 0


def test_a_window_that_cannot_be_scored_breaks_the_runs_it_is_in():
    """NaN is no score: nine usable days of ten, and no run over the gap."""
    windows = own_windows(hours([1] * 240), span(10), DAY)
    counted = windows.per_part(lambda hour: (hour.predictions,))

    def score(_: Numbers, currents: Numbers) -> Numbers:
        scores = np.ones(len(currents))
        if len(scores) == 10:
            scores[5] = np.nan
        return scores

    learnt = learn_limit(windows, counted, score, min_rows=0, run=2, floor=0)
    assert (learnt.windows, learnt.runs) == (9, 4)


def test_the_forward_check_counts_alarms_of_the_last_third():
    """Thirty days, of which the last five have ten times the rows: five alarms in ten windows."""
    per_hour = [10] * 24 * 25 + [100] * 24 * 5
    windows = own_windows(hours(per_hour), span(30), DAY)
    counted = windows.per_part(lambda hour: (hour.predictions,))
    learnt = learn_limit(windows, counted, largest_value, min_rows=0, run=10, floor=0)
    assert (learnt.alarms, learnt.checked) == (5, 10)


def test_run_lengths_and_margins():
    """Ten for windows up to a day, three for longer ones; the margin shrinks with the number of windows."""
    assert [run_length(length) for length in (HOUR, DAY, 2 * DAY, WEEK)] == [10, 10, 3, 3]
    assert margin(64) == pytest.approx(1.3)


def test_blocks_are_stretches_of_outcomes():
    """Twenty days make two weeks and a rest that joins the last; hours without truth make no block."""
    profiles = [
        Profile("m", "1", hour.start, hour.end, "r", 1, outcomes=Outcomes(1, {("a", "a"): 1}))
        for hour in hours([1] * 24 * 20)
    ]
    found = blocks(profiles, span(20), WEEK)
    assert [block.labelled for block in found] == [7 * 24, 13 * 24]
    assert blocks(hours([1] * 48), span(2), DAY) == []
