"""
What is noted of hours whose events are to be erased, as a document and back. It names hours, and nothing of whose they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.documents import from_milliseconds, milliseconds, nested, text_of
from elkmon.identity import identity
from elkmon.ports import HourCounts

NOTE = "erasure"
"""The kind of the document; there is one of a model at most."""


@dataclass(frozen=True, slots=True)
class Place:
    """One hour of one model version."""

    model: str
    version: str
    hour: datetime


@dataclass(frozen=True, slots=True)
class Amounts:
    """Documents of one hour of one version, counted as the event log counts them."""

    predictions: int = 0
    errors: int = 0
    outcomes: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        """Return both together."""
        return Amounts(self.predictions + other.predictions, self.errors + other.errors, self.outcomes + other.outcomes)

    def without(self, other: Amounts) -> Amounts:
        """Return what is left when `other` goes."""
        return Amounts(self.predictions - other.predictions, self.errors - other.errors, self.outcomes - other.outcomes)

    def lacks(self, other: Amounts) -> bool:
        """Whether anything is fewer than in `other`."""
        return self.predictions < other.predictions or self.errors < other.errors or self.outcomes < other.outcomes

    @classmethod
    def of(cls, counts: HourCounts | None) -> Amounts:
        """Return the amounts of `counts`; nothing where nothing was counted."""
        return cls(counts.predictions, counts.errors, counts.outcomes) if counts else cls()


@dataclass(frozen=True, slots=True)
class Noted:
    """
    One recorded count that is to be made anew.

    Attributes:
        ruler: what it was counted by; empty where there was no baseline.
        expected: what the hour holds once the events have gone, if nothing else happens.
        late: whether it held events that had not been counted yet, so that its windows must be judged again.
    """

    place: Place
    ruler: str
    expected: Amounts
    late: bool


def note_id(model: str) -> str:
    """Return the identity of what is noted of `model`."""
    return identity(NOTE, model)


def note_document(model: str, noted: Iterable[Noted]) -> dict[str, Any]:
    """Return what is noted of `model`: hours, and nothing of whose events they were."""
    rows = [
        [
            each.place.version,
            milliseconds(each.place.hour),
            each.ruler,
            each.late,
            [each.expected.predictions, each.expected.errors, each.expected.outcomes],
        ]
        for each in noted
    ]
    latest = max((each.place.hour for each in noted), default=None)
    return nested(
        {
            fields.TIMESTAMP: text_of(latest),
            fields.STATE_KIND: NOTE,
            fields.MODEL_NAME: model,
            fields.PACKED: {"hours": rows},
        }
    )


def noted_from(model: str, rows: Iterable[Any]) -> list[Noted]:
    """Return what `note_document` noted of `model` in `rows`."""
    return [
        Noted(Place(model, version, from_milliseconds(hour)), ruler, Amounts(*expected), late)
        for version, hour, ruler, late, expected in rows
    ]
