"""
What the documents of predictions, truth and failures hold.

Each function fills a `body` that has its timestamp, `event` and `elkmon` parts already. Ordinary records: `records`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from elkmon.events import Failure, Outcome, id_text
from elkmon.identity import identity
from elkmon.shipping import parts
from elkmon.shipping.channels import Origin
from elkmon.shipping.exceptions import described
from elkmon.shipping.features import FeatureReader

Predicted: TypeAlias = tuple[
    FeatureReader,
    Any,  # features
    object,  # score
    object,  # scores
    object,  # label
    object,  # value
    object,  # duration
    object,  # id
    object,  # timestamp
    object,  # labels
]
"""What is said of a prediction, and what reads its features."""


def fill_prediction(body: dict[str, Any], origin: Origin, said: Predicted) -> None:
    """Fill in a prediction: what is said of it is loose, not an object, since this is the hot path."""
    reader, features, score, scores, label, value, duration, id_, timestamp, labels = said
    own = body["elkmon"]
    event = body["event"]
    notes: list[str] = []
    predicted: dict[str, Any] = {"id": event["id"]}
    own["prediction"] = predicted
    if id_ is not None:
        given = id_text(id_)
        if given:
            predicted["id"] = given
            event["id"] = identity(own["model"]["name"], own["model"]["version"], given)
    if timestamp is not None:
        parts.add_timestamp(body, timestamp, notes)
    if duration is not None:
        parts.add_duration(event, duration, notes)
    if score is not None:
        parts.add_number(predicted, "score", score, notes)
    if scores is not None:
        parts.add_scores(predicted, scores, notes)
    if label is not None:
        parts.add_label(predicted, label, notes)
    if value is not None:
        parts.add_number(predicted, "value", value, notes)
    if features is not None:
        body["features"] = reader.read(features, own, notes)
    if labels is not None:
        parts.add_labels(body, origin, labels, notes)
    if notes:
        parts.add_notes(own, notes)


def fill_outcome(body: dict[str, Any], origin: Origin, outcome: Outcome) -> None:
    """Fill in what turned out true."""
    own = body["elkmon"]
    notes: list[str] = []
    predicted = id_text(outcome.id)
    version = parts.model_version(outcome.version)
    if version:
        own["model"] = {**own["model"], "version": version}
    truth: dict[str, Any] = {}
    own["prediction"] = {"id": predicted}
    own["outcome"] = truth
    if outcome.label is not None:
        parts.add_label(truth, outcome.label, notes)
    if outcome.value is not None:
        parts.add_number(truth, "value", outcome.value, notes)
    if not truth:
        notes.append("neither a label nor a value")
    if outcome.timestamp is not None:
        parts.add_timestamp(body, outcome.timestamp, notes)
        # The same truth of the same instant, said again by a batch job that ran twice, is the same statement.
        said = (str(truth.get("label")), str(truth.get("value")))
        body["event"]["id"] = identity("outcome", own["model"]["name"], version, predicted, body["@timestamp"], *said)
    if outcome.labels is not None:
        parts.add_labels(body, origin, outcome.labels, notes)
    parts.add_notes(own, notes)


def fill_failure(body: dict[str, Any], origin: Origin, said: tuple[FeatureReader, Failure]) -> None:
    """Fill in an inference that failed."""
    reader, failure = said
    own = body["elkmon"]
    notes: list[str] = []
    body["error"] = described(failure.error)
    body["message"] = body["error"]["message"]
    if failure.timestamp is not None:
        parts.add_timestamp(body, failure.timestamp, notes)
    if failure.duration is not None:
        parts.add_duration(body["event"], failure.duration, notes)
    if failure.id is not None:
        own["prediction"] = {"id": id_text(failure.id)}
    if failure.features is not None:
        body["features"] = reader.read(failure.features, own, notes)
    if failure.labels is not None:
        parts.add_labels(body, origin, failure.labels, notes)
    parts.add_notes(own, notes)
