"""
The reference cut into its own windows, as arrays: what limits are learnt from.

Windows slide by a day (shorter ones by their own length, as production's do), so a reference gives as many as it can;
`Windows.apart` counts those that do not overlap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from elkmon.measures.drift import Numbers
from elkmon.profiles import Counts, Outcomes, Profile
from elkmon.windows import DAY, HOUR, Window, last_window

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Windows:
    """
    The reference's own windows of one length.

    Attributes:
        parts: its profiles, those of one step of time added up, without their outcomes; `cells` the step each lies in.
        count: how many windows there are; window i covers steps i … i + `steps` − 1.
        steps: steps a window is long.
    """

    parts: tuple[Profile, ...]
    cells: npt.NDArray[np.int64]
    count: int
    steps: int

    def sums(self, per_part: Numbers) -> Numbers:
        """Return per window the sums of the (parts, …) array `per_part`, as a (windows, …) array."""
        width = (self.count + self.steps - 1, *per_part.shape[1:])
        cells = np.zeros(width)
        np.add.at(cells, self.cells, per_part)
        running = np.concatenate([np.zeros((1, *width[1:])), np.cumsum(cells, axis=0)])
        summed: Numbers = running[self.steps :] - running[: -self.steps]
        return summed

    def per_part(self, cells: Callable[[Profile], Sequence[float]]) -> Numbers:
        """Return what `cells` makes of each part, (parts, cells)."""
        return np.asarray([cells(part) for part in self.parts], dtype=np.float64).reshape(len(self.parts), -1)

    def longest_silence(self) -> int:
        """Return the most windows in a row, each after the other's end, that have no predictions."""
        if not self.count:
            return 0
        silent = self.sums(self.per_part(lambda part: (part.predictions,)))[:, 0] == 0
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
    inside: dict[int, list[Profile]] = {}
    for hour in hours:
        if first <= hour.start < first + steps_within * step:
            inside.setdefault((hour.start - first) // step, []).append(hour)
    cells = np.asarray(list(inside), dtype=np.int64)
    steps = length // step
    count = max(steps_within - steps + 1, 0) if inside else 0
    if not count:
        return Windows((), cells[:0], 0, steps)
    return Windows(tuple(map(_together, inside.values())), cells, count, steps)


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


def _together(profiles: Sequence[Profile]) -> Profile:
    """
    Return the sum of `profiles` without their outcomes.

    A year has thousands of hours for each segment, and every gauge reads all of them, so they are summed at once.
    """
    first = profiles[0]
    if len(profiles) == 1:
        return first
    subjects: dict[str, list[Counts]] = {}
    for profile in profiles:
        for name, counts in profile.subjects.items():
            subjects.setdefault(name, []).append(counts)
    return replace(
        first,
        end=max(profile.end for profile in profiles),
        predictions=sum(profile.predictions for profile in profiles),
        errors=sum(profile.errors for profile in profiles),
        subjects={name: _summed(found) for name, found in subjects.items()},
        outcomes=Outcomes(),
    )


def _summed(found: Sequence[Counts]) -> Counts:
    odd = [(counts.missing, counts.unseen, counts.rejected, counts.unindexed) for counts in found]
    return Counts(
        tuple(map(sum, zip(*(counts.bins for counts in found), strict=True))), *map(sum, zip(*odd, strict=True))
    )


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
