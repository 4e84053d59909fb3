"""Profiles add up."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from elkmon.profiles import Counts, Outcomes, Profile, total
from elkmon.windows import HOUR

START = datetime(2013, 4, 1, tzinfo=UTC)


def profile(place: int, rows: int = 1, ruler: str = "r", **subjects: Counts) -> Profile:
    start = START + place * HOUR
    return Profile("m", "1", start, start + HOUR, ruler, rows, 1, subjects, Outcomes(rows, {("a", "a"): rows}))


def test_counts_add_up_place_by_place():
    """Each kind of row by itself."""
    added = Counts((1, 2), 3, 4, 5, 6) + Counts((10, 20), 30, 40, 50, 60)
    assert added == Counts((11, 22), 33, 44, 55, 66)
    assert added.present == 33


def test_counts_by_different_rulers_do_not_add_up():
    """Bins of another number are other bins."""
    with pytest.raises(ValueError, match="2 and 3 bins"):
        Counts((1, 2)) + Counts((1, 2, 3))


def test_profiles_of_hours_make_a_window():
    """From the earliest start to the latest end; a subject that one of them lacks is not lost."""
    added = profile(0, 5, x=Counts((1, 2))) + profile(2, 7, x=Counts((3, 4)), y=Counts((1,)))
    assert (added.start, added.end) == (START, START + 3 * HOUR)
    assert (added.predictions, added.errors, added.outcomes.labelled) == (12, 2, 12)
    assert added.subjects == {"x": Counts((4, 6)), "y": Counts((1,))}


@pytest.mark.parametrize("change", [{"model": "n"}, {"version": "2"}, {"segment": "s"}, {"ruler": "q"}])
def test_profiles_of_something_else_do_not_add_up(change):
    """Another model, version, segment or ruler."""
    with pytest.raises(ValueError, match="do not add up"):
        profile(0) + replace(profile(1), **change)


def test_outcomes_add_up():
    """Pairs and labels that one side lacks are kept; empty counts add nothing."""
    one = Outcomes(2, {("a", "a"): 2}, {"a": (1, 1)}, (1, 1), (), {"brier": 0.5})
    other = Outcomes(3, {("a", "b"): 3}, {"a": (2, 0), "b": (0, 1)}, (0, 2), (3, 0), {"brier": 1.0, "brier_rows": 3})
    assert one + other == Outcomes(
        5,
        {("a", "a"): 2, ("a", "b"): 3},
        {"a": (3, 1), "b": (0, 1)},
        (1, 3),
        (3, 0),
        {"brier": 1.5, "brier_rows": 3},
    )
    assert one + Outcomes() == one


def test_the_sum_of_nothing_is_empty():
    """It still says model, ruler and window."""
    empty = Profile("m", "1", START, START + HOUR, "r")
    assert total([], empty) == empty
    assert total([profile(0, 3)], empty).predictions == 3


def test_coverage_is_the_share_with_truth():
    """Of no predictions there is none."""
    assert replace(profile(0, 4), outcomes=Outcomes(1)).coverage == 0.25
    assert math.isnan(replace(profile(0), predictions=0).coverage)
