"""
A period's history from what is remembered: no new question is asked of the events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from elkmon.alerts import Alert
from elkmon.checks import ModelSettings
from elkmon.digests import Chapter, History, Point, Report
from elkmon.findings import Finding, Status, Subject
from elkmon.judgement import evidence
from elkmon.monitor.hours import Hours
from elkmon.monitor.telling import describe
from elkmon.ports import Journal
from elkmon.windows import Window


def report_period(journal: Journal, models: Sequence[ModelSettings], span: Window, now: datetime) -> Report:
    """Return one chapter per model: its subjects' verdicts over `span`, worst first, and its stories."""
    alerts = journal.stories().alerts
    chapters = tuple(_chapter(journal, settings, span, alerts) for settings in models)
    return Report(now, span, chapters)


def _chapter(journal: Journal, settings: ModelSettings, span: Window, alerts: Sequence[Alert]) -> Chapter:
    findings = journal.findings(settings.name, span)
    baselines = {each.id: each for each in journal.baselines(settings.name)}
    by_subject: dict[tuple[str, Subject], list[Finding]] = defaultdict(list)
    for finding in findings:
        by_subject[finding.version, finding.subject].append(finding)
    windows = tuple(sorted({finding.window for finding in findings}))
    hours = {window: Hours(journal, settings.name, window) for window in windows}
    histories = []
    for (version, _), of_subject in by_subject.items():
        latest = of_subject[-1]
        baseline = baselines.get(latest.baseline)
        if baseline is not None:
            profile = hours[latest.window].profile(baseline, version, latest.window)
            latest = replace(latest, evidence=evidence(baseline, profile, latest.subject))
        points = tuple(Point(each.window.end, each.value, each.limit, each.status) for each in of_subject)
        histories.append(History(version, latest, points))
    histories.sort(key=lambda each: (-_badness(by_subject[each.version, each.latest.subject]), each.latest.subject))
    used = [baselines[each] for each in dict.fromkeys(finding.baseline for finding in findings) if each in baselines]
    told = tuple(alert for alert in alerts if alert.model == settings.name and _told_in(alert, span))
    return Chapter(settings.name, "; ".join(map(describe, used)), windows, tuple(histories), told)


def _badness(findings: Sequence[Finding]) -> float:
    """Critical windows count double: a subject that is bad for long comes before one that was bad once."""
    return sum({Status.CRITICAL: 2, Status.WARNING: 1}.get(finding.status, 0) for finding in findings)


def _told_in(alert: Alert, span: Window) -> bool:
    return any(span.start < each.at <= span.end for each in alert.timeline)
