"""
An alert is a story over time: watched → open → resolved. Findings say how one window looks; here is when that is worth a mail.

`advance` is the whole of it: a pure function from an alert and the verdict of one window to the alert that follows. A verdict
that it has already changes nothing, so a check that was cut short and runs again does not either.
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
    CORRECTED = "corrected"


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

    `at` is the end of the window that brought it, `said_at` the instant of the check that found it: much later where truth
    came late. What is CORRECTED was judged as `was` before. `id` is a hash of what it says, so the same change found twice is
    the same transition.
    """

    change: Change
    fingerprint: str
    episode: int
    at: datetime
    status: Status
    versions: tuple[str, ...] = ()
    said_at: datetime | None = None
    was: Status | None = None

    @property
    def id(self) -> str:
        """Identity: story, episode, change, window end and status."""
        return identity(self.fingerprint, str(self.episode), self.change, self.at.isoformat(), self.status)


@dataclass(frozen=True, slots=True, order=True)
class Verdict:
    """How the window that ended `at` was judged: bad or good."""

    at: datetime
    status: Status


@dataclass(frozen=True, slots=True)
class Alert:
    """
    The story of one subject of one model.

    Attributes:
        model, segment, subject: whose story it is; together its `fingerprint`.
        episode: counts its occurrences, from 1.
        state: where it stands; `severity` the worst verdict since it opened.
        recent: verdicts of the last judged windows, in order of time, bad and good.
        last_window: end of the last window taken in.
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
    recent: tuple[Verdict, ...] = ()
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
        changes = (each for each in reversed(self.timeline) if each.change is not Change.CORRECTED)
        last = next((each for each in changes if each.at <= at), None)
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


def advance(alert: Alert, findings: Sequence[Finding], policy: Policy, now: datetime) -> Alert:
    """
    Return the alert after one window was judged, whose `findings` are the verdicts of all live versions on its subject.

    The worst verdict counts. UNKNOWN, PENDING and NOT APPLICABLE neither open nor resolve: the window is passed over, and
    taken when it can be judged. A window may be judged late, or again: what it says of the last `of_windows` judged windows
    opens, continues or resolves the story as of `now`; what lies before them opens nothing any more. Where good has become
    bad or bad good, the story says so.
    """
    at = findings[0].window.end
    judged = [finding for finding in findings if finding.status.judged]
    if not judged:
        return alert
    verdict = Verdict(at, max((finding.status for finding in judged), key=lambda each: each.rank))
    known = next((each for each in alert.recent if each.at == at), None)
    if known == verdict:
        return alert
    before = _status_before(judged)
    if before is not None and before.bad is not verdict.status.bad:
        alert = _corrected(alert, verdict, before, now)
    if known is None and len(alert.recent) >= policy.of_windows and at < alert.recent[0].at:
        return alert
    if alert.last_window is None or at >= alert.last_window:
        versions = tuple(sorted({finding.version for finding in judged if finding.status.bad}))
        alert = replace(alert, last_window=at, versions=versions)
    others = [each for each in alert.recent if each.at != at]
    alert = replace(alert, recent=tuple(sorted((*others, verdict))[-policy.of_windows :]))
    return _settled(alert, verdict, policy, now)


def _settled(alert: Alert, verdict: Verdict, policy: Policy, now: datetime) -> Alert:
    """Return the alert with the change that its recent verdicts ask for, now that `verdict` is among them."""
    bad = [each for each in alert.recent if each.status.bad]
    if alert.state is not State.OPEN:
        return _opened(alert, now) if verdict.status.bad and len(bad) >= policy.opens_after else alert
    if not bad and len(alert.recent) == policy.of_windows:
        at = alert.recent[-1].at
        return _told(replace(alert, state=State.RESOLVED, resolved_at=at), Change.RESOLVED, at, Status.OK, now)
    if alert.severity is not Status.CRITICAL and verdict.status is Status.CRITICAL and _critical(alert, policy):
        at = max(each.at for each in alert.recent if each.status is Status.CRITICAL)
        return _told(replace(alert, severity=Status.CRITICAL), Change.WORSENED, at, Status.CRITICAL, now)
    return alert


def _opened(alert: Alert, now: datetime) -> Alert:
    severity = max((each.status for each in alert.recent), key=lambda each: each.rank)
    at = max(each.at for each in alert.recent if each.status.bad)
    opened = replace(
        alert, state=State.OPEN, episode=alert.episode + 1, severity=severity, opened_at=at, resolved_at=None
    )
    return _told(opened, Change.OPENED, at, severity, now)


def _critical(alert: Alert, policy: Policy) -> bool:
    """Worse is said as cautiously as bad: only after as many critical windows as it takes to open."""
    return sum(each.status is Status.CRITICAL for each in alert.recent) >= policy.opens_after


def _status_before(findings: Iterable[Finding]) -> Status | None:
    """Return how a window was judged before, the worst of its versions; None where this is the first time."""
    before = [finding.previous if finding.revision else finding.status for finding in findings]
    judged = [status for status in before if status is not None and status.judged]
    revised = any(finding.revision and finding.previous and finding.previous.judged for finding in findings)
    return max(judged, key=lambda each: each.rank) if revised and judged else None


def _corrected(alert: Alert, verdict: Verdict, before: Status, now: datetime) -> Alert:
    """Return the alert with the correction, unless it has said so already."""
    told = _told(alert, Change.CORRECTED, verdict.at, verdict.status, now, before)
    return alert if any(each.id == told.timeline[-1].id for each in alert.timeline) else told


def _told(
    alert: Alert, change: Change, at: datetime, status: Status, now: datetime, was: Status | None = None
) -> Alert:
    transition = Transition(change, alert.fingerprint, alert.episode, at, status, alert.versions, now, was)
    return replace(alert, timeline=(*alert.timeline, transition))
