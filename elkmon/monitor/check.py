"""
The check itself, in the order of its five steps; each step's details are in the room it calls.

What is written in one step is what the next reads, under ids that follow from content. So a check that is cut short
anywhere and run again ends in the same place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from elkmon.alerts import Transition
from elkmon.checks import ModelSettings
from elkmon.digests import Report
from elkmon.errors import StaleWriter, StoreError, StoreUnreachable
from elkmon.findings import Finding, Status
from elkmon.identity import identity
from elkmon.monitor.judging import Judge
from elkmon.monitor.profiling import profile_changed_hours
from elkmon.monitor.reporting import report_period
from elkmon.monitor.stories import advance_alerts
from elkmon.monitor.telling import Undelivered, deliver
from elkmon.ports import EventLog, Journal, Notifier, Run, RunStatus
from elkmon.windows import DAY, GRACE, HOUR, Window, hour_of

HORIZON = 35 * DAY
"""How far back a check looks for late events and late truth."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """
    What one check did.

    Attributes:
        run: its record.
        findings: verdicts of every window judged or still standing in the latest window of each model.
        transitions: what changed in this run.
        undelivered: what could not be told, per notifier; it is tried again next time.
        problems: what kept a model from being judged.
    """

    run: Run
    findings: tuple[Finding, ...] = ()
    transitions: tuple[Transition, ...] = ()
    undelivered: tuple[Undelivered, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def status(self) -> RunStatus:
        """How it ended, in one word."""
        if self.undelivered:
            return RunStatus.UNDELIVERED
        if any(finding.status.bad for finding in self.findings):
            return RunStatus.ALERTING
        judged = any(finding.status is Status.OK for finding in self.findings)
        return RunStatus.HEALTHY if judged and not self.problems else RunStatus.UNJUDGED


class Monitor:
    """
    Checks models: asks the event log, judges, remembers in the journal, tells the notifiers.

    Args:
        event_log, journal, notifiers: the three ports.
        models: how each model is judged.
        horizon: how far back late events and late truth are looked for.
        owner: names this process in the lease; unique per process.
        clock: the time of day, for the record of how long a check took; nothing is judged by it.
    """

    def __init__(
        self,
        event_log: EventLog,
        journal: Journal,
        notifiers: Sequence[Notifier],
        models: Sequence[ModelSettings],
        *,
        horizon: timedelta = HORIZON,
        owner: str = "monitor",
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._event_log = event_log
        self._journal = journal
        self._notifiers = tuple(notifiers)
        self._models = tuple(models)
        self._horizon = horizon
        self._owner = owner
        self._clock = clock
        self._judge = Judge(event_log, journal)

    def check(self, now: datetime, *, models: Sequence[str] = (), explicit: bool = False) -> CheckReport:
        """
        Check `models` (all, when empty) as of `now`.

        With `explicit`, `now` was chosen by somebody: an hour counts as closed at its end, not five minutes later.

        Raises:
            StoreError: when the store cannot be asked at all. What was written before stands.
        """
        chosen = [settings for settings in self._models if not models or settings.name in models]
        with self._journal.hold(self._owner, now) as held:
            if not held:
                run = self._run(now, ("another monitor is checking at this moment",))
                return CheckReport(run, problems=run.problems)
            return self._check(now, chosen, explicit=explicit)

    def _check(self, now: datetime, models: Sequence[ModelSettings], *, explicit: bool) -> CheckReport:
        span = Window(hour_of(now - self._horizon), hour_of(now if explicit else now - GRACE))
        until_now = Window(span.start, hour_of(now) + HOUR)
        positive = {each.name: each.positive_label for each in self._models if each.positive_label is not None}
        findings: list[Finding] = []
        problems: list[str] = []
        transitions: dict[str, Transition] = {}
        started = self._time(now)
        hours = windows = 0

        self._event_log.join(now, until_now, positive)
        for settings in models:
            try:
                asked = profile_changed_hours(self._event_log, self._journal, settings.name, span)
                judged = self._judge.judge(settings, asked, span, now)
            except (StoreUnreachable, StaleWriter):
                raise
            except StoreError as error:
                problems.append(f"{settings.name}: {error}")
                continue
            hours += asked.profiled
            windows += judged.windows
            problems.extend(f"{settings.name}: {problem}" for problem in (*asked.problems, *judged.problems))
            self._journal.save(judged.changed)
            transitions.update((each.id, each) for each in advance_alerts(self._journal, settings, judged.standing))
            findings.extend(judged.latest)

        undelivered, untold = deliver(self._journal, self._notifiers, self._models, now, span)
        transitions.update((each.id, each) for each in untold)
        report = CheckReport(self._run(now), tuple(findings), tuple(transitions.values()), undelivered, tuple(problems))
        run = replace(
            report.run,
            started_at=started,
            finished_at=self._time(now),
            models=len(models),
            windows=windows,
            hours_profiled=hours,
            findings=len(findings),
            transitions=len(transitions),
            status=report.status,
            problems=tuple(problems),
        )
        self._journal.save([run])
        return replace(report, run=run)

    def report(self, span: Window, now: datetime, models: Sequence[str] = ()) -> Report:
        """Return the history of `span` for `models` (all, when empty), from what is remembered; asks no new question."""
        chosen = [settings for settings in self._models if not models or settings.name in models]
        return report_period(self._journal, chosen, span, now)

    def _time(self, now: datetime) -> datetime:
        return now if self._clock is None else self._clock()

    def _run(self, now: datetime, problems: tuple[str, ...] = ()) -> Run:
        run = identity("run", self._owner, now.isoformat())
        return Run(run, now, now, now, problems=problems)
