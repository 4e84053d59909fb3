"""
Windows of one model, judged in order: what they are judged by, and what their verdicts replace.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from elkmon.baselines import Baseline
from elkmon.findings import Finding, Status
from elkmon.judgement import earlier_windows, judge, unfamiliar, unjudged
from elkmon.monitor.docket import Docket, comparable, is_seal
from elkmon.monitor.hours import Hours
from elkmon.monitor.references import References, shortcomings
from elkmon.monitor.revising import revised, said_by_absence
from elkmon.monitor.stories import Storybook
from elkmon.ports import Arrival, EventLog, Journal, Lesson, Visit
from elkmon.profiles import ALL, Slices
from elkmon.windows import HOUR, Window

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

_FINDINGS_A_SAVE = 2_000


@dataclass(frozen=True, slots=True)
class Judged:
    """
    The verdicts of one model.

    Attributes:
        latest: findings of each version's latest window, but for what their absence says.
        windows: windows judged in this run; `waiting` those, looked at now or before, whose truth is not due.
        problems: why something could not be judged; `notes` what else is to be said.
    """

    latest: tuple[Finding, ...] = ()
    windows: int = 0
    waiting: tuple[tuple[str, Window], ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Arrivals:
    """
    What arrived of the windows of several models, asked for together and handed out one by one, in the same order.

    A question that cannot be answered is an error where its answer is wanted; the next ones are asked anew.
    """

    def __init__(self, event_log: EventLog, visits: Sequence[Visit]) -> None:
        self._event_log = event_log
        self._visits = visits
        self._places = {visit: place for place, visit in enumerate(visits)}
        self._answers: Iterator[Arrival] = iter(())
        self._next = -1

    def of(self, visit: Visit) -> Arrival:
        """Return what arrived of one of the visits."""
        place = self._places[visit]
        if place != self._next:
            self._answers = self._event_log.arrivals(self._visits[place:])
        self._next = -1  # should the answer be an error
        arrival = next(self._answers)
        self._next = place + 1
        return arrival


class Judge:
    """Judges windows and remembers the verdicts; `progress` is told how far that is."""

    def __init__(self, journal: Journal, progress: Progress | None = None) -> None:
        self._journal = journal
        self._progress: Progress = progress or (lambda _what, _done, _all: None)
        self._references = References(journal)

    def remember(self, lessons: Iterable[Lesson]) -> None:
        """Take in what was learnt of baselines before."""
        self._references.remember(lessons)

    def judge(self, docket: Docket, arrivals: Arrivals, book: Storybook) -> Judged:
        """
        Judge the entries of `docket` that are due, and take window by window into the `book`.

        Findings that are new or differ from what was remembered are saved while it goes on, so that what is interrupted goes
        on where it was.
        """
        settings, asked = docket.settings, docket.asked
        work = _Work(self._journal)
        latest: dict[str, tuple[Finding, ...]] = {}
        waiting = {each for each in docket.waiting if each[1].end > docket.span.start}
        bench = _Bench(self._journal, self._references, docket, arrivals)
        what = f"judging {settings.name}"
        standing: list[Finding] = []
        for done, entry in enumerate(docket.entries):
            self._progress(what, done, len(docket.entries))
            if standing and standing[0].window != entry.window:
                book.take(standing)
                standing = []
            if entry.due:
                new = bench.verdicts(asked.baselines.get(entry.version), entry.version, entry.window)
                judged = [replace(each, content=entry.content) for each in new]
                verdicts, fresh = revised(entry.before, judged, book.spoken_of)
                work.judged(fresh)
            else:
                verdicts = tuple(sorted(entry.before, key=lambda each: (each.segment, each.subject)))
            standing.extend(verdicts)
            key = entry.version, entry.window
            waits = any(finding.status is Status.PENDING for finding in verdicts)
            waiting = waiting | {key} if waits else waiting - {key}
            written = {(each.segment, each.subject) for each in entry.before}
            latest[entry.version] = tuple(
                each
                for each in verdicts
                if (each.segment, each.subject) in written
                or not said_by_absence(each)
                or book.spoken_of(each.segment, each.subject)
            )
        if standing:
            book.take(standing)
        work.save()
        if docket.entries:
            self._progress(what, len(docket.entries), len(docket.entries))
        problems = (docket.unprovided,) if docket.unprovided and docket.last else ()
        notes = tuple(shortcomings(settings, asked.baselines.values(), bench.lacking))
        current = self._latest(docket, latest)
        return Judged(current, work.windows, tuple(sorted(waiting)), problems, notes)

    def _latest(self, docket: Docket, latest: dict[str, tuple[Finding, ...]]) -> tuple[Finding, ...]:
        """Return the verdicts of the last window; those that were not looked at are read."""
        if not docket.last:
            return ()
        window = docket.last[0][0]
        here = {version: found for version, found in latest.items() if found and found[0].window == window}
        if all(version in here for _, version in docket.last):
            return tuple(finding for version in here for finding in here[version])
        stored = self._journal.findings(docket.settings.name, Window(window.end - HOUR, window.end))
        ordered = sorted(stored, key=lambda each: (each.version, each.segment, each.subject))
        return tuple(finding for finding in ordered if finding.window == window)


@dataclass(slots=True)
class _Work:
    """What was judged so far, and what of it is still to be saved."""

    journal: Journal
    unsaved: list[Finding] = field(default_factory=list)
    windows: int = 0

    def judged(self, fresh: Sequence[Finding]) -> None:
        self.windows += 1
        self.unsaved.extend(sorted(fresh, key=is_seal))  # last, so that what is there of a window is all of it
        if len(self.unsaved) >= _FINDINGS_A_SAVE:
            self.save()

    def save(self) -> None:
        unsaved, self.unsaved = self.unsaved, []
        if unsaved:
            self.journal.save(unsaved)


class _Bench:
    """Judges the windows of one model under one configuration, in order of time."""

    def __init__(self, journal: Journal, references: References, docket: Docket, arrivals: Arrivals) -> None:
        settings, windows = docket.settings, [each.window for each in docket.entries if each.due]
        reach = (earlier_windows(settings.window) + 1) * settings.window
        first = min(windows, default=Window(docket.span.start, docket.span.end))
        self._docket = docket
        self._settings = settings
        self._arrivals = arrivals
        self._journal = journal
        self._references = references
        self._hours = Hours(journal, settings.name, Window(first.start - reach, docket.span.end), reach)
        self.lacking: dict[str, set[str]] = defaultdict(set)

    def verdicts(self, baseline: Baseline | None, version: str, window: Window) -> tuple[Finding, ...]:
        settings, now = self._settings, self._docket.now
        if baseline is None:
            return unjudged(settings, settings.name, version, window, now, self._docket.unprovided)
        if not comparable(baseline, window):
            reason = "the provisional baseline was made from these days; there is nothing to compare them with"
            found = unjudged(settings, settings.name, version, window, now, reason)
            return tuple(replace(each, baseline=baseline.id, provisional=True) for each in found)
        reference = self._references.of(baseline, settings, window)
        if reference.lacks:
            self.lacking[baseline.id].add(reference.lacks)
        current = self._hours.slices(baseline, version, window)
        silence = 0 if current[ALL].predictions else reference.limits[ALL].longest_silence
        earlier = self._earlier(baseline, version, window, silence)
        arrival = self._arrivals.of(Visit(settings.name, version, window))
        completeness = arrival.completeness
        verdicts = judge(settings, reference.baseline, reference.limits, current, earlier, now, completeness)
        if not current[ALL].predictions:
            return verdicts
        new = unfamiliar(settings, reference.baseline, current[ALL], arrival.features, now, window)
        provisional = baseline.source.provisional
        return (*verdicts, replace(new, completeness=completeness.share, provisional=provisional))

    def _earlier(self, baseline: Baseline, version: str, window: Window, silence: int) -> list[Slices]:
        """Return the windows before `window`: as many as a run needs, and as many as the reference's longest `silence`."""
        run, hours = earlier_windows(self._settings.window), self._hours
        if silence > run:
            hours = Hours(self._journal, self._settings.name, Window(window.before(silence).start, window.end))
        return [hours.slices(baseline, version, window.before(count)) for count in range(max(run, silence), 0, -1)]
