"""
What a reference looks like before it has a ruler: enough of each number and category to cut bins and choose levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NumericSummary:
    """
    What a ruler needs to know of a number.

    Attributes:
        rows: rows with a value; `distinct` how many different values there are, approximately above `values`' size.
        values: every distinct value, in order, where there are at most 20; else empty.
        quantiles: values at probabilities 0.005, 0.01, 0.05, 0.10, …, 0.95, 0.99, 0.995 and whatever else was asked for.
        lowest, highest: extremes.
    """

    rows: int
    distinct: int
    values: tuple[float, ...]
    quantiles: Mapping[float, float]
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class LevelSummary:
    """
    What a ruler needs to know of a category.

    Attributes:
        rows: rows with a value.
        levels: names with their rows, most frequent first, up to 10,000.
        complete: whether `levels` are all there are.
    """

    rows: int
    levels: tuple[tuple[str, int], ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """What a stretch of production looks like, as far as making a ruler for it goes; by stored field name."""

    rows: int
    numeric: Mapping[str, NumericSummary] = field(default_factory=dict)
    categorical: Mapping[str, LevelSummary] = field(default_factory=dict)
