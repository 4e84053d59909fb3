"""
What any Python value becomes as a feature: a number, a level (text), missing, or rejected.

The same function serves the handler in production and the reader of reference files, so the two cannot disagree.
Nothing here raises, whatever it is given; nothing here imports numpy or pandas, whose scalars are known by their shape.
"""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import Enum, StrEnum
from typing import Any, TypeAlias

TEXT_LIMIT = 1024
"""Characters kept of a level; Elasticsearch takes keywords of at most 32,766 bytes."""

NAME_LIMIT = 256
"""Characters kept of a feature's name."""

BLANK = "(blank)"
"""What an empty or blank name becomes: Elasticsearch refuses a whole document for one."""


class Declared(StrEnum):
    """What the user says a feature is, against what its values look like."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number."""

    value: float


@dataclass(frozen=True, slots=True)
class Level:
    """One of a feature's categories; `note` says what had to be changed to make it fit."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """No value: None, NaN, infinite, NaT, NA; `note` says so where a number was too large to be one."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Neither number nor level: against its declaration, not a scalar, or unreadable. `text` is kept to look at."""

    text: str
    note: str = ""


Feature: TypeAlias = Number | Level | Missing | Rejected
Scalar: TypeAlias = bool | int | float | str | None

MISSING = Missing()


def as_feature(value: object, declared: Declared | None = None) -> Feature:
    """
    Say what `value` is as a feature.

    Undeclared, its own type decides: numbers (also Decimal, Fraction, numpy's and timedelta, in seconds) are numbers;
    text, bytes (as UTF-8), dates and times (ISO 8601), UUIDs and other printable objects are levels; an Enum is its
    value. Booleans are levels, `true` and `false`. Declared categorical, a number becomes a level, whole ones without
    decimals, so that 1, 1.0 and "1" agree. Declared numeric, a boolean is 0 or 1, and text is rejected.
    Collections are rejected, whatever was declared; arrays of one element are that element.

    >>> as_feature(3)
    Number(value=3.0)
    >>> as_feature(float("nan"))
    Missing(note='')
    >>> as_feature(True)
    Level(text='true', note='')
    >>> as_feature(1.0, Declared.CATEGORICAL)
    Level(text='1', note='')
    >>> as_feature("n/a", Declared.NUMERIC)
    Rejected(text='n/a', note='')
    """
    try:
        scalar = _scalar(value)
        if isinstance(scalar, Rejected):
            return scalar
        if scalar is None:
            return MISSING
        if isinstance(scalar, str):
            text, note = fit(scalar)
            return Rejected(text, note) if declared is Declared.NUMERIC else Level(text, note)
        if isinstance(scalar, bool):
            if declared is Declared.NUMERIC:
                return Number(float(scalar))
            return Level("true" if scalar else "false")
        return _level_of_number(scalar) if declared is Declared.CATEGORICAL else _number(scalar)
    except Exception as error:  # noqa: BLE001  the value is anybody's object, and may do anything
        return Rejected(f"<{type(value).__name__}>", f"unreadable: {type(error).__name__}")


def as_text(value: object, limit: int = TEXT_LIMIT) -> str | None:
    """
    Return `value` as a level's text, or None where it is missing. What is no scalar is described, never walked through.

    >>> as_text(1.0), as_text("late"), as_text(True), as_text(None)
    ('1', 'late', 'true', None)
    """
    feature = as_feature(value, Declared.CATEGORICAL)
    if isinstance(feature, Level | Rejected):
        return feature.text[:limit]
    return None


def as_number(value: object) -> float | None:
    """Return `value` as a finite number, or None where it is missing or no number."""
    feature = as_feature(value, Declared.NUMERIC)
    return feature.value if isinstance(feature, Number) else None


def feature_name(name: object) -> str:
    """
    Return `name` as it is stored: text of 1 to 256 characters that Elasticsearch takes.

    >>> feature_name("dep. delay"), feature_name(7), feature_name("  ")
    ('dep. delay', '7', '(blank)')
    """
    text = fit(name, NAME_LIMIT)[0] if type(name) is str else as_text(name, NAME_LIMIT)
    return BLANK if not text or text.isspace() else text


def distinct(name: str, taken: Collection[str]) -> str:
    """
    Return `name`, or with a number behind it where it is `taken` already.

    >>> distinct("distance", {"distance"})
    'distance (2)'
    """
    return next(candidate for candidate in _candidates(name) if candidate not in taken)


def fit(text: str, limit: int = TEXT_LIMIT) -> tuple[str, str]:
    """
    Return `text` as Elasticsearch can store it, and a note of what was changed (empty for nothing).

    >>> fit("a" * 2000, limit=3)
    ('aaa', 'text cut')
    """
    notes = []
    if len(text) > limit:
        text = text[:limit]
        notes.append("text cut")
    if not text.isascii() and _SURROGATES.search(text):
        text = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
        notes.append("surrogates replaced")
    return text, ", ".join(notes)


def _candidates(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name} ({number})"
        number += 1


def _number(scalar: float) -> Feature:
    try:
        number = float(scalar)
    except OverflowError:
        return Missing("too large for a number")
    return Number(number) if math.isfinite(number) else MISSING


def _level_of_number(scalar: float) -> Feature:
    if isinstance(scalar, float):
        if not math.isfinite(scalar):
            return MISSING
        if scalar.is_integer() and abs(scalar) < _EXACT:
            scalar = int(scalar)
    if isinstance(scalar, int) and scalar.bit_length() > _PRINTABLE_BITS:
        return Rejected(f"<int of {scalar.bit_length()} bits>", "too large for a level")
    return Level(repr(scalar))


_SURROGATES = re.compile("[\ud800-\udfff]")
_EXACT = 2**53
_PRINTABLE_BITS = 2048

# How values of a type become a Python scalar. Filled as types are met; what a class is does not change.
_Reader: TypeAlias = Callable[[Any], "Scalar | Rejected"]
_READERS: dict[type, _Reader] = {}
_READERS_LIMIT = 1000


def _scalar(value: object) -> Scalar | Rejected:
    kind = type(value)
    reader = _READERS.get(kind)
    if reader is None:
        reader = _reader(kind)
        if len(_READERS) < _READERS_LIMIT:
            _READERS[kind] = reader
    return reader(value)


def _reader(kind: type) -> _Reader:
    """Choose how to read values of the class `kind`; the first that fits."""
    if issubclass(kind, Enum):
        return _enum
    for plain in (bool, int, float, str):
        if issubclass(kind, plain):
            return _EXACTLY[plain]
    if kind is type(None) or (kind.__name__ in ("NAType", "NaTType") and kind.__module__.startswith("pandas")):
        return _nothing
    if issubclass(kind, bytes | bytearray | memoryview):
        return _bytes
    if issubclass(kind, date | time):
        return _isoformat
    if issubclass(kind, timedelta):
        return _seconds
    if hasattr(kind, "dtype") and hasattr(kind, "item"):
        return _array
    if hasattr(kind, "__float__"):
        return _float
    if hasattr(kind, "__iter__") or hasattr(kind, "__len__") or _says_nothing(kind):
        return _rejected
    return str


def _says_nothing(kind: Any) -> bool:
    """Tell a class that prints as an address in memory, of which no two are equal."""
    return bool(kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__)


def _nothing(_: object) -> None:
    return None


def _enum(member: Enum) -> Scalar | Rejected:
    inner = _scalar(member.value)
    return member.name if isinstance(inner, Rejected) else inner


def _bytes(value: bytes | bytearray | memoryview) -> str:
    return bytes(value[: 4 * TEXT_LIMIT]).decode("utf-8", "backslashreplace")


def _isoformat(value: date | time) -> str:
    return value.isoformat()


def _seconds(value: timedelta) -> float:
    return value.total_seconds()


def _array(value: Any) -> Scalar | Rejected:
    """Read a numpy, torch or pandas scalar, or an array of one element."""
    if getattr(value, "size", 1) != 1 and not callable(value.size):
        return _rejected(value)
    unit = {"M": "datetime64[us]", "m": "timedelta64[us]"}.get(getattr(value.dtype, "kind", ""))
    if unit is not None:
        value = value.astype(unit)
    item = value.item()
    return float(item) if type(item) is type(value) else _scalar(item)


def _float(value: Any) -> float | None:
    try:
        return float(value)
    except ValueError:  # a signalling NaN of Decimal
        return None


def _rejected(value: object) -> Rejected:
    return Rejected(fit(reprlib.repr(value))[0], f"{type(value).__name__} is no scalar")


# The exact value, whatever a subclass makes of its own methods.
_EXACTLY: dict[type, _Reader] = {
    bool: bool,
    int: int.__index__,
    float: float.__float__,
    str: str.__str__,
}
