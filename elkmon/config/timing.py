"""
Understands when a check is to run: `30m`, `6h`, `1d`, or the five fields of cron. What runs it is `elkmon.schedule`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from elkmon.config.settings import Schedule
from elkmon.errors import ConfigurationError

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Sequence[tuple[str, int, int, Sequence[str]]] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, ("", *_MONTHS)),
    ("weekday", 0, 7, _WEEKDAYS),
)
_PART = re.compile(r"(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?")


def parse_schedule(text: str) -> Schedule:
    """
    Return the schedule that `text` names, in UTC.

    >>> parse_schedule("6h").every, parse_schedule("10 * * * *").cron
    (datetime.timedelta(seconds=21600), '10 * * * *')

    Raises:
        ConfigurationError: with the end of a sentence that says what is wrong.
    """
    parts = text.lower().split()
    if len(parts) == 1 and (match := re.fullmatch(r"([1-9]\d{0,4})([mhd])", parts[0])):
        return Schedule(cron="", every=int(match[1]) * _UNITS[match[2]])
    if len(parts) != len(_FIELDS):
        raise ConfigurationError(
            'is no schedule; write how often, such as 30m, 6h or 1d, or cron\'s five fields, such as "10 * * * *" '
            "(minute, hour, day of month, month, weekday; UTC)"
        )
    for part, (name, lowest, highest, names) in zip(parts, _FIELDS, strict=True):
        if not all(_is_entry(entry, lowest, highest, names) for entry in part.split(",")):
            raise ConfigurationError(
                f'has "{part}" as its {name}; write *, numbers from {lowest} to {highest}, ranges such as '
                f"{lowest}-{highest}, steps such as */5, or several of them with commas"
            )
    if parts[2] != "*" and parts[4] != "*":
        raise ConfigurationError(
            "names days of the month and weekdays, which cron understands in odd ways; keep one of them"
        )
    return Schedule(cron=" ".join(parts))


def _is_entry(entry: str, lowest: int, highest: int, names: Sequence[str]) -> bool:
    part, slash, step = entry.partition("/")
    if slash and not (step.isdecimal() and 1 <= int(step) <= highest):
        return False
    match = _PART.fullmatch(part)
    if match is None:
        return False
    if match["all"]:
        return True
    first = _number(match["first"], names)
    if match["last"] is None:
        return not slash and lowest <= first <= highest
    ends_on_sunday = names is _WEEKDAYS and match["last"] in {"sun", "0"}
    return lowest <= first <= (7 if ends_on_sunday else _number(match["last"], names)) <= highest


def _number(text: str, names: Sequence[str]) -> int:
    """Return the number that `text` is or names; −1 when it is neither, which is in no field's range."""
    if text.isdecimal():
        return int(text)
    return names.index(text) if text in names else -1
