"""
Half-open stretches of time on whole UTC hours, and which of them are over.

A window is [start, end). Windows of one length tile time from a fixed Monday, so days begin at midnight and weeks on Monday.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from elkmon.errors import ConfigurationError

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
GRACE = timedelta(minutes=5)
"""An hour closes this long after its end, so that events on their way are in."""

_A_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_UNITS = {"h": HOUR, "d": DAY, "w": WEEK}


def as_utc(instant: datetime) -> datetime:
    """Return `instant` in UTC. An instant without a time zone is refused with `ValueError`: it could mean anything."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone; give one, for example {instant.isoformat()}+00:00")
    return instant.astimezone(UTC)


def hour_of(instant: datetime) -> datetime:
    """Return the start of the UTC hour that holds `instant`."""
    return as_utc(instant).replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """
    The stretch [start, end) on whole UTC hours.

    >>> day = Window(datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 4, 2, tzinfo=UTC))
    >>> str(day), day.length, len(list(day.hours()))
    ('2013-04-01', datetime.timedelta(days=1), 24)
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for instant in (self.start, self.end):
            if instant != hour_of(instant):
                raise ValueError(f"a window begins and ends on a whole UTC hour, not at {instant.isoformat()}")
        if self.start >= self.end:
            raise ValueError(f"a window ends after it begins, not from {self.start} to {self.end}")

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def hours(self) -> Iterator[datetime]:
        """Yield the starts of its hours, in order."""
        hour = self.start
        while hour < self.end:
            yield hour
            hour += HOUR

    def before(self, count: int) -> Window:
        """Return the window of the same length that lies `count` lengths earlier."""
        return Window(self.start - count * self.length, self.end - count * self.length)

    def __str__(self) -> str:
        midnight = self.start.hour == 0 and self.end.hour == 0
        if not midnight:
            return f"{self.start:%Y-%m-%d %H:%M} – {self.end:%Y-%m-%d %H:%M} UTC"
        last = self.end - DAY
        return f"{self.start:%Y-%m-%d}" if last == self.start else f"{self.start:%Y-%m-%d} – {last:%Y-%m-%d}"


def last_window(at: datetime, length: timedelta, offset: timedelta = timedelta(0)) -> Window:
    """
    Return the latest window of `length` that ends at or before `at`.

    `offset` shifts midnight: a zone two hours east of UTC has an offset of two hours.

    >>> str(last_window(datetime(2013, 8, 14, 9, tzinfo=UTC), WEEK))
    '2013-08-05 – 2013-08-11'
    """
    anchor = _A_MONDAY - offset
    end = anchor + (as_utc(at) - anchor) // length * length
    return Window(end - length, end)


def windows_within(span: Window, length: timedelta, offset: timedelta = timedelta(0)) -> tuple[Window, ...]:
    """Return the windows of `length` that lie wholly within `span`, earliest first."""
    windows = []
    window = last_window(span.end, length, offset)
    while window.start >= span.start:
        windows.append(window)
        window = window.before(1)
    return tuple(reversed(windows))


def parse_length(text: str) -> timedelta:
    """
    Return the length that `text` names: a whole number of hours (`6h`), days (`1d`) or weeks (`1w`).

    >>> parse_length("7d") == WEEK
    True

    Raises:
        ConfigurationError: when it is none of these.
    """
    match = re.fullmatch(r"([1-9]\d{0,3})([hdw])", text.strip())
    if match is None:
        raise ConfigurationError(f"{text!r} is not a length of time; write hours, days or weeks such as 6h, 1d or 1w")
    return int(match[1]) * _UNITS[match[2]]


def format_length(length: timedelta) -> str:
    """
    Return `length` as `parse_length` reads it.

    >>> format_length(WEEK), format_length(DAY), format_length(36 * HOUR)
    ('1w', '1d', '36h')
    """
    for letter, unit in (("w", WEEK), ("d", DAY)):
        if length % unit == timedelta(0):
            return f"{length // unit}{letter}"
    return f"{length // HOUR}h"
