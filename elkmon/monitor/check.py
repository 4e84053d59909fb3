"""
The check itself, in the order of its five steps; each step's details are in the room it calls.

What is written in one step is what the next reads, under ids that follow from content, and how far a model was judged is
written last. So a check that is cut short anywhere and run again ends in the same place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from elkmon.alerts import Transition
from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.digests import Report
from elkmon.errors import StoreError
from elkmon.identity import identity
from elkmon.judgement import earlier_windows
from elkmon.monitor.check_report import CheckReport
from elkmon.monitor.counting import Counted, count
from elkmon.monitor.isolating import together_or_alone
from elkmon.monitor.judging import Judge, Progress
from elkmon.monitor.provision import Maker
from elkmon.monitor.references import segments_of
from elkmon.monitor.rehearsal import Rehearsal, Rehearsed, Unjoined
from elkmon.monitor.reporting import report_period
from elkmon.monitor.round import Round
from elkmon.monitor.telling import Undelivered, deliver
from elkmon.ports import (
    Claim,
    EventLog,
    Hold,
    Journal,
    Notifier,
    Run,
    Stories,
    Tally,
    Turn,
    Usage,
)
from elkmon.windows import DAY, GRACE, HOUR, Window, hour_of, windows_within

HORIZON = 35 * DAY
"""How far back a check looks for late events and late truth."""

_UNJOINED = "truth that no check has joined yet is left out of a rehearsal, and performance with it"


class Monitor:
    """
    Checks models: asks the event log, judges, remembers in the journal, tells the notifiers.

    Args:
        event_log, journal, notifiers: the three ports.
        models: how each model is judged.
        horizon: how far back late events and late truth are looked for.
        owner: names this process in the lease; unique per process.
        clock: the time of day, for the record of how long a check took; nothing is judged by it.
        meter: what was asked of the store so far, for the same record.
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
        meter: Callable[[], Usage] = Usage,
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
        self._meter = meter
        self._make_provisional = make_provisional
        self._progress = progress
        self._judge = Judge(journal, progress)

    def check(
        self,
        now: datetime,
        *,
        models: Sequence[str] = (),
        explicit: bool = False,
        since: datetime | None = None,
        turn: Turn = Turn(),  # noqa: B008  a frozen value
    ) -> CheckReport:
        """
        Check `models` (all, when empty) of the turn's share as of `now`: the windows of the horizon, or those that begin
        `since` an instant.

        With `explicit`, `now` was chosen by somebody: an hour counts as closed at its end, not five minutes later. What was
        cut short is continued by the next check over the same windows.

        Raises:
            StoreError: when the store cannot be asked at all. What was written before stands.
        """
        chosen = [
            settings
            for settings in self._models
            if (not models or settings.name in models) and turn.share.holds(settings.name)
        ]
        with self._journal.hold(self._owner, turn) as hold:
            if hold.claim is not Claim.HELD:
                why = _WHY_NOT[hold.claim].format(hold.holder)
                run = self._run(now, (why, *hold.notes))
                return CheckReport(
                    run, problems=run.problems[:1], notes=hold.notes, claim=hold.claim, holder=hold.holder
                )
            report = self._check(now, chosen, explicit=explicit, since=since, hold=hold)
            if not report.trouble:
                hold.complete()
            return report

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
        self, now: datetime, models: Sequence[ModelSettings], *, explicit: bool, since: datetime | None, hold: Hold
    ) -> CheckReport:
        started, before = self._time(now), self._meter()
        span = Window(hour_of(since or now - self._horizon), hour_of(now if explicit else now - GRACE))
        names = [each.name for each in models]
        baselines: dict[str, list[Baseline]] = defaultdict(list)
        for each in self._journal.baselines(""):
            baselines[each.model].append(each)
        refused = self._join(now, span, models, baselines)
        stories = self._journal.stories(names) if names else Stories()
        self._judge.remember(stories.lessons)
        counted = self._count(span, models, stories, baselines, believed=since is None)
        work = Round(
            self._event_log, self._journal, self._judge, self._make_provisional, now, span, stories, counted, baselines,
            believed=since is None, notes=list(hold.notes),
        )  # fmt: skip
        for name, error in {**refused, **counted.refused}.items():
            work.fail(name, error)
        work.go([each for each in models if each.name not in work.failed])
        undelivered, untold = deliver(
            self._journal, self._notifiers, self._models, now, span, replace(stories, alerts=work.alerts), hold.require
        )
        if since is None and work.failed < set(names):
            self._journal.save([Tally(tuple(names), counted.totals, tuple(sorted(work.failed)))])
        return self._reported(work, models, started, before, undelivered, untold)

    def _join(
        self, now: datetime, span: Window, models: Sequence[ModelSettings], baselines: Mapping[str, Sequence[Baseline]]
    ) -> dict[str, StoreError]:
        """Join truth; return the models whose truth could not be, and why."""
        positive = {each.name: each.positive_label for each in models if each.positive_label is not None}
        segments = segments_of(models, [each for known in baselines.values() for each in known])
        until_now = Window(span.start, hour_of(now) + HOUR)
        _, refused = together_or_alone(
            [each.name for each in models],
            lambda some: self._event_log.join(now, until_now, some, positive, segments),
        )
        return refused

    def _count(
        self,
        span: Window,
        models: Sequence[ModelSettings],
        stories: Stories,
        baselines: Mapping[str, Sequence[Baseline]],
        *,
        believed: bool,
    ) -> Counted:
        names = [each.name for each in models]
        if believed:
            return count(self._event_log, self._journal, span, names, stories, baselines)
        # The horizon's check before this one counted the hours before the horizon; a chosen span has had none.
        reach = max((earlier_windows(each.window) * each.window for each in models), default=timedelta(0))
        return count(self._event_log, self._journal, Window(span.start - reach, span.end), names, Stories(), baselines)

    def _reported(
        self,
        work: Round,
        models: Sequence[ModelSettings],
        started: datetime,
        before: Usage,
        undelivered: tuple[Undelivered, ...],
        untold: Sequence[Transition],
    ) -> CheckReport:
        transitions = {each.id: each for each in (*work.transitions, *untold)}
        report = CheckReport(
            self._run(work.now),
            tuple(work.findings),
            tuple(transitions.values()),
            undelivered,
            tuple(work.problems),
            tuple(work.notes),
            tuple(work.trouble),
        )
        after = self._meter()
        run = replace(
            report.run,
            started_at=started,
            finished_at=self._time(work.now),
            models=len(models),
            windows=work.windows,
            hours_profiled=work.hours,
            findings=len(work.findings),
            transitions=len(transitions),
            status=report.status,
            problems=(*work.problems, *work.notes),
            names=tuple(each.name for each in models),
            failed=tuple(sorted(work.failed)),
            usage=Usage(after.requests - before.requests, after.sent - before.sent, after.received - before.received),
        )
        self._journal.save([run])
        return replace(report, run=run)

    def report(self, span: Window, now: datetime, models: Sequence[str] = ()) -> Report:
        """Return the history of `span` for `models` (all, when empty), from what is remembered; asks no new question."""
        chosen = [settings for settings in self._models if not models or settings.name in models]
        return report_period(self._journal, chosen, span, now, [each.name for each in self._notifiers])

    def _time(self, now: datetime) -> datetime:
        return now if self._clock is None else self._clock()

    def _run(self, now: datetime, problems: tuple[str, ...] = ()) -> Run:
        run = identity("run", self._owner, now.isoformat())
        return Run(run, now, now, now, problems=problems, owner=self._owner)


_WHY_NOT = {
    Claim.BUSY: "another monitor is checking at this moment: {}",
    Claim.DONE: "{} has done this turn already",
}
