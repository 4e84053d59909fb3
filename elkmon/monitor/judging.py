"""
Windows of one model, judged in order: which need it, what they are judged by, and what their verdicts replace.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from shlex import quote

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.findings import Finding, Status, Subject
from elkmon.identity import identity
from elkmon.judgement import Limits, earlier_windows, judge, learn, unfamiliar, unjudged
from elkmon.monitor.hours import Hours
from elkmon.monitor.profiling import Asked
from elkmon.ports import EventLog, Journal
from elkmon.windows import Window, windows_within


@dataclass(frozen=True, slots=True)
class Judged:
    """
    The verdicts of one model.

    Attributes:
        changed: findings to be written: new, or different from what was remembered.
        standing: all findings of the span, old and new, in order of window.
        latest: those of each version's latest window.
        windows: windows judged in this run; `problems` why something could not be.
    """

    changed: tuple[Finding, ...]
    standing: tuple[Finding, ...]
    latest: tuple[Finding, ...]
    windows: int
    problems: tuple[str, ...] = ()


class Judge:
    """Judges windows; keeps the limits learnt from each baseline, which follow from its hours and never change."""

    def __init__(self, event_log: EventLog, journal: Journal) -> None:
        self._event_log = event_log
        self._journal = journal
        self._limits: dict[tuple[str, str], tuple[Baseline, Limits]] = {}

    def judge(self, settings: ModelSettings, asked: Asked, span: Window, now: datetime) -> Judged:
        """Judge every window of `span` that is new, whose hours or settings changed, or whose labels were not due."""
        remembered: dict[tuple[str, Window], list[Finding]] = defaultdict(list)
        for finding in self._journal.findings(settings.name, span):
            remembered[finding.version, finding.window].append(finding)
        standing: list[Finding] = []
        changed: list[Finding] = []
        latest: dict[str, tuple[Finding, ...]] = {}
        problems: dict[str, None] = {}
        judged = 0
        windows = windows_within(span, settings.window, settings.offset)
        reach = earlier_windows(settings.window)
        hours = Hours(self._journal, settings.name, Window(span.start - reach * settings.window, span.end))
        for window in windows:
            for version in _live(asked, window):
                before = remembered[version, window]
                baseline = asked.baselines.get(version)
                content = _content(asked, version, window)
                if baseline is None:
                    problems[f"version {version} has no baseline; make one with `elkmon baseline create`"] = None
                if before and not _outdated(before, settings, baseline, content):
                    verdicts = tuple(sorted(before, key=lambda each: each.subject))
                else:
                    judged += 1
                    new = self._verdicts(settings, baseline, version, window, now, hours)
                    verdicts, fresh = _merged(before, [replace(each, content=content) for each in new])
                    changed.extend(fresh)
                standing.extend(verdicts)
                latest[version] = verdicts
        last = max((findings[0].window for findings in latest.values() if findings), default=None)
        current = tuple(finding for findings in latest.values() for finding in findings if finding.window == last)
        return Judged(tuple(changed), tuple(standing), current, judged, tuple(problems))

    def _verdicts(
        self,
        settings: ModelSettings,
        baseline: Baseline | None,
        version: str,
        window: Window,
        now: datetime,
        hours: Hours,
    ) -> tuple[Finding, ...]:
        if baseline is None:
            reason = f"there is no baseline for {settings.name}; make one with `elkmon baseline create {quote(settings.name)}`"
            return unjudged(settings, settings.name, version, window, now, reason)
        baseline, limits = self.limits(baseline, settings)
        before = range(earlier_windows(settings.window), 0, -1)
        earlier = [hours.profile(baseline, version, window.before(count)) for count in before]
        current = hours.profile(baseline, version, window)
        verdicts = judge(settings, baseline, limits, current, earlier, now)
        if not current.predictions:
            return verdicts
        features = self._event_log.features(settings.name, version, window)
        return (*verdicts, unfamiliar(settings, baseline, current, features, now, window))

    def limits(self, baseline: Baseline, settings: ModelSettings) -> tuple[Baseline, Limits]:
        """Return `baseline` with its hours, and the limits learnt from them under `settings`."""
        key = (baseline.id, settings.hash)
        if key not in self._limits:
            span = Window(baseline.start, baseline.end)
            hours = self._journal.profiles(baseline.id, baseline.model, baseline.version, baseline.ruler.id, span)
            whole = replace(baseline, hours=tuple(hours))
            self._limits[key] = (whole, learn(whole, settings))
        return self._limits[key]


def _live(asked: Asked, window: Window) -> tuple[str, ...]:
    """
    Return the versions to judge in `window`: those with predictions in it; if there are none, the last that had any before.

    So a service that falls silent is noticed, and a version that was replaced is not.
    """
    predicted = [(hour, version) for (version, hour), counts in asked.counts.items() if counts.predictions]
    live = dict.fromkeys(version for hour, version in sorted(predicted) if hour in window)
    if live:
        return tuple(live)
    before = [(hour, version) for hour, version in predicted if hour < window.start]
    return (max(before)[1],) if before else ()


def _content(asked: Asked, version: str, window: Window) -> str:
    """Return a hash of how many documents each hour of `window` holds."""
    lines = [
        f"{hour.isoformat()} {counts.predictions} {counts.errors} {counts.outcomes}"
        for (of, hour), counts in sorted(asked.counts.items(), key=lambda each: each[0][1])
        if of == version and hour in window
    ]
    return identity(*lines)


def _outdated(before: Sequence[Finding], settings: ModelSettings, baseline: Baseline | None, content: str) -> bool:
    """Whether what was remembered was made from other documents, settings or baseline, or waited for labels."""
    made_from = (settings.hash, baseline.id if baseline else "", content)
    return any(
        (finding.settings, finding.baseline, finding.content) != made_from or finding.status is Status.PENDING
        for finding in before
    )


def _merged(before: Iterable[Finding], new: Iterable[Finding]) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """
    Return the verdicts that stand after judging again, and those of them that must be written.

    A finding that says the same as before stays as it was written; one whose status changed says what it was; one whose
    subject is not judged any more says so, and is not left to stand.
    """
    old: dict[Subject, Finding] = {finding.subject: finding for finding in before}
    standing: list[Finding] = []
    changed: list[Finding] = []
    verdicts = list(new)
    verdicts.extend(_dropped(old, verdicts))
    for finding in sorted(verdicts, key=lambda each: each.subject):
        previous = old.get(finding.subject)
        if previous is None:
            revised = finding
        elif previous.status is finding.status:
            revised = replace(
                finding, revision=previous.revision, previous=previous.previous, judged_at=previous.judged_at
            )
        else:
            revised = replace(finding, revision=previous.revision + 1, previous=previous.status)
        standing.append(revised)
        if previous is None or replace(revised, evidence=None) != replace(previous, evidence=None):
            changed.append(revised)
    return tuple(standing), tuple(changed)


def _dropped(old: Mapping[Subject, Finding], new: Sequence[Finding]) -> Iterator[Finding]:
    """Yield a NOT APPLICABLE for each old subject that `new` does not judge."""
    now = new[0]
    judged = {finding.subject for finding in new}
    for subject, finding in old.items():
        if subject not in judged:
            yield replace(
                now,
                subject=subject,
                status=Status.NOT_APPLICABLE,
                measure=finding.measure,
                unit=finding.unit,
                value=None,
                limit=None,
                critical_limit=None,
                baseline_value=None,
                p_value=None,
                q_value=None,
                lower=None,
                upper=None,
                coverage=None,
                beside={},
                evidence=None,
                reason="not judged any more",
            )
