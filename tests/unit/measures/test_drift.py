"""Distances from counts against scipy on the rows, and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from elkmon.measures.binning import QUANTILES, numeric_scale
from elkmon.measures.drift import (
    jensen_shannon,
    kolmogorov_smirnov,
    pooled_cells,
    population_stability_index,
    standard_deviation,
    total_variation,
    wasserstein,
)
from elkmon.rulers import NumericScale
from elkmon.surveys import NumericSummary

RNG = np.random.default_rng(20130805)
REFERENCE = RNG.normal(0, 1, 50_000)


def scale_of(values: np.ndarray) -> NumericScale:
    quantiles = {p: float(np.quantile(values, p)) for p in QUANTILES}
    return numeric_scale(NumericSummary(len(values), len(values), (), quantiles, values.min(), values.max()))


SCALE = scale_of(REFERENCE)


def counts(values: np.ndarray) -> list[int]:
    return np.bincount(np.searchsorted(SCALE.edges, values, side="right"), minlength=SCALE.size).tolist()


@pytest.mark.parametrize("shift", [0.1, 0.5, 2.0, 6.0])
def test_wasserstein_agrees_with_scipy_on_the_rows(shift):
    """Binning costs less than 6 % of the distance, also far beyond all that the reference has seen."""
    current = RNG.normal(shift, 1, 50_000)
    expected = stats.wasserstein_distance(REFERENCE, current) / REFERENCE.std()
    assert wasserstein(counts(REFERENCE), counts(current), SCALE.points, net=False) == pytest.approx(expected, rel=0.06)


def test_wasserstein_of_points_is_scipys_exactly():
    """On rows that stand at the bins' points nothing is lost."""
    points = (0.0, 1.0, 3.0, 10.0)
    one, other = [5, 0, 3, 2], [1, 4, 0, 5]
    rows, others = np.repeat(points, one), np.repeat(points, other)
    expected = stats.wasserstein_distance(rows, others) / rows.std()
    assert wasserstein(one, other, points, net=False) == pytest.approx(expected, rel=1e-12)


def test_net_scores_of_unchanged_data_are_near_zero():
    """What sampling alone gives is taken off: the mean net score of 200 draws of 500 rows is below 0.02 SD."""
    reference = counts(REFERENCE)
    gross, net = [], []
    for _ in range(200):
        current = counts(RNG.normal(0, 1, 500))
        gross.append(wasserstein(reference, current, SCALE.points, net=False))
        net.append(wasserstein(reference, current, SCALE.points))
    assert np.mean(gross) > 0.05
    assert np.mean(net) < 0.02


def test_the_noise_taken_off_is_the_expectation_under_no_change():
    """Closed form against simulation, for distance and for total variation with rare levels."""
    shares = np.array([0.5, 0.3, 0.15, 0.04, 0.009, 0.001])
    points = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
    many, few = 20_000, 300
    pairs = [(RNG.multinomial(many, shares), RNG.multinomial(few, shares)) for _ in range(3_000)]
    simulated = np.mean([total_variation(one, other, net=False) for one, other in pairs])
    expected = (shares * many).round()
    noise = total_variation(expected, [0, 0, 0, 0, 0, few], net=False) - total_variation(expected, [0, 0, 0, 0, 0, few])
    assert noise > 0
    spread = shares * (1 - shares)
    closed = np.minimum(np.sqrt(2 / np.pi * spread * (1 / many + 1 / few)), 2 * spread).sum() / 2
    assert closed == pytest.approx(simulated, rel=0.06)
    distances = np.mean([wasserstein(one, other, points, net=False) for one, other in pairs])
    cumulative = np.cumsum(shares)[:-1]
    deviation = standard_deviation(expected, points)
    closed = np.sqrt(2 / np.pi * cumulative * (1 - cumulative) * (1 / many + 1 / few)).sum() / deviation
    assert closed == pytest.approx(distances, rel=0.06)


def test_one_corrupt_value_changes_no_score():
    """A single 1e6 in 100,000 rows, on either side, moves the distance by less than 0.01 SD."""
    rows, shifted = RNG.normal(0, 1, 100_000), RNG.normal(0.3, 1, 100_000)
    clean = wasserstein(counts(rows), counts(shifted), SCALE.points)
    assert wasserstein(counts(np.r_[rows, 1e6]), counts(shifted), SCALE.points) == pytest.approx(clean, abs=0.01)
    assert wasserstein(counts(rows), counts(np.r_[shifted, -1e6]), SCALE.points) == pytest.approx(clean, abs=0.01)


def test_wasserstein_refuses_a_reference_at_one_point():
    """There is no standard deviation to measure by, and the error says what to use."""
    with pytest.raises(ValueError, match="use total_variation"):
        wasserstein([10, 0], [5, 5], (0.0, 1.0))


def test_wasserstein_of_enormous_points_is_finite():
    """Squares of points near 1e300 would overflow."""
    assert wasserstein([5, 5], [10, 0], (-1e300, 1e300), net=False) == pytest.approx(1.0)


def test_total_variation_is_the_share_of_rows_that_moved():
    """Of 10,000 rows 800 moved from one level to another."""
    assert total_variation([5_000, 5_000], [4_200, 5_800], net=False) == pytest.approx(0.08)
    assert total_variation([10_000, 0], [0, 10_000], net=False) == 1.0


def test_jensen_shannon_is_scipys():
    """To base 2, as a distance."""
    one, other = [10, 20, 0, 5], [1, 0, 8, 5]
    assert jensen_shannon(one, other) == pytest.approx(jensenshannon(one, other, base=2), rel=1e-12)


def test_kolmogorov_smirnov_is_scipys_on_rows_at_the_points():
    """Rows at the bins' points lose nothing; other rows can only have a larger gap."""
    one, other = [5, 0, 3, 2], [1, 4, 0, 5]
    expected = stats.ks_2samp(np.repeat([0, 1, 2, 3], one), np.repeat([0, 1, 2, 3], other)).statistic
    assert kolmogorov_smirnov(one, other) == pytest.approx(expected)
    current = RNG.normal(0.2, 1, 5_000)
    assert kolmogorov_smirnov(counts(REFERENCE), counts(current)) <= stats.ks_2samp(REFERENCE, current).statistic


def test_psi_is_its_textbook_formula_net_of_its_bias():
    """Two levels of a thousand rows each, worked out by hand."""
    one, other = np.array([500, 500]), np.array([800, 200])
    p, q = (one + 0.5) / 1001, (other + 0.5) / 1001
    expected = np.sum((p - q) * np.log(p / q)) - 2 / 1000
    assert population_stability_index(one, other) == pytest.approx(expected)


def test_psi_of_unchanged_data_is_near_zero_whatever_the_sizes():
    """Rare bins are pooled, so 200 rows against 50,000 make no false PSI (peers report 0.09 to 0.22)."""
    scores = [population_stability_index(counts(REFERENCE), counts(RNG.normal(0, 1, 200))) for _ in range(200)]
    assert np.mean(scores) < 0.02


def test_rare_cells_are_pooled_until_each_expects_five_rows():
    """The smaller side's expectation under no change decides."""
    one, other = pooled_cells([9_000, 960, 30, 10], [90, 9, 1, 0])
    assert one.sum() == 10_000
    assert other.sum() == 100
    assert ((one + other) * 100 / 10_100 >= 5).all()
    assert len(one) == 2


def test_standard_deviation_is_numpys_on_the_points():
    """Of rows standing at their bins' points; 0 for one point, however far from 0."""
    rows = np.repeat([1.0, 4.0, 9.0], [3, 5, 2])
    assert standard_deviation([3, 5, 2], (1.0, 4.0, 9.0)) == pytest.approx(rows.std())
    assert standard_deviation([0, 7, 0], (0.0, 1e9 + 0.1, 2e9)) == 0.0


@pytest.mark.parametrize(
    "measure",
    [total_variation, jensen_shannon, kolmogorov_smirnov, population_stability_index, pooled_cells],
)
def test_sides_that_cannot_be_compared_are_refused(measure):
    """Different rulers and empty sides are errors, never NaN."""
    with pytest.raises(ValueError, match="different rulers"):
        measure([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="without rows"):
        measure([0, 0], [1, 2])
    assert math.isfinite(total_variation([1, 0], [1, 0]))
