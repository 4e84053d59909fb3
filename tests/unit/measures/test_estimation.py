"""Estimated performance against the same estimate from rows, and against what the truth then says."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression

from elkmon.measures.estimation import (
    ESTIMATES,
    calibrated,
    estimate,
    estimated_drop_by_row,
    expected_confusion_by_row,
    isotonic_map,
)
from elkmon.measures.performance import METRICS

RNG = np.random.default_rng(5)
BINS = 100
EDGES = np.arange(1, BINS) / BINS
POINTS = tuple((np.arange(BINS) + 0.5) / BINS)
THRESHOLD = 0.4


def rows(count: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return scores that are too high by a square root, and truths that follow them by one relation, whatever the shift."""
    probability = 1 / (1 + np.exp(-RNG.normal(-1 + shift, 1.5, count)))
    return np.sqrt(probability), RNG.random(count) < probability


def binned(scores: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(EDGES, scores, side="right"), minlength=BINS)


def cells(scores: np.ndarray) -> np.ndarray:
    return np.stack([binned(scores[scores < THRESHOLD]), binned(scores[scores >= THRESHOLD])], axis=1).astype(float)


SCORES, TRUTH = rows(40_000)
MAP = calibrated(binned(SCORES[TRUTH]), binned(SCORES[~TRUTH]), POINTS)


def test_the_map_is_the_weighted_isotonic_regression():
    """scikit-learn's over the bins' shares, weighted by rows, with a line over bins that have none."""
    positives, negatives = RNG.integers(0, 30, BINS), RNG.integers(0, 30, BINS)
    positives[[0, 40, 41, 99]] = negatives[[0, 40, 41, 99]] = 0
    total = positives + negatives
    there = total > 0
    oracle = IsotonicRegression(out_of_bounds="clip")
    oracle.fit(np.array(POINTS)[there], positives[there] / total[there], sample_weight=total[there])
    assert isotonic_map(positives, negatives, POINTS) == pytest.approx(oracle.predict(np.array(POINTS)).tolist())


def test_one_class_teaches_no_map():
    """Nor do no rows; a constant would look sure of itself."""
    assert isotonic_map([1, 2], [0, 0], (0.2, 0.8)) is None
    assert calibrated([0, 0], [0, 0], (0.2, 0.8)) is None
    assert calibrated([0, 0], [3, 3], (0.2, 0.8)) is None


def test_a_calibrated_score_is_its_own_map_and_another_is_mapped():
    """Thirty positives would make a map of steps; a score beyond [0, 1] is no probability to keep."""
    assert calibrated([1, 8], [9, 2], (0.1, 0.8)) == (0.1, 0.8)
    assert calibrated([100, 800], [900, 200], (0.3, 0.6)) == pytest.approx((0.1, 0.8))
    assert calibrated([1, 8], [9, 2], (-3.0, 5.0)) == pytest.approx((0.1, 0.8))


@pytest.mark.parametrize("shift", [0.0, 0.7, -0.7])
def test_estimates_are_those_from_rows(shift):
    """A row-level estimate with scikit-learn: each row counts as positive by its calibrated probability, else negative."""
    assert MAP is not None
    oracle = IsotonicRegression(out_of_bounds="clip").fit(SCORES, TRUTH)
    scores, _ = rows(10_000, shift)
    probability, guess = oracle.predict(scores), scores >= THRESHOLD
    both = {
        "y_true": np.repeat([1, 0], scores.size),
        "sample_weight": np.concatenate([probability, 1 - probability]),
    }
    twice = np.concatenate([guess, guess])
    expected = {
        "accuracy": metrics.accuracy_score(y_pred=twice, **both),
        "f1": metrics.f1_score(y_pred=twice, average="macro", **both),
        "f1_of_positive": metrics.f1_score(y_pred=twice, **both),
        "precision": metrics.precision_score(y_pred=twice, **both),
        "recall": metrics.recall_score(y_pred=twice, **both),
        "roc_auc": metrics.roc_auc_score(y_score=np.concatenate([scores, scores]), **both),
    }
    found = {name: estimate(name, cells(scores), MAP, positive=1) for name in ESTIMATES}
    assert found == pytest.approx(expected, abs=0.005)


def test_an_estimate_follows_the_realised_value_while_the_relation_holds():
    """Rows moved to where the model is unsure: within three standard errors of what the truth then says."""
    assert MAP is not None
    scores, truth = rows(20_000, 1.0)
    realised = metrics.accuracy_score(truth, scores >= THRESHOLD)
    error = np.sqrt(realised * (1 - realised) / 20_000) + 0.004  # and the map's own error
    assert estimate("accuracy", cells(scores), MAP, positive=1) == pytest.approx(realised, abs=3 * error)


def test_an_estimate_cannot_see_that_the_relation_moved():
    """Truth at random: the estimate stays what it was, which is why it is never alone critical."""
    assert MAP is not None
    scores, _ = rows(20_000)
    realised = metrics.roc_auc_score(RNG.random(20_000) < 0.3, scores)
    assert realised < 0.55
    assert (estimate("roc_auc", cells(scores), MAP, positive=1) or 0) > 0.75


def test_many_windows_are_scored_as_one_by_one():
    """Flat or as (bins, labels), with further labels counted to the negative side."""
    assert MAP is not None
    windows = np.stack([cells(rows(1_000, shift)[0]) for shift in (-1, 0, 1)])
    padded = np.concatenate([windows / 2, windows[:, :, :1] * 0 + windows[:, :, :1] / 2], axis=2)
    padded[:, :, 1] = windows[:, :, 1]
    for name, compute in ESTIMATES.items():
        together = compute(windows.reshape(3, -1), MAP, 1)
        assert together.tolist() == pytest.approx([estimate(name, window, MAP, 1) for window in windows])
        assert compute(padded.reshape(3, -1), MAP, 1).tolist() == pytest.approx(together.tolist())


def test_the_expected_confusion_holds_every_row():
    """Its four parts add up to the window's rows."""
    assert MAP is not None
    window = cells(rows(1_000)[0])
    assert expected_confusion_by_row(window[None], MAP, 1).sum() == pytest.approx(1_000)


def test_a_drop_is_what_the_estimate_lost_and_never_negative():
    """Of 60 rows predicted positive where one in ten is, 54 are wrong: accuracy 0.9 falls to 0.42; the way back is no drop."""
    before, harder = np.array([[80.0, 0, 0, 20]]), np.array([[20.0, 60, 0, 20]])
    drop = estimated_drop_by_row(before, harder, name="accuracy", probabilities=(0.1, 0.9), positive=1)
    assert drop.tolist() == pytest.approx([0.48])
    back = estimated_drop_by_row(harder, before, name="accuracy", probabilities=(0.1, 0.9), positive=1)
    assert back.tolist() == [0.0]


def test_nothing_is_estimated_of_nothing():
    """None, not NaN; with one label only F1 is that label's."""
    assert all(estimate(name, [[0, 0], [0, 0]], (0.1, 0.9), 1) is None for name in ESTIMATES)
    assert estimate("roc_auc", [[5, 0], [5, 0]], (0.0, 0.0), 1) is None
    assert estimate("f1", [[5, 0], [5, 0]], (0.0, 0.0), 1) == 1.0
    assert estimate("precision", [[5, 0], [5, 0]], (0.1, 0.2), 1) is None


def test_cells_that_do_not_fit_are_refused():
    """The message says what is wanted."""
    with pytest.raises(ValueError, match="bins × labels"):
        estimate("accuracy", [1, 2, 3], (0.1, 0.9), 1)
    with pytest.raises(ValueError, match="label 2"):
        estimate("accuracy", [1, 2, 3, 4], (0.1, 0.9), 2)


def test_estimates_bear_the_names_of_what_they_estimate():
    """So that the realised value can stand beside them; only F1 of the positive label has no realised twin."""
    assert set(ESTIMATES) - set(METRICS) == {"f1_of_positive"}
