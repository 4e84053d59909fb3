"""
The reference cut into its own windows, as arrays: what limits are learnt from.

Windows slide by a day (shorter ones by their own length, as production's do), so a reference gives as many as it can;
`Windows.apart` counts those that do not overlap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from elkmon.measures.drift import Numbers
from elkmon.profiles import Outcomes, Profile
from elkmon.windows import DAY, HOUR, Window, last_window

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Windows:
    """
    The reference's own windows of one length.

    Attributes:
        hours: its hourly profiles; `cells` the index of the step of time that each lies in.
        count: how many windows there are; window i covers steps i … i + `steps` − 1.
        steps: steps a window is long.
    """

    hours: tuple[Profile, ...]
    cells: npt.NDArray[np.int64]
    count: int
    steps: int

    def sums(self, per_hour: Numbers) -> Numbers:
        """Return per window the sums of the (hours, …) array `per_hour`, as a (windows, …) array."""
        width = (self.count + self.steps - 1, *per_hour.shape[1:])
        cells = np.zeros(width)
        np.add.at(cells, self.cells, per_hour)
        running = np.concatenate([np.zeros((1, *width[1:])), np.cumsum(cells, axis=0)])
        summed: Numbers = running[self.steps :] - running[: -self.steps]
        return summed

    def per_hour(self, cells: Callable[[Profile], Sequence[float]]) -> Numbers:
        """Return what `cells` makes of each hourly profile, (hours, cells)."""
        return np.asarray([cells(hour) for hour in self.hours], dtype=np.float64).reshape(len(self.hours), -1)

    def longest_silence(self) -> int:
        """Return the most windows in a row, each after the other's end, that have no predictions."""
        if not self.count:
            return 0
        silent = self.sums(self.per_hour(lambda hour: (hour.predictions,)))[:, 0] == 0
        return max(_longest_run(silent[phase :: self.steps]) for phase in range(self.steps))

    def apart(self, usable: Flags, windows: int = 1) -> int:
        """Return how many of the `usable` starts do not overlap, each being `windows` windows long; earliest first."""
        length, found, free = self.steps * windows, 0, 0
        for start in np.flatnonzero(usable):
            if start >= free:
                found, free = found + 1, int(start) + length
        return found


def own_windows(hours: Sequence[Profile], span: Window, length: timedelta, offset: timedelta = timedelta(0)) -> Windows:
    """
    Cut the hourly profiles of a reference over `span` into its own windows of `length`.

    Windows begin at midnight (of the zone `offset` east of UTC), shorter ones where production's begin. None of them
    reaches beyond `span`; a span shorter than a window, or a reference without hours, gives none.
    """
    step = _step(length)
    first = _aligned(span.start, step, offset)
    steps_within = max((span.end - first) // step, 0)
    inside = tuple(hour for hour in hours if first <= hour.start < first + steps_within * step)
    cells = np.asarray([(hour.start - first) // step for hour in inside], dtype=np.int64)
    steps = length // step
    count = max(steps_within - steps + 1, 0) if inside else 0
    return Windows(inside, cells, count, steps) if count else Windows((), cells[:0], 0, steps)


def blocks(
    hours: Sequence[Profile], span: Window, length: timedelta, offset: timedelta = timedelta(0)
) -> list[Outcomes]:
    """
    Return the outcomes of each stretch of `length` from the start of `span`, the last cut off where the span ends.

    Weeks begin where the reference begins, so that a quarter gives as many as it holds.
    """
    first = _aligned(span.start, min(length, DAY), offset)
    found: dict[int, Outcomes] = {}
    for hour in hours:
        if hour.outcomes.labelled:
            place = max(hour.start - first, timedelta(0)) // length
            found[place] = found[place] + hour.outcomes if place in found else hour.outcomes
    whole = (span.end - first) // length
    if whole in found and whole - 1 in found:  # a part of a block is noisier than a block: it joins the one before
        found[whole - 1] = found[whole - 1] + found.pop(whole)
    return [found[place] for place in sorted(found)]


def _step(length: timedelta) -> timedelta:
    """Return by how much windows of `length` slide: a day, or the longest step that fits both."""
    if length <= DAY:
        return length
    return math.gcd(length // HOUR, DAY // HOUR) * HOUR


def _aligned(start: datetime, step: timedelta, offset: timedelta) -> datetime:
    """Return the first start of a step at or after `start`."""
    window = last_window(start, step, offset)
    return window.end if window.end == start else window.end + step


def _longest_run(flags: Iterable[np.bool_]) -> int:
    longest = current = 0
    for flag in flags:
        current = current + 1 if flag else 0
        longest = max(longest, current)
    return longest
