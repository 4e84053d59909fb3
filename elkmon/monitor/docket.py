"""
Which windows of one model are to be judged in this check, and which verdicts stand: what follows from its bookmark.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.findings import BASELINE, Finding, Status
from elkmon.identity import identity
from elkmon.judgement import SILENCE
from elkmon.monitor.profiling import Asked, Hour
from elkmon.ports import Bookmark, Journal, Visit
from elkmon.profiles import ALL
from elkmon.windows import Window, windows_within


@dataclass(frozen=True, slots=True)
class Entry:
    """One window of one version: the verdicts that are remembered of it, and whether it must be judged."""

    window: Window
    version: str
    before: tuple[Finding, ...]
    due: bool
    content: str


@dataclass(frozen=True, slots=True)
class Docket:
    """
    What of one model is looked at, in order of window.

    Attributes:
        entries: windows that are new, or that something says may have changed.
        last: versions of the last window of the span, whether or not it is among the entries; `until` the end of it.
        waiting: windows, by version, that waited for truth when the model was judged last.
        now: the instant of the check; `unprovided` says why there is no baseline, where there is none.
    """

    settings: ModelSettings
    asked: Asked
    span: Window
    now: datetime
    unprovided: str
    entries: tuple[Entry, ...] = ()
    last: tuple[tuple[Window, str], ...] = ()
    until: datetime | None = None
    waiting: frozenset[tuple[str, Window]] = field(default_factory=frozenset)

    @property
    def visits(self) -> tuple[Visit, ...]:
        """The windows whose arrival is asked for, in order of judging."""
        model = self.settings.name
        return tuple(
            Visit(model, each.version, each.window)
            for each in self.entries
            if each.due and comparable(self.asked.baselines.get(each.version), each.window)
        )


def draw_up(
    journal: Journal,
    settings: ModelSettings,
    asked: Asked,
    span: Window,
    now: datetime,
    unprovided: str,
    bookmark: Bookmark | None,
) -> Docket:
    """
    Return what is to be judged in `span`: every window that is new, whose hours or settings changed, or whose truth is due.

    Without a `bookmark` every window is looked at, and verdicts that are remembered stand where they say what is so now.
    """
    windows = windows_within(span, settings.window, settings.offset)
    predicted = [hour for hour, counts in asked.counts.items() if counts.predictions]
    continues = bookmark is not None and bookmark.settings == settings.hash and _same(bookmark.baselines, asked)
    known = bookmark if continues else None
    # All versions of a window, or none: a story takes the verdict of all of them together.
    chosen = [
        (window, version)
        for window in windows
        for live in (live_versions(predicted, window),)
        if known is None or any(_asks_for_it(known, settings, asked, window, version, now) for version in live)
        for version in live
    ]
    remembered = _remembered(journal, settings.name, {window for window, _ in chosen})
    entries = []
    for window, version in chosen:
        before = tuple(remembered.get((version, window), ()))
        content = _content(asked, version, window)
        stands = _out_of_reach(asked, version, window) or (
            sealed(before) and not _outdated(before, settings, asked.baselines.get(version), content, now)
        )
        entries.append(Entry(window, version, before, not stands, content))
    last: tuple[tuple[Window, str], ...] = ()
    for window in reversed(windows):
        if versions := live_versions(predicted, window):
            last = tuple((window, version) for version in versions)
            break
    return Docket(
        settings,
        asked,
        span,
        now,
        unprovided,
        tuple(entries),
        last,
        windows[-1].end if windows else None,
        frozenset(known.waiting if known else ()),
    )


def sealed(findings: Iterable[Finding]) -> bool:
    """Whether all verdicts on a window were written: the one that is always there is written last."""
    return any(is_seal(finding) for finding in findings)


def is_seal(finding: Finding) -> bool:
    """Whether a finding is the one that every window of every version has, of all its traffic."""
    return finding.segment == ALL and finding.subject in {SILENCE, BASELINE}


def comparable(baseline: Baseline | None, window: Window) -> bool:
    """Whether there is something that `window` can be compared with: a provisional baseline has no say on its own days."""
    return baseline is not None and not (baseline.source.provisional and window.start < baseline.end)


def live_versions(predicted: Sequence[Hour], window: Window) -> tuple[str, ...]:
    """
    Return the versions to judge in `window`: those with predictions in it; if there are none, the last that had any before.

    So a service that falls silent is noticed, and a version that was replaced is not. `predicted` are the hours with
    predictions, in order.
    """
    first, end = (bisect_left(predicted, Hour(instant, "")) for instant in (window.start, window.end))
    live = tuple(dict.fromkeys(hour.version for hour in predicted[first:end]))
    return live or tuple(hour.version for hour in predicted[max(first - 1, 0) : first])


def _same(baselines: Mapping[str, str], asked: Asked) -> bool:
    return all(
        baselines[version] == (each.id if (each := asked.baselines.get(version)) else "") for version in baselines
    )


def _asks_for_it(
    bookmark: Bookmark, settings: ModelSettings, asked: Asked, window: Window, version: str, now: datetime
) -> bool:
    """Whether something was not known of `window` when the model was judged last."""
    if bookmark.until is None or window.end > bookmark.until or version not in bookmark.baselines:
        return True
    waits = (version, window) in bookmark.waiting
    if waits and truth_is_due(settings, window, now):
        return True
    touched = [asked.touched[hour] for start in window.hours() if (hour := Hour(start, version)) in asked.touched]
    if not any(touched) and waits:  # truth alone, of a window that waits for more of it
        return bool(touched) and _coverage(asked, version, window) >= settings.min_coverage
    return bool(touched)


def truth_is_due(settings: ModelSettings, window: Window, now: datetime) -> bool:
    """Whether the truth about `window` should be there."""
    return settings.labels_after is not None and now >= window.end + settings.labels_after


def _coverage(asked: Asked, version: str, window: Window) -> float:
    counts = [found for start in window.hours() if (found := asked.counts.get(Hour(start, version)))]
    predictions = sum(each.predictions for each in counts)
    return sum(each.outcomes for each in counts) / predictions if predictions else 0.0


def _remembered(
    journal: Journal, model: str, windows: Iterable[Window]
) -> Mapping[tuple[str, Window], Sequence[Finding]]:
    """Return the findings of `windows`; those that follow one another are read together."""
    found: dict[tuple[str, Window], list[Finding]] = defaultdict(list)
    stretch: Window | None = None
    stretches = []
    for window in sorted(windows):
        if stretch is not None and window.start <= stretch.end:
            stretch = Window(stretch.start, max(window.end, stretch.end))
        else:
            stretches.append(stretch)
            stretch = window
    for each in (*stretches, stretch):
        if each is not None:
            # By their ends: one that ends where the stretch begins is not of it.
            for finding in journal.findings(model, Window(each.start, each.end)):
                found[finding.version, finding.window].append(finding)
    return found


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


def _outdated(
    before: Iterable[Finding], settings: ModelSettings, baseline: Baseline | None, content: str, now: datetime
) -> bool:
    """Whether what was remembered was made from other documents, settings or baseline, or waited for truth that is due."""
    made_from = (settings.hash, baseline.id if baseline else "", content)
    return any(
        (finding.settings, finding.baseline, finding.content) != made_from
        or (finding.status is Status.PENDING and truth_is_due(settings, finding.window, now))
        for finding in before
    )
