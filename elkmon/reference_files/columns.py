"""
Which column of a reference file means what: named by the user, or known by a usual name. Everything else is a feature.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches

VERSIONS = ("model_version", "model.version")
"""Usual names for the model's version; a plain `version` may as well be a feature, an app's say."""


@dataclass(frozen=True, slots=True)
class Columns:
    """
    Names of the columns that are no features; what is None is recognised by a usual name, where the file has one.

    Attributes:
        timestamp: when it was predicted; ISO 8601, taken as UTC where it names no zone.
        score: probability of the positive class.
        label, value: what was predicted: a class (classification) or a number (regression).
        actual_label, actual_value: what turned out to be true.
        duration: latency in seconds.
        id: the prediction's id; only kept from being taken for a feature.
        version: which version of the model predicted.
        ignore: further columns that are no features.
    """

    timestamp: str | None = None
    score: str | None = None
    label: str | None = None
    value: str | None = None
    actual_label: str | None = None
    actual_value: str | None = None
    duration: str | None = None
    id: str | None = None
    version: str | None = None
    ignore: tuple[str, ...] = ()

    def named(self) -> Iterator[str]:
        """Yield every column that has a role, and those to be ignored."""
        for each in fields(self):
            name = getattr(self, each.name)
            if isinstance(name, str):
                yield name
        yield from self.ignore


def recognised(columns: Columns, present: Sequence[str], numbers: Collection[str]) -> Columns:
    """
    Return `columns` with usual names filled in from those `present`; `numbers` are columns of many different numbers.

    What was predicted and what was true are classes or numbers: numbers only where the file has no score and the column
    is among `numbers`.

    >>> recognised(Columns(), ["date", "Score", "y", "age"], ["Score", "age"])  # doctest: +NORMALIZE_WHITESPACE
    Columns(timestamp='date', score='Score', label=None, value=None, actual_label='y', actual_value=None, duration=None,
            id=None, version=None, ignore=())
    """
    taken = set(columns.named())

    def find(*usual: str) -> str | None:
        by_name = {name.casefold(): name for name in reversed(present) if name not in taken}
        found = next((by_name[name] for name in usual if name in by_name), None)
        taken.update(() if found is None else (found,))
        return found

    columns = replace(
        columns,
        timestamp=columns.timestamp or find("@timestamp", "timestamp", "time", "datetime", "date"),
        score=columns.score or find("score", "probability", "proba", "y_score"),
        duration=columns.duration or find("duration", "latency"),
        id=columns.id or find("id", "prediction_id"),
        version=columns.version or find(*VERSIONS),
    )
    if columns.label is None and columns.value is None:
        predicted = find("prediction", "predicted", "y_pred", "predicted_label", "predicted_value", "label")
        number = columns.score is None and predicted in numbers
        columns = replace(columns, value=predicted) if number else replace(columns, label=predicted)
    if columns.actual_label is None and columns.actual_value is None:
        true = find("truth", "actual", "target", "y", "y_true", "actual_label", "actual_value", "label")
        number = columns.value is not None
        columns = replace(columns, actual_value=true) if number else replace(columns, actual_label=true)
    return columns


def absent(asked: Mapping[str, Collection[str]], present: Sequence[str]) -> list[str]:
    """Say which columns, by what was asked of them, the file does not have, each with the nearest it has."""
    problems = []
    for purpose, names in asked.items():
        for name in sorted(set(names) - set(present)):
            near = get_close_matches(name, present, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(map(repr, present))}"
            problems.append(f"there is no column {name!r}, {purpose}; {hint}")
    return problems
