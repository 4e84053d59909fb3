"""
How good predictions were, from the counts and sums of predictions whose truth is known.

Every metric is `None` where it is not defined (no rows, one class only), never NaN. Whether a metric has become worse than
chance allows is `elkmon.measures.degradation`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from elkmon.findings import Direction
from elkmon.measures.calibration import calibration_error, calibration_line, maximum_calibration_error
from elkmon.measures.confusion import (
    Confusion,
    LabelScore,
    accuracy,
    balanced_accuracy,
    f1,
    f1_micro,
    macro,
    matthews,
    precision,
    recall,
    weighted,
)
from elkmon.measures.ranking import average_precision, roc_auc
from elkmon.profiles import Outcomes


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
    lowest: float = 0.0
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


def mean_of(name: str, sums: Mapping[str, float]) -> float | None:
    """
    Mean over rows of a loss that is summed at the join: `log_loss`, `brier`, `absolute_error`, `squared_error`, `error`, ….

    Formula: Σ loss / rows. Range: the loss's; higher is worse (for `error`, the bias, either way); unit: the loss's. None
    without rows, or where the sum is beyond what a float holds. How errors are spread is not stored, so error drift is
    judged by their size (MAE, RMSE) and their lean.
    Source: Brier (1950), Verification of forecasts expressed in terms of probability; Hyndman and Koehler (2006), Another
    look at measures of forecast accuracy.

    >>> mean_of("brier", {"brier": 5.0, "brier_rows": 20})
    0.25
    """
    rows, total = sums.get(f"{name}_rows", 0.0), sums.get(name, 0.0)
    return total / rows if rows and math.isfinite(total) else None


def root_mean_squared_error(sums: Mapping[str, float]) -> float | None:
    """
    Root of the mean squared error.

    Formula: √(Σ (ŷ − y)² / n). Range [0, ∞); higher is worse; unit: the value's. None without rows.
    Source: Hyndman and Koehler (2006), Another look at measures of forecast accuracy.

    >>> root_mean_squared_error({"squared_error": 8.0, "squared_error_rows": 2})
    2.0
    """
    mean = mean_of("squared_error", sums)
    return None if mean is None else math.sqrt(max(mean, 0.0))


def r_squared(sums: Mapping[str, float]) -> float | None:
    """
    Share of the truth's variance that predictions explain.

    Formula: 1 − Σ (ŷ − y)² / (Σ y² − (Σ y)²/n). Range (−∞, 1]; lower is worse; unit: share of variance. None where
    the truth does not vary, or so far that its squares are beyond what a float holds.
    Source: Kvålseth (1985), Cautionary note about R².

    >>> r_squared({"squared_error": 1.0, "squared_error_rows": 2, "value": 2.0, "value_rows": 2, "value_squared": 4.0})
    0.5
    """
    rows = sums.get("value_rows", 0.0) or sums.get("squared_error_rows", 0.0)
    if not rows or "squared_error" not in sums:
        return None
    total, squares = sums.get("value", 0.0), sums.get("value_squared", 0.0)
    varies = squares - total * (total / rows)  # a power of a float that is too large would raise
    explained = 1 - sums["squared_error"] / varies if varies > 1e-12 * abs(squares) else math.nan
    return explained if math.isfinite(explained) else None


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


def _of_labels(compute: Callable[[Confusion], float | None]) -> Callable[[Outcomes, Reading], float | None]:
    return lambda outcomes, _: compute(outcomes.confusion)


def _of_positive(score: LabelScore) -> Callable[[Outcomes, Reading], float | None]:
    """Return the score of the positive label where there is one, else its mean over labels."""

    def compute(outcomes: Outcomes, reading: Reading) -> float | None:
        if reading.positive is None:
            return macro(score, outcomes.confusion)
        return score(outcomes.confusion, reading.positive)

    return compute


def _of_scores(
    compute: Callable[[Sequence[int], Sequence[int]], float | None],
) -> Callable[[Outcomes, Reading], float | None]:
    return lambda outcomes, reading: compute(*by_truth(outcomes, reading.positive))


def _of_calibration(
    compute: Callable[[Sequence[int], Sequence[int], Sequence[float]], float | None],
) -> Callable[[Outcomes, Reading], float | None]:
    def of_outcomes(outcomes: Outcomes, reading: Reading) -> float | None:
        positives, negatives = by_truth(outcomes, reading.positive)
        return compute(positives, negatives, reading.points) if positives else None

    return of_outcomes


def _line(place: int) -> Callable[[Sequence[int], Sequence[int], Sequence[float]], float | None]:
    def compute(positives: Sequence[int], negatives: Sequence[int], points: Sequence[float]) -> float | None:
        line = calibration_line(positives, negatives, points)
        return None if line is None else line[place]

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

_LOWER, _HIGHER, _EITHER = Direction.LOWER, Direction.HIGHER, Direction.EITHER

METRICS: Mapping[str, Metric] = {
    "accuracy": Metric(_of_labels(accuracy), _LOWER),
    "balanced_accuracy": Metric(_of_labels(balanced_accuracy), _LOWER),
    "precision": Metric(_of_positive(precision), _LOWER),
    "recall": Metric(_of_positive(recall), _LOWER),
    "f1": Metric(_of_labels(lambda confusion: macro(f1, confusion)), _LOWER),
    "f1_micro": Metric(_of_labels(f1_micro), _LOWER),
    "f1_weighted": Metric(_of_labels(lambda confusion: weighted(f1, confusion)), _LOWER),
    "matthews": Metric(_of_labels(matthews), _LOWER, lowest=-1.0),
    "roc_auc": Metric(_of_scores(roc_auc), _LOWER, needs_score=True),
    "average_precision": Metric(_of_scores(average_precision), _LOWER, needs_score=True),
    "log_loss": Metric(_mean("log_loss"), _HIGHER, math.inf, needs_score=True),
    "brier": Metric(_mean("brier"), _HIGHER, needs_score=True),
    "calibration_error": Metric(_of_calibration(calibration_error), _HIGHER, needs_score=True),
    "maximum_calibration_error": Metric(_of_calibration(maximum_calibration_error), _HIGHER, needs_score=True),
    "calibration_slope": Metric(_of_calibration(_line(0)), _EITHER, math.inf, -math.inf, needs_score=True),
    "calibration_intercept": Metric(_of_calibration(_line(1)), _EITHER, math.inf, -math.inf, needs_score=True),
    "mae": Metric(_mean("absolute_error"), _HIGHER, math.inf, regression=True),
    "rmse": Metric(lambda outcomes, _: root_mean_squared_error(outcomes.sums), _HIGHER, math.inf, regression=True),
    "bias": Metric(_mean("error"), _EITHER, math.inf, -math.inf, regression=True),
    "mape": Metric(_mean("absolute_percentage_error"), _HIGHER, math.inf, regression=True),
    "r2": Metric(lambda outcomes, _: r_squared(outcomes.sums), _LOWER, lowest=-math.inf, regression=True),
}
"""Every metric by name. Precision and recall are those of the positive label where there is one, else macro means."""
