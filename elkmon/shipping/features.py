"""
A mapping of anything to the parts of a document: numbers, levels, missing and rejected names.

This is where most of the time of a log call goes, so plain values of known names take a short way; a test holds it to
the same answers as `elkmon.values.as_feature`, which decides about everything else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from elkmon.errors import ShippingError
from elkmon.values import TEXT_LIMIT, Declared, Level, Missing, Number, as_feature, distinct, feature_name

_EXACT = 2**53
_SCHEMAS = 256  # sets of feature names remembered; a service has one, or a few
_NAMES = 10_000  # features read of one event

Schema: TypeAlias = tuple[tuple[str, Declared | None], ...]


class FeatureReader:
    """
    Reads the features of one model's events.

    Args:
        categorical: names of features that are levels even where they look like numbers.
        numeric: names of features that are numbers; other values are rejected.
    """

    __slots__ = ("_declared", "_schemas")

    def __init__(self, categorical: Collection[str] = (), numeric: Collection[str] = ()) -> None:
        for argument, names in (("categorical", categorical), ("numeric", numeric)):
            if isinstance(names, str):
                raise ShippingError(f"{argument}={names!r}: give a list of feature names, such as [{names!r}]")
        both = sorted(feature_name(name) for name in set(categorical) & set(numeric))
        if both:
            raise ShippingError(f"declared both categorical and numeric: {', '.join(both)}")
        self._declared = dict.fromkeys(map(feature_name, categorical), Declared.CATEGORICAL)
        self._declared.update(dict.fromkeys(map(feature_name, numeric), Declared.NUMERIC))
        self._schemas: dict[tuple[Any, ...], Schema | None] = {}

    def read(self, features: Mapping[Any, Any] | None, own: dict[str, Any], notes: list[str]) -> dict[str, Any] | None:
        """
        Return `{"num": {…}, "cat": {…}}`; what is missing or rejected goes into `own`, the document's `elkmon` part.
        """
        if features is None:
            return None
        # A copy of a dict is made in one step, whoever else is changing it.
        given = dict.copy(features) if isinstance(features, dict) else _collected(features, notes)
        schema = self._schema(given)
        numbers: dict[str, float] = {}
        levels: dict[str, str] = {}
        if schema is not None:
            self._read(schema, given, numbers, levels, own, notes)
            return {"num": numbers, "cat": levels}
        odd: list[tuple[str, Any]] = []
        for name, value in given.items():
            kind = type(value)
            if kind is float and value - value == 0.0:  # neither NaN nor infinite
                numbers[name] = value
            elif kind is str and value.isascii() and len(value) <= TEXT_LIMIT:
                levels[name] = value
            elif kind is int and -_EXACT <= value <= _EXACT:
                numbers[name] = value
            else:
                odd.append((name, value))
        for name, value in odd:
            _place(name, value, None, numbers, levels, own, notes)
        return {"num": numbers, "cat": levels}

    def _read(
        self,
        schema: Schema,
        given: dict[Any, Any],
        numbers: dict[str, float],
        levels: dict[str, str],
        own: dict[str, Any],
        notes: list[str],
    ) -> None:
        for (name, declared), value in zip(schema, given.values(), strict=False):
            _place(name, value, declared, numbers, levels, own, notes)
        if len(given) > len(schema):
            notes.append(f"{len(given) - len(schema)} features beyond {_NAMES} left out")

    def _schema(self, given: dict[Any, Any]) -> Schema | None:
        """Return the stored names and declarations, or None where names are stored as they are, undeclared."""
        names = tuple(given)
        try:
            return self._schemas[names]
        except Exception:  # noqa: BLE001  not met yet, or names that cannot be hashed or compared
            schema = self._made(names)
        if len(self._schemas) < _SCHEMAS and all(type(name) is str for name in names):
            self._schemas[names] = schema
        return schema

    def _made(self, names: tuple[Any, ...]) -> Schema | None:
        schema: dict[str, Declared | None] = {}
        for name in names[:_NAMES]:
            stored = feature_name(name)
            schema[distinct(stored, schema)] = self._declared.get(stored)
        plain = len(names) <= _NAMES and not any(schema.values()) and all(type(name) is str for name in names)
        return None if plain and tuple(schema) == names else tuple(schema.items())


def _place(
    name: str,
    value: object,
    declared: Declared | None,
    numbers: dict[str, float],
    levels: dict[str, str],
    own: dict[str, Any],
    notes: list[str],
) -> None:
    feature = as_feature(value, declared)
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


def _collected(features: Any, notes: list[str]) -> dict[Any, Any]:
    """Collect the features of what is a mapping, or nearly so (a pandas row), as far as it lets itself be read."""
    collected: dict[Any, Any] = {}
    try:
        collected.update(features.items())
    except Exception as error:  # noqa: BLE001  anybody's class
        notes.append(f"features could not be read: {type(error).__name__}")
    return collected
