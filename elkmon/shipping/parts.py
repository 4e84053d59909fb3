"""The parts documents are made of. Each takes anybody's value, adds what fits, and notes what does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elkmon.shipping.channels import Origin
from elkmon.shipping.timestamps import as_stamp
from elkmon.values import BLANK, NAME_LIMIT, TEXT_LIMIT, as_number, as_text, feature_name, fit

_LARGEST = 1.7976931348623157e308
_NOTES = 20
_SCORES = 1000
LONGEST_SECONDS = 1e9
"""A latency beyond thirty years is none."""


def model_name(name: object) -> str:
    """Return a model's name as it is stored."""
    text = as_text(name)
    return BLANK if text is None or not text or text.isspace() else text


def model_version(version: object) -> str:
    """Return a version as it is stored; none is empty text, which can be counted by."""
    return as_text(version) or ""


def add_timestamp(body: dict[str, Any], timestamp: object, notes: list[str]) -> None:
    """Replace the present by the instant the user gave."""
    stamp = as_stamp(timestamp)
    if stamp is None:
        notes.append("timestamp: no instant; the time of the call was taken")
    else:
        body["@timestamp"] = stamp


def add_duration(event: dict[str, Any], seconds: object, notes: list[str]) -> None:
    """Add a latency, given in seconds, in nanoseconds."""
    number = seconds if type(seconds) is float else as_number(seconds)
    if number is None or not 0 <= number < LONGEST_SECONDS:
        notes.append("duration: no number of seconds")
    else:
        event["duration"] = int(number * 1e9 + 0.5)


def add_number(part: dict[str, Any], name: str, value: object, notes: list[str]) -> None:
    """Add a number, or a note that it is none."""
    number = value if type(value) is float and -_LARGEST <= value <= _LARGEST else as_number(value)
    if number is None:
        notes.append(f"{name}: no finite number")
    else:
        part[name] = number


def add_label(part: dict[str, Any], label: object, notes: list[str]) -> None:
    """Add a class as text; 1, 1.0 and "1" are the same class."""
    text = label if type(label) is str and len(label) <= TEXT_LIMIT and label.isascii() else as_text(label)
    if text is None:
        notes.append("label: no value")
    else:
        part["label"] = text


def add_scores(part: dict[str, Any], scores: Any, notes: list[str]) -> None:
    """Add probabilities by class; those of a plain sequence are named by position."""
    read: dict[str, float] = {}
    try:
        pairs = scores.items() if hasattr(scores, "items") else enumerate(scores)
        for name, score in list(pairs)[:_SCORES]:
            add_number(read, feature_name(name), score, notes)
    except Exception as error:  # noqa: BLE001  anybody's mapping
        notes.append(f"scores could not be read: {type(error).__name__}")
    part["scores"] = read


def add_labels(body: dict[str, Any], origin: Origin, labels: object, notes: list[str]) -> None:
    """Add an event's own labels, or those of its surroundings."""
    try:
        texts = as_labels(labels)
        if origin.redaction is not None:
            texts = origin.redaction.of(texts)
    except Exception as error:  # noqa: BLE001  anybody's mapping
        texts = {}
        notes.append(f"labels could not be read: {type(error).__name__}")
    add_texts(body, origin, texts)


def add_texts(body: dict[str, Any], origin: Origin, texts: Mapping[str, str]) -> None:
    """Add labels that are read, and redacted, to those the event has already, or shares with all others."""
    body["labels"] = {**body.get("labels", origin.labels or {}), **texts}


def add_notes(own: dict[str, Any], notes: list[str]) -> None:
    """Add the notes to the `elkmon` part: the first of them, each short."""
    if notes:
        more = [f"{len(notes) - _NOTES} more notes"] if len(notes) > _NOTES else []
        own["notes"] = [fit(note, NAME_LIMIT)[0] for note in notes[:_NOTES]] + more


def as_labels(labels: Any) -> dict[str, str]:
    """Return labels as text by name, without the missing ones."""
    if labels is None:
        return {}
    read = ((feature_name(name), as_text(value)) for name, value in list(labels.items()))
    return {name: text for name, text in read if text is not None}
