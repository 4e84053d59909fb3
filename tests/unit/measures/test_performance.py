"""Metrics from counts and sums against scikit-learn on the rows."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from sklearn import metrics

from elkmon.losses import classification_losses, regression_losses
from elkmon.measures.performance import (
    METRICS,
    Reading,
    accuracy,
    by_truth,
    calibration_error,
    f1,
    macro,
    mean_of,
    measure,
    precision,
    r_squared,
    recall,
    roc_auc,
    root_mean_squared_error,
    rows_of,
)
from elkmon.profiles import Outcomes

RNG = np.random.default_rng(7)
ROWS = 20_000
LABELS = np.array(["a", "b", "c"])
TRUE = RNG.choice(LABELS, ROWS, p=[0.6, 0.3, 0.1])
PREDICTED = np.where(RNG.random(ROWS) < 0.7, TRUE, RNG.choice(LABELS, ROWS))
CONFUSION = Counter(zip(TRUE.tolist(), PREDICTED.tolist(), strict=True))


def test_accuracy_is_sklearns():
    """Share of rows on the diagonal."""
    assert accuracy(CONFUSION) == pytest.approx(metrics.accuracy_score(TRUE, PREDICTED))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(precision, metrics.precision_score), (recall, metrics.recall_score), (f1, metrics.f1_score)],
)
def test_per_class_scores_and_their_macro_mean_are_sklearns(ours, theirs):
    """For every label, and as the plain mean over labels."""
    per_class = theirs(TRUE, PREDICTED, labels=LABELS, average=None)
    assert [ours(CONFUSION, label) for label in LABELS] == pytest.approx(per_class.tolist())
    assert macro(ours, CONFUSION) == pytest.approx(theirs(TRUE, PREDICTED, average="macro"))


def binary(rate: float) -> tuple[np.ndarray, np.ndarray]:
    truth = RNG.random(ROWS) < rate
    score = np.clip(RNG.normal(0.35 + 0.2 * truth, 0.15), 0, 1)
    return truth, score


@pytest.mark.parametrize("rate", [0.5, 0.005])
def test_roc_auc_from_bins_is_close_to_sklearns(rate):
    """Within 0.002 with 100 quantile bins, also where positives are rare."""
    truth, score = binary(rate)
    edges = np.quantile(score, np.arange(1, 100) / 100)
    place = np.searchsorted(edges, score, side="right")
    positives = np.bincount(place[truth], minlength=100)
    negatives = np.bincount(place[~truth], minlength=100)
    assert roc_auc(positives, negatives) == pytest.approx(metrics.roc_auc_score(truth, score), abs=0.002)


def test_roc_auc_is_sklearns_exactly_when_scores_stand_at_the_bins():
    """Ties count half."""
    truth = np.array([0, 0, 1, 1, 1, 0, 1, 0])
    score = np.array([0.1, 0.3, 0.3, 0.5, 0.5, 0.5, 0.9, 0.1])
    place = np.unique(score, return_inverse=True)[1]
    found = roc_auc(np.bincount(place[truth == 1], minlength=4), np.bincount(place[truth == 0], minlength=4))
    assert found == pytest.approx(metrics.roc_auc_score(truth, score))


def test_calibration_error_is_its_definition_on_rows():
    """Ten even widths; with points near the scores it is within half a bin of that on the rows."""
    truth, score = binary(0.4)
    place = (score * 100).astype(int).clip(0, 99)
    points = (np.arange(100) + 0.5) / 100
    width = (score * 10).astype(int).clip(0, 9)
    expected = sum(abs(truth[width == w].sum() - score[width == w].sum()) for w in range(10)) / ROWS
    found = calibration_error(
        np.bincount(place[truth], minlength=100), np.bincount(place[~truth], minlength=100), points
    )
    assert found == pytest.approx(expected, abs=0.005)


def test_summed_losses_are_sklearns_means():
    """Log loss and Brier score add up over outcomes."""
    truth, score = binary(0.4)
    score = np.clip(score, 0.01, 0.99)
    sums: Counter[str] = Counter()
    for probability, positive in zip(score.tolist(), truth.tolist(), strict=True):
        for name, loss in classification_losses(probability, positive=positive).items():
            sums[name] += loss
            sums[f"{name}_rows"] += 1
    outcomes = Outcomes(ROWS, sums=dict(sums))
    assert measure("log_loss", outcomes, Reading()) == pytest.approx(metrics.log_loss(truth, score))
    assert measure("brier", outcomes, Reading()) == pytest.approx(metrics.brier_score_loss(truth, score))


def test_regression_metrics_are_sklearns():
    """MAE, RMSE, MAPE, R² and the bias from sums."""
    true = RNG.normal(50, 10, 1_000)
    predicted = true + RNG.normal(1, 5, 1_000)
    sums: Counter[str] = Counter()
    for guess, value in zip(predicted.tolist(), true.tolist(), strict=True):
        for name, loss in regression_losses(guess, value).items():
            sums[name] += loss
            sums[f"{name}_rows"] += 1
    outcomes = Outcomes(1_000, sums=dict(sums))
    expected = {
        "mae": metrics.mean_absolute_error(true, predicted),
        "rmse": metrics.root_mean_squared_error(true, predicted),
        "mape": metrics.mean_absolute_percentage_error(true, predicted),
        "r2": metrics.r2_score(true, predicted),
        "bias": np.mean(predicted - true),
    }
    assert {name: measure(name, outcomes, Reading()) for name in expected} == pytest.approx(expected)
    assert all(rows_of(name, outcomes) == 1_000 for name in expected)


def test_nothing_is_undefined_as_nan():
    """Without rows, or with one class only, a metric is None."""
    empty = Outcomes()
    assert all(measure(name, empty, Reading("yes", (0.5,))) is None for name in METRICS)
    assert roc_auc([1, 2], [0, 0]) is None
    assert precision({("a", "a"): 1}, "b") is None
    assert recall({("a", "a"): 1}, "b") is None
    assert f1({("a", "a"): 1}, "b") is None
    assert calibration_error([0], [0], (0.5,)) is None
    assert mean_of("brier", {}) is None
    assert root_mean_squared_error({}) is None
    constant = {"squared_error": 1.0, "squared_error_rows": 2, "value": 2.0, "value_rows": 2, "value_squared": 2.0}
    assert r_squared(constant) is None


def test_a_label_of_zero_rows_does_not_count_as_a_class():
    """Subtracting windows leaves zeros behind; the macro mean does not see them."""
    assert macro(f1, {("a", "a"): 5, ("b", "b"): 0}) == 1.0


def test_precision_and_recall_are_the_positive_labels_where_there_is_one():
    """Else the macro means."""
    outcomes = Outcomes(ROWS, CONFUSION)
    assert measure("recall", outcomes, Reading("c")) == recall(CONFUSION, "c")
    assert measure("recall", outcomes, Reading()) == macro(recall, CONFUSION)


def test_scores_are_told_apart_by_truth():
    """The positive label against all others; unknown labels have no rows."""
    outcomes = Outcomes(6, scores={"yes": (0, 2), "no": (1, 1), "maybe": (2, 0)})
    assert by_truth(outcomes, "yes") == ((0, 2), (3, 1))
    assert by_truth(outcomes, "never") == ((0, 0), (3, 3))
    assert by_truth(outcomes, None) == ((), ())
    assert rows_of("roc_auc", outcomes) == 6
    assert math.isclose(measure("roc_auc", outcomes, Reading("yes")) or 0, 0.875)
