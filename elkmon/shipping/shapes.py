"""
The short way for features: a dict whose names and types were met before is encoded as it is, and cut into its two parts.

What comes out is byte for byte what encoding `{"num": {…}, "cat": {…}}` gives. Whatever is not certain is left to the
long way, in `features`, which decides about every value.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from types import NoneType
from typing import Any, TypeAlias

from elkmon.shipping import encoding
from elkmon.values import TEXT_LIMIT, Declared

Schema: TypeAlias = tuple[tuple[str, Declared | None], ...]
"""The names of features as they are stored, each with its declaration."""

_NUMBERS = frozenset({float, int})
_MOST_RUNS = 12  # with more, cutting takes longer than sorting
_MISLEADING = (",", "}", ":")  # a name that begins so may be taken for the end of a value


class Shape:
    """
    Names and types that features came with, in order, and how to encode them.

    Attributes:
        names, kinds: as they came.
        missing: those of them that came with None.
        missing_part: what the `elkmon` part of a document says of them, encoded.
        encodable: whether there is a short way for the others.
    """

    __slots__ = (
        "_cut",
        "_least",
        "_more",
        "_numbers_first",
        "_telltale",
        "encodable",
        "kinds",
        "missing",
        "missing_part",
        "names",
    )

    def __init__(self, names: list[Any], kinds: list[type], schema: Schema) -> None:
        self.names = names
        self.kinds = kinds
        self.missing: list[str] = []
        self.missing_part = b""
        self.encodable = encoding.fast is not None and _is_plain(names, kinds, schema)
        if self.encodable:
            self._plan()

    def _plan(self) -> None:
        """Find the runs of numbers and of levels: where one ends, the next one's first name follows a comma."""
        pairs = list(zip(self.names, self.kinds, strict=True))
        there = [(name, kind in _NUMBERS) for name, kind in pairs if kind is not NoneType]
        runs = [[name for name, _ in run] for _, run in groupby(there, lambda pair: pair[1])]
        self.encodable = 0 < len(runs) <= _MOST_RUNS
        if not self.encodable:
            return
        self.missing = [name for name, kind in pairs if kind is NoneType]
        if self.missing:
            self.missing_part = b"," + encoding.dumps({"missing": self.missing})[1:-1]
        self._numbers_first = there[0][1]
        # Each cut with the least bytes the run before it takes, which need not be searched.
        (self._cut, self._least), *self._more = [
            *(
                (b"," + encoding.dumps({following[0]: 0})[1:-2], len(encoding.dumps(dict.fromkeys(run, 0))) - 1)
                for run, following in pairwise(runs)
            ),
            (b"}", -1),  # behind the last run
        ]
        # NaN and infinities are encoded as null: one of its letters that no name has tells of them soonest.
        names = b"".join(encoding.dumps({name: 0}) for name in self.names)
        self._telltale = next((letter for letter in b"nlu" if letter not in names), b"null")

    def encoded(self, given: dict[str, Any]) -> bytes | None:
        """
        Return features of this shape encoded, without those that are missing; None where one may have no short way.

        Raises:
            TypeError: an integer beyond 53 bits, or text that is none; these take the long way as well.
        """
        fast = encoding.fast
        if self.missing:
            given = {name: value for name, value in given.items() if value is not None}
        line = fast.dumps(given, None, fast.OPT_STRICT_INTEGER)
        end = line.find(self._cut, self._least)
        first = line[1:end]
        second = line[end + 1 : -1]
        if len(self._more) > 1:
            first, second = self._parted(first, second)
        numbers, levels = (first, second) if self._numbers_first else (second, first)
        if self._telltale in numbers or (len(levels) > TEXT_LIMIT and _any_too_long(given)):
            return None
        return b"".join((b'{"num":{', numbers, b'},"cat":{', levels, b"}}"))

    def _parted(self, first: bytes, rest: bytes) -> tuple[bytes, bytes]:
        """Return the runs of either kind, joined, where there are more than two."""
        runs = [first]
        begin = 0
        for cut, least in self._more[:-1]:
            end = rest.find(cut, begin + least - 1)
            runs.append(rest[begin:end])
            begin = end + 1
        runs.append(rest[begin:])
        return b",".join(runs[0::2]), b",".join(runs[1::2])


def _is_plain(names: Sequence[Any], kinds: Sequence[type], schema: Schema) -> bool:
    """Tell whether every value goes where its type says, under the name it came with."""
    return (
        0 < len(names) == len(schema)
        and all(
            type(name) is str and name == stored and not name.startswith(_MISLEADING)
            for name, (stored, _) in zip(names, schema, strict=True)
        )
        and all(
            (kind in _NUMBERS and declared is not Declared.CATEGORICAL)
            or (kind is str and declared is not Declared.NUMERIC)
            or kind is NoneType
            for kind, (_, declared) in zip(kinds, schema, strict=True)
        )
    )


def _any_too_long(given: dict[str, Any]) -> bool:
    return any(type(value) is str and len(value) > TEXT_LIMIT for value in given.values())
