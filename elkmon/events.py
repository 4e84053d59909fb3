"""
What a service says about one inference, as values: Prediction, Outcome (the truth, when it is known), Failure.

How they are encoded and sent is the business of `shipping`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, SupportsFloat, TypeAlias

from elkmon.identity import identity
from elkmon.values import TEXT_LIMIT, as_text

Timestamp: TypeAlias = datetime | SupportsFloat | str
"""An instant: an aware datetime (a naive one is taken as UTC), seconds since 1970, or ISO 8601 text."""


@dataclass(frozen=True, init=False)
class Prediction:
    """
    One prediction of a model.

    Attributes:
        model: the model's name.
        features: what it was given, by name; see `elkmon.values` for what becomes of each value.
        version: the model's version.
        score: probability of the positive class.
        scores: probability by class.
        label: the predicted class (classification).
        value: the predicted number (regression).
        duration: latency in seconds.
        id: the service's own id (an order number); without one an id is generated.
        timestamp: when it was predicted; now, if not given.
        labels: whatever the service wants to search by.
        categorical: names of features that are levels even where they look like numbers.
        numeric: names of features that are numbers; other values are rejected.
    """

    model: str
    features: Mapping[str, Any] | None
    version: str
    score: SupportsFloat | None
    scores: Mapping[Any, SupportsFloat] | None
    label: object
    value: SupportsFloat | None
    duration: SupportsFloat | None
    id: object
    timestamp: Timestamp | None
    labels: Mapping[str, Any] | None
    categorical: Collection[str]
    numeric: Collection[str]

    def __init__(
        self,
        model: str,
        features: Mapping[str, Any] | None = None,
        version: str = "",
        score: SupportsFloat | None = None,
        scores: Mapping[Any, SupportsFloat] | None = None,
        label: object = None,
        value: SupportsFloat | None = None,
        duration: SupportsFloat | None = None,
        id: object = None,  # noqa: A002  the field's name
        timestamp: Timestamp | None = None,
        labels: Mapping[str, Any] | None = None,
        categorical: Collection[str] = (),
        numeric: Collection[str] = (),
    ) -> None:
        # All at once: one by one, as a frozen class is made otherwise, takes a third of the time of a log call.
        self.__dict__.update(
            {
                "model": model,
                "features": features,
                "version": version,
                "score": score,
                "scores": scores,
                "label": label,
                "value": value,
                "duration": duration,
                "id": id,
                "timestamp": timestamp,
                "labels": labels,
                "categorical": categorical,
                "numeric": numeric,
            }
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What turned out to be true of a prediction.

    Attributes:
        model: the model's name.
        id: the prediction's id.
        value: the true number (regression).
        label: the true class (classification).
        version: the model's version, if known; the truth holds for every version that has a prediction of this id.
        timestamp: when the truth became known; now, if not given.
        labels: whatever the service wants to search by.
    """

    model: str
    id: object
    value: SupportsFloat | None = None
    label: object = None
    version: str = ""
    timestamp: Timestamp | None = None
    labels: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """
    An inference that failed.

    Attributes:
        error: the exception, or its text.
        model: the model's name, where one was involved.
        version: its version.
        features: what the model was given.
        duration: seconds until it failed.
        id: the prediction's id, if it has one already.
        timestamp: when it failed; now, if not given.
        labels: whatever the service wants to search by.
    """

    error: BaseException | str
    model: str | None = None
    version: str = ""
    features: Mapping[str, Any] | None = None
    duration: SupportsFloat | None = None
    id: object = None
    timestamp: Timestamp | None = None
    labels: Mapping[str, Any] | None = None


def id_text(id_: object) -> str:
    """Return a user's id as text that fits a keyword; one that is too long keeps its beginning and gets a hash."""
    text = str.__str__(id_) if isinstance(id_, str) else as_text(id_) or ""
    if len(text) <= TEXT_LIMIT and text.isascii():
        return text
    kept = as_text(text) or ""
    return kept if len(text) <= TEXT_LIMIT else f"{kept[:900]}…{identity(text)}"
