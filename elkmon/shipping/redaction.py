"""
Privacy: named values are dropped, or replaced by a keyed hash, before anything of them is encoded.

Names are all it goes by: what a message, an exception or an object's own text gives away, it cannot know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from elkmon.errors import ShippingError
from elkmon.shipping.encoding import plain
from elkmon.values import as_text, feature_name

_DEPTH = 8
_REMEMBERED = 10_000
_HASH_OCTETS = 8  # 16 hexadecimal digits: short enough to count by, long enough that a million values stay apart
_LONGEST_KEY = 64


class Action(StrEnum):
    """What is done with a named value."""

    DROP = "drop"
    HASH = "hash"


class Redaction:
    """
    Knows what must not leave the process.

    Args:
        actions: `drop` or `hash` by name. A name also stands for what ends with it behind a dot, and for what is below
            another key: `email` covers `user.email` and the `email` of `user`.
        key: keeps hashes from being guessed; whoever has it can tell which hash a value has.

    Raises:
        ShippingError: an action or a name cannot be used, or the key is missing.
    """

    def __init__(self, actions: Mapping[str, str], key: str | bytes | None) -> None:
        self._actions = _checked(actions)
        if Action.HASH in self._actions.values() and not (isinstance(key, str | bytes) and key):
            raise ShippingError(
                "redact_key: hashing needs a secret key, a text or bytes; without one anybody could try out values"
            )
        from hashlib import blake2b  # costs milliseconds, which a service that redacts nothing need not pay

        self._blake2b = blake2b
        octets = key.encode("utf-8", "surrogatepass") if isinstance(key, str) else key or b""
        self._key = octets if len(octets) <= _LONGEST_KEY else blake2b(octets).digest()
        self._met: dict[str, Action | None] = {}

    def of(self, given: Mapping[Any, Any], hashes: set[str] | None = None) -> dict[Any, Any]:
        """
        Return what may be told of `given`. A missing value stays missing.

        Args:
            given: values by name: features, labels, what a formatter made. Mappings and lists in it are walked through.
            hashes: collects the hashes made; a text that is one of them is left as it is.
        """
        return self._of(given, set() if hashes is None else hashes, "", _DEPTH)

    def covers(self, name: str) -> bool:
        """Tell whether values of this name are dropped or hashed."""
        return self._action("", name) is not None

    def _of(self, given: Mapping[Any, Any], hashes: set[str], above: str, depth: int) -> dict[Any, Any]:
        told: dict[Any, Any] = {}
        for name, value in list(given.items()):
            action = self._action(above, name)
            if action is None:
                simple = type(value) in _SIMPLE
                told[name] = value if simple else self._inner(value, hashes, f"{above}{feature_name(name)}.", depth - 1)
            elif action is Action.HASH:
                told[name] = self._hash(value, hashes)
        return told

    def _inner(self, value: Any, hashes: set[str], above: str, depth: int) -> Any:
        """Redact within a structure; what is too deep, or cannot be read, is not told."""
        try:
            if isinstance(value, Mapping):
                return self._of(value, hashes, above, depth) if depth else "…"
            if isinstance(value, list | tuple | set | frozenset):
                return [self._inner(inner, hashes, above, depth - 1) for inner in list(value)] if depth else "…"
        except Exception:  # noqa: BLE001  anybody's mapping
            return f"<{type(value).__name__}>"
        return value

    def _action(self, above: str, name: object) -> Action | None:
        """Return what is done with values of a name below others, which are `above`, each with a dot behind it."""
        path = above + (name if type(name) is str else feature_name(name))
        try:
            return self._met[path]
        except KeyError:
            rest, dot = above + feature_name(name), "."
            while rest not in self._actions and dot:
                _, dot, rest = rest.partition(".")
            action = self._actions.get(rest)
            if len(self._met) < _REMEMBERED:
                self._met[path] = action
            return action

    def _hash(self, value: Any, hashes: set[str]) -> str | None:
        """Hash the text that would have been stored, so that 1, 1.0 and "1" agree."""
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            value = json.dumps(plain(value), sort_keys=True)
        text = as_text(value)
        if text is None or text in hashes:
            return text
        hashed = self._blake2b(
            text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=_HASH_OCTETS
        ).hexdigest()
        hashes.add(hashed)
        return hashed


def redaction_of(redact: Mapping[str, str] | None, key: str | bytes | None) -> Redaction | None:
    """Return what a handler's arguments `redact` and `redact_key` ask for; None where that is nothing."""
    return Redaction(redact, key) if redact is not None and redact != {} else None


_SIMPLE = frozenset({float, str, int, bool, type(None)})


def _checked(redact: object) -> dict[str, Action]:
    if not isinstance(redact, Mapping):
        raise ShippingError(f"redact={redact!r}: give an action by name, such as {{'email': 'hash', 'ssn': 'drop'}}")
    actions: dict[str, Action] = {}
    for name, action in redact.items():
        if not isinstance(name, str) or not name or name.isspace():
            raise ShippingError(f"redact: {name!r} is no name; give that of a feature or a label, such as 'email'")
        if action not in tuple(Action):
            raise ShippingError(f"redact={{{name!r}: {action!r}}}: choose one of {', '.join(Action)}")
        actions[feature_name(name)] = Action(action)
    return actions
