"""
Reads how much each feature matters to a model: a CSV with a row a feature, or a JSON object.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from pathlib import Path

from elkmon.errors import ConfigurationError

_WANTED = "give a CSV with the columns feature and importance, or a JSON object of numbers by feature"


def read_importances(path: Path) -> Mapping[str, float]:
    """
    Return the importance of each feature that `path` names, in its own unit; a higher one matters more.

    Raises:
        ConfigurationError: naming every entry that is no number of 0 or more, or is there twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"--importances: {path} cannot be read: {error}") from error
    entries = _of_json(path, text) if path.suffix.casefold() == ".json" else _of_csv(path, text)
    problems: list[str] = []
    found: dict[str, float] = {}
    for name, value in entries:
        number = _number(value)
        if number is None:
            problems.append(f"--importances: {name!r} has {value!r}, which is no number of 0 or more")
        elif name in found:
            problems.append(f"--importances: {name!r} is there twice; leave one")
        else:
            found[name] = number
    if not entries:
        problems.append(f"--importances: {path.name} names no feature; {_WANTED}")
    if problems:
        raise ConfigurationError(problems)
    return found


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _of_json(path: Path, text: str) -> list[tuple[str, object]]:
    try:
        read = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"--importances: {path.name} is no JSON: {error}") from error
    if not isinstance(read, list) or not all(isinstance(each, tuple) for each in read):
        raise ConfigurationError(f"--importances: {path.name} holds no object; {_WANTED}")
    return read


def _of_csv(path: Path, text: str) -> list[tuple[str, object]]:
    rows = csv.DictReader(text.splitlines())
    names = {str(name).strip().casefold(): name for name in rows.fieldnames or ()}
    if not {"feature", "importance"} <= set(names):
        has = ", ".join(rows.fieldnames or ()) or "none"
        raise ConfigurationError(f"--importances: {path.name} has the columns {has}; {_WANTED}")
    try:
        return [(row[names["feature"]], row[names["importance"]]) for row in rows]
    except csv.Error as error:
        raise ConfigurationError(f"--importances: {path.name} cannot be read: {error}") from error
