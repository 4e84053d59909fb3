"""
How good predictions were, from the counts and sums of predictions whose truth is known.

Every metric is `None` where it is not defined (no rows, one class only), never NaN. Whether a metric has become worse than
chance allows is `elkmon.measures.degradation`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from elkmon.findings import Direction
from elkmon.profiles import Outcomes

Confusion = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Reading:
    """How outcomes are to be read: whose probability the score is, and the points of the score's bins."""

    positive: str | None = None
    points: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: how it is computed, which way is worse, its range, and whether it needs a score and its positive label."""

    compute: Callable[[Outcomes, Reading], float | None]
    worse: Direction
    highest: float = 1.0
    needs_score: bool = False
    regression: bool = False


def measure(name: str, outcomes: Outcomes, reading: Reading) -> float | None:
    """
    Return the metric `name` of `outcomes`; None where it is not defined.

    >>> measure("accuracy", Outcomes(4, {("late", "late"): 3, ("late", "on time"): 1}), Reading())
    0.75

    Raises:
        KeyError: for a name that is not in `METRICS`.
    """
    return METRICS[name].compute(outcomes, reading)


def accuracy(confusion: Confusion) -> float | None:
    """
    Share of rows whose predicted label is the true one.

    Formula: Σ c(t, t) / Σ c. Range [0, 1]; lower is worse; unit: share of rows.

    >>> accuracy({("a", "a"): 3, ("a", "b"): 1})
    0.75
    """
    rows = sum(confusion.values())
    return sum(count for (true, predicted), count in confusion.items() if true == predicted) / rows if rows else None


def precision(confusion: Confusion, label: str) -> float | None:
    """
    Of the rows predicted as `label`, the share that are it; None where none was predicted so.

    Formula: c(l, l) / Σₜ c(t, l). Range [0, 1]; lower is worse.

    >>> precision({("a", "a"): 3, ("b", "a"): 1}, "a")
    0.75
    """
    predicted = sum(count for (_, guess), count in confusion.items() if guess == label)
    return confusion.get((label, label), 0) / predicted if predicted else None


def recall(confusion: Confusion, label: str) -> float | None:
    """
    Of the rows that are `label`, the share predicted so; None where none is.

    Formula: c(l, l) / Σₚ c(l, p). Range [0, 1]; lower is worse.

    >>> recall({("a", "a"): 3, ("a", "b"): 1}, "a")
    0.75
    """
    true = sum(count for (truth, _), count in confusion.items() if truth == label)
    return confusion.get((label, label), 0) / true if true else None


def f1(confusion: Confusion, label: str) -> float | None:
    """
    Harmonic mean of precision and recall of `label`; 0 where it is only predicted or only true, None where neither.

    Formula: 2 c(l, l) / (Σₜ c(t, l) + Σₚ c(l, p)). Range [0, 1]; lower is worse.
    Source: van Rijsbergen (1979), Information Retrieval.

    >>> f1({("a", "a"): 3, ("a", "b"): 1, ("b", "a"): 1}, "a")
    0.75
    """
    marks = sum(count * ((true == label) + (guess == label)) for (true, guess), count in confusion.items())
    return 2 * confusion.get((label, label), 0) / marks if marks else None


def macro(score: Callable[[Confusion, str], float | None], confusion: Confusion) -> float | None:
    """
    Return the plain mean of a per-class `score` over all labels true or predicted; an undefined class counts as 0.

    >>> macro(recall, {("a", "a"): 3, ("a", "b"): 1, ("b", "b"): 1})
    0.875
    """
    labels = {label for pair, count in confusion.items() if count for label in pair}
    return sum(score(confusion, label) or 0.0 for label in labels) / len(labels) if labels else None


def roc_auc(positives: Sequence[int], negatives: Sequence[int]) -> float | None:
    """
    Area under the ROC curve from rows per score bin: the chance that a positive scores above a negative.

    Formula: Σᵢ posᵢ (neg below i + ½ negᵢ) / (P · N); within a bin ties count half, so bins can only draw it towards ½.
    Range [0, 1]; lower is worse. None without rows of both classes; empty bins change nothing.
    Source: Mann and Whitney (1947); Hanley and McNeil (1982).

    >>> roc_auc([0, 10], [10, 0]), roc_auc([5, 5], [5, 5])
    (1.0, 0.5)
    """
    above, below = np.asarray(positives, dtype=np.float64), np.asarray(negatives, dtype=np.float64)
    if not above.sum() or not below.sum():
        return None
    beaten = np.cumsum(below) - below / 2
    return float(above @ beaten / (above.sum() * below.sum()))


def calibration_error(positives: Sequence[int], negatives: Sequence[int], points: Sequence[float]) -> float | None:
    """
    Expected calibration error over ten equal widths of the score, from rows per score bin.

    Formula: Σ_b n_b/n · |share of positives in b − mean score in b|, each row's score standing at its bin's point.
    Range [0, 1]; higher is worse; unit: share of rows. Empty widths add nothing; None without rows.
    Source: Naeini, Cooper and Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning.

    >>> round(calibration_error([2, 8], [8, 2], (0.2, 0.8)), 3), round(calibration_error([5, 5], [5, 5], (0.2, 0.8)), 3)
    (0.0, 0.3)
    """
    true = np.asarray(positives, dtype=np.float64)
    rows = true + np.asarray(negatives, dtype=np.float64)
    at = np.asarray(points, dtype=np.float64)
    if not rows.sum():
        return None
    width = np.clip((at * 10).astype(np.int64), 0, 9)
    gaps = np.bincount(width, weights=true - rows * at, minlength=10)
    return float(np.abs(gaps).sum() / rows.sum())


def mean_of(name: str, sums: Mapping[str, float]) -> float | None:
    """
    Mean over rows of a loss that is summed at the join: `log_loss`, `brier`, `absolute_error`, `squared_error`, `error`, ….

    Formula: Σ loss / rows. Range and unit are the loss's; higher is worse (for `error`, either way). None without rows.

    >>> mean_of("brier", {"brier": 5.0, "brier_rows": 20})
    0.25
    """
    rows = sums.get(f"{name}_rows", 0.0)
    return sums.get(name, 0.0) / rows if rows else None


def root_mean_squared_error(sums: Mapping[str, float]) -> float | None:
    """
    Root of the mean squared error.

    Formula: √(Σ (ŷ − y)² / n). Range [0, ∞); higher is worse; unit: the value's. None without rows.

    >>> root_mean_squared_error({"squared_error": 8.0, "squared_error_rows": 2})
    2.0
    """
    mean = mean_of("squared_error", sums)
    return None if mean is None else math.sqrt(max(mean, 0.0))


def r_squared(sums: Mapping[str, float]) -> float | None:
    """
    Share of the truth's variance that predictions explain.

    Formula: 1 − Σ (ŷ − y)² / (Σ y² − (Σ y)²/n). Range (−∞, 1]; lower is worse. None where the truth does not vary.

    >>> r_squared({"squared_error": 1.0, "squared_error_rows": 2, "value": 2.0, "value_rows": 2, "value_squared": 4.0})
    0.5
    """
    rows = sums.get("value_rows", 0.0) or sums.get("squared_error_rows", 0.0)
    if not rows or "squared_error" not in sums:
        return None
    varies = sums.get("value_squared", 0.0) - sums.get("value", 0.0) ** 2 / rows
    return 1 - sums["squared_error"] / varies if varies > 1e-12 * abs(sums.get("value_squared", 0.0)) else None


def by_truth(outcomes: Outcomes, positive: str | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """
    Return rows per score bin of the `positive` label and of all others together; empty without scores or positive label.

    >>> by_truth(Outcomes(4, scores={"yes": (0, 2), "no": (1, 1)}), "yes")
    ((0, 2), (1, 1))
    """
    bins = max((len(rows) for rows in outcomes.scores.values()), default=0)
    if positive is None or not bins:
        return (), ()
    others = [rows for label, rows in outcomes.scores.items() if label != positive and rows]
    negatives = tuple(sum(column) for column in zip(*others, strict=True)) if others else (0,) * bins
    return outcomes.scores.get(positive) or (0,) * bins, negatives


def rows_of(name: str, outcomes: Outcomes) -> int:
    """
    Return how many rows the metric `name` is made from.

    >>> rows_of("accuracy", Outcomes(5, {("a", "a"): 4}))
    4
    """
    if name in _SUMMED:
        return int(outcomes.sums.get(f"{_SUMMED[name]}_rows", 0))
    if METRICS[name].needs_score:
        return sum(map(sum, outcomes.scores.values()))
    return sum(outcomes.confusion.values())


def _per_class(score: Callable[[Confusion, str], float | None]) -> Callable[[Outcomes, Reading], float | None]:
    """Return the score of the positive label where there is one, else its mean over labels."""

    def compute(outcomes: Outcomes, reading: Reading) -> float | None:
        if reading.positive is None:
            return macro(score, outcomes.confusion)
        return score(outcomes.confusion, reading.positive)

    return compute


def _mean(name: str) -> Callable[[Outcomes, Reading], float | None]:
    return lambda outcomes, _: mean_of(name, outcomes.sums)


_SUMMED = {
    "log_loss": "log_loss",
    "brier": "brier",
    "mae": "absolute_error",
    "rmse": "squared_error",
    "bias": "error",
    "mape": "absolute_percentage_error",
    "r2": "squared_error",
}

METRICS: Mapping[str, Metric] = {
    "accuracy": Metric(lambda outcomes, _: accuracy(outcomes.confusion), Direction.LOWER),
    "precision": Metric(_per_class(precision), Direction.LOWER),
    "recall": Metric(_per_class(recall), Direction.LOWER),
    "f1": Metric(lambda outcomes, _: macro(f1, outcomes.confusion), Direction.LOWER),
    "roc_auc": Metric(
        lambda outcomes, reading: roc_auc(*by_truth(outcomes, reading.positive)), Direction.LOWER, needs_score=True
    ),
    "log_loss": Metric(_mean("log_loss"), Direction.HIGHER, math.inf, needs_score=True),
    "brier": Metric(_mean("brier"), Direction.HIGHER, needs_score=True),
    "calibration_error": Metric(
        lambda outcomes, reading: (
            calibration_error(*by_truth(outcomes, reading.positive), reading.points)
            if reading.positive is not None and outcomes.scores
            else None
        ),
        Direction.HIGHER,
        needs_score=True,
    ),
    "mae": Metric(_mean("absolute_error"), Direction.HIGHER, math.inf, regression=True),
    "rmse": Metric(
        lambda outcomes, _: root_mean_squared_error(outcomes.sums), Direction.HIGHER, math.inf, regression=True
    ),
    "bias": Metric(_mean("error"), Direction.EITHER, math.inf, regression=True),
    "mape": Metric(_mean("absolute_percentage_error"), Direction.HIGHER, math.inf, regression=True),
    "r2": Metric(lambda outcomes, _: r_squared(outcomes.sums), Direction.LOWER, regression=True),
}
"""Every metric by name. Precision and recall are those of the positive label where there is one, else macro means."""
