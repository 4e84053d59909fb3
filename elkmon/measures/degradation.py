"""
Whether a metric has become worse than tolerated, with errors that know that days differ.

Rows of one day share its weather, its campaign, its outage, so errors from rows alone are far too small (weekly label rates
vary a hundred times more than binomial). The variance between the reference's own stretches of time is used instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import starmap

from elkmon.measures.performance import METRICS, Reading, measure, rows_of
from elkmon.measures.significance import student_p_value, student_quantile
from elkmon.profiles import Outcomes

LEAST_BLOCKS = 8
"""Fewer stretches of time than this say too little of how they differ."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """
    A figure of the reference, and how much it varies.

    Attributes:
        value: the figure over the whole reference.
        between: variance between blocks of time, beyond what their rows explain.
        within: variance of one row; a figure from n independent rows has a variance of `within` / n.
        blocks: how many blocks that was learnt from; 0 where rows had to be taken as independent.
        rows: rows of the reference.
        windows: how many blocks make a window.
    """

    value: float
    between: float
    within: float
    blocks: int
    rows: float
    windows: float = 1.0

    @property
    def degrees(self) -> float:
        """Degrees of freedom of a test with these variances."""
        return self.blocks - 1 if self.blocks else math.inf

    def own_variance(self) -> float:
        """Return the variance of the reference's own figure."""
        return (self.between / self.blocks if self.blocks else 0.0) + self.within / self.rows

    def variance_of(self, rows: float) -> float:
        """Return the variance of a window's figure from `rows` rows: between windows, and between their rows."""
        return self.between / self.windows + self.within / rows


def uncertainty(
    compute: Callable[[Outcomes], float | None],
    total: Outcomes,
    blocks: Sequence[Outcomes],
    windows: float,
    within: float | None = None,
) -> Uncertainty | None:
    """
    Learn a figure's variance between `blocks` of time, by leaving each out in turn.

    Formula: K · (K − 1)/K · Σ (θ₍₋ₖ₎ − mean)², the jackknife variance of the whole times K, is that of a block of average
    size; what independent rows explain of it (`within` / rows per block) is told apart, so that windows of more or fewer
    rows get their own. Without `within` all of it counts as the rows'.
    Range [0, ∞) of each variance; higher is less sure; unit: that of the figure, squared. None with fewer than 8 blocks with
    rows, or where the figure is not defined or its variance is beyond what a float holds.
    Source: Efron and Stein (1981), The jackknife estimate of variance; blocks as in Künsch (1989).

    >>> days = [Outcomes(10, {("a", "a"): right, ("a", "b"): 10 - right}) for right in (5, 6, 7, 8, 5, 6, 7, 8)]
    >>> whole = Outcomes(80, {("a", "a"): 52, ("a", "b"): 28})
    >>> found = uncertainty(lambda outcomes: measure("accuracy", outcomes, Reading()), whole, days, 1)
    >>> round(found.value, 2), found.between, round(found.variance_of(10), 4)
    (0.65, 0.0, 0.0143)
    """
    used = [block for block in blocks if block.labelled]
    value = compute(total)
    if value is None or len(used) < LEAST_BLOCKS:
        return None
    left_out = [compute(without(total, block)) for block in used]
    kept = [each for each in left_out if each is not None]
    if len(kept) < LEAST_BLOCKS:
        return None
    middle = sum(kept) / len(kept)
    variance = (len(kept) - 1) * sum((each - middle) * (each - middle) for each in kept)
    if not math.isfinite(variance):
        return None
    per_block = total.labelled / len(kept)
    if within is None:
        return Uncertainty(value, 0.0, variance * per_block, len(kept), total.labelled, windows)
    return Uncertainty(value, max(variance - within / per_block, 0.0), within, len(kept), total.labelled, windows)


def row_uncertainty(name: str, total: Outcomes, reading: Reading) -> Uncertainty | None:
    """
    Return a metric's variance with rows taken as independent, where the reference has no timestamps.

    Formula: Σ over cells of rows · (θ with one row more there − θ)², the infinitesimal jackknife on counts; for MAE the
    variance of |error|, for RMSE that of normal errors σ²/2, for R² 4(1 − R²)², as if errors and truth varied apart; for the
    calibration error the mean of (truth − score)², its bound where all gaps lean one way. It is too small where days differ.
    Range [0, ∞); higher is less sure; unit: the metric's, squared. None where it is not defined or beyond what a float holds,
    and for MAPE, whose squares are not stored.
    Source: Jaeckel (1972), The infinitesimal jackknife.

    >>> found = row_uncertainty("accuracy", Outcomes(1000, {("a", "a"): 800, ("a", "b"): 200}), Reading())
    >>> round(found.variance_of(1000), 6)
    0.00016
    """
    value, rows = measure(name, total, reading), rows_of(name, total)
    if value is None or not rows:
        return None
    within: float | None
    if METRICS[name].regression:
        within = _error_variance(name, value, total.sums.get("squared_error", 0.0) / rows)
    elif name in {"log_loss", "brier"}:
        mean, square = _loss_moments(name, total, reading)
        within = square - mean**2
    elif name == "calibration_error":
        within = _loss_moments("brier", total, reading)[0]
    else:
        changed = starmap(
            lambda count, more: count * ((measure(name, more, reading) or 0.0) - value) ** 2, _one_row_more(total)
        )
        within = sum(changed) * rows
    if within is None or not math.isfinite(within):
        return None
    return Uncertainty(value, 0.0, max(within, 0.0), 0, rows)


@dataclass(frozen=True, slots=True)
class Degradation:
    """
    Whether a figure is worse than tolerated.

    Attributes:
        p_value: of the one-sided test.
        least: the smallest worsening that this test could find, tolerance included.
        lower, upper: 95 % interval of the window's figure.
    """

    p_value: float
    least: float
    lower: float
    upper: float


def degradation(
    reference: Uncertainty,
    value: float,
    rows: float,
    tolerance: float,
    *,
    higher_is_worse: bool,
    significance: float = 0.01,
    within: float = 0.0,
) -> Degradation:
    """
    One-sided test of H0: the figure is at most `tolerance` worse than in the reference.

    Formula: t = (worsening − tolerance) / √(variance of the window + variance of the reference), Student's with as many
    degrees of freedom as blocks, less one. Where a row of the window varies more than the reference's, `within` is its variance.
    Range of p [0, 1]; lower is more surprising. Without any variance the comparison itself decides (p is 0 or 1).
    Source: Cameron and Miller (2015), A practitioner's guide to cluster-robust inference.

    >>> steady = Uncertainty(value=0.8, between=0.0001, within=0.0, blocks=12, rows=12000)
    >>> found = degradation(steady, 0.7, 1000, 0.02, higher_is_worse=False)
    >>> round(found.p_value, 6), round(found.least, 3)
    (5e-06, 0.048)
    """
    own = replace(reference, within=max(reference.within, within)).variance_of(rows)
    error = math.sqrt(own + reference.own_variance())
    beyond = (value - reference.value if higher_is_worse else reference.value - value) - tolerance
    p_value = student_p_value(beyond / error, reference.degrees) if error > 0 else float(beyond <= 0)
    least = tolerance + error * student_quantile(1 - significance, reference.degrees)
    half = student_quantile(0.975, reference.degrees) * math.sqrt(own)
    return Degradation(p_value, least, value - half, value + half)


def change_p_value(reference: Uncertainty, value: float, rows: float) -> float:
    """
    Two-sided p-value that a figure has changed at all, with errors that know that days differ.

    Formula: 2 · P(T ≥ |change| / √(variance of the window + variance of the reference)). Range [0, 1]; lower is more
    surprising. Without any variance it is 1 where nothing changed, else 0. Source: as `degradation`.

    >>> change_p_value(Uncertainty(value=0.1, between=0.0001, within=0.2, blocks=12, rows=12000), 0.1, 1000)
    1.0
    """
    error = math.sqrt(reference.variance_of(rows) + reference.own_variance())
    change = abs(value - reference.value)
    return min(2 * student_p_value(change / error, reference.degrees), 1.0) if error > 0 else float(change == 0)


def least_change(reference: Uncertainty, rows: float, significance: float) -> float:
    """
    The smallest change of a figure, either way, that `change_p_value` could find at this significance.

    Formula: t₁₋α⸝₂ · √(variance of the window + variance of the reference). Range [0, ∞); higher is less sure; unit: the
    figure's. Source: as `degradation`.

    >>> round(least_change(Uncertainty(value=0.1, between=0.0, within=1.0, blocks=0, rows=1e12), 10000, 0.05), 4)
    0.0196
    """
    error = math.sqrt(reference.variance_of(rows) + reference.own_variance())
    return error * student_quantile(1 - significance / 2, reference.degrees)


def without(total: Outcomes, part: Outcomes) -> Outcomes:
    """
    Return `total` less `part`, which it contains.

    >>> without(Outcomes(3, {("a", "a"): 3}), Outcomes(1, {("a", "a"): 1})).confusion
    {('a', 'a'): 2}
    """
    return Outcomes(
        total.labelled - part.labelled,
        {pair: count - part.confusion.get(pair, 0) for pair, count in total.confusion.items()},
        {label: _less(rows, part.scores.get(label, ())) for label, rows in total.scores.items()},
        _less(total.predicted, part.predicted),
        _less(total.actual, part.actual),
        {name: value - part.sums.get(name, 0.0) for name, value in total.sums.items()},
    )


def _less(rows: Sequence[int], part: Sequence[int]) -> tuple[int, ...]:
    return tuple(left - right for left, right in zip(rows, part, strict=True)) if part else tuple(rows)


def _one_row_more(total: Outcomes) -> Iterator[tuple[int, Outcomes]]:
    """Yield each cell's rows with the outcomes that have one row more there."""
    for pair, count in total.confusion.items():
        yield count, replace(total, confusion={**total.confusion, pair: count + 1})
    for label, rows in total.scores.items():
        for index, count in enumerate(rows):
            if count:
                more = (*rows[:index], count + 1, *rows[index + 1 :])
                yield count, replace(total, scores={**total.scores, label: more})


def _error_variance(name: str, value: float, mean_square: float) -> float | None:
    """Return the variance of one row's part in a regression's metric; None where its squares are not stored."""
    if name == "r2":
        return 4 * (1 - value) * (1 - value)
    if name == "rmse":
        return mean_square / 2
    return mean_square - value * value if name in {"mae", "bias"} else None


def _loss_moments(name: str, total: Outcomes, reading: Reading) -> tuple[float, float]:
    """Return the means of a row's loss and of its square, each score standing at its bin's point."""
    losses: list[tuple[float, int]] = []
    for label, rows in total.scores.items():
        for point, count in zip(reading.points, rows, strict=True):
            given = min(max(point if label == reading.positive else 1 - point, 1e-6), 1.0)
            losses.append((-math.log(given) if name == "log_loss" else (1 - given) ** 2, count))
    count = sum(rows for _, rows in losses) or 1
    return sum(loss * rows for loss, rows in losses) / count, sum(loss**2 * rows for loss, rows in losses) / count


def as_figures(names: Sequence[str], outcomes: Outcomes, reading: Reading) -> Mapping[str, float]:
    """
    Return those of the metrics `names` that are defined.

    >>> as_figures(("accuracy", "mae"), Outcomes(1, {("a", "a"): 1}), Reading())
    {'accuracy': 1.0}
    """
    figures = {name: measure(name, outcomes, reading) for name in names}
    return {name: value for name, value in figures.items() if value is not None}
