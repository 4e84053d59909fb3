"""Metrics from counts and sums against scikit-learn on the rows."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from sklearn import metrics

from elkmon.losses import classification_losses, regression_losses
from elkmon.measures.confusion import macro, recall
from elkmon.measures.performance import (
    METRICS,
    Reading,
    by_truth,
    mean_of,
    measure,
    r_squared,
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


def binary(rate: float) -> tuple[np.ndarray, np.ndarray]:
    truth = RNG.random(ROWS) < rate
    score = np.clip(RNG.normal(0.35 + 0.2 * truth, 0.15), 0, 1)
    return truth, score


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
    assert all(measure(name, empty, Reading()) is None for name in METRICS)
    assert mean_of("brier", {}) is None
    assert root_mean_squared_error({}) is None
    constant = {"squared_error": 1.0, "squared_error_rows": 2, "value": 2.0, "value_rows": 2, "value_squared": 2.0}
    assert r_squared(constant) is None


def test_scores_without_a_positive_label_measure_nothing():
    """Whose probability they are is not known."""
    scored = Outcomes(4, scores={"yes": (0, 2), "no": (2, 0)})
    names = [name for name, metric in METRICS.items() if metric.needs_score]
    assert all(measure(name, scored, Reading(None, (0.2, 0.8))) is None for name in names)


def test_metrics_of_scores_read_the_bins_by_truth():
    """Each through the outcomes of a window, by hand: 2 of 10 at 0.2 and 8 of 10 at 0.8 mean what they say."""
    scored = Outcomes(20, scores={"yes": (2, 8), "no": (8, 2)})
    read = Reading("yes", (0.2, 0.8))
    assert measure("roc_auc", scored, read) == pytest.approx(0.8)
    assert measure("calibration_error", scored, read) == pytest.approx(0.0)
    assert measure("maximum_calibration_error", scored, read) == pytest.approx(0.0)
    assert measure("calibration_slope", scored, read) == pytest.approx(1.0)
    assert measure("calibration_intercept", scored, read) == pytest.approx(0.0, abs=1e-9)
    assert 0.7 < (measure("average_precision", scored, read) or 0) < 0.8


def test_every_value_lies_within_the_range_that_is_said():
    """Whatever predictions are worth."""
    outcomes = Outcomes(ROWS, CONFUSION, {"yes": (9, 1), "no": (1, 9)})
    for name, metric in METRICS.items():
        value = measure(name, outcomes, Reading("yes", (0.2, 0.8)))
        assert value is None or metric.lowest <= value <= metric.highest, name


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
