"""
Where the rows of a subject went: the stretch of values, or the level, that stands out most against the reference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from elkmon.fields import EVENT_DURATION
from elkmon.findings import Evidence, Finding, Kind
from elkmon.judgement import moves, tendency
from elkmon.presentation.writing import clean, number, percent

_NANOSECONDS_PER_MILLISECOND = 1_000_000
_ONE_WAY = 0.9


@dataclass(frozen=True, slots=True)
class Shift:
    """
    What changed most, in shares of the rows with a value.

    Attributes:
        place: where, in words: `1,600 to 2,100`, `2,600 and above`, `“EWR”`.
        before, now: shares of rows there.
        low, high: for a number, the stretch [low, high); None where it is open.
        level: for a category, the level as it is stored; None for numbers and where levels are counted together.
    """

    place: str
    before: float
    now: float
    low: float | None = None
    high: float | None = None
    level: str | None = None


def shares(evidence: Evidence) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Return the shares of rows per bin or level, in the reference and now; None where either side has no rows."""
    before, now = sum(evidence.reference), sum(evidence.current)
    if not before or not now:
        return None
    return tuple(rows / before for rows in evidence.reference), tuple(rows / now for rows in evidence.current)


def readable(finding: Finding) -> Evidence | None:
    """Return the evidence of `finding` in a unit for people: latencies, which are stored in nanoseconds, in milliseconds."""
    evidence = finding.evidence
    if evidence is None or finding.subject.field != EVENT_DURATION:
        return evidence
    return replace(evidence, edges=tuple(edge / _NANOSECONDS_PER_MILLISECOND for edge in evidence.edges))


def shift(evidence: Evidence) -> Shift | None:
    """Return the stretch of values that gained, or the level that changed, most strikingly; None without a comparison."""
    both = shares(evidence)
    if both is None:
        return None
    before, now = both
    if before == now or len(now) < 2:
        return None
    stretches = _stretches(len(now)) if evidence.edges else [(index, index) for index in range(len(now))]
    first, last = max(stretches, key=lambda each: _strikingness(before, now, *each, both_ways=not evidence.edges))
    part_before, part_now = sum(before[first : last + 1]), sum(now[first : last + 1])
    if not evidence.edges:
        return Shift(_level(evidence, first), part_before, part_now, level=_stored_level(evidence, first))
    low = evidence.edges[first - 1] if first > 0 else None
    high = evidence.edges[last] if last < len(evidence.edges) else None
    return Shift(_stretch(evidence, first, last), part_before, part_now, low, high)


def moved(finding: Finding, most: int = 4) -> str:
    """
    Return which values, levels or cells gained or lost rows, the largest difference first; empty where none did clearly.

    `values are higher than in the reference; below 10: 50 % of rows then, 20 % now; 20 to 30: 40 % then, 70 % now`
    """
    evidence = readable(finding)
    found = moves(evidence, most) if evidence else ()
    if evidence is None or not found:
        return ""
    cells = finding.subject.kind is Kind.JOINT
    parts: list[str] = []
    for each in found:
        ends = _to_the_ends(evidence, each.first, each.last)
        name = clean(evidence.labels[each.first], 90) if cells else _stretch_or_level(evidence, *ends)
        parts.append(f"{name}: {percent(each.before)}{'' if parts else ' of rows'} then, {percent(each.now)} now")
    way = tendency(evidence)
    where = "; ".join(parts)
    if abs(way) < _ONE_WAY:
        return where
    return f"values are {'higher' if way > 0 else 'lower'} than in the reference; {where}"


def discrete(evidence: Evidence) -> bool:
    """Whether each bin stands for one value: then inner bins are labelled with that value alone."""
    inner = evidence.labels[1:-1] or evidence.labels
    return bool(evidence.edges) and all(_is_number(label) for label in inner)


def place(evidence: Evidence, index: int) -> str:
    """Return the name of one bin or level for people."""
    return _stretch_or_level(evidence, index, index)


def _stretch_or_level(evidence: Evidence, first: int, last: int) -> str:
    return _stretch(evidence, first, last) if evidence.edges else _level(evidence, first)


def _to_the_ends(evidence: Evidence, first: int, last: int) -> tuple[int, int]:
    """Return the stretch, open at an end beyond which there are no rows: an edge between empty bins tells nobody anything."""
    if not evidence.edges or discrete(evidence):
        return first, last
    rows = [before + now for before, now in zip(evidence.reference, evidence.current, strict=True)]
    return 0 if not any(rows[:first]) else first, last if any(rows[last + 1 :]) else len(rows) - 1


def _stretches(size: int) -> list[tuple[int, int]]:
    """Return first and last index of every stretch of bins but the whole, shorter ones first."""
    return [(first, first + more) for more in range(size - 1) for first in range(size - more)]


def _strikingness(
    before: tuple[float, ...], now: tuple[float, ...], first: int, last: int, *, both_ways: bool
) -> float:
    """Return the gain of a stretch in standard errors, up to a factor: a few rows where none were count for much."""
    part_before, part_now = sum(before[first : last + 1]), sum(now[first : last + 1])
    middle = min(1.0, (part_before + part_now) / 2)
    gain = abs(part_now - part_before) if both_ways else part_now - part_before
    return gain / math.sqrt(middle * (1 - middle)) if 0 < middle < 1 else gain


def _stretch(evidence: Evidence, first: int, last: int) -> str:
    edges = evidence.edges
    if discrete(evidence):
        low, high = evidence.labels[first], evidence.labels[last]
        if first == last and _is_number(low):
            return number(float(low), 6)
        if _is_number(low) and _is_number(high):
            return f"{number(float(low), 6)} to {number(float(high), 6)}"
    if first == 0 and last == len(edges):
        return "any value"
    if first == 0:
        return f"below {_edge(edges[last])}"
    if last == len(edges):
        return f"{_edge(edges[first - 1])} and above"
    return f"{_edge(edges[first - 1])} to {_edge(edges[last])}"


def _edge(value: float) -> str:
    return number(value)


def _level(evidence: Evidence, index: int) -> str:
    return f"“{clean(evidence.labels[index], 40)}”" if _stored_level(evidence, index) is not None else "other levels"


def _stored_level(evidence: Evidence, index: int) -> str | None:
    """Return the level's name; the last place, `other`, counts all others together."""
    together = index == len(evidence.labels) - 1 and evidence.labels[index] == "other"
    return None if together else evidence.labels[index]


def _is_number(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return False
    return True
