"""
Which bars a plot of shares gets: few, of equal width, over the stretch where rows are. Counts in, shares out; nothing is drawn.

A ruler's bins hold equal shares of the reference and reach far beyond it, which serves measuring and not the eye.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from elkmon.findings import Evidence
from elkmon.presentation.shift import discrete, place, shares

_STEPS = 18
_FEWEST_EDGES = 4
_MOST_BARS = 7
_TAIL_BEFORE, _TAIL_NOW = 0.01, 0.02
_FURTHEST = 1.5
"""The axis reaches at most this many widths of the reference beyond it; what lies further is gathered in the last step."""


@dataclass(frozen=True, slots=True)
class Steps:
    """
    Shares of rows over steps of equal width.

    `edges` are one more than the steps. `below` and `above` are the shares (before, now) outside, gathered at the ends.
    """

    edges: tuple[float, ...]
    before: tuple[float, ...]
    now: tuple[float, ...]
    below: tuple[float, float]
    above: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bar:
    """One level, or one value of a number with few values: its name and shares of rows."""

    label: str
    before: float
    now: float


def continuous(evidence: Evidence) -> bool:
    """Whether `evidence` is better drawn as steps over a number line than as bars."""
    return len(evidence.edges) >= _FEWEST_EDGES and not discrete(evidence)


def steps(evidence: Evidence) -> Steps:
    """
    Return the shares of a number over about 18 steps whose edges are round numbers.

    Rows are taken as spread evenly within a bin of the ruler. Needs rows on both sides and at least two edges.
    """
    both = shares(evidence)
    if both is None or len(evidence.edges) < 2:
        raise ValueError("steps need rows on both sides and at least two edges")
    before, now = both
    low, high = _stretch(evidence.edges, before, now)
    width = _round_width((high - low) / _STEPS)
    first, last = math.floor(low / width + 1e-9), math.ceil(high / width - 1e-9)
    edges = tuple(index * width for index in range(first, last + 1))
    spread_before = _spread(evidence.edges, before, edges)
    spread_now = _spread(evidence.edges, now, edges)
    return Steps(
        edges,
        tuple(spread_before[1:-1]),
        tuple(spread_now[1:-1]),
        (spread_before[0], spread_now[0]),
        (spread_before[-1], spread_now[-1]),
    )


def bars(evidence: Evidence) -> tuple[Bar, ...]:
    """
    Return the largest levels or values, at most seven, and what is left of the rows as one more bar.

    Numbers stand in their order, levels by size; the one that changed most is always among them.
    """
    both = shares(evidence)
    if both is None:
        return ()
    before, now = both
    places = [index for index in range(len(before)) if before[index] or now[index]]
    by_size = sorted(places, key=lambda index: -max(before[index], now[index]))
    chosen = by_size[:_MOST_BARS]
    changed = max(places, key=lambda index: abs(now[index] - before[index]))
    if changed not in chosen:
        chosen[-1] = changed
    if evidence.edges:
        chosen.sort()
    shown = [Bar(place(evidence, index).strip("“”"), before[index], now[index]) for index in chosen]
    rest = [index for index in places if index not in chosen]
    if rest:
        shown.append(Bar("all others", sum(before[index] for index in rest), sum(now[index] for index in rest)))
    return tuple(shown)


def _stretch(edges: tuple[float, ...], before: tuple[float, ...], now: tuple[float, ...]) -> tuple[float, float]:
    """Return the stretch the axis covers: nearly all rows of both sides, but not much further than the reference."""
    low, high = _inner(edges, before, _TAIL_BEFORE)
    reach = _FURTHEST * (high - low)
    low_now, high_now = _inner(edges, now, _TAIL_NOW)
    nearest_low = min((edge for edge in edges if edge >= low - reach), default=low)
    nearest_high = max((edge for edge in edges if edge <= high + reach), default=high)
    return max(min(low, low_now), nearest_low), min(max(high, high_now), nearest_high)


def _inner(edges: tuple[float, ...], parts: tuple[float, ...], tail: float) -> tuple[float, float]:
    """Return the two edges that leave at most `tail` of the rows out on each side, and are not the same."""
    first, last = 0, len(edges) - 1
    while first < last - 1 and sum(parts[: first + 2]) <= tail:
        first += 1
    while last > first + 1 and sum(parts[last:]) <= tail:
        last -= 1
    return edges[first], edges[last]


def _spread(edges: tuple[float, ...], parts: tuple[float, ...], steps: tuple[float, ...]) -> list[float]:
    """Return the share below, per step and above: each bin's rows spread evenly over its width."""
    result = [0.0] * (len(steps) + 1)
    result[0] += parts[0] if edges[0] <= steps[0] else 0.0
    if edges[0] > steps[0]:  # an open end that begins within the axis lies in the step at its edge
        result[_step_of(steps, edges[0], below=True)] += parts[0]
    result[_step_of(steps, edges[-1], below=False)] += parts[-1]
    for low, high, part in zip(edges, edges[1:], parts[1:-1], strict=False):
        for index in range(len(result)):
            left = steps[index - 1] if index else -math.inf
            right = steps[index] if index < len(steps) else math.inf
            result[index] += part * max(0.0, min(high, right) - max(low, left)) / (high - low)
    return result


def _step_of(steps: tuple[float, ...], edge: float, *, below: bool) -> int:
    """Return the place next to `edge` on its open side."""
    if below:
        return sum(step < edge for step in steps)
    return sum(step <= edge for step in steps)


def _round_width(width: float) -> float:
    """Return the smallest of 1, 2, 2.5 and 5 times a power of ten that is not much below `width`."""
    power = 10.0 ** math.floor(math.log10(width))
    return next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= 0.8 * width)
