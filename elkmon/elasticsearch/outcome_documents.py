"""
The little that the join needs of feedback and predictions, and the outcome documents that it makes of them.

What an outcome lost is computed by `elkmon.losses`; when outcomes are written is decided in `outcomes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from elkmon import fields
from elkmon.elasticsearch.documents import finite, found, milliseconds, nested, text_of
from elkmon.identity import identity
from elkmon.losses import classification_losses, regression_losses

Json = Mapping[str, Any]

_LOSSES = {
    name.rsplit(".", 1)[-1]: name
    for name in (
        fields.OUTCOME_LOG_LOSS,
        fields.OUTCOME_BRIER,
        fields.OUTCOME_ERROR,
        fields.OUTCOME_ABSOLUTE_ERROR,
        fields.OUTCOME_SQUARED_ERROR,
        fields.OUTCOME_VALUE_SQUARED,
        fields.OUTCOME_ABSOLUTE_PERCENTAGE_ERROR,
    )
}


@dataclass(frozen=True, slots=True)
class Truth:
    """What one feedback event says of one prediction; `event` is its id, which decides between two of one instant."""

    model: str
    prediction: str
    known_at: datetime
    event: str
    value: float | None = None
    label: str | None = None

    @property
    def version(self) -> int:
        """Its document's version: a later word is higher."""
        return max(0, milliseconds(self.known_at))

    @property
    def says_something(self) -> bool:
        """Whether it names a value or a label at all."""
        return self.value is not None or self.label is not None

    @property
    def waiting_id(self) -> str:
        """The id under which it waits for its prediction."""
        return identity("pending", self.model, self.prediction)

    @classmethod
    def of(cls, hit: Json) -> Self:
        """Return the truth that a hit in the feedback streams, or among what waits, speaks of."""
        value, label = one_value(hit, fields.OUTCOME_VALUE), one_value(hit, fields.OUTCOME_LABEL)
        return cls(
            one_value(hit, fields.MODEL_NAME),
            one_value(hit, fields.PREDICTION_ID),
            datetime.fromisoformat(one_value(hit, fields.TIMESTAMP)),
            one_value(hit, fields.EVENT_ID) or hit["_source"]["elkmon"]["packed"]["event"],
            None if value is None else float(value),
            label,
        )


@dataclass(frozen=True, slots=True)
class Predicted:
    """The little that is needed of a prediction."""

    version: str
    at: datetime
    value: float | None = None
    label: str | None = None
    score: float | None = None
    scores: Mapping[str, float] | None = None
    segments: tuple[str, ...] = ()

    @classmethod
    def of(cls, hit: Json, features: Sequence[str] = ()) -> Self:
        """Return what a hit in the prediction streams says; its segments are the levels of its categories `features`."""
        prefix = fields.PREDICTION_SCORES.path + "."
        scores = {
            name.removeprefix(prefix): float(values[0])
            for name, values in hit["fields"].items()
            if name.startswith(prefix)
        }
        levels = {name: one_value(hit, f"{fields.FEATURES_CATEGORICAL.path}.{name}") for name in features}
        return cls(
            one_value(hit, fields.MODEL_VERSION),
            datetime.fromisoformat(one_value(hit, fields.TIMESTAMP)),
            one_value(hit, fields.PREDICTION_VALUE),
            one_value(hit, fields.PREDICTION_LABEL),
            one_value(hit, fields.PREDICTION_SCORE),
            scores,
            tuple(sorted(f"{name}={level}" for name, level in levels.items() if level is not None)),
        )


def outcome_document(truth: Truth, predicted: Predicted, positive: str | None) -> dict[str, Any]:
    """Return the outcome of one prediction, with what it lost; `positive` is the label whose probability its score is."""
    losses: dict[str, float] = {}
    if truth.value is not None and predicted.value is not None:
        losses |= regression_losses(predicted.value, truth.value)
    if truth.label is not None and positive is not None and predicted.score is not None:
        losses |= classification_losses(predicted.score, positive=truth.label == positive)
    if truth.label is not None and "log_loss" not in losses and truth.label in (predicted.scores or {}):
        given = (predicted.scores or {})[truth.label]
        classes = classification_losses(given, positive=True)
        losses |= {name: classes[name] for name in ("log_loss",) if name in classes}
    return nested(
        {
            fields.TIMESTAMP: text_of(predicted.at),
            fields.MODEL_NAME: truth.model,
            fields.MODEL_VERSION: predicted.version,
            fields.PREDICTION_ID: truth.prediction,
            fields.PREDICTION_VALUE: predicted.value,
            fields.PREDICTION_LABEL: predicted.label,
            fields.PREDICTION_SCORE: predicted.score,
            fields.OUTCOME_VALUE: truth.value,
            fields.OUTCOME_LABEL: truth.label,
            fields.OUTCOME_KNOWN_AT: text_of(truth.known_at),
            fields.OUTCOME_SEGMENTS: list(predicted.segments) or None,
            fields.PACKED: {"event": truth.event},
            **{name: finite(losses.get(last)) for last, name in _LOSSES.items()},
        }
    )


def changed(before: Json | None, truth: Truth, document: dict[str, Any]) -> dict[str, Any] | None:
    """
    Return what is to be written over `before`: nothing when it says the same, or is a later word than `truth`.

    A document that says something else than before counts one correction more, so that its hour is profiled again.
    """
    if before is None:
        return document
    spoken = (datetime.fromisoformat(found(before, fields.OUTCOME_KNOWN_AT)), found(before, fields.PACKED)["event"])
    if spoken > (truth.known_at, truth.event):
        return None
    corrections = found(before, fields.OUTCOME_CORRECTIONS, 0)
    if _said(before) != _said(document):
        corrections += 1
    elif spoken == (truth.known_at, truth.event):
        return None
    if corrections:
        document["elkmon"]["outcome"]["corrections"] = corrections
    return document


def _said(document: Json) -> Json:
    """Return the document without what only tells when and how often it was said."""
    own = {name: value for name, value in document["elkmon"].items() if name != "packed"}
    own["outcome"] = {name: value for name, value in own["outcome"].items() if name not in {"known_at", "corrections"}}
    return {**document, "elkmon": own}


def waiting_document(truth: Truth) -> dict[str, Any]:
    """Return what waits for its prediction."""
    return nested(
        {
            fields.TIMESTAMP: text_of(truth.known_at),
            fields.MODEL_NAME: truth.model,
            fields.PREDICTION_ID: truth.prediction,
            fields.OUTCOME_VALUE: truth.value,
            fields.OUTCOME_LABEL: truth.label,
            fields.OUTCOME_KNOWN_AT: text_of(truth.known_at),
            fields.PACKED: {"event": truth.event},
        }
    )


def one_value(hit: Json, name: str) -> Any:
    """Return the one value of a field, or None; of the version, which may be empty, empty text."""
    values = hit["fields"].get(name)
    return values[0] if values else ("" if name == fields.MODEL_VERSION else None)
