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
from elkmon.judgement import earlier_windows
from elkmon.monitor.judging import Judge, Progress
from elkmon.monitor.profiling import profile_changed_hours
from elkmon.monitor.provision import Maker, provide
from elkmon.monitor.references import segments_of
from elkmon.monitor.rehearsal import Rehearsal, Rehearsed, Unjoined
from elkmon.monitor.reporting import report_period
from elkmon.monitor.stories import advance_alerts
from elkmon.monitor.telling import Undelivered, deliver
from elkmon.ports import EventLog, Journal, Notifier, Run, RunStatus
from elkmon.windows import DAY, GRACE, HOUR, Window, hour_of, windows_within

HORIZON = 35 * DAY
"""How far back a check looks for late events and late truth."""


_UNJOINED = "truth that no check has joined yet is left out of a rehearsal, and performance with it"


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
        notes: what else is to be said of how it was judged.
    """

    run: Run
    findings: tuple[Finding, ...] = ()
    transitions: tuple[Transition, ...] = ()
    undelivered: tuple[Undelivered, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

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
        make_provisional: makes a baseline from the first days of production, for models that are to have such a one.
        progress: is told how far judging is.
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
        make_provisional: Maker | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._event_log = event_log
        self._journal = journal
        self._notifiers = tuple(notifiers)
        self._models = tuple(models)
        self._horizon = horizon
        self._owner = owner
        self._clock = clock
        self._make_provisional = make_provisional
        self._progress = progress
        self._judge = Judge(event_log, journal, progress)

    def check(
        self, now: datetime, *, models: Sequence[str] = (), explicit: bool = False, since: datetime | None = None
    ) -> CheckReport:
        """
        Check `models` (all, when empty) as of `now`: the windows of the horizon, or those that begin `since` an instant.

        With `explicit`, `now` was chosen by somebody: an hour counts as closed at its end, not five minutes later. What was
        cut short is continued by the next check over the same windows.

        Raises:
            StoreError: when the store cannot be asked at all. What was written before stands.
        """
        chosen = [settings for settings in self._models if not models or settings.name in models]
        with self._journal.hold(self._owner, now) as held:
            if not held:
                run = self._run(now, ("another monitor is checking at this moment",))
                return CheckReport(run, problems=run.problems)
            return self._check(now, chosen, explicit=explicit, since=since)

    def rehearse(self, span: Window, *, models: Sequence[str] = ()) -> tuple[CheckReport, tuple[Rehearsed, ...]]:
        """
        Return what a check over the windows within `span` would have said, as if nothing had been said before.

        Nothing is written and nobody told; hours that are not profiled are asked for, and forgotten.
        """
        chosen = [settings for settings in self._models if not models or settings.name in models]
        stage = Rehearsal(self._journal)
        monitor = Monitor(
            Unjoined(self._event_log),
            stage,
            (),
            chosen,
            owner=self._owner,
            clock=self._clock,
            make_provisional=self._make_provisional,
            progress=self._progress,
        )
        report = monitor.check(span.end, explicit=True, since=span.start)
        windows = {each.name: len(windows_within(span, each.window, each.offset)) for each in chosen}
        if any(each.labels_after is not None for each in chosen):
            report = replace(report, notes=(*report.notes, _UNJOINED))
        return report, tuple(stage.told(each, windows[each.name]) for each in chosen)

    def _check(
        self, now: datetime, models: Sequence[ModelSettings], *, explicit: bool, since: datetime | None
    ) -> CheckReport:
        span = Window(hour_of(since or now - self._horizon), hour_of(now if explicit else now - GRACE))
        until_now = Window(span.start, hour_of(now) + HOUR)
        positive = {each.name: each.positive_label for each in self._models if each.positive_label is not None}
        segments = segments_of(self._models, self._journal.baselines(""))
        findings: list[Finding] = []
        problems: list[str] = []
        notes: list[str] = []
        transitions: dict[str, Transition] = {}
        started = self._time(now)
        hours = windows = 0

        self._event_log.join(now, until_now, positive, segments)
        for settings in models:
            try:
                provision = provide(self._event_log, self._journal, settings, self._make_provisional, span.end, now)
                # The horizon's check before this one counted the hours before the horizon; a chosen span has had none.
                reach = earlier_windows(settings.window) * settings.window if since else timedelta(0)
                asked = profile_changed_hours(
                    self._event_log,
                    self._journal,
                    settings.name,
                    Window(span.start - reach, span.end),
                    provision.baselines,
                )
                judged = self._judge.judge(settings, asked, span, now, provision.reason)
            except (StoreUnreachable, StaleWriter):
                raise
            except StoreError as error:
                problems.append(f"{settings.name}: {error}")
                continue
            hours += asked.profiled
            windows += judged.windows
            problems.extend(f"{settings.name}: {problem}" for problem in (*asked.problems, *judged.problems))
            notes.extend(f"{settings.name}: {note}" for note in (*asked.notes, *judged.notes))
            transitions.update((each.id, each) for each in advance_alerts(self._journal, settings, judged.standing))
            findings.extend(judged.latest)

        undelivered, untold = deliver(self._journal, self._notifiers, self._models, now, span)
        transitions.update((each.id, each) for each in untold)
        report = CheckReport(
            self._run(now), tuple(findings), tuple(transitions.values()), undelivered, tuple(problems), tuple(notes)
        )
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
            problems=(*problems, *notes),
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
