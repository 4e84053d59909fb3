"""
A document as one line of JSON, and what of it can be read again without parsing.

Every line begins with its timestamp and its id, so the sender finds both by position.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from elkmon.values import as_number, as_text, feature_name, fit


def _imported() -> Any:
    try:
        import orjson
    except ImportError:
        return None
    return orjson


fast: Any = _imported()
"""The module orjson where it is installed; it encodes in a tenth of the time."""

LINE_LIMIT = 256 * 1024
"""Bytes of one event; a larger one is reduced to what identifies it."""

_DEPTH = 8
_ITEMS = 1000
_TEXT = 32 * 1024
_STAMP = slice(15, 39)
_ID_AT = 56  # behind {"@timestamp":"2013-08-05T10:00:00.000Z","event":{"id":"
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encoded_plainly(document: Mapping[str, Any]) -> bytes:
    """
    Encode a document made of plain values by the standard library. Raises where one is not.

    >>> encoded_plainly({"@timestamp": "2013-08-05T10:00:00.000Z", "n": 1.5})
    b'{"@timestamp":"2013-08-05T10:00:00.000Z","n":1.5}'
    """
    return _ENCODER.encode(document).encode()


dumps: Callable[[Mapping[str, Any]], bytes] = encoded_plainly if fast is None else fast.dumps
"""Encode a document made of plain values, by the faster of the two. Raises where one is not."""


def timestamp_of(line: bytes) -> str:
    """Return the `@timestamp` of a line."""
    return line[_STAMP].decode("ascii")


def id_of(line: bytes) -> bytes:
    """Return the `event.id` of a line. Ids are made of characters that JSON needs not escape."""
    return line[_ID_AT : line.index(b'"', _ID_AT)]


def plain(value: object, depth: int = _DEPTH) -> Any:
    """Return what JSON can hold of `value`: unlike features, structure is kept, down to a depth and a number."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return fit(str.__str__(value), _TEXT)[0]
    if isinstance(value, int | float):
        number = as_number(value)
        exact = type(value) is int and number is not None and abs(value) < 2**63
        return value if exact else number
    if depth and isinstance(value, Mapping):
        pairs = list(value.items())[:_ITEMS]
        return {feature_name(key): plain(inner, depth - 1) for key, inner in pairs}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [plain(inner, depth - 1) for inner in list(value)[:_ITEMS]]
    return as_text(value)
