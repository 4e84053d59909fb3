"""
An ordinary log record as the body of a document: what the formatter makes of it, merged with elkmon's own fields.

The formatter's keys stay where it put them, except those that would change the type of a field of elkmon's: these
become labels.
"""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Mapping
from typing import Any

from elkmon.events import Failure, Outcome, Prediction
from elkmon.fields import ALL, SPAN_ID, TRACE_ID
from elkmon.shipping.channels import Origin
from elkmon.shipping.encoding import plain
from elkmon.shipping.exceptions import MESSAGE_LIMIT, capped, class_name, described
from elkmon.shipping.parts import add_notes, add_texts, as_labels
from elkmon.shipping.redaction import Redaction
from elkmon.shipping.timestamps import stamp
from elkmon.values import as_text, fit

_OURS = frozenset(field.partition(".")[0] for field in ALL)
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_EVENTS = (Prediction, Outcome, Failure)


def fill_record(body: dict[str, Any], origin: Origin, said: tuple[logging.LogRecord, logging.Formatter]) -> None:
    """Fill in what a record says, and its error if it is one."""
    record, formatter = said
    notes: list[str] = []
    body["@timestamp"] = stamp(record.created)
    body["message"] = ""
    labels: dict[str, Any] = {}
    formatted = _formatted(record, formatter, origin.redaction, notes)
    for key, value in formatted.items():
        if key == "message":
            body["message"] = fit(value, MESSAGE_LIMIT)[0] if isinstance(value, str) else as_text(value) or ""
        elif key == "labels" and isinstance(value, dict):
            labels.update((name, _flat(inner)) for name, inner in value.items())
        elif (ids := _trace_ids(key, value)) is not None:
            body.update({part: {"id": id_} for part, id_ in ids.items() if part not in body})
        elif key.partition(".")[0] in _OURS:
            labels[key] = _flat(value)
        else:
            body[key] = value
    if labels:
        add_texts(body, origin, as_labels(labels))
    body["log"] = {"level": as_text(record.levelname) or "", "logger": as_text(record.name) or ""}
    if is_error(record):
        body["error"] = _error(record, body["message"])
    add_notes(body["elkmon"], notes)


def is_error(record: logging.LogRecord) -> bool:
    """Tell errors from ordinary records: by level, or because an exception came along."""
    return record.levelno >= logging.ERROR or bool(record.exc_info) or bool(record.exc_text)


def _error(record: logging.LogRecord, message: str) -> dict[str, Any]:
    info: object = record.exc_info  # what others put there is not always what the type says
    if isinstance(info, tuple) and info[1] is not None:
        return described(info[1])
    if isinstance(info, BaseException):
        return described(info)
    if isinstance(info, tuple) and info[0] is not None:
        return {"type": class_name(info[0]), "message": message}
    if record.exc_text:  # it came through a QueueHandler, which has turned the exception into text
        return {"message": message, "stack_trace": capped(str(record.exc_text))}
    return {"message": message}


def _formatted(
    record: logging.LogRecord, formatter: logging.Formatter, redaction: Redaction | None, notes: list[str]
) -> dict[str, Any]:
    """Return what a formatter makes of a record, by name; redacted before it is asked, and after, under its own names."""
    shown = copy.copy(record)  # a formatter leaves traces on a record that other handlers see as well
    shown.exc_info = None  # told in the error part
    shown.exc_text = None
    for key in [key for key in shown.__dict__.keys() - _STANDARD if isinstance(shown.__dict__[key], _EVENTS)]:
        del shown.__dict__[key]  # an event is shipped on its own
    hashes: set[str] = set()
    if redaction is not None:
        _redact(shown, redaction, hashes)
    try:
        text = formatter.format(shown)
    except Exception as error:  # noqa: BLE001  `log.info("%d", "x")`, or anybody's object in `extra`
        notes.append(f"could not be formatted: {type(error).__name__}")
        return {"message": as_text(shown.msg, MESSAGE_LIMIT) or ""}
    try:
        merged = json.loads(text)
    except (ValueError, RecursionError):
        merged = text
    if not isinstance(merged, dict):
        return {"message": str(text)}
    told = plain(merged)
    return dict(told) if redaction is None else redaction.of(told, hashes)


def _redact(shown: logging.LogRecord, redaction: Redaction, hashes: set[str]) -> None:
    """Redact `extra`, and a mapping given as the message or for it. What is dropped is None: a formatter may ask for it."""
    extra = {key: value for key, value in shown.__dict__.items() if key not in _STANDARD}
    shown.__dict__.update({**dict.fromkeys(extra), **redaction.of(extra, hashes)})
    if isinstance(shown.msg, Mapping):
        # what others log is not always text
        shown.msg = redaction.of(shown.msg, hashes)
    if isinstance(shown.args, Mapping):
        shown.args = {**dict.fromkeys(shown.args), **redaction.of(shown.args, hashes)}


def _trace_ids(key: str, value: object) -> dict[str, str] | None:
    """Return the ids by which a formatter of the Elastic Common Schema tells of a trace; None where it tells of none."""
    if key in (TRACE_ID, SPAN_ID) and isinstance(value, str):
        return {key.partition(".")[0]: fit(value)[0]}
    if key in ("trace", "span") and isinstance(value, dict) and value.keys() == {"id"} and isinstance(value["id"], str):
        return {key: fit(value["id"])[0]}
    return None


def _flat(value: object) -> object:
    """Write a structure as JSON, since a label is text."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
