"""
From verdicts to stories: takes each window's findings into the alerts, and remembers those that changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from elkmon.alerts import Alert, Transition, advance
from elkmon.checks import ModelSettings
from elkmon.findings import Finding, Subject
from elkmon.ports import Journal
from elkmon.windows import Window


def advance_alerts(journal: Journal, settings: ModelSettings, standing: Sequence[Finding]) -> tuple[Transition, ...]:
    """
    Advance the alerts of one model over the windows of `standing`, in order, save those that changed, and return what changed.

    A story that never opened is not stored: it follows from the findings. What opens, worsens or resolves is in the saved
    alert's timeline before anyone is told.
    """
    known = {alert.fingerprint: alert for alert in journal.stories().alerts if alert.model == settings.name}
    by_window: dict[Window, dict[tuple[str, Subject], list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for finding in standing:
        by_window[finding.window][finding.segment, finding.subject].append(finding)
    alerts = dict(known)
    for window in sorted(by_window):
        for (segment, subject), findings in by_window[window].items():
            fresh = Alert(settings.name, subject, segment)
            alert = alerts.get(fresh.fingerprint, fresh)
            alerts[alert.fingerprint] = advance(alert, findings, settings.policy)
    changed = [alert for key, alert in alerts.items() if alert.episode and alert != known.get(key)]
    journal.save(changed)
    told = {each for alert in known.values() for each in alert.timeline}
    return tuple(each for alert in changed for each in alert.timeline if each not in told)
