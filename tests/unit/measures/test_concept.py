"""The gap between predicted and actual."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from elkmon.measures.concept import gap_change, gap_variance, gaps, predicted_against_actual, truth_deviation
from elkmon.measures.performance import Reading
from elkmon.profiles import Outcomes


def test_the_gap_of_scores_is_mean_score_less_share_of_positives():
    """Three rows at 0.2, one of them positive: 0.2 − 1/3."""
    outcomes = Outcomes(3, scores={"yes": (1, 0), "no": (2, 0)})
    assert gaps(outcomes, Reading("yes", (0.2, 0.8))) == pytest.approx({"yes": 0.2 - 1 / 3})


def test_the_gap_of_a_regression_is_its_bias():
    """In the value's unit, under the empty label."""
    assert gaps(Outcomes(2, sums={"error": 3.0, "error_rows": 2}), Reading()) == {"": 1.5}


def test_gaps_of_labels_add_up_to_nothing():
    """What one label is predicted too often, others are too rarely."""
    confusion = {("a", "a"): 50, ("a", "b"): 20, ("b", "c"): 10, ("c", "c"): 20}
    found = gaps(Outcomes(100, confusion), Reading())
    assert found == pytest.approx({"a": -0.2, "b": 0.1, "c": 0.1})


def test_a_change_of_two_labels_counts_once():
    """In two classes the one's loss is the other's gain."""
    before = {"late": 0.0, "on time": 0.0}
    assert gap_change(before, {"late": -0.2, "on time": 0.2}) == pytest.approx(0.2)
    assert gap_change({"late": -0.1}, {"late": 0.1}) == pytest.approx(0.2)
    assert gap_change({}, {}) == 0.0


def test_the_variance_of_a_gap_is_that_of_its_rows():
    """Predicted − actual per row, by hand with numpy; from the Brier score where there are scores."""
    rows = np.array([0] * 50 + [1] * 10 + [-1] * 40)
    confusion = {("b", "b"): 50, ("b", "a"): 10, ("a", "b"): 40}
    assert gap_variance(Outcomes(100, confusion), Reading(), "a") == pytest.approx(rows.var())
    score, truth = np.array([0.2, 0.8, 0.2, 0.8]), np.array([0, 1, 1, 1])
    scored = Outcomes(
        4, scores={"yes": (1, 2), "no": (1, 0)}, sums={"brier": float(((score - truth) ** 2).sum()), "brier_rows": 4}
    )
    assert gap_variance(scored, Reading("yes", (0.2, 0.8)), "yes") == pytest.approx((score - truth).var())
    assert gap_variance(Outcomes(), Reading(), "a") is None


def test_the_lessons_test_is_scipys_on_labels():
    """`ks_2samp(predicted, actual)` of a healthy classifier that says 6 % where there are 20 %: nearly impossible."""
    confusion = {(0, 0): 7_800, (0, 1): 200, (1, 0): 1_600, (1, 1): 400}
    named = {(str(true), str(guess)): rows for (true, guess), rows in confusion.items()}
    found = predicted_against_actual(Outcomes(10_000, named))
    expected = stats.ks_2samp(np.repeat([0, 1], [9_400, 600]), np.repeat([0, 1], [8_000, 2_000]), method="asymp")
    assert found == pytest.approx((expected.statistic, expected.pvalue), rel=1e-6)


def test_the_lessons_test_of_numbers_is_over_their_bins():
    """None where nothing is known."""
    assert predicted_against_actual(Outcomes(4, predicted=(4, 0), actual=(2, 2)))[0] == 0.5
    assert predicted_against_actual(Outcomes()) is None


def test_the_truths_deviation_is_numpys():
    """From sums of values and of their squares; 1 where there is nothing to measure by."""
    values = np.array([3.0, 5.0, 10.0])
    sums = {"value": values.sum(), "value_rows": 3, "value_squared": (values**2).sum(), "value_squared_rows": 3}
    assert truth_deviation(Outcomes(3, sums=sums)) == pytest.approx(values.std())
    assert truth_deviation(Outcomes()) == 1.0
