"""
The past replayed: what a check would have said and told, without writing anything or telling anybody.

A `Rehearsal` stands before the real journal: what is remembered of the traffic shows through, verdicts and stories do not,
and what the check saves stays in memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from elkmon.alerts import Alert, Change, Transition, told_with_the_whole
from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.findings import Direction, Family, Finding, Kind, Status, Subject
from elkmon.ports import (
    Arrival,
    Claim,
    EventLog,
    Hold,
    HourCounts,
    Joined,
    Journal,
    Record,
    Stories,
    Totals,
    Turn,
    Visit,
    Wanted,
)
from elkmon.profiles import Profile
from elkmon.surveys import Survey
from elkmon.windows import Window


@dataclass(frozen=True, slots=True)
class Story:
    """
    One episode of one subject.

    Attributes:
        opened_at, worsened_at, resolved_at: ends of the windows that brought it; None where that did not happen.
        severity: the worst verdict since it opened.
        worst: the finding that lay furthest beyond its limit.
    """

    subject: Subject
    segment: str
    opened_at: datetime
    worsened_at: datetime | None
    resolved_at: datetime | None
    severity: Status
    worst: Finding | None


@dataclass(frozen=True, slots=True)
class Flagged:
    """How many `windows` a subject was judged in, and in how many of them it was `bad`."""

    subject: Subject
    segment: str
    bad: int
    windows: int


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """
    What would have been said of one model over a span.

    Attributes:
        model: which one.
        windows: windows that could be judged, of how many there were (`all_windows`).
        stories: in order of opening; `flagged` the subjects that were beyond their limit in any window, most often first.
        mails: how many mails that would have been with one check a window, truth coming as late as it is due.
    """

    model: str
    windows: int
    all_windows: int
    stories: tuple[Story, ...]
    flagged: tuple[Flagged, ...]
    mails: int


class Unjoined:
    """An event log that is only asked: truth that waits to be joined goes on waiting."""

    def __init__(self, event_log: EventLog) -> None:
        self._event_log = event_log

    def join(
        self,
        now: datetime,
        span: Window,
        models: Sequence[str],
        positive_labels: Mapping[str, str],
        segments: Mapping[str, Sequence[str]],
    ) -> Joined:
        """Join nothing, as joining writes."""
        del now, span, models, positive_labels, segments
        return Joined()

    def totals(self, span: Window) -> Mapping[datetime, Totals]:
        """Ask the event log."""
        return self._event_log.totals(span)

    def counts(self, span: Window, models: Sequence[str], hours: Sequence[datetime] = ()) -> Sequence[HourCounts]:
        """Ask the event log."""
        return self._event_log.counts(span, models, hours)

    def profiles(self, wanted: Iterable[Wanted]) -> Iterator[Profile]:
        """Ask the event log."""
        return self._event_log.profiles(wanted)

    def arrivals(self, visits: Iterable[Visit]) -> Iterator[Arrival]:
        """Ask the event log."""
        return self._event_log.arrivals(visits)

    def survey(self, model: str, version: str, span: Window, quantiles: Sequence[float]) -> Survey:
        """Ask the event log."""
        return self._event_log.survey(model, version, span, quantiles)


@dataclass(slots=True)
class Rehearsal:
    """The journal of a rehearsal: baselines and profiles of `journal`, and in memory what is saved."""

    journal: Journal
    _baselines: dict[str, Baseline] = field(default_factory=dict)
    _profiles: dict[tuple[str, str, str, str], dict[tuple[datetime, str], Profile]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    _findings: dict[tuple[str, str, str, Subject, Window], Finding] = field(default_factory=dict)
    _alerts: dict[str, Alert] = field(default_factory=dict)

    @contextmanager
    def hold(self, owner: str, turn: Turn) -> Iterator[Hold]:
        """Hold nothing: what changes nothing stands in nobody's way."""
        del owner, turn
        yield Hold(Claim.HELD, lambda: None, lambda: None)

    def save(self, records: Iterable[Record]) -> None:
        """Keep in memory what the reads below give back."""
        for record in records:
            if isinstance(record, Profile):
                self._keep(record)
            elif isinstance(record, Baseline):
                self._baselines[record.id] = replace(record, hours=())
                for hour in record.hours:
                    self._keep(replace(hour, source=record.id))
            elif isinstance(record, Finding):
                key = (record.model, record.version, record.segment, record.subject, record.window)
                self._findings[key] = replace(record, evidence=None)
            elif isinstance(record, Alert):
                self._alerts[record.fingerprint] = record

    def baselines(self, model: str) -> Sequence[Baseline]:
        """Return what is remembered, and what was made in the rehearsal, newest first."""
        own = [each for each in self._baselines.values() if not model or each.model == model]
        remembered = [each for each in self.journal.baselines(model) if each.id not in self._baselines]
        return sorted([*own, *remembered], key=lambda each: (each.created_at, each.id), reverse=True)

    def profiles(self, source: str, model: str, version: str, ruler: str, span: Window) -> Sequence[Profile]:
        """Return what is remembered, and in its place what was counted anew in the rehearsal, in order of hour."""
        found = {
            (each.start, each.segment): each for each in self.journal.profiles(source, model, version, ruler, span)
        }
        again = self._profiles.get((source, model, version, ruler), {})
        found.update((key, each) for key, each in again.items() if key[0] in span)
        return [found[key] for key in sorted(found)]

    def profiled(self, span: Window, models: Sequence[str]) -> Sequence[HourCounts]:
        """Return what the stored profiles recorded; what the rehearsal counted is not asked for again."""
        return self.journal.profiled(span, models)

    def findings(self, model: str, span: Window) -> Sequence[Finding]:
        """Return the verdicts of the rehearsal, in order of window; none that are remembered."""
        return sorted(
            (
                each
                for each in self._findings.values()
                if each.model == model and span.start < each.window.end <= span.end
            ),
            key=lambda each: (each.window.end, each.window.start, each.version, each.subject),
        )

    def stories(self, models: Sequence[str] = ()) -> Stories:
        """Return the stories of the rehearsal; none that are remembered, only what baselines taught."""
        own = tuple(each for each in self._alerts.values() if not models or each.model in models)
        return Stories(own, lessons=self.journal.stories(models).lessons if models else ())

    def told(self, settings: ModelSettings, windows: int) -> Rehearsed:
        """Return what would have been said of one model, over a span of so many `windows`."""
        findings = [each for each in self._findings.values() if each.model == settings.name]
        by_subject: dict[tuple[str, Subject], list[Finding]] = defaultdict(list)
        for finding in findings:
            by_subject[finding.segment, finding.subject].append(finding)
        judged = {each.window for each in findings if each.status is Status.OK or each.status.bad}
        alerts = [each for each in self._alerts.values() if each.model == settings.name]
        untold = told_with_the_whole(alerts)
        stories = [
            story
            for alert in alerts
            for story in _stories(alert, by_subject[alert.segment, alert.subject], settings, untold)
        ]
        flagged = [_flagged(*key, of_subject, len(judged)) for key, of_subject in by_subject.items()]
        return Rehearsed(
            settings.name,
            len(judged),
            windows,
            tuple(sorted(stories, key=lambda each: (each.opened_at, each.segment, each.subject))),
            tuple(
                sorted(
                    (each for each in flagged if each.bad),
                    key=lambda each: (-each.bad, each.segment, each.subject),
                )
            ),
            len(
                {
                    _told_at(each, alert.subject, settings)
                    for alert in alerts
                    for each in alert.timeline
                    if each.id not in untold
                }
            ),
        )

    def _keep(self, profile: Profile) -> None:
        of = self._profiles[profile.source, profile.model, profile.version, profile.ruler]
        of[profile.start, profile.segment] = profile


def _stories(
    alert: Alert, findings: Sequence[Finding], settings: ModelSettings, untold: AbstractSet[str]
) -> Iterator[Story]:
    for episode in range(1, alert.episode + 1):
        at = {each.change: each for each in alert.timeline if each.episode == episode}
        if all(each.id in untold for each in at.values()):
            continue
        opened, resolved = at[Change.OPENED], at.get(Change.RESOLVED)
        worsened = at.get(Change.WORSENED)
        first = opened.at - settings.policy.of_windows * settings.window
        bad = [
            each
            for each in findings
            if each.status.bad and first < each.window.end and (resolved is None or each.window.end <= resolved.at)
        ]
        yield Story(
            alert.subject,
            alert.segment,
            opened.at,
            worsened.at if worsened else None,
            resolved.at if resolved else None,
            worsened.status if worsened else opened.status,
            max(bad, key=_beyond, default=None),
        )


def _flagged(segment: str, subject: Subject, findings: Sequence[Finding], windows: int) -> Flagged:
    """Of good values within a segment nothing is kept, so they count as judged in every window that could be."""
    judged = len({each.window for each in findings if each.status is Status.OK or each.status.bad})
    kept = subject.family is not Family.QUALITY
    bad = len({each.window for each in findings if each.status.bad})
    return Flagged(subject, segment, bad, judged if kept else windows)


def _beyond(finding: Finding) -> tuple[int, float]:
    """How bad a finding is, and how far beyond its limit."""
    if finding.value is None or finding.limit is None:
        return finding.status.rank, 0.0
    beyond = finding.value - finding.limit
    return finding.status.rank, -beyond if finding.direction is Direction.LOWER else abs(beyond)


def _told_at(transition: Transition, subject: Subject, settings: ModelSettings) -> datetime:
    """Return the end of the window after which the mail goes out: what needs truth waits until it is due."""
    if subject.kind not in {Kind.METRIC, Kind.CONCEPT} or settings.labels_after is None:
        return transition.at
    return transition.at - (-settings.labels_after // settings.window) * settings.window
