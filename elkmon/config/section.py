"""
One table of the configuration, read key by key. Problems are collected, each with its key path, and never stop the reading.

Knows types and how to complain; what the keys mean is said by the rooms that read them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from elkmon.config.settings import Secret
from elkmon.errors import ConfigurationError
from elkmon.windows import parse_length

_Choice = TypeVar("_Choice", bound=StrEnum)
_Optional = TypeVar("_Optional", timedelta, timedelta | None)


class Section:
    """
    A table under its `path`, such as `models.flight-delay`.

    Every reading method takes a key and returns the value, or the default where the key is absent or its value is wrong.
    `close` complains about keys nobody asked for.
    """

    def __init__(
        self,
        values: Mapping[str, object],
        path: str,
        problems: list[str],
        folder: Path = Path(),
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._values = values
        self._path = path
        self._problems = problems
        self._folder = folder
        self._environ = environ
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str, default: str = "") -> str:
        """Return a text without control characters."""
        value = self._take(key, default)
        if not isinstance(value, str):
            return self._wrong(key, value, "is not text; put it in quotes", default)
        if any(not character.isprintable() for character in value):
            return self._wrong(key, value, "holds a line break or another control character", default)
        return value

    def required(self, key: str, why: str) -> str:
        """Return a text that must be there and not be empty; `why` says what it is for."""
        value = self.text(key)
        if not value and (key not in self._values or self._values[key] == ""):
            self.complain(key, f"is missing: {why}")
        return value

    def texts(self, key: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """Return a list of texts; one text stands for a list of one."""
        value = self._take(key, list(default))
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            return self._wrong(key, value, 'is not a list of texts such as ["one", "two"]', tuple(default))
        return tuple(value)

    def lists(self, key: str, length: int) -> tuple[tuple[str, ...], ...]:
        """Return a list of lists of `length` different texts each."""
        value = self._take(key, [])
        good = isinstance(value, list) and all(
            isinstance(each, list)
            and len(each) == len(set(map(str, each))) == length
            and all(isinstance(text, str) and text for text in each)
            for each in value
        )
        if not isinstance(value, list) or not good:
            return self._wrong(key, value, f'is not a list of lists of {length} texts such as [["one", "two"]]', ())
        return tuple(map(tuple, value))

    def whole(self, key: str, default: int, lowest: int, highest: int) -> int:
        """Return a whole number in [lowest, highest]."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            return self._wrong(key, value, f"is not a whole number from {lowest} to {highest}", default)
        return value

    def number(self, key: str, default: float, lowest: float, highest: float) -> float:
        """Return a number in [lowest, highest]."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
            return self._wrong(key, value, f"is not a number from {lowest:g} to {highest:g}", default)
        return float(value)

    def length(self, key: str, default: _Optional) -> _Optional:
        """Return a length of time such as `6h`, `1d` or `2w`."""
        if key not in self._values:
            self.expect(key)
            return default
        value = self._take(key, "")
        try:
            return parse_length(value if isinstance(value, str) else repr(value))
        except ConfigurationError:
            return self._wrong(key, value, "is not a length of time such as 6h, 1d or 2w", default)

    def optional(self, key: str, choices: type[_Choice]) -> _Choice | None:
        """Return one member of `choices`, or None where the key is absent."""
        if key not in self._values:
            self.expect(key)
            return None
        value = self._take(key, "")
        try:
            return choices(str(value))
        except ValueError:
            names = [each.value for each in choices]
            return self._wrong(key, value, f"is none of {', '.join(names)}{suggestion(value, names)}", None)

    def choice(self, key: str, default: _Choice) -> _Choice:
        """Return one member of the default's enumeration."""
        value = self._take(key, default.value)
        choices = type(default)
        try:
            return choices(str(value))
        except ValueError:
            names = [each.value for each in choices]
            return self._wrong(key, value, f"is none of {', '.join(names)}{suggestion(value, names)}", default)

    def url(self, key: str, default: str = "") -> str:
        """Return an http or https URL without its last slash."""
        value = self.text(key, default)
        if value and (problem := url_problem(value)):
            return self._wrong(key, value, problem, default)
        return value.rstrip("/")

    def file(self, key: str) -> Path | None:
        """Return an existing file; a relative path starts from the configuration's folder."""
        value = self.text(key)
        if not value:
            return None
        path = self._folder / value
        return path if path.is_file() else self._wrong(key, value, "is no file", None)

    def secret(self, key: str) -> Secret | None:
        """Return the secret that `key`_env (an environment variable) or `key`_file names; in the file itself it is refused."""
        variable, file = self.text(f"{key}_env"), self.text(f"{key}_file")
        if key in self._values:
            self.expect(key)
            self.complain(key, f'must not stand in this file; write {key}_env = "A_VARIABLE" or {key}_file = "/a/file"')
            return None
        if variable and file:
            self.complain(f"{key}_file", f"goes against {key}_env; keep one of them")
            return None
        if variable:
            value = self._environ.get(variable, "")
            if not value:
                return self._wrong(f"{key}_env", variable, "names an environment variable that is not set", None)
            return self._one_line(f"{key}_env", variable, value)
        return self._secret_from(f"{key}_file", file) if file else None

    def _secret_from(self, key: str, file: str) -> Secret | None:
        try:
            value = (self._folder / file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            return self._wrong(key, file, f"cannot be read: {error}", None)
        return self._one_line(key, file, value) if value else self._wrong(key, file, "names an empty file", None)

    def _one_line(self, key: str, place: str, value: str) -> Secret | None:
        if value.isprintable():
            return Secret(value)
        return self._wrong(key, place, "holds a secret with a line break or another control character in it", None)

    def section(self, key: str) -> Section:
        """Return the table under `key`; an empty one where there is none."""
        value = self._take(key, {})
        if not isinstance(value, dict):
            self.complain(key, f"= {show(value)} is not a table; write [{self._full(key)}]")
            value = {}
        return Section(value, self._full(key), self._problems, self._folder, self._environ)

    def sections(self, key: str) -> Iterator[tuple[str, Section]]:
        """Yield name and table for each table under `key`, in the order of the file."""
        parent = self.section(key)
        for name in parent._values:  # noqa: SLF001 - its own class
            yield name, parent.section(name)

    def expect(self, *keys: str) -> None:
        """Count `keys` among those that are known, should they be absent."""
        self._known.extend(keys)

    def complain(self, key: str, problem: str) -> None:
        """Report `problem` of `key`."""
        self._problems.append(f"{self._full(key)} {problem}")

    def close(self) -> None:
        """Report every key that nobody asked for, with the one that may have been meant."""
        for key in self._values:
            if key not in self._known:
                valid = ", ".join(dict.fromkeys(self._known)) or "none"
                self.complain(key, f"is not a key of elkmon{suggestion(key, self._known)}; valid here: {valid}")

    def _take(self, key: str, default: object) -> object:
        self._known.append(key)
        return self._values.get(key, default)

    def _wrong(self, key: str, value: object, problem: str, default: _Default) -> _Default:
        self.complain(key, f"= {show(value)} {problem}")
        return default

    def _full(self, key: str) -> str:
        return f"{self._path}.{toml_key(key)}" if self._path else toml_key(key)


_Default = TypeVar("_Default")


def toml_key(name: str) -> str:
    r"""
    Return `name` as a key of TOML, in printable characters.

    >>> toml_key("min_rows"), toml_key("vélo"), toml_key("a\nb\u202e")
    ('min_rows', '"vélo"', '"a\\nb\\U0000202E"')
    """
    if name and name.isascii() and name.replace("-", "").replace("_", "").isalnum():
        return name
    quoted = json.dumps(name, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08X}" for each in quoted)


def show(value: object) -> str:
    """Return `value` as it may stand in the file, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:79] + "…"


def suggestion(value: object, valid: Sequence[str]) -> str:
    """
    Return which of `valid` may have been meant, as the end of a sentence; empty where none is near.

    >>> suggestion("min_row", ["window", "min_rows"])
    ', did you mean min_rows?'
    """
    near = get_close_matches(str(value), list(valid), n=1, cutoff=0.6)
    return f", did you mean {near[0]}?" if near else ""


def url_problem(url: str) -> str:
    """Return what is wrong with `url` as the address of a server; empty when nothing is."""
    if not url.isprintable() or " " in url:
        return "holds a blank, a line break or another control character"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError as error:
        return f"is not a URL: {error}"
    if not usable:
        return "is not a URL such as https://elasticsearch.example.com:9200"
    if parts.username or parts.password:
        return "holds a user name or password; write username and password_env instead"
    return ""
