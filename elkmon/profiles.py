"""
The mergeable summary of one model over one stretch of time. Profiles add up: twenty-four hours make a day.

Everything a measure needs is here as counts and sums; no row ever is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import add
from typing import TypeVar

_Key = TypeVar("_Key")
_Number = TypeVar("_Number", int, float)

ALL = ""
"""The segment that is all of a model's traffic."""

PRODUCTION = "production"
"""The `source` of profiles of live traffic; a baseline's own copies have the baseline's id."""


@dataclass(frozen=True, slots=True)
class Counts:
    """
    One subject's rows: how many fell into each bin or level of its scale, and how many had no place there.

    Attributes:
        bins: rows per bin of a numeric scale, or per level and OTHER of a categorical one.
        missing: rows where the subject was None, NaN, infinite or absent.
        unseen: of the rows under OTHER, those with a level the reference never had.
        rejected: rows whose value went against the declared type.
        unindexed: rows whose value Elasticsearch did not index (`_ignored`); neither present nor missing.
    """

    bins: tuple[int, ...]
    missing: int = 0
    unseen: int = 0
    rejected: int = 0
    unindexed: int = 0

    @property
    def present(self) -> int:
        """Rows with a value."""
        return sum(self.bins)

    def __add__(self, other: Counts) -> Counts:
        if len(self.bins) != len(other.bins):
            raise ValueError(f"counts by different rulers do not add up: {len(self.bins)} and {len(other.bins)} bins")
        return Counts(
            tuple(map(add, self.bins, other.bins)),
            self.missing + other.missing,
            self.unseen + other.unseen,
            self.rejected + other.rejected,
            self.unindexed + other.unindexed,
        )


@dataclass(frozen=True, slots=True)
class Outcomes:
    """
    Predictions whose truth is known, by the hour of the prediction.

    Attributes:
        labelled: how many.
        confusion: rows per (true label, predicted label).
        scores: per true label, rows per bin of the score's scale.
        predicted: regression: predicted values of these rows, per bin of the value's scale.
        actual: regression: true values, per bin of the same scale.
        sums: sums over rows, by the field's last name (`log_loss`, `brier`, `absolute_error`, `squared_error`, `error`,
            `value`, `value_squared`, `absolute_percentage_error`); a name with `_rows` behind it counts the rows summed.
    """

    labelled: int = 0
    confusion: Mapping[tuple[str, str], int] = field(default_factory=dict)
    scores: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    predicted: tuple[int, ...] = ()
    actual: tuple[int, ...] = ()
    sums: Mapping[str, float] = field(default_factory=dict)

    def __add__(self, other: Outcomes) -> Outcomes:
        return Outcomes(
            self.labelled + other.labelled,
            _merged(self.confusion, other.confusion),
            {
                label: _added(self.scores.get(label, ()), other.scores.get(label, ()))
                for label in {**self.scores, **other.scores}
            },
            _added(self.predicted, other.predicted),
            _added(self.actual, other.actual),
            _merged(self.sums, other.sums),
        )


@dataclass(frozen=True, slots=True)
class Profile:
    """
    One model version over [start, end), counted by one ruler.

    Attributes:
        model, version: which model; `segment` which part of its traffic ("" for all).
        source: `production`, or the id of the baseline whose copy this is.
        ruler: id of the ruler.
        predictions: number of predictions.
        errors: number of failures (they carry no score).
        subjects: counts per stored field name, for every scale of the ruler; latency is under `event.duration`.
        outcomes: what is known of the truth.
    """

    model: str
    version: str
    start: datetime
    end: datetime
    ruler: str
    predictions: int = 0
    errors: int = 0
    subjects: Mapping[str, Counts] = field(default_factory=dict)
    outcomes: Outcomes = field(default_factory=Outcomes)
    source: str = PRODUCTION
    segment: str = ""

    def __add__(self, other: Profile) -> Profile:
        if (self.model, self.version, self.segment, self.ruler) != (
            other.model,
            other.version,
            other.segment,
            other.ruler,
        ):
            raise ValueError(
                f"profiles of {self.model} {self.version} by ruler {self.ruler} and of {other.model} {other.version} "
                f"by ruler {other.ruler} do not add up"
            )
        subjects = dict(self.subjects)
        for name, counts in other.subjects.items():
            subjects[name] = subjects[name] + counts if name in subjects else counts
        return Profile(
            self.model,
            self.version,
            min(self.start, other.start),
            max(self.end, other.end),
            self.ruler,
            self.predictions + other.predictions,
            self.errors + other.errors,
            subjects,
            self.outcomes + other.outcomes,
            self.source,
            self.segment,
        )

    @property
    def coverage(self) -> float:
        """Share of predictions whose truth is known, in [0, 1]; NaN where there are no predictions."""
        return self.outcomes.labelled / self.predictions if self.predictions else math.nan


Slices = Mapping[str, Profile]
"""Profiles of one window by segment, `ALL` among them."""


def total(profiles: Iterable[Profile], empty: Profile) -> Profile:
    """Return the sum of `profiles` and `empty`, the profile of nothing that says model, ruler and window."""
    result = empty
    for profile in profiles:
        result = result + profile
    return result


def _added(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    if not left or not right:
        return left or right
    return tuple(map(add, left, right))


def _merged(left: Mapping[_Key, _Number], right: Mapping[_Key, _Number]) -> dict[_Key, _Number]:
    merged = dict(left)
    for key, value in right.items():
        merged[key] = merged[key] + value if key in merged else value
    return merged
