"""
Since when: the instant from which hourly counts follow the distribution now rather than the reference's, and how sure that is.

Days differ from one another and hours of a day even more, so an hour is named only where they do not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2, t

from elkmon.measures.drift import CountsLike, Numbers

Days = npt.NDArray[np.int64]
Hours = Sequence[tuple[datetime, Sequence[float]]]
"""Start and rows per cell of each hour, in order of time; hours without rows may be left out."""

_COVERAGE = 0.95
_CHANCE = 0.01
_DAYS_DIFFER = 0.05
_FEWEST_DAYS = 4
_ROUNDS = 5
_MOST_LIKENESS = 0.9


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """
    When a change began.

    Attributes:
        at: the likeliest start of the first changed hour; where days differ, the midnight (UTC) of the first changed day.
        earliest, latest: the first and last such instant that the counts leave open, at about 95 %.
        daily: whether all three name days rather than hours: the change then began at some hour of one of these days.
    """

    at: datetime
    earliest: datetime
    latest: datetime
    daily: bool = True


def change_point(hours: Hours, reference: CountsLike, current: CountsLike) -> ChangePoint | None:
    """
    Return since when `hours` follow `current` rather than `reference`; None where no such instant beats "never" and "always".

    Formula: a row in cell i scores gᵢ = ln(qᵢ/pᵢ) with the shares p of `reference` and q of `current`, half a row added to
    each cell. For an onset τ, S(τ) = Σ (y − n (a + b)/2)(b − a)/v over the hours from τ on, with an hour's rows n and sum of
    scores y, the mean scores a before and b after the likeliest onset, and the variance v of a row's score; at first a and b
    are those of p and q, so that S is the log-likelihood ratio. `at` has the largest S; the others follow from exp(S(τ)/φ),
    summed up from the likeliest onset on until it holds 95 %. φ ≥ 1 is the dispersion: how much more y varies from day to
    day, or from hour to hour, on each side than rows drawn at random let it, larger where a day resembles the one before.
    "Never" is beaten when b − a differs from 0 by Student's t at 1 %, over all days it could have begun and net of what q
    owes to chance; "always" when rows lie before `at`.

    `hours` should reach back to before the change, and need rows on 4 days at least. A change that comes little by little
    has no instant; it gets the one where it is half way. Cells that are empty everywhere change nothing.
    Range: the first to the last start of `hours`; no direction is worse; unit: instants, UTC midnights where days differ.
    Source: Hinkley (1970), Inference about the change-point in a sequence of random variables; McCullagh and Nelder (1989),
    Generalized Linear Models, section 4.5, for the dispersion.

    >>> from datetime import UTC, timedelta
    >>> monday = datetime(2013, 8, 5, tzinfo=UTC)
    >>> rows = [(60, 40), (62, 38), (58, 42), (61, 39), (59, 41), (20, 80), (22, 78), (18, 82)]
    >>> daily = [(monday + timedelta(days=day), cells) for day, cells in enumerate(rows)]
    >>> found = change_point(daily, (600, 400), (60, 240))
    >>> found.at.day, found.earliest.day, found.latest.day
    (10, 10, 10)

    Raises:
        ValueError: for hours, reference and current of different numbers of cells, or a side without rows.
    """
    before, now = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    if before.shape != now.shape or any(len(cells) != before.size for _, cells in hours):
        raise ValueError("counts of different numbers of cells cannot be compared")
    if not before.sum() > 0 or not now.sum() > 0:
        raise ValueError("a side without rows has no distribution to compare")
    known = [(start, cells) for start, cells in hours if sum(cells) > 0]
    days = np.asarray([start.toordinal() for start, _ in known], dtype=np.int64)
    if np.unique(days).size < _FEWEST_DAYS:
        return None
    rows = np.asarray([cells for _, cells in known], dtype=np.float64)
    found = _likeliest(rows, _log_shares(now) - _log_shares(before))
    if found is None:
        return None
    dispersion, freedom, daily = _dispersion(found, days)
    owed_to_chance = (np.count_nonzero(before + now) - 1) / found.rows_after
    error = math.sqrt(dispersion * found.variance * (1 / found.rows_before + 1 / found.rows_after))
    chance = t.sf((found.step - owed_to_chance) / error, max(freedom, 1)) * np.unique(days).size
    if not chance < _CHANCE:
        return None
    first, last = _interval(found.support / dispersion, found.best)
    starts = [known[each][0] for each in (found.best, first, last)]
    at, earliest, latest = map(_midnight, starts) if daily else starts
    return ChangePoint(at, earliest, latest, daily)


@dataclass(frozen=True, slots=True)
class _Step:
    """
    The likeliest step of the mean score.

    Attributes:
        best: index of the first hour after it.
        support: S(τ) for an onset at each hour.
        scores, sizes: sum of scores, and rows, per hour.
        before, after: mean score of a row on each side; `variance` that of a row's score within its side.
    """

    best: int
    support: Numbers
    scores: Numbers
    sizes: Numbers
    before: float
    after: float
    variance: float

    @property
    def step(self) -> float:
        return self.after - self.before

    @property
    def rows_before(self) -> float:
        return float(self.sizes[: self.best].sum())

    @property
    def rows_after(self) -> float:
        return float(self.sizes[self.best :].sum())


def _likeliest(rows: Numbers, gains: Numbers) -> _Step | None:
    """Return the likeliest step, found anew with the means it leaves on its sides until it stays; None without two sides."""
    sizes, scores = rows.sum(axis=1), rows @ gains
    middle, scale = 0.0, 1.0
    found: _Step | None = None
    for _ in range(_ROUNDS):
        support = np.cumsum(((scores - sizes * middle) * scale)[::-1])[::-1]
        best = int(np.argmax(support))
        if best == 0 or (found is not None and found.best == best):
            break
        sides = rows[:best].sum(axis=0), rows[best:].sum(axis=0)
        before, after = (float(side @ gains / side.sum()) for side in sides)
        variance = sum(_variance(side, gains) for side in sides) / 2
        if not after > before or not variance > 0:
            return None
        middle, scale = (before + after) / 2, (after - before) / variance
        found = _Step(best, np.empty(0), scores, sizes, before, after, variance)
    if found is None or best == 0:
        return None
    support = np.cumsum(((scores - sizes * middle) * scale)[::-1])[::-1]
    return replace(found, best=int(np.argmax(support)), support=support)


def _variance(side: Numbers, gains: Numbers) -> float:
    """Return the variance of a row's score on one side, half a row added to each cell."""
    shares = (side + 0.5) / (side + 0.5).sum()
    return float(shares @ gains**2 - (shares @ gains) ** 2)


def _dispersion(found: _Step, days: Days) -> tuple[float, int, bool]:
    """
    Return how many times more the scores vary than rows drawn at random let them, how many days say so, and whether days differ.

    The day in which the step lies belongs to neither side.
    """
    between_hours: list[Numbers] = []
    between_days: list[Numbers] = []
    for there in (days < days[found.best], days > days[found.best]):
        sizes, scores = found.sizes[there], found.scores[there]
        if sizes.size:
            mean = scores.sum() / sizes.sum()
            between_hours.append((scores - sizes * mean) / np.sqrt(sizes * found.variance))
            by_day, sums = _per_day(sizes, days[there]), _per_day(scores, days[there])
            between_days.append((sums - by_day * mean) / np.sqrt(by_day * found.variance))
    hourly, _ = _mean_square(between_hours)
    daily, freedom = _mean_square(between_days)
    likeness = _likeness(between_days)
    differ = freedom < _FEWEST_DAYS or bool(chi2.sf(daily * freedom, freedom) < _DAYS_DIFFER)
    return max(1.0, hourly, daily * (1 + likeness) / (1 - likeness)), freedom, differ


def _mean_square(sides: Sequence[Numbers]) -> tuple[float, int]:
    freedom = sum(side.size - 1 for side in sides)
    return (sum(float(side @ side) for side in sides) / freedom if freedom else 1.0), freedom


def _likeness(sides: Sequence[Numbers]) -> float:
    """Return how much a day resembles the one before it: the correlation at a lag of one day, at least 0."""
    products = sum(float(side[1:] @ side[:-1]) for side in sides)
    squares = sum(float(side @ side) for side in sides)
    return min(max(products / squares, 0.0), _MOST_LIKENESS) if squares > 0 else 0.0


def _per_day(values: Numbers, days: Days) -> Numbers:
    _, places = np.unique(days, return_inverse=True)
    sums: Numbers = np.bincount(places, weights=values).astype(np.float64)
    return sums


def _interval(log_weights: Numbers, best: int) -> tuple[int, int]:
    """Return the first and the last of the likeliest places that together hold 95 % of the weight."""
    weights = np.exp(log_weights - log_weights[best])
    order = np.argsort(-weights, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(weights[order]), _COVERAGE * weights.sum())) + 1]
    return int(kept.min()), int(kept.max())


def _log_shares(counts: Numbers) -> Numbers:
    shares: Numbers = np.log((counts + 0.5) / (counts.sum() + counts.size / 2))
    return shares


def _midnight(instant: datetime) -> datetime:
    return instant.replace(hour=0, minute=0, second=0, microsecond=0)
