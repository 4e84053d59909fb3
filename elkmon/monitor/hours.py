"""
The stored hourly profiles of one model, added up to the windows that are asked for.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from elkmon.baselines import Baseline
from elkmon.ports import Journal
from elkmon.profiles import ALL, PRODUCTION, Profile, Slices, total
from elkmon.windows import DAY, Window

_STRETCH = 28 * DAY
_KEPT_STRETCHES = 2
_KEPT_SUMS = 32


class Hours:
    """
    The stored hours of one model over a span, read once per version and ruler, and summed as asked.

    With `reach`, windows are asked for in order of time, and none again that lies further back than that: then a long span
    is read a stretch at a time, and a year with many segments fits into memory.
    """

    def __init__(self, journal: Journal, model: str, span: Window, reach: timedelta | None = None) -> None:
        self._journal = journal
        self._model = model
        self._span = span
        self._stretch = span.length if reach is None else max(_STRETCH, reach)
        self._read: dict[tuple[str, str], dict[Window, dict[str, dict[datetime, Profile]]]] = defaultdict(dict)
        self._sums: dict[tuple[str, str, Window], Slices] = {}

    def profile(self, baseline: Baseline, version: str, window: Window, segment: str = ALL) -> Profile:
        """Return the profile of `segment` in `window`, which lies within the span: the sum of its stored hours."""
        return total(
            self.hourly(baseline, version, window, segment),
            Profile(self._model, version, window.start, window.end, baseline.ruler.id, segment=segment),
        )

    def slices(self, baseline: Baseline, version: str, window: Window) -> Slices:
        """Return the profiles of all segments of the baseline's ruler in `window`, that of all traffic first."""
        key = (version, baseline.ruler.id, window)
        if key not in self._sums:
            segments = (ALL, *baseline.ruler.segments)
            self._sums[key] = {each: self.profile(baseline, version, window, each) for each in segments}
            while len(self._sums) > _KEPT_SUMS:
                del self._sums[next(iter(self._sums))]
        return self._sums[key]

    def hourly(self, baseline: Baseline, version: str, window: Window, segment: str = ALL) -> tuple[Profile, ...]:
        """
        Return the stored hours of `segment` in `window`, in order; hours without any are absent.

        Of months long past there are days instead; one that the window cuts is left out.
        """
        return tuple(
            read[hour]
            for stretch in self._stretches(window)
            for read in (self._stored(version, baseline.ruler.id, stretch).get(segment, {}),)
            for hour in Window(max(stretch.start, window.start), min(stretch.end, window.end)).hours()
            if hour in read and read[hour].end <= window.end
        )

    def _stretches(self, window: Window) -> list[Window]:
        """Return the stretches of the span that `window` touches, in order."""
        start = self._span.start + (window.start - self._span.start) // self._stretch * self._stretch
        found = []
        while start < window.end:
            found.append(Window(start, start + self._stretch))
            start += self._stretch
        return found

    def _stored(self, version: str, ruler: str, stretch: Window) -> dict[str, dict[datetime, Profile]]:
        read = self._read[version, ruler]
        if stretch not in read:
            by_segment: dict[str, dict[datetime, Profile]] = defaultdict(dict)
            within = Window(max(stretch.start, self._span.start), min(stretch.end, self._span.end))
            for each in self._journal.profiles(PRODUCTION, self._model, version, ruler, within):
                by_segment[each.segment][each.start] = each
            while len(read) >= _KEPT_STRETCHES:
                del read[next(iter(read))]
            read[stretch] = by_segment
        return read[stretch]
