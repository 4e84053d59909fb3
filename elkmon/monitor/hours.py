"""
The stored hourly profiles of one model, added up to the windows that are asked for.
"""

from __future__ import annotations

from datetime import datetime

from elkmon.baselines import Baseline
from elkmon.ports import Journal
from elkmon.profiles import PRODUCTION, Profile, total
from elkmon.windows import Window


class Hours:
    """The stored hours of one model over a span, read once per version and ruler, and summed as asked."""

    def __init__(self, journal: Journal, model: str, span: Window) -> None:
        self._journal = journal
        self._model = model
        self._span = span
        self._read: dict[tuple[str, str], dict[datetime, Profile]] = {}

    def profile(self, baseline: Baseline, version: str, window: Window) -> Profile:
        """Return the profile of `window`, which lies within the span: the sum of its stored hours."""
        ruler = baseline.ruler.id
        if (version, ruler) not in self._read:
            hours = self._journal.profiles(PRODUCTION, self._model, version, ruler, self._span)
            self._read[version, ruler] = {each.start: each for each in hours}
        read = self._read[version, ruler]
        nothing = Profile(self._model, version, window.start, window.end, ruler)
        return total((read[hour] for hour in window.hours() if hour in read), nothing)
