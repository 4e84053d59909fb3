"""
How the bins and levels of a ruler are chosen from a reference.

Bins are cut at the reference's quantiles and go on beyond them at robust distances, so that no single corrupt value moves
an edge and a shift past everything the reference has seen still has somewhere to be counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from elkmon.fields import EVENT_DURATION, PREDICTION_SCORE
from elkmon.rulers import CategoricalScale, NumericScale, Ruler, Scale
from elkmon.surveys import LevelSummary, NumericSummary, Survey

QUANTILES: tuple[float, ...] = tuple(sorted({0.005, 0.995, *(step / 100 for step in range(1, 100))}))
"""The probabilities a survey must bring: every hundredth (scores; every fifth of them for features) and both tails."""

LEVELS = 200
"""Levels counted alone; the rest is counted under OTHER."""
KNOWN_LEVELS = 10_000
"""Names remembered as seen; beyond them a category is open-ended and nothing is unseen."""

_INNER = tuple(step / 20 for step in range(1, 20))
_OUTER = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
_RANGE = 16.0  # beyond it a value is out of range: nearer, a winter's range calls every hot day and every storm a fault
_NORMAL_SPAN = 4.65  # q99 − q1 of a standard normal, so that the distances are in robust standard deviations
_ATOM = 1e-6  # half the width of a bin around one value, in robust standard deviations
_ROWS_PER_VALUE = 5  # fewer rows per distinct value than this are a small sample, not a discrete feature


def make_ruler(survey: Survey) -> Ruler:
    """
    Return the ruler of a surveyed reference: a scale for each of its fields, and the fixed one for latency.

    Source: edges at reference quantiles as in Yurdakul (2018), Statistical Properties of the Population Stability Index;
    outer bins are elkmon's own.

    >>> ruler = make_ruler(Survey(100, categorical={"features.cat.origin": LevelSummary(100, (("EWR", 60), ("JFK", 40)), True)}))
    >>> sorted(ruler.scales), ruler.scales["features.cat.origin"].levels
    (['event.duration', 'features.cat.origin'], ('EWR', 'JFK'))
    """
    scales: dict[str, Scale] = {}
    for name, numbers in survey.numeric.items():
        scales[name] = score_scale(numbers) if name == PREDICTION_SCORE else numeric_scale(numbers)
    for name, levels in survey.categorical.items():
        scales[name] = categorical_scale(levels)
    scales[EVENT_DURATION] = latency_scale()
    return Ruler({str(name): scales[name] for name in sorted(scales)})


def numeric_scale(summary: NumericSummary) -> NumericScale:
    """
    Return the bins of a number: 20 at its quantiles, and on each side six outer bins and an open end.

    Outer edges lie 0.5, 1, 2, 4, 8 and 16 robust standard deviations, (q99 − q1)/4.65, beyond q0.5 and q99.5. A number with
    at most 20 distinct values gets a bin for each, and outer bins likewise; a value that holds 5 % of the rows or more gets
    a bin of its own. `lowest` and `highest` are the outermost edges. A field without any value has one bin.

    >>> flags = NumericSummary(100, 2, (0.0, 1.0), {0.01: 0.0, 0.99: 1.0}, 0.0, 1.0)
    >>> scale = numeric_scale(flags)
    >>> scale.points[scale.bin_of(0)], scale.points[scale.bin_of(1)], scale.discrete
    (0.0, 1.0, True)
    """
    if not summary.rows or not math.isfinite(summary.lowest) or not math.isfinite(summary.highest):
        return NumericScale(edges=(), points=(0.0,))
    spread = _spread(summary)
    if summary.values and summary.rows >= _ROWS_PER_VALUE * len(summary.values):
        return _discrete_scale(summary.values, spread)
    quantiles = [_quantile(summary, probability) for probability in (0.005, *_INNER, 0.995)]
    return _scale(_around_atoms(quantiles, spread), spread)


def score_scale(summary: NumericSummary) -> NumericScale:
    """
    Return the bins of a score: 100 reference quantiles united with 100 equal widths.

    Quantiles keep the ROC AUC where positives are rare, equal widths keep calibration and estimates where scores will go that
    hardly any were (20 of them left F1 off by up to 0.036 of what rows give). A probability is out of range below 0
    and above 1; scores of another range are binned as `numeric_scale` does, with more quantiles.

    >>> even = NumericSummary(1000, 1000, (), {p: p for p in QUANTILES}, 0.0, 1.0)
    >>> scale = score_scale(even)
    >>> scale.size, scale.lowest, scale.bin_of(1.0) == scale.bin_of(0.999), scale.bin_of(1.1) > scale.bin_of(1.0)
    (104, 0.0, True, True)
    """
    if not summary.rows or not math.isfinite(summary.lowest) or not math.isfinite(summary.highest):
        return NumericScale(edges=(), points=(0.0,))
    quantiles = [_quantile(summary, probability) for probability in QUANTILES]
    if summary.lowest < 0 or summary.highest > 1:
        return _scale(_around_atoms(quantiles, _spread(summary)), _spread(summary))
    top = 1 + 1e-9  # a score of exactly 1 belongs to the last bin within the range
    inner = [*_around_atoms(quantiles, 1.0), *(step / 100 for step in range(1, 100))]
    within = _apart([edge for edge in inner if 1e-9 < edge < 1 - 1e-9], 1e-9)
    edges = (0.0, *within, top)
    return NumericScale(edges, _points(edges), lowest=0.0, highest=top)


def latency_scale() -> NumericScale:
    """
    Return the bins of a latency in nanoseconds: twelve a decade from 10 µs to 100 s, the same for every model.

    >>> scale = latency_scale()
    >>> scale.size, scale.edges[0], scale.edges[-1]
    (86, 10000.0, 100000000000.0)
    """
    edges = tuple(float(round(10 ** (4 + step / 12))) for step in range(7 * 12 + 1))
    middles = tuple(math.sqrt(left * right) for left, right in pairwise(edges))
    return NumericScale(edges, (edges[0], *middles, edges[-1]))


def categorical_scale(summary: LevelSummary) -> CategoricalScale:
    """
    Return the levels of a category: its 200 most frequent counted alone, up to 10,000 names known, the rest OTHER.

    >>> categorical_scale(LevelSummary(9, (("a", 6), ("b", 3)), complete=True))
    CategoricalScale(levels=('a', 'b'), known=(), open_ended=False)
    """
    names = [name for name, _ in sorted(summary.levels, key=lambda level: (-level[1], level[0]))]
    return CategoricalScale(
        levels=tuple(names[:LEVELS]),
        known=tuple(names[LEVELS:KNOWN_LEVELS]),
        open_ended=not summary.complete or len(names) > KNOWN_LEVELS,
    )


def _spread(summary: NumericSummary) -> float:
    """Return the robust standard deviation; where the middle 98 % are one value the whole range, of a constant its size."""
    low, high = _quantile(summary, 0.01), _quantile(summary, 0.99)
    for span in (
        high / _NORMAL_SPAN - low / _NORMAL_SPAN,
        summary.highest / _NORMAL_SPAN - summary.lowest / _NORMAL_SPAN,
    ):
        if span > 0:
            return span
    return abs(summary.highest) or 1.0


def _quantile(summary: NumericSummary, probability: float) -> float:
    """Return the quantile at `probability`, between its neighbours where the summary lacks it."""
    known = [(0.0, summary.lowest), *sorted(summary.quantiles.items()), (1.0, summary.highest)]
    for (left, low), (right, high) in pairwise(known):
        if left <= probability <= right:
            share = (probability - left) / (right - left) if right > left else 0.0
            return low * (1 - share) + high * share
    raise AssertionError("probabilities lie between 0 and 1")


def _around_atoms(quantiles: Sequence[float], spread: float) -> list[float]:
    """Return edges at `quantiles`; a value that fills a whole step between two gets an edge on each of its sides."""
    edges: list[float] = []
    for value in sorted(set(quantiles)):
        if sum(each == value for each in quantiles) > 1:
            half = max(_ATOM * spread, 4 * math.ulp(value))
            edges += [value - half, value + half]
        else:
            edges.append(value)
    return edges


def _discrete_scale(values: Sequence[float], spread: float) -> NumericScale:
    """Return a bin per value, edges midway, with outer bins beyond."""
    middles = [left / 2 + right / 2 for left, right in pairwise(values)]
    if middles:
        below, above = values[0] - (middles[0] - values[0]), values[-1] + (values[-1] - middles[-1])
    else:
        half = max(_ATOM * spread, 4 * math.ulp(values[0]))
        below, above = values[0] - half, values[0] + half
    scale = _scale([below, *middles, above], spread)
    points = list(scale.points)
    for value in values:
        points[scale.bin_of(value)] = value
    return NumericScale(scale.edges, tuple(points), discrete=True, lowest=scale.lowest, highest=scale.highest)


def _scale(inner: Sequence[float], spread: float) -> NumericScale:
    """Return the scale of `inner` edges with the outer ones added."""
    low, high = min(inner), max(inner)
    outer = [edge for distance in _OUTER for edge in (low - distance * spread, high + distance * spread)]
    edges = tuple(_apart([edge for edge in (*inner, *outer) if math.isfinite(edge)], 0.0))
    lowest, highest = low - _RANGE * spread, high + _RANGE * spread
    return NumericScale(
        edges,
        _points(edges),
        lowest=lowest if lowest in edges else None,
        highest=highest if highest in edges else None,
    )


def _apart(edges: Iterable[float], gap: float) -> list[float]:
    """Return `edges` in rising order, each more than `gap` above the one before."""
    apart: list[float] = []
    for edge in sorted(edges):
        if not apart or edge - apart[-1] > gap:
            apart.append(edge)
    return apart


def _points(edges: Sequence[float]) -> tuple[float, ...]:
    return (edges[0], *(left / 2 + right / 2 for left, right in pairwise(edges)), edges[-1])
