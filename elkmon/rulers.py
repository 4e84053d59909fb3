"""
What profiles are counted by: the bins and levels of every subject, frozen and named by their content.

A ruler never moves, so counts from any two windows can be compared and added. How edges are chosen from a reference is
said in `elkmon.measures.binning`, how pairs are in `elkmon.measures.joint`; here is only what a ruler is.
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
class JointScale:
    """
    Cells of two subjects counted together: each place of `left` with each place of `right`, row by row.

    `left_field` and `right_field` are their stored fields. A row that lacks either has no cell.

    >>> origins, flags = CategoricalScale(("EWR", "JFK")), NumericScale((0.5,), (0.0, 1.0), discrete=True)
    >>> both = JointScale("features.cat.origin", "features.num.late", origins, flags)
    >>> both.size, both.label(3)
    (6, 'JFK and 0.5 and above')
    """

    left_field: str
    right_field: str
    left: Scale
    right: Scale

    @property
    def name(self) -> str:
        """The name its counts are stored under; no stored field has one like it."""
        return joint_name(self.left_field, self.right_field)

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.left.size * self.right.size

    @property
    def shape(self) -> tuple[int, int]:
        """Places of `left` and of `right`."""
        return self.left.size, self.right.size

    @property
    def ordered(self) -> tuple[bool, bool]:
        """Whether the places of `left` and of `right` follow one another, as a number's do."""
        return isinstance(self.left, NumericScale), isinstance(self.right, NumericScale)

    def label(self, index: int) -> str:
        """Name cell `index` for people."""
        row, column = divmod(index, self.right.size)
        return f"{self.left.label(row)} and {self.right.label(column)}"


def joint_name(left_field: str, right_field: str) -> str:
    """
    Return the name under which two stored fields are counted together.

    >>> joint_name("features.num.a", "features.num.b")
    'joint: features.num.a × features.num.b'
    """
    return f"joint: {left_field} × {right_field}"


@dataclass(frozen=True, slots=True)
class Segmentation:
    """
    A category by whose levels the traffic is cut into segments.

    Attributes:
        field: its stored field.
        levels: the levels that make a segment each, most frequent first.
        left_out: how many further levels the reference had; they make none.
    """

    field: str
    levels: tuple[str, ...]
    left_out: int = 0

    @property
    def segments(self) -> tuple[str, ...]:
        """
        The names of its segments, in order of its levels.

        >>> Segmentation("features.cat.carrier", ("UA", "B6")).segments
        ('carrier=UA', 'carrier=B6')
        """
        return tuple(f"{feature_of(self.field)}={level}" for level in self.levels)


@dataclass(frozen=True, slots=True)
class Ruler:
    """
    The scales of one model, each under the name of the stored field it counts (`features.num.distance`, …).

    `joints` are pairs of fields that are counted together, `segmentations` the categories by which all of it is counted once
    more for each segment. `id` is the hash of the content: equal rulers have equal ids, whoever made them.

    >>> ruler = Ruler({"features.cat.origin": CategoricalScale(levels=("EWR", "JFK"))})
    >>> ruler == Ruler.from_document(ruler.to_document()), len(ruler.id)
    (True, 32)
    """

    scales: Mapping[str, Scale]
    joints: tuple[JointScale, ...] = ()
    segmentations: tuple[Segmentation, ...] = ()
    id: str = field(init=False)

    def __post_init__(self) -> None:
        canonical = json.dumps(self._content(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        object.__setattr__(self, "id", identity(canonical))

    @property
    def features(self) -> tuple[str, ...]:
        """The stored fields of features, in order of name."""
        prefixes = (FEATURES_NUMERIC.path + ".", FEATURES_CATEGORICAL.path + ".")
        return tuple(sorted(name for name in self.scales if name.startswith(prefixes)))

    @property
    def segments(self) -> tuple[str, ...]:
        """The names of all segments."""
        return tuple(name for each in self.segmentations for name in each.segments)

    def places(self) -> Mapping[str, Scale | JointScale]:
        """Return everything that is counted, by the name its counts are stored under."""
        return {**self.scales, **{joint.name: joint for joint in self.joints}}

    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = {name: _scale_document(scale) for name, scale in self.scales.items()}
        # What a ruler does not have is left out, so that its id stays when a new kind of thing can be had.
        if self.joints:
            content["joints"] = [_joint_document(joint) for joint in self.joints]
        if self.segmentations:
            content["segmentations"] = [[each.field, each.levels, each.left_out] for each in self.segmentations]
        return content

    def to_document(self) -> dict[str, Any]:
        """Return what `from_document` reads, as plain JSON."""
        return {
            "scales": [{"field": name, **_scale_document(scale)} for name, scale in self.scales.items()],
            "joints": [_joint_document(joint) for joint in self.joints],
            "segmentations": [[each.field, list(each.levels), each.left_out] for each in self.segmentations],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Ruler:
        """Return the ruler that `to_document` described."""
        return cls(
            {entry["field"]: _scale_from(entry) for entry in document["scales"]},
            tuple(
                JointScale(each["fields"][0], each["fields"][1], _scale_from(each["left"]), _scale_from(each["right"]))
                for each in document.get("joints", ())
            ),
            tuple(
                Segmentation(name, tuple(levels), left_out)
                for name, levels, left_out in document.get("segmentations", ())
            ),
        )


def _scale_document(scale: Scale) -> dict[str, Any]:
    if isinstance(scale, NumericScale):
        return {
            "edges": scale.edges,
            "points": scale.points,
            "discrete": scale.discrete,
            "lowest": scale.lowest,
            "highest": scale.highest,
        }
    return {"levels": scale.levels, "known": scale.known, "open_ended": scale.open_ended}


def _joint_document(joint: JointScale) -> dict[str, Any]:
    return {
        "fields": [joint.left_field, joint.right_field],
        "left": _scale_document(joint.left),
        "right": _scale_document(joint.right),
    }


def _scale_from(entry: Mapping[str, Any]) -> Scale:
    if "edges" in entry:
        return NumericScale(
            tuple(entry["edges"]), tuple(entry["points"]), entry["discrete"], entry["lowest"], entry["highest"]
        )
    return CategoricalScale(tuple(entry["levels"]), tuple(entry["known"]), entry["open_ended"])


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
