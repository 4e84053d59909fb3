"""Instants as every event carries them: ISO 8601, UTC, milliseconds, always 24 characters."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from elkmon.values import as_number

_this_second: tuple[int, str] = (0, "1970-01-01T00:00:00")  # its first millisecond since 1970, and how it is written
_FRACTIONS = tuple(f".{millisecond:03d}Z" for millisecond in range(1000))


def stamp(seconds: float) -> str:
    """
    Write `seconds` since 1970.

    >>> stamp(1.5)
    '1970-01-01T00:00:01.500Z'
    """
    global _this_second  # noqa: PLW0603  formatting a second once is worth it; the pair is replaced as a whole
    milliseconds = int(seconds * 1000)
    first, text = _this_second
    fraction = milliseconds - first
    if not 0 <= fraction < 1000:
        whole, fraction = divmod(milliseconds, 1000)
        text = datetime.fromtimestamp(whole, UTC).isoformat(timespec="seconds")[:19]
        _this_second = (whole * 1000, text)
    return text + _FRACTIONS[fraction]


def now() -> str:
    """Write this moment."""
    return stamp(time.time())


def as_stamp(timestamp: object) -> str | None:
    """
    Write what a user gave as an instant: a datetime (naive ones are UTC), seconds since 1970, ISO 8601 text, or
    numpy's and pandas' instants. None for what is no instant.

    >>> as_stamp("2013-08-05T06:00:00-04:00")
    '2013-08-05T10:00:00.000Z'
    """
    try:
        if isinstance(timestamp, datetime):
            return _written(timestamp) if timestamp == timestamp else None  # noqa: PLR0124  pandas' NaT is none
        if isinstance(timestamp, str):
            return _written(datetime.fromisoformat(timestamp))
        if getattr(getattr(timestamp, "dtype", None), "kind", "") == "M":
            return _written(timestamp.astype("datetime64[us]").item())  # type: ignore[attr-defined]
        seconds = as_number(timestamp)
        return None if seconds is None else _written(datetime.fromtimestamp(seconds, UTC))
    except Exception:  # noqa: BLE001  anybody's object; the caller notes it and takes the present
        return None


def _written(instant: datetime) -> str:
    aware = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    return datetime.isoformat(aware.replace(tzinfo=None), timespec="milliseconds") + "Z"
