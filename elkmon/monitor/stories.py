"""
From verdicts to stories: takes each window's findings into the alerts, and remembers those that changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from elkmon.alerts import Alert, Transition, advance
from elkmon.checks import ModelSettings
from elkmon.findings import Family, Finding, Subject
from elkmon.monitor.revising import with_absent
from elkmon.ports import Journal
from elkmon.windows import Window


@dataclass(frozen=True, slots=True)
class Advanced:
    """What changed in the stories of one model: all that are told of, and those that have not opened and may."""

    transitions: tuple[Transition, ...] = ()
    stories: tuple[Alert, ...] = ()
    watching: tuple[Alert, ...] = ()


def advance_alerts(
    journal: Journal,
    settings: ModelSettings,
    known: Iterable[Alert],
    standing: Sequence[Finding],
    now: datetime,
) -> Advanced:
    """
    Advance the alerts of one model over the windows of `standing`, in order, save those that changed, and return what changed.

    `known` are its stories so far, those that never opened included: these are not saved here, but returned. What opens,
    worsens, resolves or is corrected is in the saved alert's timeline before anyone is told.
    """
    before = {alert.fingerprint: alert for alert in known}
    by_window: dict[Window, list[Finding]] = defaultdict(list)
    for finding in standing:
        by_window[finding.window].append(finding)
    subjects = _qualities(before.values(), standing)
    alerts = dict(before)
    for window in sorted(by_window):
        by_subject: dict[tuple[str, Subject], list[Finding]] = defaultdict(list)
        for finding in (*by_window[window], *with_absent(by_window[window], subjects)):
            by_subject[finding.segment, finding.subject].append(finding)
        for (segment, subject), findings in by_subject.items():
            fresh = Alert(settings.name, subject, segment)
            alert = alerts.get(fresh.fingerprint, fresh)
            alerts[alert.fingerprint] = advance(alert, findings, settings.policy, now)
    changed = [alert for key, alert in alerts.items() if alert.timeline and alert != before.get(key)]
    if changed:
        journal.save(changed)
    told = {each for alert in before.values() for each in alert.timeline}
    return Advanced(
        tuple(each for alert in changed for each in alert.timeline if each not in told),
        tuple(alert for alert in alerts.values() if alert.timeline),
        tuple(alert for alert in alerts.values() if alert.recent and not alert.timeline),
    )


def _qualities(alerts: Iterable[Alert], findings: Iterable[Finding]) -> Mapping[str, Iterable[Subject]]:
    """Return the quality subjects, by segment, that anything was ever said of: those without a word in a window were well."""
    found: dict[str, dict[Subject, None]] = defaultdict(dict)
    said = [(each.segment, each.subject) for each in alerts] + [(each.segment, each.subject) for each in findings]
    for segment, subject in said:
        if subject.family is Family.QUALITY:
            found[segment][subject] = None
    return found
