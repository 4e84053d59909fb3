"""How a ruler is cut from a reference."""

from __future__ import annotations

import math

import numpy as np
import pytest

from elkmon.measures.binning import QUANTILES, categorical_scale, latency_scale, make_ruler, numeric_scale, score_scale
from elkmon.measures.drift import wasserstein
from elkmon.rulers import NumericScale
from elkmon.surveys import LevelSummary, NumericSummary, Survey


def summary(values: np.ndarray) -> NumericSummary:
    distinct = np.unique(values)
    return NumericSummary(
        rows=len(values),
        distinct=len(distinct),
        values=tuple(distinct.tolist()) if len(distinct) <= 20 else (),
        quantiles={p: float(np.quantile(values, p)) for p in QUANTILES},
        lowest=float(values.min()),
        highest=float(values.max()),
    )


def counts(scale: NumericScale, values: np.ndarray) -> list[int]:
    return np.bincount(np.searchsorted(scale.edges, values, side="right"), minlength=scale.size).tolist()


def test_continuous_numbers_get_twenty_quantile_bins_and_outer_ones_on_both_sides():
    """19 inner quantiles, the tails at 0.5 %, six outer edges a side at robust distances: 33 edges, 34 bins."""
    values = np.random.default_rng(1).normal(50, 10, 20_000)
    scale = numeric_scale(summary(values))
    assert scale.size == 34
    spread = (np.quantile(values, 0.99) - np.quantile(values, 0.01)) / 4.65
    expected = np.quantile(values, 0.995) + spread * np.array([0.5, 1, 2, 4, 8, 16])
    assert scale.edges[-6:] == pytest.approx(expected)
    assert scale.highest == scale.edges[-1]
    assert scale.lowest == scale.edges[0]
    inner = counts(scale, values)[7:-7]
    assert min(inner) > 0.98 * 0.045 * 20_000 * 0.9


def test_a_discrete_feature_gets_a_bin_for_each_value_and_room_beyond_them():
    """Each of few values stands for its bin; a unit error lands in an outer bin, not in the last value's."""
    values = np.repeat([1.0, 2.0, 5.0], 100)
    scale = numeric_scale(summary(values))
    assert scale.discrete
    assert [scale.points[scale.bin_of(value)] for value in (1, 2, 5)] == [1.0, 2.0, 5.0]
    assert len({scale.bin_of(value) for value in (1, 2, 5, 8.05, 100)}) == 5


def test_a_small_sample_of_a_continuous_feature_is_not_taken_for_a_discrete_one():
    """Twelve rows with twelve values say nothing of discreteness."""
    assert not numeric_scale(summary(np.random.default_rng(2).normal(size=12))).discrete


def test_a_constant_is_told_from_its_neighbours():
    """The year 2013 and the year 2014 fall in different bins although the reference knows one only."""
    scale = numeric_scale(summary(np.full(500, 2013.0)))
    assert len({scale.bin_of(value) for value in (2012, 2013, 2014)}) == 3


def test_a_value_that_many_rows_share_has_a_bin_of_its_own():
    """Rain: nine dry hours of ten do not hide the drizzle in their bin."""
    values = np.r_[np.zeros(9_000), np.random.default_rng(3).exponential(1.0, 1_000)]
    scale = numeric_scale(summary(values))
    assert counts(scale, values)[scale.bin_of(0.0)] == 9_000
    assert scale.label(scale.bin_of(0.0)) == "0"


def test_an_atom_is_found_though_quantiles_are_rounded():
    """A store's quantile may miss a value by its last digit; its bin still holds it."""
    values = np.r_[np.full(500, 0.1), np.linspace(1, 2, 500)]
    exact = summary(values)
    near = {p: math.nextafter(q, math.inf) if q == 0.1 else q for p, q in exact.quantiles.items()}
    scale = numeric_scale(NumericSummary(1000, 501, (), near, exact.lowest, exact.highest))
    assert counts(scale, values)[scale.bin_of(0.1)] == 500


def test_spans_near_the_largest_double_make_finite_edges():
    """No edge or point overflows."""
    values = np.array([-1.7e308, 0.0, 1.0, 1.7e308] * 50)
    scale = numeric_scale(summary(values))
    assert all(map(math.isfinite, (*scale.edges, *scale.points)))
    assert wasserstein(counts(scale, values), counts(scale, np.abs(values)), scale.points) > 0


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_tiny_references_make_a_scale(rows):
    """A reference of no or few rows makes a scale that counts, whatever it is worth."""
    values = np.arange(rows, dtype=float)
    empty = NumericSummary(0, 0, (), {}, math.nan, math.nan)
    scale = numeric_scale(summary(values) if rows else empty)
    assert scale.size == len(scale.points)
    assert score_scale(empty).size == 1


def test_one_corrupt_value_moves_no_edge():
    """A single 1e6 among 100,000 leaves every edge within a hundredth of a standard deviation."""
    values = np.random.default_rng(4).normal(size=100_000)
    corrupt = np.r_[values, 1e6]
    clean_edges, edges = numeric_scale(summary(values)).edges, numeric_scale(summary(corrupt)).edges
    assert edges == pytest.approx(clean_edges, abs=0.01)


def test_quantiles_that_a_survey_lacks_are_interpolated():
    """A survey with quartiles only still makes rising edges."""
    values = np.random.default_rng(5).normal(size=1_000)
    few = NumericSummary(
        1_000, 1_000, (), {p: float(np.quantile(values, p)) for p in (0.25, 0.5, 0.75)}, values.min(), values.max()
    )
    assert numeric_scale(few).size > 20


def test_scores_have_edges_at_their_quantiles_and_at_every_twentieth():
    """Rare positives keep their ranks (quantiles) and calibration its even widths."""
    values = np.random.default_rng(6).beta(1, 30, 50_000)
    scale = score_scale(summary(values))
    assert {step / 20 for step in range(1, 20)} <= set(scale.edges)
    assert sum(edge < np.quantile(values, 0.99) for edge in scale.edges) >= 99
    assert (scale.lowest, scale.bin_of(1.0), scale.bin_of(-0.01)) == (0.0, scale.size - 2, 0)
    assert scale.highest is not None
    assert scale.bin_of(1.01) == scale.size - 1


def test_scores_that_are_no_probabilities_are_binned_by_their_own_range():
    """A decision function from -8 to 8 is not squeezed into [0, 1]."""
    values = np.random.default_rng(7).normal(0, 3, 10_000)
    scale = score_scale(summary(values))
    assert scale.edges[0] < -8
    assert scale.size > 100


def test_latency_bins_are_the_same_for_every_model():
    """Twelve a decade, whole nanoseconds, so that ratios of a fifth are told apart."""
    edges = latency_scale().edges
    assert all(edge == int(edge) for edge in edges)
    ratios = np.diff(np.log10(edges))
    assert ratios == pytest.approx(np.full(84, 1 / 12), abs=1e-4)


def test_categories_keep_the_most_frequent_levels_and_know_the_others():
    """The 201st level is known, not counted alone; beyond 10,000 names nothing is unseen any more."""
    levels = tuple((f"level {place:05}", 20_000 - place) for place in range(10_001))
    scale = categorical_scale(LevelSummary(10**8, levels, complete=True))
    assert scale.levels[0] == "level 00000"
    assert (len(scale.levels), len(scale.known), scale.open_ended) == (200, 9_800, True)


def test_levels_of_equal_frequency_are_ordered_by_name():
    """Two surveys of the same reference make the same ruler, so the same id."""
    one = categorical_scale(LevelSummary(4, (("b", 2), ("a", 2)), complete=True))
    other = categorical_scale(LevelSummary(4, (("a", 2), ("b", 2)), complete=True))
    assert one == other


def test_a_ruler_has_a_scale_for_every_surveyed_field_and_for_latency():
    """Each field gets the scale of its kind."""
    values = summary(np.random.default_rng(8).uniform(size=1_000))
    survey = Survey(
        1_000,
        {"features.num.x": values, "elkmon.prediction.score": values},
        {"elkmon.prediction.label": LevelSummary(1_000, (("yes", 600), ("no", 400)), complete=True)},
    )
    ruler = make_ruler(survey)
    sizes = {name: scale.size for name, scale in ruler.scales.items()}
    assert sizes["features.num.x"] == 34
    assert sizes["elkmon.prediction.score"] > 100
    assert sizes["elkmon.prediction.label"] == 3
    assert sizes["event.duration"] == 86
    assert make_ruler(survey).id == ruler.id
