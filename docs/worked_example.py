# ruff: noqa: INP001  a script beside the page it belongs to
"""One verdict in figures: stated counts through the real judge, so that no figure on the page can go stale."""

from __future__ import annotations

from datetime import UTC, datetime

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import ModelSettings
from elkmon.findings import Family, Finding, Kind
from elkmon.judgement import judge, learn
from elkmon.measures.drift import wasserstein
from elkmon.measures.limits import margin
from elkmon.measures.significance import ks_p_value
from elkmon.profiles import ALL, Counts, Profile, total
from elkmon.rulers import CategoricalScale, NumericScale, Ruler
from elkmon.windows import DAY, HOUR

_START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
_DISTANCE, _ORIGIN = "features.num.distance", "features.cat.origin"
_SCALE = NumericScale((500.0, 1000.0, 1500.0), (250.0, 750.0, 1250.0, 1750.0))
_RULER = Ruler({_DISTANCE: _SCALE, _ORIGIN: CategoricalScale(("EWR", "JFK"))})
_WEEKDAY, _WEEKEND, _NOW = (100, 140, 110, 50), (60, 120, 130, 90), (30, 100, 150, 120)
_ORIGINS = (240, 160, 0)
_DAYS = 56
_SETTINGS = ModelSettings("flight-delay")


def worked_example() -> str:
    """Return the example as Markdown."""
    hours = tuple(_hour(day, _WEEKEND if day % 7 >= 5 else _WEEKDAY) for day in range(_DAYS))
    nothing = Profile("flight-delay", "1", _START, _START + _DAYS * DAY, _RULER.id)
    whole = total(hours, nothing)
    baseline = Baseline("flight-delay", "1", _RULER, Source(SourceKind.WINDOW, "eight weeks"), whole, _START, hours)
    limits = learn(baseline, _SETTINGS)
    current = _hour(_DAYS + 6, _NOW)
    window = Profile(
        "flight-delay", "1", current.start, current.start + DAY, _RULER.id, current.predictions, 0, current.subjects
    )
    found = judge(_SETTINGS, baseline, limits, {ALL: window}, (), window.end)
    finding = next(each for each in found if each.subject.name == "distance" and each.subject.family is Family.DRIFT)
    calm = next(each for each in found if each.subject.name == "origin" and each.subject.kind is Kind.FEATURE)
    learnt = limits[ALL].learnt[finding.subject]
    assert finding.value is not None
    assert finding.limit is not None
    assert learnt.limit is not None
    reference = whole.subjects[_DISTANCE].bins
    gross = wasserstein(reference, _NOW, _SCALE.points, net=False)
    tested = sum(each.p_value is not None for each in found)
    floor = _SETTINGS.floor("wasserstein")
    return f"""\
The feature `distance` is counted in four bins; the reference is eight weeks of 400 rows a day, and a Sunday is judged.

| rows per day | below 500 | 500 to 1000 | 1000 to 1500 | 1500 and above |
|---|---:|---:|---:|---:|
| reference, a weekday | {_cells(_WEEKDAY)} |
| reference, Saturday and Sunday | {_cells(_WEEKEND)} |
| reference, all {_DAYS} days | {_cells(reference)} |
| the day judged | {_cells(_NOW)} |

1. **Enough rows?** {finding.rows} in the window and {finding.reference_rows:,} in the reference; {_SETTINGS.min_rows} are
   needed. Yes.
2. **Significant?** The largest gap between the cumulative shares (KS) is {finding.beside["ks"]:.3f}, of which chance does as
   much with p = {_small(finding.p_value)}. {tested} subjects of this window were tested (`origin`, which did not move, has
   p = {_small(calm.p_value)}); corrected for that, q = {_small(finding.q_value)}, below {_SETTINGS.significance}. Yes.
3. **Big?** The distance (Wasserstein) is {gross:.3f} SD of the reference as it stands, and **{finding.value:.3f} SD** net of what
   sampling alone gives at these sizes. The reference's own days, each against the rest of it, reach at most
   M = {learnt.largest:.3f}, on weekends; there are n = {learnt.windows} of them, so the margin is
   1 + 2.4/√{learnt.windows} = {margin(learnt.windows):.3f}, and the learnt limit M × {margin(learnt.windows):.3f} =
   {learnt.limit:.3f}. The limit is the larger of that and the floor {floor.warning}: **{finding.limit:.3f} SD**. Yes.

The verdict is **{finding.status.value.upper()}** ({finding.reason}): {_grade(finding, floor.critical, learnt.limit)}
An alert opens, and a mail is sent, when two of three windows say so. An ordinary Sunday lies {learnt.largest:.3f} SD from
the rest and stays below the limit, though its p of {_small(ks_p_value(reference, _WEEKEND))} would call it significant.
"""


def _hour(day: int, rows: tuple[int, ...]) -> Profile:
    start = _START + day * DAY
    subjects = {_DISTANCE: Counts(rows), _ORIGIN: Counts(_ORIGINS)}
    return Profile("flight-delay", "1", start, start + HOUR, _RULER.id, sum(rows), 0, subjects)


def _cells(rows: tuple[int, ...]) -> str:
    return " | ".join(f"{count:,}" for count in rows)


def _small(probability: float | None) -> str:
    assert probability is not None
    return f"{probability:.3g}" if probability >= 1e-3 else f"{probability:.0e}".replace("e-0", "e-")


def _grade(finding: Finding, floor: float, learnt: float) -> str:
    assert finding.value is not None
    assert finding.critical_limit is not None
    beyond = "above" if finding.value > finding.critical_limit else "not above"
    return (
        f"{finding.value:.3f} is {beyond} the larger of the critical floor {floor} and twice the learnt limit "
        f"{2 * learnt:.3f}."
    )
