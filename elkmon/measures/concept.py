"""
How predictions lean against the truth: the gap between predicted and actual, of which a change is concept drift.

A gap by itself is no trouble (a sound classifier of rare events predicts fewer than there are); that it changes is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from elkmon.measures.drift import kolmogorov_smirnov
from elkmon.measures.performance import Reading, by_truth, mean_of
from elkmon.measures.significance import ks_p_value
from elkmon.profiles import Outcomes


def gaps(outcomes: Outcomes, reading: Reading) -> Mapping[str, float]:
    """
    Gap between predicted and actual, by label; of a regression under the empty label.

    Formula: mean score − share of positives where scores and a positive label are known; else per label the share of rows
    predicted so − the share that are so; of a regression the mean of predicted − actual.
    Range [−1, 1] in shares of rows, or (−∞, ∞) in the value's unit; either direction is worse. Nothing without rows.
    Source: the unconditional bias of Murphy and Winkler (1987), A general framework for forecast verification.

    >>> gaps(Outcomes(4, {("late", "on time"): 1, ("on time", "on time"): 3}), Reading())
    {'late': -0.25, 'on time': 0.25}
    """
    error = mean_of("error", outcomes.sums)
    if error is not None:
        return {"": error}
    positives, negatives = by_truth(outcomes, reading.positive)
    rows = sum(positives) + sum(negatives)
    if rows and reading.positive is not None:
        mean = float(np.add(positives, negatives) @ np.asarray(reading.points)) / rows
        return {reading.positive: mean - sum(positives) / rows}
    total = sum(outcomes.confusion.values())
    labels = sorted({label for pair in outcomes.confusion for label in pair})
    return {
        label: sum(count * ((guess == label) - (true == label)) for (true, guess), count in outcomes.confusion.items())
        / total
        for label in labels
        if total
    }


def by_score(outcomes: Outcomes, reading: Reading) -> bool:
    """
    Tell whether `gaps` are made from scores; else they are from predicted labels or numbers, which lean in a way of their own.

    >>> by_score(Outcomes(2, {("a", "a"): 2}, {"a": (1, 1)}), Reading("a", (0.2, 0.8))), by_score(Outcomes(), Reading("a"))
    (True, False)
    """
    return mean_of("error", outcomes.sums) is None and any(map(any, by_truth(outcomes, reading.positive)))


def gap_rows(outcomes: Outcomes, reading: Reading) -> int:
    """
    Return how many rows `gaps` are made from: those with a score where scores are read, else those with a label or number.

    >>> gap_rows(Outcomes(9, {("a", "a"): 9}, {"a": (1, 1)}), Reading("a", (0.2, 0.8)))
    2
    """
    if mean_of("error", outcomes.sums) is not None:
        return int(outcomes.sums["error_rows"])
    if by_score(outcomes, reading):
        return sum(map(sum, by_truth(outcomes, reading.positive)))
    return sum(outcomes.confusion.values())


def gap_variance(outcomes: Outcomes, reading: Reading, label: str) -> float | None:
    """
    Variance of one row's predicted − actual, for the gap of `label`; None where it cannot be known from what is stored.

    Formula: E(d²) − (E d)², with d² the Brier score where scores are known, the squared error of a regression, and else 1
    where exactly one of prediction and truth is the label. Range [0, ∞); unit: the gap's, squared. None too where
    it is beyond what a float holds.
    Source: the variance of a difference; rows are taken as independent.

    >>> gap_variance(Outcomes(4, {("late", "on time"): 1, ("on time", "on time"): 3}), Reading(), "late")
    0.1875
    """
    gap = gaps(outcomes, reading).get(label)
    if gap is None:
        return None
    square = mean_of("squared_error", outcomes.sums)
    if square is None and reading.positive is not None and any(any(rows) for rows in outcomes.scores.values()):
        square = mean_of("brier", outcomes.sums)
    elif square is None:
        total = sum(outcomes.confusion.values())
        apart = sum(rows for pair, rows in outcomes.confusion.items() if (pair[0] == label) != (pair[1] == label))
        square = apart / total if total else None
    variance = math.nan if square is None else square - gap * gap
    return max(variance, 0.0) if math.isfinite(variance) else None


def gap_change(reference: Mapping[str, float], current: Mapping[str, float]) -> float:
    """
    By how much the gap between predicted and actual has changed.

    Formula: |g − g₀| of one label; of several ½ Σ |gₗ − g₀ₗ|, which is the same for two. A label without a gap counts as 0.
    Range [0, ∞); higher is worse; unit: that of the gaps.
    Source: elkmon's own; its chance is `degradation.change_p_value`.

    >>> gap_change({"late": 0.1}, {"late": -0.1})
    0.2
    """
    changes = [abs(current.get(label, 0.0) - reference.get(label, 0.0)) for label in {**reference, **current}]
    return sum(changes) / (2 if len(changes) > 1 else 1)


def truth_deviation(outcomes: Outcomes) -> float:
    """
    Standard deviation of the true values of a regression, the unit in which its gap is judged; 1 where it has none.

    Formula: √(Σ y²/n − (Σ y/n)²). Range (0, ∞]; unit: the value's; ∞ where squares are beyond what a float holds.
    Source: the standard deviation from sums.

    >>> truth_deviation(Outcomes(2, sums={"value": 2.0, "value_squared": 4.0, "value_rows": 2, "value_squared_rows": 2}))
    1.0
    """
    if not outcomes.sums.get("value_rows") or not outcomes.sums.get("value_squared_rows"):
        return 1.0
    mean, square = mean_of("value", outcomes.sums), mean_of("value_squared", outcomes.sums)
    if mean is None or square is None or not math.isfinite(mean * mean):
        return math.inf
    return math.sqrt(max(square - mean * mean, 0.0)) or 1.0


def predicted_against_actual(outcomes: Outcomes) -> tuple[float, float] | None:
    """
    Kolmogorov-Smirnov statistic and p-value of predicted against actual values or labels; for information only.

    Formula: as `drift.kolmogorov_smirnov` over the value's bins, or over labels in order of name. It rejects healthy models:
    nobody's predictions are spread as the truth is. Range [0, 1] each. None without rows.
    Source: Smirnov (1948).

    >>> predicted_against_actual(Outcomes(4, {("a", "a"): 2, ("b", "b"): 2}))
    (0.0, 1.0)
    """
    predicted, actual = outcomes.predicted, outcomes.actual
    if not sum(predicted) or not sum(actual):
        labels = sorted({label for pair in outcomes.confusion for label in pair})
        predicted = tuple(sum(c for (_, guess), c in outcomes.confusion.items() if guess == each) for each in labels)
        actual = tuple(sum(c for (true, _), c in outcomes.confusion.items() if true == each) for each in labels)
    if not sum(predicted) or not sum(actual):
        return None
    return kolmogorov_smirnov(actual, predicted), ks_p_value(actual, predicted)
