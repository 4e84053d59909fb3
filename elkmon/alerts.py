"""
An alert is a story over time: watched → open → resolved. Findings say how one window looks; here is when that is worth a mail.

`advance` is the whole of it: a pure function from an alert and the verdict of one more window to the alert that follows.
It takes each window once, so a check that was cut short and runs again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from elkmon.findings import Finding, Status, Subject
from elkmon.identity import identity


class State(StrEnum):
    """Where a story stands. WATCHING: something was seen, not yet often enough to speak of it."""

    WATCHING = "watching"
    OPEN = "open"
    RESOLVED = "resolved"


class Change(StrEnum):
    """What happened to a story; each is told once."""

    OPENED = "opened"
    WORSENED = "worsened"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Policy:
    """
    When a story opens and ends.

    It opens when `opens_after` of the last `of_windows` judged windows were bad, and resolves when all of the last
    `of_windows` were good.
    """

    opens_after: int = 2
    of_windows: int = 3

    def __post_init__(self) -> None:
        if not 1 <= self.opens_after <= self.of_windows:
            raise ValueError(
                f"opens_after must lie between 1 and of_windows ({self.of_windows}), not {self.opens_after}"
            )


@dataclass(frozen=True, slots=True)
class Transition:
    """
    One change of one story, told once.

    `at` is the end of the window that brought it. `id` is a hash of what it says, so the same change found twice is the same
    transition.
    """

    change: Change
    fingerprint: str
    episode: int
    at: datetime
    status: Status
    versions: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Identity: story, episode, change, window end and status."""
        return identity(self.fingerprint, str(self.episode), self.change, self.at.isoformat(), self.status)


@dataclass(frozen=True, slots=True)
class Alert:
    """
    The story of one subject of one model.

    Attributes:
        model, segment, subject: whose story it is; together its `fingerprint`.
        episode: counts its occurrences, from 1.
        state: where it stands; `severity` the worst verdict since it opened.
        recent: verdicts of the last judged windows, oldest first (bad, good).
        last_window: end of the last window taken in; earlier ones are not taken again.
        opened_at, resolved_at: ends of the windows that opened and resolved it.
        versions: versions with a bad verdict in the last window.
        timeline: every transition so far, over all episodes, oldest first.
    """

    model: str
    subject: Subject
    segment: str = ""
    episode: int = 0
    state: State = State.WATCHING
    severity: Status = Status.OK
    recent: tuple[Status, ...] = ()
    last_window: datetime | None = None
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    versions: tuple[str, ...] = ()
    timeline: tuple[Transition, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Identity of the story: model, segment, family, kind and subject; not version, measure or severity."""
        return identity(self.model, self.segment, self.subject.family, self.subject.kind, self.subject.name)

    def open_at(self, at: datetime) -> bool:
        """Return whether it was open once the window that ended at `at` had been taken in."""
        last = next((each for each in reversed(self.timeline) if each.at <= at), None)
        return last is not None and last.change is not Change.RESOLVED

    @property
    def id(self) -> str:
        """Identity of this occurrence of the story."""
        return identity(self.fingerprint, str(self.episode))


def told_with_the_whole(alerts: Iterable[Alert]) -> frozenset[str]:
    """
    Return the ids of transitions of segments that need no telling: the same story was open for all traffic then.

    What opened while the whole story was open ends untold too; what gets worse after that one has ended is news.
    """
    alerts = tuple(alerts)
    wholes = {(alert.model, alert.subject): alert for alert in alerts if not alert.segment}
    covered: set[str] = set()
    for alert in alerts:
        whole = wholes.get((alert.model, alert.subject))
        if not alert.segment or whole is None:
            continue
        news: set[int] = set()
        for each in alert.timeline:
            ends = each.change is Change.RESOLVED
            if each.episode not in news if ends else whole.open_at(each.at):
                covered.add(each.id)
            else:
                news.add(each.episode)
    return frozenset(covered)


def advance(alert: Alert, findings: Sequence[Finding], policy: Policy) -> Alert:
    """
    Return the alert after one more window, whose `findings` are the verdicts of all live versions on its subject.

    The worst verdict counts. UNKNOWN, PENDING and NOT APPLICABLE neither open nor resolve: the window is passed over and may
    be taken when it can be judged. A window at or before the last one taken changes nothing.
    """
    at = findings[0].window.end
    judged = [finding for finding in findings if finding.status.bad or finding.status is Status.OK]
    if not judged or (alert.last_window is not None and at <= alert.last_window):
        return alert
    status = max((finding.status for finding in judged), key=lambda each: each.rank)
    versions = tuple(sorted({finding.version for finding in judged if finding.status.bad}))
    alert = replace(alert, recent=(*alert.recent, status)[-policy.of_windows :], last_window=at, versions=versions)
    bad = sum(each.bad for each in alert.recent)
    if alert.state is not State.OPEN:
        if status.bad and bad >= policy.opens_after:
            return _opened(alert, at)
        return alert
    if bad == 0 and len(alert.recent) == policy.of_windows:
        resolved = replace(alert, state=State.RESOLVED, resolved_at=at)
        return _told(resolved, Change.RESOLVED, at, Status.OK)
    if status is Status.CRITICAL and alert.severity is not Status.CRITICAL and _critical(alert, policy):
        return _told(replace(alert, severity=Status.CRITICAL), Change.WORSENED, at, Status.CRITICAL)
    return alert


def _opened(alert: Alert, at: datetime) -> Alert:
    severity = max((status for status in alert.recent), key=lambda each: each.rank)
    opened = replace(
        alert, state=State.OPEN, episode=alert.episode + 1, severity=severity, opened_at=at, resolved_at=None
    )
    return _told(opened, Change.OPENED, at, severity)


def _critical(alert: Alert, policy: Policy) -> bool:
    """Worse is said as cautiously as bad: only after as many critical windows as it takes to open."""
    return sum(status is Status.CRITICAL for status in alert.recent) >= policy.opens_after


def _told(alert: Alert, change: Change, at: datetime, status: Status) -> Alert:
    transition = Transition(change, alert.fingerprint, alert.episode, at, status, alert.versions)
    return replace(alert, timeline=(*alert.timeline, transition))
