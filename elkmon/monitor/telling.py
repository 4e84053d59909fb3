"""
Tells each notifier each transition: the delivery is written down first, so what was told and what was not survives a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from elkmon.alerts import Alert, Change, State, Transition, told_with_the_whole
from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.digests import Digest, Item, Point, size
from elkmon.errors import DeliveryError
from elkmon.findings import Finding, Subject
from elkmon.judgement import evidence
from elkmon.monitor.explaining import Explainer
from elkmon.monitor.hours import Hours
from elkmon.ports import Delivery, DeliveryState, Journal, Notifier, Stories
from elkmon.windows import DAY, Window

TRIED_FOR = 7 * DAY
"""How long a delivery is tried again before it is given up."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What a notifier could not deliver, and why; `permanent` means that it is not tried again."""

    notifier: str
    error: str
    permanent: bool


def deliver(
    journal: Journal,
    notifiers: Sequence[Notifier],
    models: Sequence[ModelSettings],
    now: datetime,
    span: Window,
    stories: Stories,
    require: Callable[[], None],
) -> tuple[tuple[Undelivered, ...], tuple[Transition, ...]]:
    """
    Tell every notifier what it has not been told of the `stories` within `span`; return what failed, and what was new.

    A segment is told of only where the same is not told of all traffic: it is named there. A correction alone is no reason to
    write: it goes with the next news. What failed before is tried first, with the same content, and nothing later is told
    before it, until it has been tried for a week. `require` is called before anybody is told, and raises when it is not for
    this monitor to tell any more. A notifier's failure never stops another.
    """
    alerts = {alert.fingerprint: alert for alert in stories.alerts}
    timeline = {each.id: each for alert in stories.alerts for each in alert.timeline}
    waits = (each for each in stories.deliveries if each.state is DeliveryState.PENDING)
    if any(transition not in timeline for each in waits for transition in each.transitions):
        # A digest that was fixed when other models were checked together is told whole.
        for alert in journal.stories().alerts:
            alerts.setdefault(alert.fingerprint, alert)
    every = {each.id: each for alert in alerts.values() for each in alert.timeline}
    covered = told_with_the_whole(stories.alerts)
    recent = [
        each
        for each in timeline.values()
        if each.at <= now and (each.said_at or each.at) > span.start and each.id not in covered
    ]
    composer = _Composer(journal, {each.name: each for each in models}, alerts, now)
    failures: list[Undelivered] = []
    new: dict[str, Transition] = {}
    for notifier in notifiers:
        mine = [delivery for delivery in stories.deliveries if delivery.notifier == notifier.name]
        told = {transition for delivery in mine for transition in delivery.transitions}
        untold = sorted((each for each in recent if each.id not in told), key=lambda each: (each.at, each.id))
        # A correction that waits for other news was new when it was found.
        new.update((each.id, each) for each in untold if each.change is not Change.CORRECTED or each.said_at == now)
        waiting = [delivery for delivery in mine if delivery.state is DeliveryState.PENDING]
        if any(each.change is not Change.CORRECTED for each in untold):
            waiting.append(Delivery(notifier.name, tuple(each.id for each in untold), now))
            journal.save(waiting[-1:])
        for delivery in sorted(waiting, key=lambda each: (each.created_at, each.id)):
            transitions = [every[each] for each in delivery.transitions if each in every]
            digest = composer.digest(delivery.id, transitions)
            require()
            done, failure = _attempt(notifier, delivery, digest, now)
            journal.save([done])
            if failure is not None:
                failures.append(failure)
            if done.state is DeliveryState.PENDING:
                break
    return tuple(failures), tuple(new.values())


def _attempt(
    notifier: Notifier, delivery: Delivery, digest: Digest, now: datetime
) -> tuple[Delivery, Undelivered | None]:
    tried = replace(delivery, attempts=delivery.attempts + 1)
    try:
        notifier.notify(digest)
    except DeliveryError as error:
        permanent = error.permanent or now - delivery.created_at >= TRIED_FOR
        state = DeliveryState.FAILED if permanent else DeliveryState.PENDING
        return replace(tried, state=state, last_error=str(error)), Undelivered(notifier.name, str(error), permanent)
    return replace(tried, state=DeliveryState.DONE, last_error=""), None


class _Composer:
    """Makes digests from what is remembered, so a digest tried again a week later says what it said."""

    def __init__(
        self,
        journal: Journal,
        models: Mapping[str, ModelSettings],
        alerts: Mapping[str, Alert],
        now: datetime,
    ) -> None:
        self._journal = journal
        self._models = models
        self._alerts = alerts
        self._now = now
        self._findings: dict[tuple[str, datetime], tuple[Finding, ...]] = {}
        self._baselines: dict[str, Sequence[Baseline]] = {}
        self._hours: dict[tuple[str, Window], Hours] = {}
        self._explainers: dict[str, Explainer] = {}

    def digest(self, identity: str, transitions: Sequence[Transition]) -> Digest:
        every = [item for transition in transitions if (item := self._item(transition)) is not None]
        items = sorted((each for each in every if each.transition.change is not Change.CORRECTED), key=_worst_first)
        corrections = tuple(each for each in every if each.transition.change is Change.CORRECTED)
        changed = {transition.fingerprint for transition in transitions}
        covered = told_with_the_whole(self._alerts.values())
        models = {item.alert.model for item in items}
        ongoing = tuple(
            alert
            for key, alert in self._alerts.items()
            if alert.state is State.OPEN
            and alert.model in models
            and key not in changed
            and alert.timeline[-1].id not in covered
        )
        compared = {item.finding.model: self._words(item.finding) for item in items if item.finding.baseline}
        return Digest(
            identity,
            max((each.at for each in transitions), default=self._now),
            tuple(items),
            ongoing,
            compared,
            corrections=corrections,
        )

    def _item(self, transition: Transition) -> Item | None:
        alert = self._alerts[transition.fingerprint]
        settings = self._models.get(alert.model)
        if settings is None:
            return None
        findings = [
            each
            for each in self._history(settings, transition.at)
            if each.subject == alert.subject and each.segment == alert.segment
        ]
        here = [each for each in findings if each.window.end == transition.at]
        if not here:
            return None
        finding = max(here, key=lambda each: each.status.rank)
        points = tuple(
            Point(each.window.end, each.value, each.limit, each.status)
            for each in findings
            if each.version == finding.version
        )
        explanation = self._explainer(settings).explain(
            finding,
            self._history(settings, transition.at),
            self._baseline(finding),
            worsened=transition.change is Change.WORSENED,
        )
        return Item(transition, alert, self._with_evidence(finding), points, explanation)

    def _explainer(self, settings: ModelSettings) -> Explainer:
        if settings.name not in self._explainers:
            self._explainers[settings.name] = Explainer(self._journal, settings)
        return self._explainers[settings.name]

    def _history(self, settings: ModelSettings, until: datetime) -> tuple[Finding, ...]:
        key = (settings.name, until)
        if key not in self._findings:
            span = Window(until - 12 * settings.window, until)
            self._findings[key] = tuple(self._journal.findings(settings.name, span))
        return self._findings[key]

    def _baseline(self, finding: Finding) -> Baseline | None:
        if finding.model not in self._baselines:
            self._baselines[finding.model] = self._journal.baselines(finding.model)
        return next((each for each in self._baselines[finding.model] if each.id == finding.baseline), None)

    def _with_evidence(self, finding: Finding) -> Finding:
        baseline = self._baseline(finding)
        if baseline is None:
            return finding
        key = (finding.model, finding.window)
        if key not in self._hours:
            self._hours[key] = Hours(self._journal, finding.model, finding.window)
        profile = self._hours[key].profile(baseline, finding.version, finding.window, finding.segment)
        return replace(finding, evidence=evidence(baseline.of(finding.segment), profile, finding.subject))

    def _words(self, finding: Finding) -> str:
        baseline = self._baseline(finding)
        return describe(baseline) if baseline else ""


def describe(baseline: Baseline) -> str:
    """Return what a baseline is, in words."""
    rows = f"{baseline.total.predictions:,} predictions"
    span = Window(baseline.start, baseline.end)
    if baseline.source.provisional:
        days = -(-span.length // DAY)
        return f"a provisional baseline, the first {days} days of production: {rows} of {span}"
    return f"{baseline.source}, {rows} of {span}" if baseline.source.has_timestamps else f"{baseline.source}, {rows}"


def _worst_first(item: Item) -> tuple[int, float, str, str, Subject]:
    reached = size(item.finding, item.explanation.importance)
    return -item.transition.status.rank, -reached, item.alert.model, item.alert.segment, item.alert.subject
