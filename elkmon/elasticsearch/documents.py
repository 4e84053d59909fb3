"""
How values become documents and come back: nested JSON under the names of `elkmon.fields`, instants as ISO 8601 text.

Which field of which record goes where is said in `profile_documents`, `finding_documents` and
`story_documents`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from elkmon.schema import Field


def nested(values: Mapping[Field, Any]) -> dict[str, Any]:
    """
    Return the document that holds `values`, each under its dotted name; None is left out.

    >>> from elkmon.fields import MODEL_NAME, MODEL_VERSION
    >>> nested({MODEL_NAME: "delay", MODEL_VERSION: None})
    {'elkmon': {'model': {'name': 'delay'}}}
    """
    document: dict[str, Any] = {}
    for name, value in values.items():
        if value is None:
            continue
        parents, last = _way(name)
        place = document
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return document


def found(document: Mapping[str, Any], name: Field, default: Any = None) -> Any:
    """Return what `document` holds under the dotted `name`, or `default`."""
    parents, last = _way(name)
    place: Any = document
    for part in (*parents, last):
        if not isinstance(place, Mapping) or part not in place:
            return default
        place = place[part]
    return place


@cache
def _way(name: Field) -> tuple[tuple[str, ...], str]:
    """Return the objects that lead to a field, and its last name: asked for with every value of every document."""
    *parents, last = name.path.split(".")
    return tuple(parents), last


def text_of(instant: datetime | None) -> str | None:
    """Return `instant` as it is stored, to the microsecond."""
    return None if instant is None else instant.astimezone(UTC).isoformat()


def instant_of(text: str | None) -> datetime | None:
    """Return the instant that was stored as `text`."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def known_instant(text: str) -> datetime:
    """Return the instant that was stored as `text`, which is always there."""
    return datetime.fromisoformat(text).astimezone(UTC)


def milliseconds(instant: datetime) -> int:
    """Return `instant` as Elasticsearch counts it, since 1970."""
    return round(instant.timestamp() * 1000)


def from_milliseconds(count: float) -> datetime:
    """Return the instant that Elasticsearch counted."""
    return datetime.fromtimestamp(count / 1000, UTC)


def finite(value: float | None) -> float | None:
    """Return `value` when an index can hold it, else None."""
    return value if value is not None and math.isfinite(value) else None


def not_finite(values: Iterable[tuple[str, float | None]]) -> dict[str, str]:
    """Return, as text, those of the named `values` that no index can hold: infinities and NaN."""
    return {name: repr(value) for name, value in values if value is not None and not math.isfinite(value)}
