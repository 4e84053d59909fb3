"""
What profiles are counted by: the bins and levels of every subject, frozen and named by their content.

A ruler never moves, so counts from any two windows can be compared and added. How edges are chosen from a reference is
said in `elkmon.measures.binning`; here is only what a ruler is, and the `Survey` of a reference that it is made from.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from elkmon.fields import FEATURES_CATEGORICAL, FEATURES_NUMERIC
from elkmon.identity import identity


@dataclass(frozen=True, slots=True)
class NumericScale:
    """
    Bins of a number: (−∞, e₀), [e₀, e₁), …, [eₖ, ∞) for the sorted `edges` e, so one more bin than edges.

    `points` holds one value that stands for each bin: its middle; for the open ends their edge.
    `discrete` says that the reference had few distinct values, each with a bin of its own.
    `lowest` and `highest` are the reference's robust range: beyond it a value is out of range.
    """

    edges: tuple[float, ...]
    points: tuple[float, ...]
    discrete: bool = False
    lowest: float | None = None
    highest: float | None = None

    def __post_init__(self) -> None:
        if len(self.points) != len(self.edges) + 1:
            raise ValueError(
                f"{len(self.edges)} edges make {len(self.edges) + 1} bins, but {len(self.points)} points are given"
            )
        if any(left >= right for left, right in zip(self.edges, self.edges[1:], strict=False)):
            raise ValueError(f"edges must rise: {self.edges}")

    @property
    def size(self) -> int:
        """Number of bins."""
        return len(self.edges) + 1

    def bin_of(self, value: float) -> int:
        """
        Return the index of the bin that holds `value`; an edge belongs to the bin above it.

        >>> scale = NumericScale(edges=(0.0, 1.0), points=(0.0, 0.5, 1.0))
        >>> [scale.bin_of(value) for value in (-3, 0, 0.99, 1)]
        [0, 1, 1, 2]
        """
        return bisect_right(self.edges, value)

    def label(self, index: int) -> str:
        """Name bin `index` for people."""
        if not self.edges:
            return "any value"
        if index == 0:
            return f"below {self.edges[0]:g}"
        if index == len(self.edges):
            return f"{self.edges[-1]:g} and above"
        low, high = self.edges[index - 1], self.edges[index]
        one_value = high - low < 1e-5 * self.edges[-1] - 1e-5 * self.edges[0]
        return f"{self.points[index]:g}" if self.discrete or one_value else f"{low:g} to {high:g}"


@dataclass(frozen=True, slots=True)
class CategoricalScale:
    """
    Levels of a category: each counted alone, in this order, then one more place for OTHER.

    `known` are further names that the reference had but that are not counted alone; a level that is neither in `levels` nor
    in `known` is unseen. `open_ended` says that the reference had more names than can be known, so nothing is unseen.
    """

    levels: tuple[str, ...]
    known: tuple[str, ...] = ()
    open_ended: bool = False

    @property
    def size(self) -> int:
        """Number of counted places, OTHER included."""
        return len(self.levels) + 1

    def label(self, index: int) -> str:
        """Name place `index` for people."""
        return self.levels[index] if index < len(self.levels) else "other"


Scale = NumericScale | CategoricalScale


@dataclass(frozen=True, slots=True)
class Ruler:
    """
    The scales of one model, each under the name of the stored field it counts (`features.num.distance`, …).

    `id` is the hash of the content: equal rulers have equal ids, whoever made them.

    >>> ruler = Ruler({"features.cat.origin": CategoricalScale(levels=("EWR", "JFK"))})
    >>> ruler == Ruler.from_document(ruler.to_document()), len(ruler.id)
    (True, 32)
    """

    scales: Mapping[str, Scale]
    id: str = field(init=False)

    def __post_init__(self) -> None:
        canonical = json.dumps(self._content(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        object.__setattr__(self, "id", identity(canonical))

    @property
    def features(self) -> tuple[str, ...]:
        """The stored fields of features, in order of name."""
        prefixes = (FEATURES_NUMERIC.path + ".", FEATURES_CATEGORICAL.path + ".")
        return tuple(sorted(name for name in self.scales if name.startswith(prefixes)))

    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for name, scale in self.scales.items():
            if isinstance(scale, NumericScale):
                content[name] = {
                    "edges": scale.edges,
                    "points": scale.points,
                    "discrete": scale.discrete,
                    "lowest": scale.lowest,
                    "highest": scale.highest,
                }
            else:
                content[name] = {"levels": scale.levels, "known": scale.known, "open_ended": scale.open_ended}
        return content

    def to_document(self) -> dict[str, Any]:
        """Return what `from_document` reads, as plain JSON."""
        return {"scales": [{"field": name, **content} for name, content in self._content().items()]}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Ruler:
        """Return the ruler that `to_document` described."""
        scales: dict[str, Scale] = {}
        for entry in document["scales"]:
            if "edges" in entry:
                scales[entry["field"]] = NumericScale(
                    tuple(entry["edges"]), tuple(entry["points"]), entry["discrete"], entry["lowest"], entry["highest"]
                )
            else:
                scales[entry["field"]] = CategoricalScale(
                    tuple(entry["levels"]), tuple(entry["known"]), entry["open_ended"]
                )
        return cls(scales)


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


def feature_of(field_name: str) -> str:
    """
    Return a feature's own name from its stored field.

    >>> feature_of("features.num.wind.speed"), feature_of("elkmon.prediction.score")
    ('wind.speed', 'elkmon.prediction.score')
    """
    for prefix in (FEATURES_NUMERIC.path + ".", FEATURES_CATEGORICAL.path + "."):
        if field_name.startswith(prefix):
            return field_name.removeprefix(prefix)
    return field_name
