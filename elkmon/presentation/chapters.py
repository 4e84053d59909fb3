"""
What a report's page says about one model: a summary in plain words, the worst subjects with plots, every subject as a strip of
its windows, its stories, and what could not be judged. Makes texts and drawings; the template only places them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from elkmon.alerts import Alert, Change, Transition
from elkmon.digests import Chapter, History, Point
from elkmon.findings import Family, Finding, Status, worst
from elkmon.presentation import charts
from elkmon.presentation.facts import facts
from elkmon.presentation.links import events_behind
from elkmon.presentation.sentences import sentence
from elkmon.presentation.strips import Strip, bar, strip
from elkmon.presentation.words import TONES, VERDICTS, basis, figures, label
from elkmon.presentation.writing import capital, clean, count, day, listing, period
from elkmon.windows import Window

MOST_CARDS = 6
_FAMILIES = {
    Family.DRIFT: "Drift",
    Family.PERFORMANCE: "Performance",
    Family.QUALITY: "Data quality",
    Family.SERVICE: "Service",
}
_NOT_JUDGED = {
    Status.UNKNOWN: "the reason was not recorded",
    Status.PENDING: "the labels are not due yet",
    Status.NOT_APPLICABLE: "it does not apply here",
}
_TOLD = {
    Change.OPENED: "reported",
    Change.WORSENED: "got worse",
    Change.RESOLVED: "back within limits",
    Change.CORRECTED: "corrected",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One of the worst subjects: what is said of it, and its plots as SVG with their alternative texts."""

    name: str
    tone: str
    verdict: str
    sentence: str
    facts: tuple[str, ...]
    plots: tuple[tuple[str, str], ...]
    link: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a table of subjects."""

    name: str
    detail: str
    strip: Strip
    value: str
    limit: str
    reference: str
    tone: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Group:
    """The subjects of one family: those that need a look or were beyond their limit, and the others."""

    title: str
    shown: tuple[Entry, ...]
    calm: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """An alert: its bars within the period in percent (left, width), and its changes in words."""

    name: str
    tone: str
    verdict: str
    bars: tuple[tuple[float, float], ...]
    words: str


@dataclass(frozen=True, slots=True)
class ChapterView:
    """All the page says about one model."""

    anchor: str
    model: str
    tone: str
    verdict: str
    summary: tuple[str, ...]
    cards: tuple[Card, ...]
    groups: tuple[Group, ...]
    unjudged: tuple[tuple[str, str], ...]
    stories: tuple[Story, ...]
    baseline: str
    first: str
    last: str


def chapter_view(chapter: Chapter, span: Window, index: int, kibana_url: str | None) -> ChapterView:
    """Return what the page says about `chapter`, the `index`-th of a report over `span`."""
    latest = tuple(history.latest for history in chapter.histories)
    status = worst(latest)
    troubled = [history for history in chapter.histories if history.latest.status.bad or _beyond(history)]
    several = len({history.version for history in chapter.histories}) > 1
    return ChapterView(
        anchor=f"model-{index}",
        model=clean(chapter.model, 80),
        tone=TONES[status],
        verdict=VERDICTS[status] if latest else "nothing judged",
        summary=tuple(_summary(chapter, troubled)),
        cards=tuple(_card(history, kibana_url, several=several) for history in troubled[:MOST_CARDS]),
        groups=tuple(_groups(chapter, several=several)),
        unjudged=tuple(_unjudged(latest)),
        stories=tuple(_story(alert, span) for alert in chapter.alerts),
        baseline=clean(chapter.baseline, 600) if chapter.baseline else "",
        first=day(chapter.windows[0].start) if chapter.windows else "",
        last=day(chapter.windows[-1].start) if chapter.windows else "",
    )


def judged(history: History) -> tuple[Point, ...]:
    """Return the points of windows that could be judged."""
    return tuple(point for point in history.points if point.value is not None and point.status not in _NOT_JUDGED)


def _summary(chapter: Chapter, troubled: Sequence[History]) -> list[str]:
    if not chapter.histories:
        return ["Nothing was judged in this period. That does not mean that all is well: there are no verdicts."]
    sums = Counter(history.latest.status for history in chapter.histories)
    parts = [f"{count(sums[status])} {standing}" for status, standing in _STANDING.items() if sums[status]]
    watched = count(sum(sums[status] for status in _STANDING), "thing") + " watched"
    end = period(max(history.latest.window for history in chapter.histories))
    words = [f"Of {watched}, {listing(parts)}, as of the last window ({end})."]
    if troubled:
        most = [
            f"{_label(history.latest)} (beyond its limit in {_beyond(history)} of {len(judged(history))} windows)"
            for history in troubled[:3]
        ]
        words.append(f"Most in need of a look: {listing(most)}.")
    else:
        words.append("Nothing that could be judged was beyond its limit in this period.")
    return words


_STANDING = {
    Status.CRITICAL: "critical",
    Status.WARNING: "at warning level",
    Status.OK: "within limits",
    Status.UNKNOWN: "not to be judged",
    Status.PENDING: "waiting for labels",
}


def _card(history: History, kibana_url: str | None, *, several: bool) -> Card:
    finding = history.latest
    drawn = [charts.distribution(finding) if finding.status.bad else None, charts.course(finding, history.points)]
    beyond = f"beyond its limit in {_beyond(history)} of {count(len(judged(history)), 'window')} of this period"
    found = facts(finding, history.points, history.explanation)
    return Card(
        name=_name(history, several=several),
        tone=TONES[finding.status],
        verdict=VERDICTS[finding.status],
        sentence=sentence(finding),
        facts=(f"{capital(beyond)}.", *found),
        plots=tuple((chart.svg(), chart.alt) for chart in drawn if chart is not None),
        link=events_behind(kibana_url, finding),
    )


def _groups(chapter: Chapter, *, several: bool) -> list[Group]:
    groups = []
    for family, title in _FAMILIES.items():
        histories = [
            history
            for history in chapter.histories
            if history.latest.subject.family is family and history.latest.status is not Status.NOT_APPLICABLE
        ]
        entries = [(history, _entry(history, chapter.windows, several=several)) for history in histories]
        calm = tuple(entry for history, entry in entries if history.latest.status is Status.OK and not _beyond(history))
        shown = tuple(entry for _, entry in entries if entry not in calm)
        if entries:
            few = len(calm) <= 3 or not shown
            groups.append(Group(title, shown + calm, ()) if few else Group(title, shown, calm))
    return groups


def _entry(history: History, windows: Sequence[Window], *, several: bool) -> Entry:
    finding = history.latest
    value, limit, reference = figures(finding)
    return Entry(
        name=_name(history, several=several),
        detail=basis(finding) if finding.status not in _NOT_JUDGED else "",
        strip=strip(windows, history.points, finding),
        value=value,
        limit=limit,
        reference=reference,
        tone=TONES[finding.status],
        verdict=VERDICTS[finding.status],
    )


def _unjudged(latest: Sequence[Finding]) -> list[tuple[str, str]]:
    """Return what could not be judged in the last window: which subjects, and why."""
    by_reason: dict[tuple[Status, str], list[str]] = defaultdict(list)
    for finding in latest:
        if finding.status in _NOT_JUDGED:
            by_reason[finding.status, finding.reason].append(_label(finding))
    return [
        (listing(list(dict.fromkeys(names)), most=10), clean(reason, 300) if reason else _NOT_JUDGED[status])
        for (status, reason), names in by_reason.items()
    ]


def _story(alert: Alert, span: Window) -> Story:
    resolved = alert.resolved_at is not None
    told = [each for each in alert.timeline if each.at <= span.end]
    words = [f"{_TOLD[each.change]} {day(each.at)}{_correction(each)}" for each in told]
    opened = any(each.change is Change.OPENED for each in told)
    return Story(
        name=label(alert.subject, alert.segment),
        tone=TONES[Status.OK if resolved or not opened else alert.severity],
        verdict=("resolved" if resolved else f"open, {VERDICTS[alert.severity]}") if opened else "corrected",
        bars=tuple(_bars(told, span)),
        words=capital(", ".join(words)),
    )


def _correction(transition: Transition) -> str:
    """Return what a correction was of and to; empty for other changes."""
    if transition.was is None:
        return ""
    return f" from {VERDICTS[transition.was]} to {VERDICTS[transition.status]}"


def _bars(told: Sequence[Transition], span: Window) -> list[tuple[float, float]]:
    """Return where in the period each occurrence of a story begins and how long it lasts, in percent of the period."""
    by_episode: dict[int, list[Transition]] = defaultdict(list)
    for each in told:
        if each.change is not Change.CORRECTED:
            by_episode[each.episode].append(each)
    bars = []
    for changes in by_episode.values():
        opened = min(each.at for each in changes)
        ended = max((each.at for each in changes if each.change is Change.RESOLVED), default=span.end)
        if ended > span.start:
            bars.append(bar(opened, ended, span))
    return bars


def _name(history: History, *, several: bool) -> str:
    name = _label(history.latest)
    return f"{name} (version {clean(history.version, 20)})" if several else name


def _label(finding: Finding) -> str:
    return label(finding.subject, finding.segment)


def _beyond(history: History) -> int:
    return sum(point.bad for point in history.points)
