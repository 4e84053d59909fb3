"""
A mapping of anything to the parts of a document: numbers, levels, missing and rejected names.

This is where most of the time of a log call goes, so features whose names and types were met before take the short way of
`shapes`, and plain values one of their own; tests hold both to the answers of `elkmon.values.as_feature`, which decides
about everything else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from elkmon.errors import ShippingError
from elkmon.shipping import encoding
from elkmon.shipping.redaction import Redaction
from elkmon.shipping.shapes import Schema, Shape
from elkmon.values import TEXT_LIMIT, Declared, Feature, Level, Missing, Number, as_feature, distinct, feature_name

_EXACT = 2**53
_CATEGORICAL = Declared.CATEGORICAL
_NUMERIC = Declared.NUMERIC
_SCHEMAS = 256  # sets of feature names remembered; a service has one, or a few
_SHAPES = 256  # and of their types
_NAMES = 10_000  # features read of one event
_NO_SHAPE = Shape([], [], ())


class FeatureReader:
    """
    Reads the features of one model's events.

    Args:
        categorical: names of features that are levels even where they look like numbers.
        numeric: names of features that are numbers; other values are rejected.
        redaction: what must not be told.
    """

    __slots__ = ("_declared", "_last", "_redaction", "_schemas", "_shapes")

    def __init__(
        self,
        categorical: Collection[str] = (),
        numeric: Collection[str] = (),
        redaction: Redaction | None = None,
    ) -> None:
        for argument, names in (("categorical", categorical), ("numeric", numeric)):
            if isinstance(names, str):
                raise ShippingError(f"{argument}={names!r}: give a list of feature names, such as [{names!r}]")
        both = sorted(feature_name(name) for name in set(categorical) & set(numeric))
        if both:
            raise ShippingError(f"declared both categorical and numeric: {', '.join(both)}")
        self._declared = dict.fromkeys(map(feature_name, categorical), Declared.CATEGORICAL)
        self._declared.update(dict.fromkeys(map(feature_name, numeric), Declared.NUMERIC))
        self._redaction = redaction
        self._schemas: dict[tuple[Any, ...], Schema] = {}
        self._shapes: dict[tuple[Any, ...], Shape] = {}
        self._last = _NO_SHAPE

    def read(self, features: Mapping[Any, Any], own: dict[str, Any], notes: list[str]) -> Any:
        """
        Return `{"num": {…}, "cat": {…}}`, as it is or encoded; what is missing or rejected goes into `own`, the
        document's `elkmon` part.
        """
        encoded = self.at_once(features)
        if encoded is None:
            return self.one_by_one(features, own, notes)
        line, shape = encoded
        if shape.missing:
            own["missing"] = shape.missing
        return encoding.fast.Fragment(line)

    def at_once(self, features: Mapping[Any, Any]) -> tuple[bytes, Shape] | None:
        """Return them encoded, with their shape, which says what is missing; None where they must be read one by one."""
        if type(features) is not dict:
            return None
        try:
            given = features.copy()  # in one step, whoever else is changing it
            if self._redaction is not None:
                given = self._redaction.of(given)
            names = [*given]
            kinds = [*map(type, given.values())]
            shape = self._last
            if names != shape.names or kinds != shape.kinds:
                shape = self._shape(names, kinds)
            line = shape.encoded(given) if shape.encodable else None
            if line is None and shape.encodable:
                given = _without_nan(given)
                shape = self._shape(names, [*map(type, given.values())])
                line = shape.encoded(given) if shape.encodable else None
        except Exception:  # noqa: BLE001  anybody's keys, or values JSON has no word for; the long way knows
            return None
        return None if line is None else (line, shape)

    def one_by_one(self, features: Mapping[Any, Any], own: dict[str, Any], notes: list[str]) -> dict[str, Any]:
        """Return them as `read` does, sorted value by value."""
        given = dict.copy(features) if isinstance(features, dict) else _collected(features, notes)
        if self._redaction is not None:
            given = self._redaction.of(given)
        schema = self._schema(tuple(given))
        numbers: dict[str, float] = {}
        levels: dict[str, str] = {}
        for (name, declared), value in zip(schema, given.values(), strict=False):
            kind = type(value)
            if kind is float and declared is not _CATEGORICAL and value - value == 0.0:  # neither NaN nor infinite
                numbers[name] = value
            elif kind is str and declared is not _NUMERIC and value.isascii() and len(value) <= TEXT_LIMIT:
                levels[name] = value
            elif kind is int and declared is not _CATEGORICAL and -_EXACT <= value <= _EXACT:
                numbers[name] = value
            else:
                _place(name, as_feature(value, declared), numbers, levels, own, notes)
        if len(given) > len(schema):
            notes.append(f"{len(given) - len(schema)} features beyond {_NAMES} left out")
        return {"num": numbers, "cat": levels}

    def _shape(self, names: list[Any], kinds: list[type]) -> Shape:
        """Return what is known of features that come with these names and types."""
        key = (tuple(names), tuple(kinds))
        shape = self._shapes.get(key)
        if shape is None:
            if len(self._shapes) >= _SHAPES:
                return _NO_SHAPE
            shape = self._shapes[key] = Shape(names, kinds, self._schema(key[0]))
        self._last = shape
        return shape

    def _schema(self, names: tuple[Any, ...]) -> Schema:
        """Return the names as they are stored, each with its declaration."""
        try:
            return self._schemas[names]
        except Exception:  # noqa: BLE001  not met yet, or names that cannot be hashed or compared
            schema: dict[str, Declared | None] = {}
        for name in names[:_NAMES]:
            stored = feature_name(name)
            covered = self._redaction is not None and self._redaction.covers(stored)
            schema[distinct(stored, schema)] = None if covered else self._declared.get(stored)
        made = tuple(schema.items())
        if len(self._schemas) < _SCHEMAS and all(type(name) is str for name in names):
            self._schemas[names] = made
        return made


def _place(
    name: str,
    feature: Feature,
    numbers: dict[str, float],
    levels: dict[str, str],
    own: dict[str, Any],
    notes: list[str],
) -> None:
    if isinstance(feature, Number):
        numbers[name] = feature.value
        return
    if feature.note:
        notes.append(f"{name}: {feature.note}")
    if isinstance(feature, Level):
        levels[name] = feature.text
    elif isinstance(feature, Missing):
        own.setdefault("missing", []).append(name)
    else:
        own.setdefault("rejected", {})[name] = feature.text
        own.setdefault("rejected_names", []).append(name)


def _without_nan(given: dict[Any, Any]) -> dict[Any, Any]:
    """Return None for what is NaN or infinite."""
    return {name: None if type(value) is float and value - value != 0.0 else value for name, value in given.items()}


def _collected(features: Any, notes: list[str]) -> dict[Any, Any]:
    """Collect the features of what is a mapping, or nearly so (a pandas row), as far as it lets itself be read."""
    collected: dict[Any, Any] = {}
    try:
        collected.update(features.items())
    except Exception as error:  # noqa: BLE001  anybody's class
        notes.append(f"features could not be read: {type(error).__name__}")
    return collected
