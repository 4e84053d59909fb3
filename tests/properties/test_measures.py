"""What must hold of every measure whatever the counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elkmon.measures.binning import QUANTILES, numeric_scale, score_scale
from elkmon.measures.drift import (
    jensen_shannon,
    kolmogorov_smirnov,
    population_stability_index,
    total_variation,
    wasserstein,
)
from elkmon.measures.gauges import constant_gauge, drift_gauge, missing_gauge
from elkmon.measures.performance import roc_auc
from elkmon.measures.significance import benjamini_hochberg, chi_square, ks_p_value, rise_p_value, wilson
from elkmon.profiles import Counts, Outcomes, Profile
from elkmon.rulers import NumericScale
from elkmon.surveys import NumericSummary

POINTS = tuple(float(point) for point in range(8))
bins = st.lists(st.integers(0, 10_000), min_size=8, max_size=8).filter(any)
pairs = st.tuples(bins, bins)
varied = bins.filter(lambda rows: sum(count > 0 for count in rows) > 1)
SYMMETRIC = [total_variation, jensen_shannon, kolmogorov_smirnov, population_stability_index]


def distance(one: Sequence[int], other: Sequence[int]) -> float:
    return wasserstein(one, other, POINTS)


@given(varied)
def test_identical_counts_score_zero(rows):
    """And are no surprise."""
    assert distance(rows, rows) == 0.0
    assert all(measure(rows, rows) == pytest.approx(0.0, abs=1e-7) for measure in SYMMETRIC)
    assert ks_p_value(rows, rows) == 1.0
    assert chi_square(rows, rows)[1] == 1.0


@given(pairs)
def test_distances_are_symmetric(pair):
    """Which side is the reference matters only where its standard deviation is the unit."""
    one, other = pair
    for measure in SYMMETRIC:
        assert measure(one, other) == pytest.approx(measure(other, one), rel=1e-9, abs=1e-12)
    assert ks_p_value(one, other) == pytest.approx(ks_p_value(other, one))
    assert chi_square(one, other)[1] == pytest.approx(chi_square(other, one)[1], rel=1e-6, abs=1e-300)


@given(varied, bins)
def test_everything_is_finite_and_within_its_range(one, other):
    """Never NaN on empty or one-sided bins."""
    assert 0 <= distance(one, other) < math.inf
    assert 0 <= population_stability_index(one, other) < math.inf
    for measure in (total_variation, jensen_shannon, kolmogorov_smirnov):
        assert 0 <= measure(one, other) <= 1 + 1e-12
    statistic, p_value = chi_square(one, other)
    assert 0 <= statistic < math.inf
    assert 0 <= p_value <= 1
    assert 0 <= ks_p_value(one, other) <= 1


@given(bins, bins)
def test_net_scores_never_exceed_gross_ones(one, other):
    """Noise is taken off, never added."""
    assert total_variation(one, other) <= total_variation(one, other, net=False)


@given(st.integers(1, 500), st.integers(0, 6), st.integers(1, 50))
def test_scores_grow_with_the_shift(rows, by, reference):
    """The same rows one bin further away are never nearer."""
    before = [reference * 100, reference * 100, 0, 0, 0, 0, 0, 0]

    def moved(place: int) -> list[int]:
        return [rows if bin_ == place else 0 for bin_ in range(8)]

    if by >= 1:
        assert distance(before, moved(by + 1)) >= distance(before, moved(by)) - 1e-12


@given(varied, bins, st.floats(0, 1))
def test_moving_more_rows_is_farther(one, other, share):
    """A mixture of the reference and something else is nearer than the whole of it (shares alone, noise left in)."""
    total = sum(one) * sum(other)
    mixed = [a * sum(other) * (1 - share) + b * sum(one) * share for a, b in zip(one, other, strict=True)]
    whole = [b * sum(one) for b in other]
    assert sum(mixed) == pytest.approx(total)
    assert wasserstein(one, mixed, POINTS, net=False) <= wasserstein(one, whole, POINTS, net=False) + 1e-9
    assert total_variation(one, mixed, net=False) <= total_variation(one, whole, net=False) + 1e-9
    assert kolmogorov_smirnov(one, mixed) <= kolmogorov_smirnov(one, whole) + 1e-9
    assert jensen_shannon(one, mixed) <= jensen_shannon(one, whole) + 1e-7


@given(varied, bins, st.integers(0, 7))
def test_splitting_a_bin_moves_no_gap(one, other, place):
    """KS and Wasserstein see the same rows when a bin is split at the same point and the new half is empty."""
    split = [*one[: place + 1], 0, *one[place + 1 :]]
    others = [*other[: place + 1], 0, *other[place + 1 :]]
    points = (*POINTS[: place + 1], POINTS[place], *POINTS[place + 1 :])
    assert wasserstein(split, others, points) == pytest.approx(distance(one, other), abs=1e-9)
    assert kolmogorov_smirnov(split, others) == pytest.approx(kolmogorov_smirnov(one, other))
    assert total_variation(split, others) == pytest.approx(total_variation(one, other))


@given(bins, bins)
def test_roc_auc_of_the_mirrored_score_is_its_complement(positives, negatives):
    """Ranking backwards loses exactly what ranking forwards wins."""
    forward, backward = roc_auc(positives, negatives), roc_auc(positives[::-1], negatives[::-1])
    assert forward is not None
    assert backward is not None
    assert 0 <= forward <= 1
    assert forward + backward == pytest.approx(1)


@given(st.lists(st.floats(0, 1), max_size=30))
def test_q_values_keep_the_order_and_never_fall_below_p(p_values):
    """As Benjamini and Hochberg's must."""
    q_values = benjamini_hochberg(p_values)
    assert all(q >= p - 1e-15 for p, q in zip(p_values, q_values, strict=True))
    ordered = [q for _, q in sorted(zip(p_values, q_values, strict=True))]
    assert ordered == sorted(ordered)


@given(st.integers(0, 500), st.integers(1, 500), st.integers(0, 500), st.integers(1, 500))
def test_a_rise_is_surprising_one_way_only(marked, rows, now_marked, now_rows):
    """A probability; and a share at or below the reference's is never significant."""
    marked, now_marked = min(marked, rows), min(now_marked, now_rows)
    p_value = rise_p_value(marked, rows, now_marked, now_rows)
    assert 0 <= p_value <= 1
    if now_marked * rows <= marked * now_rows:
        assert p_value > 0.3


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_wilson_holds_the_share(marked, rows):
    """Within [0, 1], around the share."""
    marked = min(marked, rows)
    lower, upper = wilson(marked, rows)
    assert 0 <= lower <= marked / rows + 1e-12
    assert marked / rows - 1e-12 <= upper <= 1


numbers = st.floats(allow_nan=False, allow_infinity=False, width=64)


@given(st.lists(numbers, min_size=1, max_size=200))
def test_any_reference_makes_scales_that_count_each_row_once(values):
    """Edges rise and are finite, points too, whatever the values."""
    rows = np.array(values)
    distinct = sorted(set(values))
    with np.errstate(over="ignore", invalid="ignore"):
        quantiles = {p: float(np.quantile(rows, p, method="lower")) for p in QUANTILES}
    summary = NumericSummary(
        len(values), len(distinct), tuple(distinct) if len(distinct) <= 20 else (), quantiles, min(values), max(values)
    )
    for scale in (numeric_scale(summary), score_scale(summary)):
        assert all(map(math.isfinite, (*scale.edges, *scale.points)))
        assert all(0 <= scale.bin_of(value) < scale.size for value in values)
        assert all(scale.label(place) for place in range(scale.size))
        if scale.lowest is not None:
            assert scale.lowest in scale.edges
        if scale.highest is not None:
            assert scale.highest in scale.edges


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """A profile of one hour, with every kind of count."""
    start = datetime(2013, 4, 1, draw(st.integers(0, 22)), tzinfo=UTC)
    counts = Counts(tuple(draw(bins)), *(draw(st.integers(0, 99)) for _ in range(4)))
    label = st.sampled_from("ab")
    outcomes = Outcomes(
        draw(st.integers(0, 99)),
        draw(st.dictionaries(st.tuples(label, label), st.integers(1, 99))),
        draw(st.dictionaries(label, bins.map(tuple))),
        sums=draw(st.dictionaries(st.sampled_from(("brier", "brier_rows")), st.integers(0, 99).map(float))),
    )
    end = start.replace(hour=start.hour + 1)
    return Profile(
        "m", "1", start, end, "r", draw(st.integers(0, 99)), draw(st.integers(0, 9)), {"x": counts}, outcomes
    )


@given(profiles(), profiles(), profiles())
def test_profiles_add_up_in_any_order(one, other, third):
    """Twenty-four hours make the same day whichever way they are summed."""
    assert (one + other) + third == one + (other + third)
    assert one + other == other + one


@given(profiles())
def test_an_hour_without_anything_changes_nothing(one):
    """It is the identity of addition, on either side."""
    nothing = Profile("m", "1", one.start, one.end, "r")
    assert one + nothing == one == nothing + one


SCALE = NumericScale(POINTS[1:], POINTS)


@given(
    st.lists(st.floats(-2, 9) | st.none(), min_size=1, max_size=60),
    st.lists(st.integers(0, 23), min_size=60, max_size=60),
    st.randoms(use_true_random=False),
)
def test_scores_do_not_depend_on_the_order_or_the_hours_of_rows(values, hours, random):
    """The same rows shuffled and put into other hours: the same counts, score and surprise."""
    start = datetime(2013, 4, 1, tzinfo=UTC)
    reference = day_of([0.5, 1.5, 1.5, 3.5, 6.5, None], [0] * 6, start)
    shuffled = list(values)
    random.shuffle(shuffled)
    one, other = day_of(values, hours, start), day_of(shuffled, sorted(hours), start)
    assert one.subjects == other.subjects
    for gauge in (drift_gauge("x", SCALE, reference), constant_gauge("x", SCALE, reference), missing_gauge("x")):
        assert gauge.score(reference, one) == gauge.score(reference, other)
        if gauge.rows(one):
            assert gauge.p_value(reference, one) == gauge.p_value(reference, other)


def day_of(values: Sequence[float | None], hours: Sequence[int], start: datetime) -> Profile:
    """Count rows hour by hour and add the hours up."""
    day = Profile("m", "1", start, start + timedelta(days=1), "r")
    for place in range(24):
        rows = [value for value, hour in zip(values, hours, strict=False) if hour == place]
        bins = [0] * SCALE.size
        for value in rows:
            if value is not None:
                bins[SCALE.bin_of(value)] += 1
        first = start + timedelta(hours=place)
        counts = {"x": Counts(tuple(bins), missing=rows.count(None))}
        day = day + Profile("m", "1", first, first + timedelta(hours=1), "r", len(rows), 0, counts)
    return day
