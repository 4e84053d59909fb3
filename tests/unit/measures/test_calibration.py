"""Calibration from score bins against its definitions, and against scikit-learn and simulation on the rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from elkmon.measures.calibration import (
    calibration_error,
    calibration_line,
    maximum_calibration_error,
    reliability,
)

RNG = np.random.default_rng(7)
ROWS = 20_000
POINTS = tuple(((np.arange(100) + 0.5) / 100).tolist())


def binned(score: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    place = (score * 100).astype(int).clip(0, 99)
    return np.bincount(place[truth], minlength=100), np.bincount(place[~truth], minlength=100)


def misjudged() -> tuple[np.ndarray, np.ndarray]:
    """Return scores that stand at the bins' points, and truths that follow twice their log-odds."""
    score = np.array(POINTS)[RNG.integers(0, 100, ROWS)]
    odds = np.log(score / (1 - score))
    return score, RNG.random(ROWS) < 1 / (1 + np.exp(-(2 * odds - 0.5)))


def test_calibration_errors_are_their_definitions_on_rows():
    """Ten even widths, each row's score at its bin's point; the largest gap is the maximum error."""
    score, truth = misjudged()
    width = (score * 10).astype(int).clip(0, 9)
    gaps = [abs(truth[width == w].sum() - score[width == w].sum()) for w in range(10)]
    sides = binned(score, truth)
    assert calibration_error(*sides, POINTS, net=False) == pytest.approx(sum(gaps) / ROWS)
    largest = max(gap / (width == w).sum() for w, gap in enumerate(gaps))
    assert maximum_calibration_error(*sides, POINTS) == pytest.approx(largest)


def test_a_perfect_score_has_no_error_on_average():
    """Of 200 rows the plain error is 0.08 for nothing; net of noise it is within 0.015 of zero, and clipped there."""
    plain, net = [], []
    for _ in range(400):
        score = np.array(POINTS)[RNG.integers(0, 100, 200)]
        sides = binned(score, RNG.random(200) < score)
        plain.append(calibration_error(*sides, POINTS, net=False))
        net.append(calibration_error(*sides, POINTS))
    assert np.mean(plain) == pytest.approx(0.08, abs=0.01)
    assert np.mean(net) < 0.015
    assert min(net) == 0.0


def test_the_reliability_table_is_sklearns_curve():
    """Share of positives and mean score per even width; empty widths are left out."""
    score, truth = misjudged()
    share, mean = calibration_curve(truth, score, n_bins=10)
    table = reliability(*binned(score, truth), POINTS)
    assert [width.positives for width in table] == pytest.approx(share.tolist())
    assert [width.score for width in table] == pytest.approx(mean.tolist())
    assert sum(width.rows for width in table) == ROWS
    assert [width.rows for width in reliability([0, 1], [0, 2], (0.2, 0.8))] == [3]


def test_slope_and_intercept_are_those_of_a_logistic_regression():
    """scikit-learn's without a penalty, on the rows' log-odds; near the 2 and −0.5 that truths were drawn by."""
    score, truth = misjudged()
    odds = np.log(score / (1 - score))[:, None]
    oracle = LogisticRegression(C=np.inf, tol=1e-10).fit(odds, truth)
    found = calibration_line(*binned(score, truth), POINTS)
    assert found == pytest.approx((float(oracle.coef_[0, 0]), float(oracle.intercept_[0])), abs=1e-4)
    assert found == pytest.approx((2, -0.5), abs=0.1)


def test_a_line_that_does_not_exist_is_none():
    """One class, one score, or a truth that splits at one score, by which the slope has no bound."""
    assert calibration_line([1, 2], [0, 0], (0.2, 0.8)) is None
    assert calibration_line([3], [4], (0.5,)) is None
    assert calibration_line([0, 9], [9, 0], (0.2, 0.8)) is None
    assert calibration_line([], [], ()) is None


def test_without_rows_nothing_is_known():
    """None, and an empty table."""
    assert calibration_error([0], [0], (0.5,)) is None
    assert maximum_calibration_error([0], [0], (0.5,)) is None
    assert reliability([0], [0], (0.5,)) == ()
