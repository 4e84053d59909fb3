"""
Limits learnt from what the reference does to itself: its own windows, scored against the rest of it.

A score counts as big beyond the largest that the reference's own windows reach, with a margin for how few they are. The same
over the smallest score of several windows in a row finds a shift that stays though no single window shows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from elkmon.measures.drift import Numbers
from elkmon.measures.history import Flags, Windows
from elkmon.windows import DAY

Scorer = Callable[[Numbers, Numbers], Numbers]

LEAST_WINDOWS = 8
"""Fewer windows than this teach nothing; floors alone hold, and no verdict is CRITICAL."""
LEAST_RUNS = 4
"""Fewer runs than this teach nothing; single windows alone decide."""


@dataclass(frozen=True, slots=True)
class LearntLimit:
    """
    What the reference's own windows reach.

    Attributes:
        windows: how many of them do not overlap; `largest` score of any.
        limit: the smallest score that stands out; None where there are fewer than 8 windows.
        runs: how many runs of `run_length` windows do not overlap; `run_largest` the largest of their smallest scores.
        run_limit: the smallest score that stands out when every window of a run reaches it; None below 4 runs.
        alarms, checked: forward check: windows of the last third beyond the limit learnt from the first two, of how many.
    """

    windows: int = 0
    largest: float = 0.0
    limit: float | None = None
    run_length: int = 1
    runs: int = 0
    run_largest: float = 0.0
    run_limit: float | None = None
    alarms: int = 0
    checked: int = 0


def run_length(window: timedelta) -> int:
    """
    Return how many windows in a row make a run: 10 for windows up to a day, 3 for longer ones.

    >>> run_length(DAY), run_length(7 * DAY)
    (10, 3)
    """
    return 10 if window <= DAY else 3


def margin(windows: int) -> float:
    """
    Factor above the largest of `windows` scores.

    Formula: 1 + 2.4/√n; the next score exceeds the largest of n with probability about 1/(n + 1), so the largest alone
    promises nothing. Range (1, 3.4]; set by trial on a year of weather and flights, checked on two other stations.
    Source: the rate is David and Nagaraja (2003), Order Statistics; the factor is elkmon's own.

    >>> round(margin(16), 2)
    1.6
    """
    return 1 + 2.4 / math.sqrt(windows)


def learn_limit(
    windows: Windows, per_hour: Numbers, score: Scorer, *, min_rows: float, run: int, floor: float
) -> LearntLimit:
    """
    Learn limits from the reference's own windows, each scored against the rest of the reference.

    Formula: limit = M · (1 + 2.4/√n), M the largest score and n the number of windows apart; for runs the same over the
    smallest score of `run` windows in a row. Range [0, ∞) each; higher is worse; unit: the score's. Windows with too few rows
    or without a score are left out; below 8 windows, or 4 runs, there is no limit.
    Source: elkmon's own, by trial; see `margin`.

    Args:
        windows: the reference's own windows.
        per_hour: the (hours, cells) counts that are scored; a window's rows are the sum of its cells.
        score: from the (windows, cells) counts of the rest and of the windows to a score each; NaN where there is none.
        min_rows: windows with fewer rows are left out, as they would be in production.
        run: windows of a run.
        floor: the least that counts as big; the forward check counts alarms as a verdict would.

    >>> days = Windows((), np.arange(16), count=16, steps=1)
    >>> counts = np.tile([50.0, 50.0], (16, 1))
    >>> counts[3] = [70.0, 30.0]
    >>> found = learn_limit(days, counts, lambda rest, now: abs(now[:, 0] / 100 - 0.5), min_rows=50, run=10, floor=0.05)
    >>> found.windows, round(found.largest, 3), round(found.limit, 3)
    (16, 0.2, 0.32)
    """
    currents = windows.sums(per_hour)
    enough = currents.sum(axis=1) >= min_rows
    scores = np.where(enough, score(per_hour.sum(axis=0) - currents, currents), np.nan)
    usable = np.isfinite(scores)
    apart = windows.apart(usable)
    if not apart:
        return LearntLimit(run_length=run)
    largest = float(scores[usable].max())
    minima = _run_minima(scores, windows.steps, run)
    whole = np.isfinite(minima)
    runs = windows.apart(whole, run)
    run_largest = float(minima[whole].max()) if runs else 0.0
    alarms, checked = _forward_check(windows, per_hour, currents, enough, score, floor)
    return LearntLimit(
        windows=apart,
        largest=largest,
        limit=largest * margin(apart) if apart >= LEAST_WINDOWS else None,
        run_length=run,
        runs=runs,
        run_largest=run_largest,
        run_limit=run_largest * margin(runs) if runs >= LEAST_RUNS else None,
        alarms=alarms,
        checked=checked,
    )


def _run_minima(scores: Numbers, steps: int, length: int) -> Numbers:
    """Return for each start the smallest of `length` scores, each a window's length after the one before."""
    starts = len(scores) - steps * (length - 1)
    if starts <= 0:
        return np.empty(0)
    minima: Numbers = np.min([scores[place * steps : place * steps + starts] for place in range(length)], axis=0)
    return minima


def _forward_check(
    windows: Windows, per_hour: Numbers, currents: Numbers, enough: Flags, score: Scorer, floor: float
) -> tuple[int, int]:
    """Return alarms and windows of the last third, judged by a reference and limit of the first two thirds alone."""
    cut = (windows.count + windows.steps - 1) * 2 // 3
    first = max(cut - windows.steps + 1, 0)
    total = per_hour[windows.cells < cut].sum(axis=0)
    scores = np.where(enough[:first], score(total - currents[:first], currents[:first]), np.nan)
    usable = np.isfinite(scores)
    apart = windows.apart(usable)
    if apart < LEAST_WINDOWS:
        return 0, 0
    limit = max(float(scores[usable].max()) * margin(apart), floor)
    later = currents[cut :: windows.steps][enough[cut :: windows.steps]]
    checked = score(np.broadcast_to(total, later.shape), later)
    return int((checked > limit).sum()), len(later)
