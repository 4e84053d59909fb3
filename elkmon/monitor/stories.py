"""
From verdicts to stories: takes each window's findings into the alerts, and remembers those that changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from elkmon.alerts import Alert, Transition, advance
from elkmon.checks import ModelSettings
from elkmon.findings import Family, Finding, Subject
from elkmon.monitor.revising import with_absent
from elkmon.ports import Journal
from elkmon.profiles import ALL
from elkmon.windows import Window


def advance_alerts(journal: Journal, settings: ModelSettings, standing: Sequence[Finding]) -> tuple[Transition, ...]:
    """
    Advance the alerts of one model over the windows of `standing`, in order, save those that changed, and return what changed.

    A story that never opened is not stored: it follows from the findings, and from the absence of those whose absence says
    that all is well. What opens, worsens or resolves is in the saved alert's timeline before anyone is told.
    """
    known = {alert.fingerprint: alert for alert in journal.stories().alerts if alert.model == settings.name}
    by_window: dict[Window, list[Finding]] = defaultdict(list)
    for finding in standing:
        by_window[finding.window].append(finding)
    subjects = _qualities(known.values(), standing)
    alerts = dict(known)
    for window in sorted(by_window):
        by_subject: dict[tuple[str, Subject], list[Finding]] = defaultdict(list)
        for finding in (*by_window[window], *with_absent(by_window[window], subjects)):
            by_subject[finding.segment, finding.subject].append(finding)
        for (segment, subject), findings in by_subject.items():
            fresh = Alert(settings.name, subject, segment)
            alert = alerts.get(fresh.fingerprint, fresh)
            alerts[alert.fingerprint] = advance(alert, findings, settings.policy)
    changed = [alert for key, alert in alerts.items() if alert.episode and alert != known.get(key)]
    journal.save(changed)
    told = {each for alert in known.values() for each in alert.timeline}
    return tuple(each for alert in changed for each in alert.timeline if each not in told)


def _qualities(alerts: Iterable[Alert], findings: Iterable[Finding]) -> Mapping[str, Iterable[Subject]]:
    """Return the quality subjects, by segment, that anything was ever said of: those without a word in a window were well."""
    found: dict[str, dict[Subject, None]] = defaultdict(dict)
    said = [(each.segment, each.subject) for each in alerts] + [(each.segment, each.subject) for each in findings]
    for segment, subject in said:
        if segment != ALL and subject.family is Family.QUALITY:
            found[segment][subject] = None
    return found
