"""
Which hours changed since they were profiled, and their new profiles. Each event is aggregated once, whatever is asked later.

What was counted outlives its events: an hour that retention has begun to eat keeps the profile it has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from elkmon.baselines import Baseline
from elkmon.ports import EventLog, HourCounts, Journal, Wanted
from elkmon.profiles import ALL, Profile
from elkmon.windows import HOUR

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
        counts: documents per hour and version, in order of time, with the ruler that counts them; where events are gone, as
            many as were counted.
        baselines: what each version with predictions is compared with.
        touched: hours that hold other documents than what was recorded of them, or are counted by another ruler; True where
            that is more than truth.
        wanted: hours that must be profiled.
        gone: hours that were counted by another ruler only, and whose events are gone.
        problems, notes: what stands in the way of judging, and what else is to be said.
    """

    model: str
    counts: Mapping[Hour, HourCounts]
    baselines: Mapping[str, Baseline]
    touched: Mapping[Hour, bool] = field(default_factory=dict)
    wanted: tuple[Wanted, ...] = ()
    gone: frozenset[Hour] = frozenset()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def hours(self) -> int:
        """How many hours must be profiled."""
        return sum(len(each.hours) for each in self.wanted)


@dataclass(slots=True)
class _Plan:
    """What is to be profiled of each version, which hours cannot be, and what is counted of each hour."""

    counts: dict[Hour, HourCounts] = field(default_factory=dict)
    touched: dict[Hour, bool] = field(default_factory=dict)
    changed: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    gone: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))


def plan_hours(
    model: str, counted: Iterable[HourCounts], recorded: Iterable[HourCounts], known: Sequence[Baseline]
) -> Asked:
    """
    Return which hours of `model` must be profiled: those `counted` whose documents differ from what was `recorded` of them.

    `known` are the model's baselines, newest first. Streams are append-only, so equal counts mean equal content, and fewer
    mean that retention took the rest; there is no time checkpoint to be wrong about. Days that were rolled up stay as they are.
    """
    before: dict[Hour, list[HourCounts]] = defaultdict(list)
    rolled_up: set[Hour] = set()
    for each in recorded:
        before[Hour(each.hour, each.version)].append(each)
        if each.hours > 1:
            rolled_up |= {Hour(each.hour + place * HOUR, each.version) for place in range(each.hours)}
    there = {hour: each for each in counted if (hour := Hour(each.hour, each.version)) not in rolled_up}
    versions = dict.fromkeys(
        hour.version
        for hour in sorted({*there, *before})
        if any(each.predictions for each in (*_of(there, hour), *before.get(hour, ())))
    )
    baselines = {version: found for version in versions if (found := chosen_baseline(known, version))}
    plan = _planned(there, before, baselines)
    wanted = tuple(
        Wanted(model, version, tuple(plan.changed[version]), baseline.ruler)
        for version, baseline in baselines.items()
        if plan.changed.get(version)
    )
    gone = frozenset(Hour(start, version) for version, starts in plan.gone.items() for start in starts)
    notes = tuple(_said(model, version, starts, baselines[version]) for version, starts in plan.gone.items())
    return Asked(model, plan.counts, baselines, plan.touched, wanted, gone, notes=notes)


def profile_hours(event_log: EventLog, journal: Journal, wanted: Iterable[Wanted]) -> None:
    """Profile what is `wanted` and save it a week of hours at a time, so that what is interrupted goes on where it was."""
    unsaved: list[Profile] = []
    hours = 0
    for profile in event_log.profiles(wanted):
        unsaved.append(profile)
        hours += profile.segment == ALL
        if hours == _HOURS_A_SAVE:
            journal.save(unsaved)
            unsaved, hours = [], 0
    if unsaved:
        journal.save(unsaved)


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
        baseline = baselines.get(hour.version)
        ruler = baseline.ruler.id if baseline else ""
        own = next((each for each in before if each.ruler == ruler), None)
        most = own or max((*before, now), key=amounts)
        eaten = _fewer(now, most)
        plan.counts[hour] = most if eaten else replace(now, ruler=ruler)
        if own is None and eaten:
            if baseline:
                plan.gone[hour.version].append(hour.start)
        elif not eaten and (own is None or amounts(now) != amounts(own)):
            plan.touched[hour] = own is None or amounts(now)[:2] != amounts(own)[:2]
            if baseline:
                plan.changed[hour.version].append(hour.start)
    return plan


def amounts(counts: HourCounts) -> tuple[int, int, int]:
    """Return how many predictions, errors and outcomes are counted."""
    return counts.predictions, counts.errors, counts.outcomes


def _fewer(now: HourCounts, then: HourCounts) -> bool:
    return any(here < before for here, before in zip(amounts(now), amounts(then), strict=True))


def _of(there: Mapping[Hour, HourCounts], hour: Hour) -> Iterator[HourCounts]:
    if hour in there:
        yield there[hour]


def _said(model: str, version: str, hours: Sequence[datetime], baseline: Baseline) -> str:
    many = "1 hour" if len(hours) == 1 else f"{len(hours):,} hours"
    return (
        f"{many} of {model} {version} before {max(hours) + HOUR:%Y-%m-%d %H:%M} UTC were counted by an earlier ruler and their "
        f"events are gone; they are not judged against baseline {baseline.id}"
    )
