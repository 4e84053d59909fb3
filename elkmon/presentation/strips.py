"""
A subject's windows as a strip: one place per window, whose height says the verdict and whose colour repeats it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from elkmon.digests import Point
from elkmon.findings import Finding, Status
from elkmon.presentation.words import TONES, VERDICTS, quantity
from elkmon.presentation.writing import count, period
from elkmon.windows import Window

HEIGHTS = {"critical": 10.0, "warning": 6.5, "ok": 2.5, "unknown": 0.8}
_WIDTH = 0.8


@dataclass(frozen=True, slots=True)
class Mark:
    """One window worth a word: its place from the left, its height, its colour, and what happened in it."""

    left: float
    top: float
    height: float
    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class Strip:
    """
    Places for `size` windows, ten high.

    `calm` is the SVG path of all windows within limits; `marks` are the others; `words` says it without a picture.
    """

    size: int
    calm: str
    marks: tuple[Mark, ...]
    words: str


def strip(windows: Sequence[Window], points: Sequence[Point], finding: Finding) -> Strip:
    """Return the strip of a subject over `windows`; `finding` is its last verdict and knows the unit."""
    by_end = {point.at: point for point in points}
    calm: list[str] = []
    marks: list[Mark] = []
    for index, window in enumerate(windows):
        point = by_end.get(window.end)
        status = finding.status if window == finding.window else _status(point)
        tone = TONES[status]
        left, height = index + (1 - _WIDTH) / 2, HEIGHTS[tone]
        if tone == "ok":
            calm.append(f"M{left:g} {10 - height:g}h{_WIDTH:g}v{height:g}h-{_WIDTH:g}z")
        else:
            marks.append(Mark(left, 10 - height, height, tone, _words(window, point, status, finding.unit)))
    bad = sum(mark.tone in {"critical", "warning"} for mark in marks)
    unknown = len(marks) - bad
    words = f"beyond its limit in {bad} of {count(len(windows), 'window')}"
    return Strip(len(windows), "".join(calm), tuple(marks), f"{words}, not judged in {unknown}" if unknown else words)


def bar(start: datetime, end: datetime, span: Window) -> tuple[float, float]:
    """Return left and width of [start, end) within `span`, in percent."""
    left = max(0.0, (start - span.start) / span.length)
    right = min(1.0, (end - span.start) / span.length)
    return round(100 * left, 2), round(100 * max(right - left, 0.005), 2)


def _status(point: Point | None) -> Status:
    if point is None or point.value is None:
        return Status.UNKNOWN
    return point.status


def _words(window: Window, point: Point | None, status: Status, unit: str) -> str:
    if point is None or point.value is None:
        return f"{period(window)}: {VERDICTS[status]}"
    return f"{period(window)}: {quantity(point.value, unit)}, limit {quantity(point.limit, unit)}, {VERDICTS[status]}"
