"""
What is read off a profile for one subject: the cells, and how cells become a score and a p-value.

A gauge scores one window and, by the same formula, all of the reference's own windows at once, so a limit and what is held
against it cannot differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from elkmon.fields import EVENT_DURATION
from elkmon.measures import drift, estimation, estimation_error, joint, quality, significance, traffic
from elkmon.measures.history import Windows
from elkmon.measures.limits import LearntLimit, Scorer, learn_limit
from elkmon.profiles import Counts, Profile
from elkmon.rulers import CategoricalScale, JointScale, NumericScale, Scale

Cells = Sequence[float]

_NARROW = 0.02


@dataclass(frozen=True, slots=True)
class Gauge:
    """
    How one subject is measured. The score is never negative, and higher is worse.

    Attributes:
        measure, unit: what the score is called and what it counts in.
        cells: the rows of a profile that it is made from; their sum is its number of rows.
        by_row: scores of many windows at once.
        chance: p-value of a difference between two sides' cells; None where chance is not the question.
        level: what a side itself has on the score's scale (a share of missing values, an estimate), from which the score
            says how far it moved; `usual` what the reference lets expect instead, where that is not its own level.
    """

    measure: str
    unit: str
    cells: Callable[[Profile], Cells]
    by_row: Scorer
    chance: Callable[[Cells, Cells], float] | None = None
    level: Callable[[Cells], float] | None = None
    usual: float | None = None

    def rows(self, profile: Profile) -> int:
        """Return how many rows of `profile` the score is made from."""
        return int(sum(self.cells(profile)))

    def score(self, reference: Profile, current: Profile) -> float | None:
        """Return the score of `current` against `reference`; None where it is not defined."""
        sides = [np.asarray([self.cells(profile)], dtype=np.float64) for profile in (reference, current)]
        score = float(self.by_row(sides[0], sides[1])[0])
        return score if np.isfinite(score) else None

    def p_value(self, reference: Profile, current: Profile) -> float | None:
        """Return how surprising `current` is, were nothing changed; None where chance is not the question."""
        return self.chance(self.cells(reference), self.cells(current)) if self.chance else None

    def learn(self, windows: Windows, *, min_rows: int, run: int, floor: float) -> LearntLimit:
        """Learn limits from the reference's own windows."""
        if not windows.parts:
            return LearntLimit(run_length=run)
        per_part = windows.per_part(self.cells)
        return learn_limit(windows, per_part, self.by_row, min_rows=min_rows, run=run, floor=floor)


def drift_gauge(field: str, scale: Scale, reference: Profile) -> Gauge:
    """
    Return how the drift of `field` is measured: in reference standard deviations, or by rows that changed level.

    A number that the reference has at one point only has no standard deviation and is measured by rows that left it.
    """
    cells = _bins(field, scale.size)
    categorical = isinstance(scale, CategoricalScale)
    if isinstance(scale, NumericScale):
        counts = cells(reference)
        if sum(counts) == 0 or drift.standard_deviation(counts, scale.points) > 0:
            by_row = partial(drift.wasserstein_by_row, points=scale.points)
            return Gauge("wasserstein", "SD", cells, by_row, significance.ks_p_value)
    return Gauge(
        "total_variation",
        "share of rows",
        cells,
        drift.total_variation_by_row,
        lambda reference, current: significance.chi_square(reference, current, other=categorical)[1],
    )


def association_gauge(pair: JointScale) -> Gauge:
    """Return how it is measured that the two sides of a pair go together no more as they did."""
    return Gauge(
        "association",
        "share of rows",
        _bins(pair.name, pair.size),
        partial(joint.association_by_row, shape=pair.shape, ordered=pair.ordered),
        partial(joint.association_p_value, shape=pair.shape),
    )


def estimate_gauge(metric: str, field: str, size: int, probabilities: Sequence[float], positive: int) -> Gauge:
    """
    Return how it is measured that a metric is estimated to be worse, from the `size` counts of `field` by score.

    They hold the rows of each score bin by predicted label, the positive one at place `positive`.
    """

    def level(cells: Cells) -> float:
        found = estimation.estimate(metric, cells, probabilities, positive)
        return math.nan if found is None else found

    return Gauge(
        metric,
        "",
        _bins(field, size),
        partial(estimation.estimated_drop_by_row, name=metric, probabilities=probabilities, positive=positive),
        partial(estimation_error.estimated_drop_p_value, name=metric, probabilities=probabilities, positive=positive),
        level,
    )


def missing_gauge(field: str) -> Gauge:
    """Return how missing values of `field` are measured."""
    return _share_gauge("missing", field, lambda counts: (counts.missing, _rows(counts)))


def rejected_gauge(field: str) -> Gauge:
    """Return how values of the wrong type are measured."""
    return _share_gauge("rejected", field, lambda counts: (counts.rejected, _rows(counts)))


def unindexed_gauge(field: str) -> Gauge:
    """Return how values that were not indexed are measured."""
    return _share_gauge("unindexed", field, lambda counts: (counts.unindexed, _rows(counts)))


def unseen_gauge(field: str, scale: CategoricalScale, reference: Profile) -> Gauge:
    """
    Return how levels that the reference never had are measured: beyond what its own rare levels let expect.

    It has none itself, as the ruler was made from it; that is no measure of how many there will be.
    """
    bins = _bins(field, scale.size)(reference)
    levels, hidden = bins[:-1], min(len(scale.known), int(bins[-1]))
    usual = quality.expected_unseen([int(rows) for rows in levels], hidden)

    def beyond(_: drift.Numbers, currents: drift.Numbers) -> drift.Numbers:
        return quality.rise_by_row(np.tile([usual, 1 - usual], (len(currents), 1)), currents)

    def chance(_: Cells, now: Cells) -> float:
        return significance.unseen_p_value(levels, hidden, int(now[0]), int(sum(now)))

    return replace(
        _share_gauge("unseen", field, lambda counts: (counts.unseen, counts.present)),
        by_row=beyond,
        chance=chance,
        usual=usual,
    )


def out_of_range_gauge(field: str, scale: NumericScale) -> Gauge:
    """Return how values beyond the reference's range are measured."""
    outside = quality.outside(scale)
    return _share_gauge(
        "out_of_range", field, lambda counts: (sum(counts.bins[place] for place in outside), counts.present)
    )


def constant_gauge(field: str, scale: Scale, reference: Profile) -> Gauge:
    """
    Return how it is measured that `field` tells rows apart no more: by the share of rows in its fullest bin or level.

    Only bins that hold 2 % of the reference count, and no OTHER: the wide bins beyond say nothing of one value.
    """
    bins = _bins(field, scale.size)
    counts = bins(reference)
    places = scale.size if isinstance(scale, NumericScale) else scale.size - 1
    narrow = [place for place in range(places) if counts[place] >= _NARROW * sum(counts)]

    def cells(profile: Profile) -> Cells:
        rows = bins(profile)
        found = [rows[place] for place in narrow]
        return (*found, sum(rows) - sum(found))

    def chance(before: Cells, now: Cells) -> float:
        place = max(range(len(now)), key=now.__getitem__)
        return significance.rise_p_value(int(before[place]), int(sum(before)), int(now[place]), int(sum(now)))

    return Gauge("constant", "share of rows", cells, quality.top_share_by_row, chance)


def error_gauge() -> Gauge:
    """Return how failed calls are measured."""
    return _rise_gauge("error_rate", "share of calls", lambda profile: (profile.errors, profile.predictions))


def latency_gauge(scale: NumericScale) -> Gauge:
    """Return how the 95th percentile of latency is measured: as a ratio to the reference's."""

    def chance(reference: Cells, current: Cells) -> float:
        p95 = traffic.percentile(reference, scale.edges, traffic.P95)
        if p95 is None:
            return 1.0
        slow = [traffic.slower_than(side, scale.edges, p95) for side in (reference, current)]
        return significance.rise_p_value(slow[0], int(sum(reference)), slow[1], int(sum(current)))

    by_row = partial(traffic.slowdown_by_row, edges=scale.edges, probability=traffic.P95)
    return Gauge("latency_p95", "ratio", _bins(EVENT_DURATION, scale.size), by_row, chance)


def throughput_gauge(reference_windows: float) -> Gauge:
    """Return how scarce predictions are measured: how many times fewer than in an average window of the reference."""
    by_row = partial(traffic.scarcity_by_row, windows=reference_windows)
    return Gauge("throughput", "ratio", lambda profile: (profile.predictions,), by_row)


def _bins(field: str, size: int) -> Callable[[Profile], Cells]:
    nothing = Counts((0,) * size)
    return lambda profile: profile.subjects.get(field, nothing).bins


def _rows(counts: Counts) -> int:
    return counts.present + counts.missing + counts.rejected + counts.unindexed


def _share_gauge(measure: str, field: str, marked: Callable[[Counts], tuple[int, int]]) -> Gauge:
    """Return the gauge of a share, from a field's marked rows and all of its rows."""

    def cells(profile: Profile) -> Cells:
        counts = profile.subjects.get(field)
        if counts is None:
            return (0, 0)
        some, rows = marked(counts)
        return (some, rows - some)

    return _rise_gauge(measure, "share of rows", cells)


def _rise_gauge(measure: str, unit: str, cells: Callable[[Profile], Cells]) -> Gauge:
    def chance(reference: Cells, current: Cells) -> float:
        return significance.rise_p_value(int(reference[0]), int(sum(reference)), int(current[0]), int(sum(current)))

    return Gauge(
        measure, unit, cells, quality.rise_by_row, chance, lambda side: quality.share(int(side[0]), int(sum(side)))
    )
