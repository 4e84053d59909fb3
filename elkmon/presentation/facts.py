"""
What stands below the sentence of a finding: since when, which rows moved, what drifted in the same windows, how much the feature
matters, what the verdict rests on, and what speaks against taking it for more than it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from elkmon.digests import Explanation, Importance, Point
from elkmon.findings import Evidence, Finding, Kind
from elkmon.measures.changes import ChangePoint
from elkmon.presentation.shift import moved
from elkmon.presentation.words import certainty, completeness, label, pair, quantity, since, streak
from elkmon.presentation.writing import capital, clean, day, listing, ordinal
from elkmon.windows import DAY

_FEW_PLACES = 2


def facts(
    finding: Finding,
    points: Sequence[Point],
    explanation: Explanation,
    *,
    opened_at: datetime | None = None,
) -> tuple[str, ...]:
    """Return sentences about `finding`, whose course is `points`; `opened_at` is when its story was first told."""
    bad = finding.status.bad
    course = since(finding.window, points, opened_at)
    onset = _onset(finding, points, explanation.since) if bad and explanation.since else ""
    found = [
        *([f"{onset}. {capital(course)}" if course else onset] if onset else [course]),
        where(finding) if bad else "",
        among(explanation.segments),
        together(explanation.coincident),
        importance(explanation.importance) if explanation.importance and bad else "",
        certainty(finding),
        completeness(finding.completeness) if finding.subject.kind is not Kind.COMPLETENESS else "",
        "compared with a provisional baseline, made from the first days of production" if finding.provisional else "",
    ]
    return tuple(f"{capital(fact)}." for fact in found if fact)


def began(change: ChangePoint) -> str:
    """
    Return since when, and how sure that is.

    >>> from datetime import UTC
    >>> august = [datetime(2013, 8, day, tzinfo=UTC) for day in range(1, 10)]
    >>> began(ChangePoint(august[4], august[3], august[5]))
    'it began on 5 August 2013 (between 4 and 6 August)'
    >>> began(ChangePoint(august[4], august[4], august[4]))
    'it began on 5 August 2013'
    >>> at = august[4].replace(hour=9)
    >>> began(ChangePoint(at, august[4], at, daily=False))
    'it began on 5 August 2013 at about 09:00 UTC (between 00:00 and 09:00)'
    """
    return _dated("it began on", change)


def _onset(finding: Finding, points: Sequence[Point], change: ChangePoint) -> str:
    """Return since when; what was beyond its limit before that had a step then, and did not begin with it."""
    first_bad = streak(finding.window, points)[-1:]
    if first_bad and change.at >= first_bad[0].at:
        return _dated("its clearest step came on", change)
    return began(change)


def _dated(verb: str, change: ChangePoint) -> str:
    words = f"{verb} {day(change.at)}"
    if change.daily or change.latest - change.earliest >= DAY:
        return words if change.earliest.date() == change.latest.date() else f"{words} ({_between(change)})"
    words = f"{words} at about {change.at:%H:%M} UTC"
    if change.earliest == change.latest:
        return words
    if change.earliest.date() == change.latest.date():
        return f"{words} (between {change.earliest:%H:%M} and {change.latest:%H:%M})"
    first, last = (f"{each:%H:%M} on {each.day} {each:%B}" for each in (change.earliest, change.latest))
    return f"{words} (between {first} and {last})"


def where(finding: Finding) -> str:
    """Return which values, levels or cells gained or lost rows, where the sentence does not say all of it."""
    evidence = finding.evidence
    if evidence is None or finding.subject.kind not in {Kind.FEATURE, Kind.PREDICTION, Kind.JOINT, Kind.FIGURE}:
        return ""
    moves = "" if _told_by_the_sentence(evidence) else moved(finding)
    return f"what moved: {moves}" if moves else ""


def among(segments: Sequence[Finding]) -> str:
    """Return in which segments the same is seen, each with how much; empty where it is in none."""
    if not segments:
        return ""
    names = [f"{clean(each.segment, 40)} ({quantity(each.value, each.unit, 2)})" for each in segments]
    return f"of the segments, {listing(names)} {'are' if len(names) > 1 else 'is'} beyond the limit as well"


def together(coincident: Sequence[Finding]) -> str:
    """Return which features drifted in the same windows, in words that claim no cause; empty where none did."""
    if not coincident:
        return ""
    names = [
        f"how {pair(each.subject)} go together" if each.subject.kind is Kind.JOINT else label(each.subject)
        for each in coincident
    ]
    these = "these features" if len(names) > 1 else "this feature"
    return (
        f"in the same windows {these} drifted as well: {listing(names)}. "
        "Whether one caused the other cannot be told from counts"
    )


def importance(known: Importance) -> str:
    """
    Return how much a feature matters to the model.

    >>> importance(Importance(rank=3, of=12, weight=1.7)), importance(Importance(rank=1, of=12, weight=4.0))
    ('third most important of 12 features', 'most important of 12 features')
    """
    rank = "" if known.rank == 1 else f"{ordinal(known.rank)} "
    return f"{rank}most important of {known.of:,} features"


def _between(change: ChangePoint) -> str:
    """Return the days that are left open, with no more of their dates than it takes."""
    first, last = change.earliest, change.latest
    if first.year != last.year:
        return f"between {day(first)} and {day(last)}"
    month = "" if first.month == last.month else f" {first:%B}"
    return f"between {first.day}{month} and {last.day} {last:%B}"


def _told_by_the_sentence(evidence: Evidence) -> bool:
    """Whether there are so few levels that naming one says all."""
    return not evidence.edges and len(evidence.labels) <= _FEW_PLACES
