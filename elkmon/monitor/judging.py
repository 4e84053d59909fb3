"""
Windows of one model, judged in order: which need it, what they are judged by, and what their verdicts replace.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.findings import Finding, Status
from elkmon.identity import identity
from elkmon.judgement import earlier_windows, judge, unfamiliar, unjudged
from elkmon.monitor.hours import Hours
from elkmon.monitor.profiling import Asked, Hour
from elkmon.monitor.references import References, shortcomings
from elkmon.monitor.revising import revised, said_by_absence
from elkmon.ports import Completeness, EventLog, Journal
from elkmon.profiles import ALL, Slices
from elkmon.windows import Window, windows_within

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

_FINDINGS_A_SAVE = 2_000


@dataclass(frozen=True, slots=True)
class Judged:
    """
    The verdicts of one model.

    Attributes:
        standing: all findings of the span, old and new, in order of window.
        latest: those of each version's latest window, but for what their absence says.
        windows: windows judged in this run; `problems` why something could not be, `notes` what else is to be said.
    """

    standing: tuple[Finding, ...]
    latest: tuple[Finding, ...]
    windows: int
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Judge:
    """Judges windows and remembers the verdicts; `progress` is told how far that is."""

    def __init__(self, event_log: EventLog, journal: Journal, progress: Progress | None = None) -> None:
        self._event_log = event_log
        self._journal = journal
        self._progress: Progress = progress or (lambda _what, _done, _all: None)
        self._references = References(journal)

    def judge(self, settings: ModelSettings, asked: Asked, span: Window, now: datetime, unprovided: str = "") -> Judged:
        """
        Judge every window of `span` that is new, whose hours or settings changed, or whose labels were not due.

        `unprovided` says why there is no baseline, where there is none. Findings that are new or differ from what was
        remembered are saved while it goes on, so that what is interrupted goes on where it was.
        """
        remembered: dict[tuple[str, Window], list[Finding]] = defaultdict(list)
        for finding in self._journal.findings(settings.name, span):
            remembered[finding.version, finding.window].append(finding)
        work = _Work(self._journal)
        latest: dict[str, tuple[Finding, ...]] = {}
        problems: dict[str, None] = {}
        windows = windows_within(span, settings.window, settings.offset)
        bench = _Bench(self._event_log, self._journal, self._references, settings, span)
        predicted = [hour for hour, counts in asked.counts.items() if counts.predictions]
        what = f"judging {settings.name}"
        for done, window in enumerate(windows):
            self._progress(what, done, len(windows))
            for version in _live(predicted, window):
                before = remembered[version, window]
                baseline = asked.baselines.get(version)
                content = _content(asked, version, window)
                if baseline is None:
                    problems[unprovided] = None
                if _out_of_reach(asked, version, window) or (
                    before and not _outdated(before, settings, baseline, content)
                ):
                    verdicts = tuple(sorted(before, key=lambda each: (each.segment, each.subject)))
                    work.stands(verdicts)
                else:
                    new = bench.verdicts(baseline, version, window, now, unprovided)
                    verdicts, fresh = revised(before, [replace(each, content=content) for each in new])
                    work.judged(verdicts, fresh)
                written = {(each.segment, each.subject) for each in before}
                latest[version] = tuple(
                    each for each in verdicts if (each.segment, each.subject) in written or not said_by_absence(each)
                )
        work.save()
        if windows:
            self._progress(what, len(windows), len(windows))
        last = max((findings[0].window for findings in latest.values() if findings), default=None)
        current = tuple(finding for findings in latest.values() for finding in findings if finding.window == last)
        notes = tuple(shortcomings(settings, asked.baselines.values(), bench.lacking))
        return Judged(tuple(work.standing), current, work.windows, tuple(problems), notes)


@dataclass(slots=True)
class _Work:
    """What stands so far, and what of it is still to be saved."""

    journal: Journal
    standing: list[Finding] = field(default_factory=list)
    unsaved: list[Finding] = field(default_factory=list)
    windows: int = 0

    def stands(self, verdicts: Sequence[Finding]) -> None:
        self.standing.extend(verdicts)

    def judged(self, verdicts: Sequence[Finding], fresh: Sequence[Finding]) -> None:
        self.windows += 1
        self.standing.extend(verdicts)
        self.unsaved.extend(fresh)
        if len(self.unsaved) >= _FINDINGS_A_SAVE:
            self.save()

    def save(self) -> None:
        unsaved, self.unsaved = self.unsaved, []
        self.journal.save(unsaved)


class _Bench:
    """Judges the windows of one model under one configuration, in order of time."""

    def __init__(
        self, event_log: EventLog, journal: Journal, references: References, settings: ModelSettings, span: Window
    ) -> None:
        reach = (earlier_windows(settings.window) + 1) * settings.window
        self._event_log = event_log
        self._journal = journal
        self._references = references
        self._settings = settings
        self._hours = Hours(journal, settings.name, Window(span.start - reach, span.end), reach)
        self._completeness: dict[Window, Completeness] = {}
        self.lacking: dict[str, set[str]] = defaultdict(set)

    def verdicts(
        self, baseline: Baseline | None, version: str, window: Window, now: datetime, unprovided: str
    ) -> tuple[Finding, ...]:
        settings = self._settings
        if baseline is None:
            return unjudged(settings, settings.name, version, window, now, unprovided)
        if baseline.source.provisional and window.start < baseline.end:
            reason = "the provisional baseline was made from these days; there is nothing to compare them with"
            found = unjudged(settings, settings.name, version, window, now, reason)
            return tuple(replace(each, baseline=baseline.id, provisional=True) for each in found)
        reference = self._references.of(baseline, settings, window)
        if reference.lacks:
            self.lacking[baseline.id].add(reference.lacks)
        current = self._hours.slices(baseline, version, window)
        silence = 0 if current[ALL].predictions else reference.limits[ALL].longest_silence
        earlier = self._earlier(baseline, version, window, silence)
        completeness = self._completeness_of(window)
        verdicts = judge(settings, reference.baseline, reference.limits, current, earlier, now, completeness)
        if not current[ALL].predictions:
            return verdicts
        features = self._event_log.features(settings.name, version, window)
        new = unfamiliar(settings, reference.baseline, current[ALL], features, now, window)
        provisional = baseline.source.provisional
        return (*verdicts, replace(new, completeness=completeness.share, provisional=provisional))

    def _earlier(self, baseline: Baseline, version: str, window: Window, silence: int) -> list[Slices]:
        """Return the windows before `window`: as many as a run needs, and as many as the reference's longest `silence`."""
        run, hours = earlier_windows(self._settings.window), self._hours
        if silence > run:
            hours = Hours(self._journal, self._settings.name, Window(window.before(silence).start, window.end))
        return [hours.slices(baseline, version, window.before(count)) for count in range(max(run, silence), 0, -1)]

    def _completeness_of(self, window: Window) -> Completeness:
        if window not in self._completeness:
            self._completeness = {window: self._event_log.completeness(self._settings.name, window)}
        return self._completeness[window]


def _live(predicted: Sequence[Hour], window: Window) -> tuple[str, ...]:
    """
    Return the versions to judge in `window`: those with predictions in it; if there are none, the last that had any before.

    So a service that falls silent is noticed, and a version that was replaced is not. `predicted` are the hours with
    predictions, in order.
    """
    first, end = (bisect_left(predicted, Hour(instant, "")) for instant in (window.start, window.end))
    live = tuple(dict.fromkeys(hour.version for hour in predicted[first:end]))
    return live or tuple(hour.version for hour in predicted[max(first - 1, 0) : first])


def _content(asked: Asked, version: str, window: Window) -> str:
    """Return a hash of how many documents each hour of `window` holds."""
    lines = [
        f"{start.isoformat()} {counts.predictions} {counts.errors} {counts.outcomes}"
        for start in window.hours()
        if (counts := asked.counts.get(Hour(start, version)))
    ]
    return identity(*lines)


def _out_of_reach(asked: Asked, version: str, window: Window) -> bool:
    """Whether events of `window` are gone that were never counted by the ruler it would be judged with."""
    return bool(asked.gone) and any(Hour(start, version) in asked.gone for start in window.hours())


def _outdated(before: Sequence[Finding], settings: ModelSettings, baseline: Baseline | None, content: str) -> bool:
    """Whether what was remembered was made from other documents, settings or baseline, or waited for labels."""
    made_from = (settings.hash, baseline.id if baseline else "", content)
    return any(
        (finding.settings, finding.baseline, finding.content) != made_from or finding.status is Status.PENDING
        for finding in before
    )
