"""
A period's history from what is remembered: no new question is asked of the events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from elkmon.alerts import Alert
from elkmon.checks import ModelSettings
from elkmon.digests import Chapter, Explanation, History, Point, Report, size
from elkmon.findings import Family, Finding, Status, Subject
from elkmon.judgement import evidence
from elkmon.monitor.explaining import Explainer
from elkmon.monitor.hours import Hours
from elkmon.monitor.telling import describe
from elkmon.ports import Journal
from elkmon.windows import Window


def report_period(
    journal: Journal, models: Sequence[ModelSettings], span: Window, now: datetime, notifiers: Collection[str] = ()
) -> Report:
    """
    Return one chapter per model: its subjects' verdicts over `span`, worst first, and its stories.

    Beside them stands what the `notifiers` could not be told, if it waits or was refused since `span` began.
    """
    stories = journal.stories()
    chapters = tuple(_chapter(journal, settings, span, stories.alerts) for settings in models)
    return Report(now, span, chapters, stories.untold(notifiers, span.start))


def _chapter(journal: Journal, settings: ModelSettings, span: Window, alerts: Sequence[Alert]) -> Chapter:
    findings = journal.findings(settings.name, span)
    baselines = {each.id: each for each in journal.baselines(settings.name)}
    by_subject: dict[tuple[str, str, Subject], list[Finding]] = defaultdict(list)
    for finding in findings:
        by_subject[finding.version, finding.segment, finding.subject].append(finding)
    windows = tuple(sorted({finding.window for finding in findings}))
    hours = {window: Hours(journal, settings.name, window) for window in windows}
    explainer = Explainer(journal, settings)
    ordered = []
    for (version, segment, subject), of_subject in by_subject.items():
        if subject.family is Family.QUALITY and not of_subject[-1].status.bad and of_subject[-1].window < windows[-1]:
            continue  # since then nothing was amiss, of which no word is kept
        latest, explanation = _last_judged(of_subject), Explanation()
        baseline = baselines.get(latest.baseline)
        if baseline is not None:
            explanation = explainer.explain(latest, findings, baseline)
            profile = hours[latest.window].profile(baseline, version, latest.window, segment)
            latest = replace(latest, evidence=evidence(baseline.of(segment), profile, latest.subject))
        points = tuple(Point(each.window.end, each.value, each.limit, each.status) for each in of_subject)
        history = History(version, latest, points, explanation)
        ordered.append((_worst_first(of_subject, explanation), history))
    ordered.sort(key=lambda each: each[0])
    histories = tuple(history for _, history in ordered)
    used = [baselines[each] for each in dict.fromkeys(finding.baseline for finding in findings) if each in baselines]
    told = tuple(alert for alert in alerts if alert.model == settings.name and _told_in(alert, span))
    return Chapter(settings.name, "; ".join(map(describe, used)), windows, histories, told)


def _last_judged(findings: Sequence[Finding]) -> Finding:
    """Return the last finding that is a verdict; where there is none, the last one, which says why not."""
    judged = [finding for finding in findings if finding.status is Status.OK or finding.status.bad]
    return (judged or findings)[-1]


def _worst_first(findings: Sequence[Finding], explanation: Explanation) -> tuple[int, float, str, str, Subject]:
    """Order by the worst verdict of the period, then by the mean size over all windows: what stays outweighs what flares up."""
    bad = [finding for finding in findings if finding.status.bad]
    worst = max((finding.status.rank for finding in bad), default=0)
    reached = sum(size(finding, explanation.importance) for finding in bad) / len(findings)
    last = findings[-1]
    return -worst, -reached, last.segment, last.version, last.subject


def _told_in(alert: Alert, span: Window) -> bool:
    return any(span.start < each.at <= span.end for each in alert.timeline)
