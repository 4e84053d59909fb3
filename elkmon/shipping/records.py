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

from elkmon.fields import ALL
from elkmon.shipping.encoding import plain
from elkmon.shipping.exceptions import MESSAGE_LIMIT, capped, class_name, described
from elkmon.shipping.parts import add_notes, as_labels
from elkmon.shipping.timestamps import stamp
from elkmon.values import as_text, fit

_OURS = frozenset(field.partition(".")[0] for field in ALL)


def fill_record(
    body: dict[str, Any], shared: Mapping[str, str] | None, record: logging.LogRecord, formatter: logging.Formatter
) -> None:
    """Fill in what a record says, and its error if it is one."""
    notes: list[str] = []
    body["@timestamp"] = stamp(record.created)
    body["message"] = ""
    labels: dict[str, str] = {}
    formatted = _formatted(record, formatter, notes)
    for key, value in formatted.items():
        if key == "message":
            body["message"] = fit(value, MESSAGE_LIMIT)[0] if isinstance(value, str) else as_text(value) or ""
        elif key == "labels" and isinstance(value, dict):
            labels.update(as_labels({name: _flat(inner) for name, inner in value.items()}))
        elif key.partition(".")[0] in _OURS:
            labels.update(as_labels({key: _flat(value)}))
        else:
            body[key] = value
    if labels:
        body["labels"] = {**(shared or {}), **labels}
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


def _formatted(record: logging.LogRecord, formatter: logging.Formatter, notes: list[str]) -> dict[str, Any]:
    shown = copy.copy(record)  # a formatter leaves traces on a record that other handlers see as well
    shown.exc_info = None  # told in the error part
    shown.exc_text = None
    try:
        text = formatter.format(shown)
    except Exception as error:  # noqa: BLE001  `log.info("%d", "x")`, or anybody's object in `extra`
        notes.append(f"could not be formatted: {type(error).__name__}")
        return {"message": as_text(record.msg, MESSAGE_LIMIT) or ""}
    try:
        merged = json.loads(text)
    except (ValueError, RecursionError):
        merged = text
    return plain(merged) if isinstance(merged, dict) else {"message": str(text)}


def _flat(value: object) -> object:
    """Write a structure as JSON, since a label is text."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
