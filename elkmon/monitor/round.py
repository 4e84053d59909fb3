"""
One round over some models: plan, profile, judge, advance the stories; what is common to them is asked together.

What one model's trouble is, is that model's alone: the round goes on with the others, and the trouble is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from elkmon.alerts import Alert, Transition
from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.errors import StaleWriter, StoreError, StoreUnreachable
from elkmon.findings import Finding
from elkmon.monitor.counting import Counted
from elkmon.monitor.docket import Docket, draw_up
from elkmon.monitor.judging import Arrivals, Judge
from elkmon.monitor.profiling import Asked, plan_hours, profile_hours
from elkmon.monitor.provision import Maker, provide
from elkmon.monitor.stories import Storybook
from elkmon.ports import Bookmark, EventLog, Journal, Stories
from elkmon.windows import Window

_Result = TypeVar("_Result")

_TOGETHER = 20
"""Models whose questions are asked together; more of them would only wait longer in memory."""


@dataclass(slots=True)
class Round:
    """
    What one check does for its models, and what came of it.

    Attributes:
        event_log, journal, judge, make_provisional: what it works with.
        now, span: the instant and the stretch of the check.
        stories: what is remembered of the models; with `believed` false, how far they were judged is not.
        counted: what the event log holds of them; `baselines` what is known of each, newest first.
        findings, transitions, problems, trouble, notes: what the report says of it.
        windows, hours: judged and profiled anew; `failed` models that the store kept from being judged.
        told: the stories of each model that was judged, as they stand now.
    """

    event_log: EventLog
    journal: Journal
    judge: Judge
    make_provisional: Maker | None
    now: datetime
    span: Window
    stories: Stories
    counted: Counted
    baselines: Mapping[str, Sequence[Baseline]]
    believed: bool = True
    findings: list[Finding] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    trouble: list[tuple[str, StoreError]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    told: dict[str, tuple[Alert, ...]] = field(default_factory=dict)
    windows: int = 0
    hours: int = 0

    def go(self, models: Sequence[ModelSettings]) -> None:
        """Do it, some models at a time; how far each was judged is saved last of what concerns it."""
        for start in range(0, len(models), _TOGETHER):
            some = {each.name: each for each in models[start : start + _TOGETHER]}
            planned = {name: plan for name in some if (plan := self._plan(some[name])) is not None}
            self._profile([asked for asked, _ in planned.values()])
            dockets = {
                name: docket
                for name, (asked, unprovided) in planned.items()
                if name not in self.failed and (docket := self._draw_up(some[name], asked, unprovided)) is not None
            }
            arrivals = Arrivals(self.event_log, [visit for docket in dockets.values() for visit in docket.visits])
            marks = [mark for each in dockets.values() if (mark := self._judge(each, arrivals)) is not None]
            if marks and self.believed:
                self.journal.save(marks)

    def _plan(self, settings: ModelSettings) -> tuple[Asked, str] | None:
        """Return which hours of a model must be profiled, and why it has no baseline, if it has none."""

        def plan() -> tuple[Asked, str]:
            name, known = settings.name, self.baselines.get(settings.name, ())
            provision = provide(
                self.event_log, self.journal, settings, known, self.make_provisional, self.span.end, self.now
            )
            there, recorded = self.counted.there.get(name, ()), self.counted.recorded.get(name, ())
            asked = plan_hours(name, there, recorded, provision.baselines)
            if not asked.counts:
                self.problems.append(f"{name}: {self.counted.silent}")
            self.notes.extend(f"{name}: {note}" for note in asked.notes)
            return asked, provision.reason

        return self._attempt(settings.name, plan)

    def _profile(self, planned: Sequence[Asked]) -> None:
        """Profile the hours of several models together; where that fails one by one, so that one's trouble is not another's."""
        try:
            profile_hours(self.event_log, self.journal, [each for asked in planned for each in asked.wanted])
        except (StoreUnreachable, StaleWriter):
            raise
        except StoreError:
            for asked in planned:
                self._attempt(asked.model, partial(profile_hours, self.event_log, self.journal, asked.wanted))
        self.hours += sum(each.hours for each in planned)

    def _draw_up(self, settings: ModelSettings, asked: Asked, unprovided: str) -> Docket | None:
        mark = self.stories.bookmarks.get(settings.name) if self.believed else None
        draw = partial(draw_up, self.journal, settings, asked, self.span, self.now, unprovided, mark)
        return self._attempt(settings.name, draw)

    def _judge(self, docket: Docket, arrivals: Arrivals) -> Bookmark | None:
        """Judge one model and advance its stories; return how far it was judged."""
        settings, name = docket.settings, docket.settings.name

        def judge() -> Bookmark:
            book = Storybook(settings, self._known(name), self.now)
            judged = self.judge.judge(docket, arrivals, book)
            # What opens, worsens, resolves or is corrected is in the saved timeline before anyone is told.
            if book.changed:
                self.journal.save(book.changed)
            self.windows += judged.windows
            self.findings.extend(judged.latest)
            self.transitions.extend(book.transitions)
            self.told[name] = book.stories
            self.problems.extend(f"{name}: {problem}" for problem in judged.problems)
            self.notes.extend(f"{name}: {note}" for note in judged.notes)
            mark = self.stories.bookmarks.get(name)
            # As of an instant of the past, what is known of later hours stays known.
            known = mark.counts if mark else ()
            asked, versions = docket.asked, {hour.version for hour in docket.asked.counts}
            ends = [each for each in (docket.until, mark.until if mark else None) if each is not None]
            return Bookmark(
                name,
                settings.hash,
                {version: each.id if (each := asked.baselines.get(version)) else "" for version in sorted(versions)},
                (*asked.counts.values(), *(each for each in known if each.hour >= self.span.end)),
                max(ends, default=None),
                judged.waiting,
                book.watching,
            )

        return self._attempt(name, judge)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Return the stories of all models as they stand now; of one that could not be judged as they were."""
        rest = (each for each in self.stories.alerts if each.model not in self.told)
        return (*rest, *(alert for alerts in self.told.values() for alert in alerts))

    def _known(self, model: str) -> Iterator[Alert]:
        """Yield the stories of a model as they are remembered, those that never opened included."""
        mark = self.stories.bookmarks.get(model)
        yield from mark.watching if mark else ()
        # Last: one that was saved after the bookmark stands in place of what was watched before.
        yield from (alert for alert in self.stories.alerts if alert.model == model)

    def _attempt(self, model: str, do: Callable[[], _Result]) -> _Result | None:
        """Return what `do` returns; what the store refuses or answers in part is the trouble of `model` alone."""
        try:
            return do()
        except (StoreUnreachable, StaleWriter):
            raise
        except StoreError as error:
            self.fail(model, error)
            return None

    def fail(self, model: str, error: StoreError) -> None:
        """Write down that the store kept `model` from being judged."""
        self.failed.add(model)
        self.trouble.append((model, error))
        self.problems.append(f"{model}: {error}")
