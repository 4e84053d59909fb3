"""
How somebody else's index names what elkmon asks about: a team that already logs predictions keeps the index it has.

Only what a person says of it. Which of the index's fields that comes to, its mapping decides; see `elkmon.elasticsearch`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What a latency is counted in."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    NANOSECONDS = "ns"

    @property
    def nanoseconds(self) -> float:
        """How many nanoseconds it has."""
        return {Unit.SECONDS: 1e9, Unit.MILLISECONDS: 1e6, Unit.MICROSECONDS: 1e3, Unit.NANOSECONDS: 1.0}[self]


DOCUMENT_ID = "_id"
"""Named as an `id`, it is the document's own."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    Fields of features by name: one field, or all that differ in what stands for `*`.

    A feature is called as what stands for `*`, or as its field where there is none.

    >>> Pattern("inputs.n_*").feature("inputs.n_amount"), Pattern("amount").feature("amount")
    ('amount', 'amount')
    >>> Pattern("inputs.n_*").feature("inputs.c_region") is None
    True
    """

    text: str

    def feature(self, field: str) -> str | None:
        """Return what the feature in `field` is called; None where the pattern does not name it."""
        before, star, behind = self.text.partition("*")
        if not star:
            return field if field == self.text else None
        long_enough = len(field) > len(before) + len(behind)
        if not (long_enough and field.startswith(before) and field.endswith(behind)):
            return None
        return field[len(before) : len(field) - len(behind)]


Condition = tuple[str, str]
"""A field and a value it must have; of several with the same field, any."""


@dataclass(frozen=True, slots=True)
class TruthLayout:
    """
    Where truth is, once it is known.

    Attributes:
        index: another index than that of the predictions; empty where it stands in the prediction's own document.
        timestamp: when it became known; empty where nothing says so, and the document's own time stands for it.
        id: which prediction it is of; `model` which model, empty where the index holds one.
        label, value: the true class, the true number; one of them, or both.
        where: which documents of the index are meant; all, when empty.
    """

    index: str = ""
    timestamp: str = ""
    id: str = ""
    model: str = ""
    label: str = ""
    value: str = ""
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class FailureLayout:
    """Which documents of which `index` (empty: that of the predictions) are failed calls, and when these happened."""

    index: str = ""
    timestamp: str = ""
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """
    Where the predictions of one or several models are, in which fields.

    Attributes:
        name: what the layout itself is called.
        index: the index, data stream, alias or pattern that holds the predictions.
        timestamp: when it was predicted, a date.
        model: the field with the model's name; empty where the index holds one model.
        version: the field with its version; empty where all are of `only_version`.
        id: what truth names a prediction by.
        score, label, value: probability of the positive class, predicted class, predicted number; as far as there are such.
        scores: pattern of the fields with a probability per class.
        latency: how long the call took, in `latency_unit`.
        numeric, categorical: fields of features of a known kind.
        features: fields of features whose kind their mapping tells.
        where: which documents of the index are meant; all, when empty.
        truth, failures: None where there are none.
    """

    name: str
    index: str
    timestamp: str = "@timestamp"
    model: str = ""
    version: str = ""
    only_version: str = ""
    id: str = ""
    score: str = ""
    label: str = ""
    value: str = ""
    scores: str = ""
    latency: str = ""
    latency_unit: Unit = Unit.MILLISECONDS
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    truth: TruthLayout | None = None
    failures: FailureLayout | None = None
