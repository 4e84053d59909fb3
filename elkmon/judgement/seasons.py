"""
Seasons: a Monday compared with the reference's Mondays, an hour of the night with its nights, where it has enough of them.

What is compared with a part of the reference has its limits learnt from that part, each window of it left out in turn. Where
the reference holds too few windows of a phase, all of it is compared with, and that is said. Windows of one phase do not
follow one another, so there are no runs here: single windows decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings, Season
from elkmon.judgement.learning import learn
from elkmon.measures.history import own_windows
from elkmon.measures.learnt import Limits
from elkmon.measures.limits import LEAST_WINDOWS
from elkmon.profiles import ALL
from elkmon.windows import HOUR, Window, windows_within

Phase = frozenset[int]
"""The places in the day or week that a window covers; windows of one phase are compared with one another."""

_WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def phase_of(window: Window, season: Season, offset: timedelta = timedelta(0)) -> Phase:
    """
    Return the phase of `window`, in the zone `offset` east of UTC.

    >>> from datetime import UTC
    >>> night = Window(datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 4, 1, 6, tzinfo=UTC))
    >>> sorted(phase_of(night, Season.HOUR_OF_DAY)), sorted(phase_of(night, Season.WEEKDAY))
    ([0, 1, 2, 3, 4, 5], [0])
    """
    return frozenset(map(_place(season, offset), window.hours()))


def enough_of(baseline: Baseline, window: Window, settings: ModelSettings, season: Season) -> bool:
    """
    Return whether `baseline`, whose hours must be loaded, has at least 8 windows of the phase of `window`.

    Windows with fewer rows than `min_rows` do not count, as nothing is learnt from them.
    """
    phase = phase_of(window, season, settings.offset)
    rows = {hour.start: hour.predictions for hour in baseline.hours if hour.segment == ALL}
    found = 0
    for own in windows_within(Window(baseline.start, baseline.end), settings.window, settings.offset):
        if phase_of(own, season, settings.offset) == phase:
            found += sum(rows.get(hour, 0) for hour in own.hours()) >= max(settings.min_rows, 1)
    return found >= LEAST_WINDOWS


def learn_phase(
    baseline: Baseline, window: Window, settings: ModelSettings, season: Season
) -> tuple[Baseline, Mapping[str, Limits]]:
    """
    Return the part of `baseline`, whose hours must be loaded, that has the phase of `window`, and the limits it teaches.

    How long the service may be silent is learnt from all of it: between two Mondays there are always six days.
    """
    phase = phase_of(window, season, settings.offset)
    place = _place(season, settings.offset)
    part = baseline.when(lambda hour: place(hour) in phase)
    span = Window(baseline.start, baseline.end)
    hours = baseline.of(ALL).hours
    silence = own_windows(hours, span, settings.window, settings.offset).longest_silence()
    covered = 1.0 if season is Season.WEEKDAY else len(phase) / _HOURS_A_DAY
    learnt = learn(part, settings, covered)
    limits = {segment: replace(each, longest_silence=silence) for segment, each in learnt.items()}
    return part, limits


def phase_name(window: Window, season: Season, offset: timedelta = timedelta(0)) -> str:
    """
    Name the phase of `window` for people.

    >>> from datetime import UTC
    >>> night = Window(datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 4, 1, 6, tzinfo=UTC))
    >>> phase_name(night, Season.WEEKDAY), phase_name(night, Season.HOUR_OF_WEEK)
    ('Mondays', 'Mondays 00:00–06:00')
    """
    start, end = window.start + offset, window.end + offset
    weekday = _WEEKDAYS[start.weekday()]
    hours = f"{start:%H:%M}–{end:%H:%M}"
    return {Season.WEEKDAY: weekday, Season.HOUR_OF_DAY: hours, Season.HOUR_OF_WEEK: f"{weekday} {hours}"}[season]


def _place(season: Season, offset: timedelta) -> Callable[[datetime], int]:
    """Return what tells the place of an hour in the day or week, by its start."""
    if season is Season.WEEKDAY:
        return lambda hour: (hour + offset).weekday()
    if season is Season.HOUR_OF_DAY:
        return lambda hour: (hour + offset).hour
    return lambda hour: (hour + offset).weekday() * _HOURS_A_DAY + (hour + offset).hour


_HOURS_A_DAY = timedelta(days=1) // HOUR
