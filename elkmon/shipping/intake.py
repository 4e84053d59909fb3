"""Events a service hands over as values, or as log records: which channel each takes, and what fills its document."""

from __future__ import annotations

import logging
from typing import TypeAlias

from elkmon.events import Failure, Outcome, Prediction
from elkmon.schema import Document
from elkmon.shipping import parts
from elkmon.shipping.documents import fill_failure, fill_outcome, fill_prediction
from elkmon.shipping.features import FeatureReader
from elkmon.shipping.records import fill_record, is_error
from elkmon.shipping.shipper import Shipper

Event: TypeAlias = Prediction | Outcome | Failure
EVENTS = (Prediction, Outcome, Failure)


def ship_event(shipper: Shipper, event: Event, reader: FeatureReader | None = None) -> str:
    """Ship an event and return the prediction's id, or its own. `reader` reads the features of a failure."""
    if isinstance(event, Prediction):
        return ship_prediction(shipper, event)
    model = None if event.model is None else {"name": parts.model_name(event.model)}
    name = None if model is None else model["name"]
    if isinstance(event, Outcome):
        return shipper.ship(shipper.channel(Document.FEEDBACK, name), model, fill_outcome, event)
    if model is not None:
        model["version"] = parts.model_version(event.version)
    return shipper.ship(shipper.channel(Document.ERROR, name), model, fill_failure, (reader or shipper.reader, event))


def ship_record(shipper: Shipper, record: logging.LogRecord, formatter: logging.Formatter) -> str:
    """Ship an ordinary record, or an error; of a model where `extra` names one: its name, or its `ModelLog`."""
    name = None
    model = None
    given = record.__dict__.get("model")
    if given is not None:
        name = parts.model_name(getattr(given, "name", given))
        version = getattr(given, "version", record.__dict__.get("model_version"))
        model = {"name": name, "version": parts.model_version(version)}
    kind = Document.ERROR if is_error(record) else Document.LOG
    return shipper.ship(shipper.channel(kind, name), model, fill_record, (record, formatter))


def ship_prediction(shipper: Shipper, prediction: Prediction) -> str:
    """Ship a prediction and return its id."""
    model, version = prediction.model, prediction.version
    try:
        subject = shipper.subject(model, version, prediction.categorical, prediction.numeric)
    except Exception:  # noqa: BLE001  names that cannot be hashed, declarations that cannot be read
        subject = shipper.subject(parts.model_name(model), parts.model_version(version))
    said = (
        subject.reader,
        prediction.features,
        prediction.score,
        prediction.scores,
        prediction.label,
        prediction.value,
        prediction.duration,
        prediction.id,
        prediction.timestamp,
        prediction.labels,
    )
    return shipper.ship(subject.channel, subject.document, fill_prediction, said, subject.shorthand)
