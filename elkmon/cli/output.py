"""
Prints tables for people and JSON for programs. What came from data is made harmless for a terminal.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum

from elkmon.presentation.writing import clean
from elkmon.windows import Window, format_length

_WIDEST_CELL = 100


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Print `rows` under `headings`, in columns; a column in which every entry is a number stands to the right."""
    cells = [[clean(cell, _WIDEST_CELL) if cell else "" for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    right = [bool(cells) and all(_is_number(row[index]) for row in cells) for index in range(len(headings))]
    for row in ([heading.upper() for heading in headings], *cells):
        columns = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        print((indent + "  ".join(columns)).rstrip())


def print_json(value: object) -> None:
    """Print `value`, made of our dataclasses and plain values, as JSON."""
    json.dump(plain(value), sys.stdout, indent=2, ensure_ascii=True)
    print()


def plain(value: object) -> object:
    """Return `value` as JSON knows it: instants in ISO form, a window as start and end, no NaN or infinity."""
    if isinstance(value, Window):
        return {"start": plain(value.start), "end": plain(value.end)}
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return format_length(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def day(at: datetime | None) -> str:
    """Return an instant to the minute, or the day alone when it is midnight; nothing for None."""
    if at is None:
        return ""
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute) == (0, 0) else f"{at:%Y-%m-%d %H:%M}"


def _is_number(cell: str) -> bool:
    return not cell or cell.replace(",", "").replace(".", "").lstrip("−-").isdecimal()
