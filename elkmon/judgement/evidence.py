"""
What a reader needs to see why: rows per bin or level, then and now, and which of them moved.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from elkmon.baselines import Baseline
from elkmon.findings import Evidence, Family, Kind, Subject
from elkmon.judgement.subjects import PREDICTIONS
from elkmon.profiles import Counts, Profile
from elkmon.rulers import JointScale, NumericScale, Scale, feature_of

_OF_DISTRIBUTIONS = {Kind.FEATURE, Kind.PREDICTION, Kind.OUT_OF_RANGE, Kind.UNSEEN, Kind.CONSTANT, Kind.JOINT}
_LEAST_MOVE = 0.01
_NOISE = 3.0


@dataclass(frozen=True, slots=True)
class Move:
    """
    Neighbouring bins, or one level, that gained or lost rows together.

    `first` and `last` are places in the evidence; `before` and `now` the shares of rows there.
    """

    first: int
    last: int
    before: float
    now: float

    @property
    def difference(self) -> float:
        """Share now less share before."""
        return self.now - self.before


def evidence(baseline: Baseline, profile: Profile, subject: Subject) -> Evidence | None:
    """
    Return the distribution of `subject` in the reference and in `profile`; None where it is not one.

    `baseline` is the part of it that the profile's segment is. Levels and cells that neither side has are left out.

    Raises:
        ValueError: when the profile was counted by another ruler than the baseline's.
    """
    if profile.ruler != baseline.ruler.id:
        raise ValueError(f"the profile was counted by ruler {profile.ruler}, the baseline by {baseline.ruler.id}")
    scale = baseline.ruler.places().get(subject.field)
    is_latency = subject.family is Family.SERVICE
    if scale is None or not (subject.kind in _OF_DISTRIBUTIONS or is_latency):
        return None
    nothing = Counts((0,) * scale.size)
    reference = baseline.total.subjects.get(subject.field, nothing).bins
    current = profile.subjects.get(subject.field, nothing).bins
    if isinstance(scale, NumericScale):
        return Evidence(tuple(map(scale.label, range(scale.size))), reference, current, scale.edges)
    there = [place for place in range(scale.size) if reference[place] or current[place]]
    return Evidence(
        tuple(_label(scale, place) for place in there),
        tuple(reference[place] for place in there),
        tuple(current[place] for place in there),
    )


def moves(evidence: Evidence, most: int = 4) -> tuple[Move, ...]:
    """
    Return where rows came or went, the largest difference first.

    Neighbouring bins of a number that moved the same way are one move, and bins between them that hardly moved belong to it.
    Left out is what stays below 1 % of rows, or within three standard errors of what sampling alone does.

    >>> edges = (10.0, 20.0, 30.0)
    >>> found = moves(Evidence(("<10", "10–20", "20–30", "≥30"), (250, 250, 400, 100), (100, 100, 700, 100), edges))
    >>> [(each.first, each.last, each.before, each.now) for each in found]
    [(0, 1, 0.5, 0.2), (2, 2, 0.4, 0.7)]
    """
    rows, rows_now = sum(evidence.reference), sum(evidence.current)
    if not rows or not rows_now:
        return ()
    before = [count / rows for count in evidence.reference]
    now = [count / rows_now for count in evidence.current]
    scatter = math.sqrt(1 / rows + 1 / rows_now)
    signs = [_sign(old, new, scatter) for old, new in zip(before, now, strict=True)]
    runs = _runs(signs) if evidence.edges else [(place, place) for place, sign in enumerate(signs) if sign]
    found = [Move(first, last, sum(before[first : last + 1]), sum(now[first : last + 1])) for first, last in runs]
    clear = [
        each for each in found if abs(each.difference) >= _LEAST_MOVE and _sign(each.before, each.now, _NOISE * scatter)
    ]
    return tuple(sorted(clear, key=lambda each: -abs(each.difference))[:most])


def tendency(evidence: Evidence) -> float:
    """
    Return which way the rows of a number moved: 1 where all of them went up, −1 down, near 0 both ways; 0 for levels.

    >>> tendency(Evidence(("<1", "1–2", "≥2"), (10, 10, 0), (0, 10, 10), (1.0, 2.0)))
    1.0
    """
    rows, rows_now = sum(evidence.reference), sum(evidence.current)
    if not evidence.edges or not rows or not rows_now:
        return 0.0
    cumulative = zip(accumulate(evidence.reference), accumulate(evidence.current), strict=True)
    gaps = [below / rows - below_now / rows_now for below, below_now in cumulative]
    whole = sum(map(abs, gaps))
    return sum(gaps) / whole if whole else 0.0


def _sign(before: float, now: float, scatter: float) -> int:
    """Return which way a share moved: 0 where it is the same but for `scatter`, the standard error of a share of one."""
    pooled = (before + now) / 2
    if abs(now - before) <= scatter * math.sqrt(max(pooled * (1 - pooled), 0.0)):
        return 0
    return 1 if now > before else -1


def _runs(signs: Sequence[int]) -> list[tuple[int, int]]:
    """Return first and last place of each run of one sign, across places without one."""
    runs: list[tuple[int, int]] = []
    for place, sign in enumerate(signs):
        if sign and runs and signs[runs[-1][0]] == sign:
            runs[-1] = (runs[-1][0], place)
        elif sign:
            runs.append((place, place))
    return runs


def _label(scale: Scale | JointScale, place: int) -> str:
    if not isinstance(scale, JointScale):
        return scale.label(place)
    row, column = divmod(place, scale.right.size)
    left, right = (PREDICTIONS.get(each) or feature_of(each) for each in (scale.left_field, scale.right_field))
    return f"{left}: {scale.left.label(row)} · {right}: {scale.right.label(column)}"
