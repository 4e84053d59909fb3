"""Seasons: what a window is compared with when weekdays or hours of the day differ, as they should."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import ModelSettings, Season, season_problem
from elkmon.findings import Finding, Status
from elkmon.judgement import judge, learn
from elkmon.judgement.seasons import enough_of, learn_phase, phase_name, phase_of
from elkmon.profiles import ALL, Counts, Outcomes, Profile, total
from elkmon.rulers import NumericScale, Ruler
from elkmon.windows import DAY, HOUR, Window

MONDAY = datetime(2013, 1, 7, tzinfo=UTC)
X = "features.num.x"
EDGES = (*(NormalDist().inv_cdf(place / 20) for place in range(1, 20)), 2.0, 3.0, 4.0)
RULER = Ruler({X: NumericScale(EDGES, (EDGES[0], *((a + b) / 2 for a, b in pairwise(EDGES)), EDGES[-1]))})
DAILY = ModelSettings("shop", season=Season.WEEKDAY)
QUARTERS = ModelSettings("shop", window=6 * HOUR, min_rows=50, season=Season.HOUR_OF_DAY)


def hour(start: datetime, shift: float, rows: int, seed: int = 0) -> Profile:
    values = np.random.default_rng([seed, int(start.timestamp())]).normal(shift, 1, rows)
    places = np.searchsorted(RULER.scales[X].edges, values, side="right")
    counts = Counts(tuple(np.bincount(places, minlength=RULER.scales[X].size).tolist()))
    return Profile("shop", "1", start, start + HOUR, RULER.id, rows, subjects={X: counts})


def of_weekday(start: datetime, rows: int = 40, seed: int = 0) -> Profile:
    """At weekends people buy what costs one SD more."""
    return hour(start, 1.0 if start.weekday() >= 5 else 0.0, rows, seed)


def of_day_and_night(start: datetime, seed: int = 0) -> Profile:
    """Nights have a tenth of the traffic."""
    return hour(start, 0.0, 20 if start.hour < 6 else 200, seed)


def summed(hours: list[Profile]) -> Profile:
    start, end = hours[0].start, hours[-1].end
    return total(hours, Profile("shop", "1", start, end, RULER.id))


@cache
def reference(weeks: int = 12, *, nights: bool = False) -> Baseline:
    make = of_day_and_night if nights else of_weekday
    hours = [make(MONDAY + place * HOUR) for place in range(weeks * 7 * 24)]
    return Baseline("shop", "1", RULER, Source(SourceKind.WINDOW, "spring"), summed(hours), MONDAY, tuple(hours))


def verdict(settings: ModelSettings, baseline: Baseline, current: Profile, name: str) -> Finding:
    """Judge a window by its season, or by all of the reference where the settings know none."""
    window = Window(current.start, current.end)
    part, limits = baseline, learn(baseline, settings)
    if settings.season:
        part, limits = learn_phase(baseline, window, settings, settings.season)
    found = judge(settings, part, limits, {ALL: current}, [], current.end + DAY)
    (finding,) = (
        each for each in found if (each.subject.family, each.subject.name) in {("drift", name), ("service", name)}
    )
    return finding


def day(place: int, like: int) -> Profile:
    """The day `place` days after a Monday in summer, with values as of the weekday `like`."""
    start = MONDAY + 20 * 7 * DAY + place * DAY
    shift = 1.0 if like >= 5 else 0.0
    return summed([hour(start + each * HOUR, shift, 40, seed=9) for each in range(24)])


def test_monday_like_a_sunday_is_found_with_the_season():
    """Compared with Mondays it is critical by one SD; compared with all days it is as a weekend is, and nobody notices."""
    odd = day(0, like=6)
    without = ModelSettings("shop")

    found = verdict(DAILY, reference(), odd, "x")
    missed = verdict(without, reference(), odd, "x")

    assert found.status is Status.CRITICAL
    assert found.value == pytest.approx(1.0, abs=0.12)
    assert found.reference_rows == 12 * 24 * 40
    assert missed.status is Status.OK
    assert missed.limit is not None
    assert missed.limit > 0.6


@pytest.mark.parametrize("weekday", range(7))
def test_ordinary_days_are_quiet_with_the_season(weekday: int):
    """A Sunday like the reference's Sundays is as good as a Monday like its Mondays, and keeps the baseline's id."""
    finding = verdict(DAILY, reference(), day(weekday, like=weekday), "x")
    assert finding.status is Status.OK
    assert finding.baseline == reference().id


def test_night_is_not_scarce_with_the_season():
    """A usual night has the traffic of nights; without the season it has an eighth of the average."""
    start = MONDAY + 20 * 7 * DAY
    night = summed([of_day_and_night(start + each * HOUR, seed=9) for each in range(6)])
    with_season = verdict(QUARTERS, reference(nights=True), night, "throughput")
    without = verdict(ModelSettings("shop", window=6 * HOUR, min_rows=50), reference(nights=True), night, "throughput")
    assert (with_season.status, with_season.value) == (Status.OK, pytest.approx(1.0))
    assert without.value == pytest.approx(20 / ((6 * 20 + 18 * 200) / 24))


def test_silence_is_learnt_from_the_whole_reference():
    """That six days lie between two Mondays does not mean that the service may be silent so long."""
    _, limits = learn_phase(reference(), Window(MONDAY, MONDAY + DAY), DAILY, Season.WEEKDAY)
    assert limits[ALL].longest_silence == 0


def test_single_windows_teach_and_no_runs():
    """Twelve Mondays are twelve windows; they are no run, as they do not follow one another."""
    _, limits = learn_phase(reference(), Window(MONDAY, MONDAY + DAY), DAILY, Season.WEEKDAY)
    (learnt,) = (
        each for subject, each in limits[ALL].learnt.items() if (subject.family, subject.name) == ("drift", "x")
    )
    assert learnt.windows == 12
    assert learnt.run_limit is None


@pytest.mark.parametrize(("weeks", "rows", "enough"), [(7, 200, False), (8, 200, True), (12, 961, False)])
def test_too_few_of_a_weekday(weeks: int, rows: int, enough: bool):
    """Eight windows of the phase are needed, each with the rows that any window needs (a day has 960 here)."""
    settings = ModelSettings("shop", min_rows=rows, season=Season.WEEKDAY)
    window = Window(MONDAY + 140 * DAY, MONDAY + 141 * DAY)
    assert enough_of(reference(weeks), window, settings, Season.WEEKDAY) is enough


def test_phase_is_of_the_configured_zone():
    """Two hours east of UTC, Monday begins on Sunday at 22:00 UTC."""
    window = Window(MONDAY - 2 * HOUR, MONDAY + 22 * HOUR)
    assert phase_of(window, Season.WEEKDAY, 2 * HOUR) == {0}
    assert phase_of(window, Season.WEEKDAY) == {6, 0}
    assert phase_name(window, Season.WEEKDAY, 2 * HOUR) == "Mondays"


def test_phases_of_hours():
    """An hour of the day is the same every day, an hour of the week once a week."""
    tuesday = Window(MONDAY + 30 * HOUR, MONDAY + 36 * HOUR)
    assert phase_of(tuesday, Season.HOUR_OF_DAY) == set(range(6, 12))
    assert phase_of(tuesday, Season.HOUR_OF_WEEK) == set(range(30, 36))
    assert phase_name(tuesday, Season.HOUR_OF_WEEK) == "Tuesdays 06:00–12:00"
    assert phase_name(tuesday, Season.HOUR_OF_DAY) == "06:00–12:00"


@pytest.mark.parametrize(
    ("window", "season", "problem"),
    [
        (DAY, Season.WEEKDAY, ""),
        (6 * HOUR, Season.WEEKDAY, ""),
        (6 * HOUR, Season.HOUR_OF_WEEK, ""),
        (7 * DAY, Season.WEEKDAY, "divide a day"),
        (5 * HOUR, Season.HOUR_OF_DAY, "divide a day"),
        (DAY, Season.HOUR_OF_DAY, "choose weekday"),
        (DAY, Season.HOUR_OF_WEEK, "choose weekday"),
    ],
)
def test_seasons_that_make_no_sense(window: timedelta, season: Season, problem: str):
    """A season that windows of that length cannot tell apart is refused with what to do instead."""
    said = season_problem(window, season)
    assert problem in said
    assert bool(said) == bool(problem)


def test_nights_with_hours_of_rest_are_whole_windows():
    """A block of nights is one night, however few of its six hours have traffic, so errors are not taken for smaller."""
    right = {("a", "a"): 8, ("b", "b"): 8, ("a", "b"): 4}
    whole = reference(nights=True)
    nights = tuple(replace(hour, outcomes=Outcomes(20, right)) for hour in whole.hours if hour.start.hour in {1, 2})
    model = replace(QUARTERS, metrics=("accuracy",))
    _, limits = learn_phase(replace(whole, hours=nights), Window(MONDAY, MONDAY + 6 * HOUR), model, Season.HOUR_OF_DAY)
    assert limits[ALL].metrics["accuracy"].windows == 1.0
