"""
Which hours changed since they were profiled, and their new profiles. Each event is aggregated once, whatever is asked later.

What was counted outlives its events: an hour that retention has begun to eat keeps the profile it has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from elkmon.baselines import Baseline
from elkmon.ports import EventLog, HourCounts, Journal
from elkmon.profiles import ALL, Profile
from elkmon.windows import HOUR, Window

_NAMED = 10
_HOURS_A_SAVE = 168


class Hour(NamedTuple):
    """One hour of one version, in order of time."""

    start: datetime
    version: str


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What the event log holds of one model, or held when it was counted.

    Attributes:
        counts: documents per hour and version, in order of time; where events are gone, as many as were counted.
        baselines: what each version with predictions is compared with.
        gone: hours that were counted by another ruler only, and whose events are gone.
        profiled: hours profiled anew; `problems` what stood in the way, `notes` what else is to be said.
    """

    model: str
    counts: Mapping[Hour, HourCounts]
    baselines: Mapping[str, Baseline]
    gone: frozenset[Hour] = frozenset()
    profiled: int = 0
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Plan:
    """What is to be profiled of each version, which hours cannot be, and what is counted of each hour."""

    counts: dict[Hour, HourCounts] = field(default_factory=dict)
    changed: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    gone: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))


def profile_changed_hours(
    event_log: EventLog, journal: Journal, model: str, span: Window, known: Sequence[Baseline]
) -> Asked:
    """
    Profile the hours of `span` whose documents differ from what their stored profile recorded, and save the profiles.

    `known` are the model's baselines, newest first. Streams are append-only, so equal counts mean equal content, and fewer
    mean that retention took the rest; there is no time checkpoint to be wrong about.
    """
    there = {Hour(each.hour, each.version): each for each in event_log.counts(span, [model])}
    recorded: dict[Hour, list[HourCounts]] = defaultdict(list)
    for each in journal.profiled(span, [model]):
        recorded[Hour(each.hour, each.version)].append(each)
    versions = dict.fromkeys(
        hour.version
        for hour in sorted({*there, *recorded})
        if any(each.predictions for each in (*_of(there, hour), *recorded.get(hour, ())))
    )
    baselines = {version: found for version in versions if (found := chosen_baseline(known, version))}
    plan = _planned(there, recorded, baselines)
    profiled = 0
    for version, baseline in baselines.items():
        if changed := plan.changed.get(version):
            _profile(journal, event_log.profiles(model, version, changed, baseline.ruler))
            profiled += len(changed)
    gone = frozenset(Hour(start, version) for version, starts in plan.gone.items() for start in starts)
    notes = tuple(_said(model, version, starts, baselines[version]) for version, starts in plan.gone.items())
    problems = () if plan.counts else (_nothing(event_log, span),)
    return Asked(model, plan.counts, baselines, gone, profiled, problems, notes)


def chosen_baseline(known: Sequence[Baseline], version: str) -> Baseline | None:
    """
    Return what `version` is compared with: its own newest baseline of `known` (newest first), else its predecessor's.

    A provisional one stands in for a real one only while there is none, whichever version that is of.
    """
    real = [each for each in known if not each.source.provisional] or list(known)
    return next((each for each in real if each.version == version), real[0] if real else None)


def _planned(
    there: Mapping[Hour, HourCounts],
    recorded: Mapping[Hour, Sequence[HourCounts]],
    baselines: Mapping[str, Baseline],
) -> _Plan:
    plan = _Plan()
    for hour in sorted({*there, *recorded}):
        before = recorded.get(hour, ())
        now = there.get(hour) or HourCounts(before[0].model, hour.version, hour.start)
        most = max((*before, now), key=_amounts)
        baseline = baselines.get(hour.version)
        own = next((each for each in before if baseline and each.ruler == baseline.ruler.id), None)
        if own is not None:
            eaten = _fewer(now, own)
            plan.counts[hour] = own if eaten else now
            changed = not eaten and _amounts(now) != _amounts(own)
        else:
            eaten = _fewer(now, most)
            plan.counts[hour] = most if eaten else now
            changed = not eaten
            if eaten and baseline:
                plan.gone[hour.version].append(hour.start)
        if changed and baseline:
            plan.changed[hour.version].append(hour.start)
    return plan


def _profile(journal: Journal, profiles: Iterable[Profile]) -> None:
    """Save `profiles` a week of hours at a time, so that what is interrupted goes on where it was."""
    unsaved: list[Profile] = []
    hours = 0
    for profile in profiles:
        unsaved.append(profile)
        hours += profile.segment == ALL
        if hours == _HOURS_A_SAVE:
            journal.save(unsaved)
            unsaved, hours = [], 0
    if unsaved:
        journal.save(unsaved)


def _fewer(now: HourCounts, then: HourCounts) -> bool:
    return any(here < before for here, before in zip(_amounts(now), _amounts(then), strict=True))


def _amounts(counts: HourCounts) -> tuple[int, int, int]:
    return counts.predictions, counts.errors, counts.outcomes


def _of(there: Mapping[Hour, HourCounts], hour: Hour) -> Iterator[HourCounts]:
    if hour in there:
        yield there[hour]


def _said(model: str, version: str, hours: Sequence[datetime], baseline: Baseline) -> str:
    many = "1 hour" if len(hours) == 1 else f"{len(hours):,} hours"
    return (
        f"{many} of {model} {version} before {max(hours) + HOUR:%Y-%m-%d %H:%M} UTC were counted by an earlier ruler and their "
        f"events are gone; they are not judged against baseline {baseline.id}"
    )


def _nothing(event_log: EventLog, span: Window) -> str:
    others = sorted({each.model for each in event_log.counts(span, [])})
    named = f"; the models that logged are {', '.join(others[:_NAMED])}" if others else "; no model logged anything"
    return f"no predictions in {span} (an hour counts once it is over){named}"
