"""
From verdicts to stories: takes each window's findings into the alerts of one model, and says which of them changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from elkmon.alerts import Alert, Transition, advance
from elkmon.checks import ModelSettings
from elkmon.findings import Family, Finding, Subject
from elkmon.monitor.revising import with_absent


class Storybook:
    """
    The stories of one model while its windows are judged in order.

    Args:
        settings: how the model is judged.
        known: its stories so far, those that never opened included.
        now: the instant of the check, which is when what changes is said.
    """

    def __init__(self, settings: ModelSettings, known: Iterable[Alert], now: datetime) -> None:
        self._settings = settings
        self._now = now
        self._before = {alert.fingerprint: alert for alert in known}
        self._alerts = dict(self._before)
        # Quality subjects by segment of which anything was ever said: those without a word in a window were well.
        self._qualities: dict[str, dict[Subject, None]] = defaultdict(dict)
        for alert in self._before.values():
            self._notice(alert.segment, alert.subject)

    def take(self, findings: Sequence[Finding]) -> None:
        """Take in all verdicts of one window, of all its versions and segments."""
        for finding in findings:
            self._notice(finding.segment, finding.subject)
        by_subject: dict[tuple[str, Subject], list[Finding]] = defaultdict(list)
        for finding in (*findings, *with_absent(findings, self._qualities)):
            by_subject[finding.segment, finding.subject].append(finding)
        for (segment, subject), verdicts in by_subject.items():
            alert = self._story(segment, subject)
            self._alerts[alert.fingerprint] = advance(alert, verdicts, self._settings.policy, self._now)

    def spoken_of(self, segment: str, subject: Subject) -> bool:
        """Whether there is a story of `subject`, or may be one soon: then good values are worth a word, too."""
        if subject not in self._qualities.get(segment, ()):
            return False
        alert = self._story(segment, subject)
        return bool(alert.timeline) or any(each.status.bad for each in alert.recent)

    @property
    def stories(self) -> tuple[Alert, ...]:
        """Those that have something to tell."""
        return tuple(alert for alert in self._alerts.values() if alert.timeline)

    @property
    def changed(self) -> tuple[Alert, ...]:
        """Those of them that are not as they were."""
        return tuple(alert for alert in self.stories if alert != self._before.get(alert.fingerprint))

    @property
    def watching(self) -> tuple[Alert, ...]:
        """Those that have not opened, and may."""
        return tuple(alert for alert in self._alerts.values() if alert.recent and not alert.timeline)

    @property
    def transitions(self) -> tuple[Transition, ...]:
        """What changed."""
        told = {each for alert in self._before.values() for each in alert.timeline}
        return tuple(each for alert in self.changed for each in alert.timeline if each not in told)

    def _story(self, segment: str, subject: Subject) -> Alert:
        fresh = Alert(self._settings.name, subject, segment)
        return self._alerts.get(fresh.fingerprint, fresh)

    def _notice(self, segment: str, subject: Subject) -> None:
        if subject.family is Family.QUALITY:
            self._qualities[segment][subject] = None
