"""
How far apart two distributions lie, from their counts by one ruler. Significance is `elkmon.measures.significance`.

`reference` and `current` are rows per bin, of equal length, each with at least one row; a bin may be empty on one side or on
both. The measures that judge are net of what sampling alone gives at these sizes; `net=False` leaves the noise in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
CountsLike = Sequence[float] | npt.NDArray[np.int64] | Numbers

_MEAN_ABSOLUTE_NORMAL = math.sqrt(2 / math.pi)  # E|Z| of a standard normal
_EXPECTED = 5.0  # the usual least expected count of a cell


def wasserstein(reference: CountsLike, current: CountsLike, points: Sequence[float], *, net: bool = True) -> float:
    """
    Wasserstein-1 distance in standard deviations of the reference: "moved by 0.3 SD".

    Formula: Σᵢ |F(i) − G(i)| (xᵢ₊₁ − xᵢ) / SD over the bins' `points` x, with F and G the cumulative shares and SD the binned
    reference's; less its expectation under no change, Σᵢ √(2/π · H(1 − H)(1/n + 1/m)) (xᵢ₊₁ − xᵢ) / SD with the pooled
    cumulative share H, clipped at 0.
    Range [0, ∞); higher is worse; unit: reference standard deviations. Empty bins count as no rows there.
    Source: Villani (2009), Optimal Transport; the noise is the mean absolute value of a normal.

    >>> round(wasserstein([50, 50, 0], [0, 50, 50], (0.0, 1.0, 2.0), net=False), 3)
    2.0
    >>> wasserstein([50, 50, 0], [50, 50, 0], (0.0, 1.0, 2.0))
    0.0

    Raises:
        ValueError: for sides without rows or of different length, or a reference whose rows all lie at one point; such a
            one has no standard deviation (use `total_variation`).
    """
    one, other = _sides(reference, current)
    distance = float(wasserstein_by_row(one[None, :], other[None, :], points, net=net)[0])
    if math.isnan(distance):
        raise ValueError("the reference lies at one point, so it has no standard deviation; use total_variation")
    return distance


def wasserstein_by_row(references: Numbers, currents: Numbers, points: Sequence[float], *, net: bool = True) -> Numbers:
    """Return `wasserstein` of each row of two (windows, bins) arrays; NaN where it is not defined."""
    scaled = np.asarray(points, dtype=np.float64)
    largest = float(np.max(np.abs(scaled), initial=0.0)) or 1.0
    scaled = scaled / largest  # squares of very large points would overflow
    rows, other_rows = references.sum(axis=1, keepdims=True), currents.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = references / rows
        deviation = np.sqrt(np.maximum(_variance(shares, scaled), 0.0))
        widths = np.diff(scaled) / np.where(deviation > 0, deviation, np.nan)[:, None]
        cumulative = np.cumsum(shares, axis=1)[:, :-1]
        other = np.cumsum(currents / other_rows, axis=1)[:, :-1]
        distances: Numbers = np.sum(np.abs(cumulative - other) * widths, axis=1)
        if net:
            pooled = np.clip((cumulative * rows + other * other_rows) / (rows + other_rows), 0.0, 1.0)
            noise = np.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / other_rows))
            distances = np.maximum(distances - _MEAN_ABSOLUTE_NORMAL * np.sum(noise * widths, axis=1), 0.0)
    return np.where((deviation > 0) & (other_rows[:, 0] > 0), distances, np.nan)


def total_variation(reference: CountsLike, current: CountsLike, *, net: bool = True) -> float:
    """
    Total variation distance: the share of rows that changed level.

    Formula: ½ Σ |pᵢ − qᵢ|; less its expectation under no change, ½ Σ min(√(2/π · hᵢ(1 − hᵢ)(1/n + 1/m)), 2 hᵢ(1 − hᵢ)) with
    the pooled share h (the second is the bound for levels too rare for a normal), clipped at 0.
    Range [0, 1]; higher is worse; unit: share of rows. Symmetric. Levels empty on both sides change nothing.
    Source: Levin, Peres and Wilmer (2009), Markov Chains and Mixing Times, chapter 4.

    >>> round(total_variation([60, 40], [40, 60], net=False), 3), total_variation([60, 40], [60, 40])
    (0.2, 0.0)

    Raises:
        ValueError: for sides without rows or of different length.
    """
    one, other = _sides(reference, current)
    return float(total_variation_by_row(one[None, :], other[None, :], net=net)[0])


def total_variation_by_row(references: Numbers, currents: Numbers, *, net: bool = True) -> Numbers:
    """Return `total_variation` of each row of two (windows, levels) arrays; NaN where a side has no rows."""
    rows, other_rows = references.sum(axis=1, keepdims=True), currents.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        distances: Numbers = np.abs(references / rows - currents / other_rows).sum(axis=1) / 2
        if net:
            pooled = (references + currents) / (rows + other_rows)
            spread = pooled * (1 - pooled)
            normal = _MEAN_ABSOLUTE_NORMAL * np.sqrt(spread * (1 / rows + 1 / other_rows))
            distances = np.maximum(distances - np.minimum(normal, 2 * spread).sum(axis=1) / 2, 0.0)
    return distances


def population_stability_index(reference: CountsLike, current: CountsLike) -> float:
    """
    Population stability index, net of its bias; for information, as its size depends on bins and rows.

    Formula: Σ (pᵢ − qᵢ) ln(pᵢ / qᵢ) with half a row added to each cell, less (B − 1)(1/n + 1/m), clipped at 0. Cells expected
    to hold fewer than 5 rows on the smaller side are pooled first, without which rare bins make up most of it.
    Range [0, ∞); higher is worse; unit: nats. Symmetric. Empty bins are smoothed, so it is always finite.
    Source: Yurdakul (2018), Statistical Properties of the Population Stability Index.

    >>> population_stability_index([500, 500], [500, 500]), round(population_stability_index([500, 500], [800, 200]), 2)
    (0.0, 0.41)

    Raises:
        ValueError: for sides without rows or of different length.
    """
    one, other = pooled_cells(reference, current)
    rows, other_rows, cells = one.sum(), other.sum(), one.size
    shares = (one + 0.5) / (rows + cells / 2)
    other_shares = (other + 0.5) / (other_rows + cells / 2)
    index = float(np.sum((shares - other_shares) * np.log(shares / other_shares)))
    return max(index - float((cells - 1) * (1 / rows + 1 / other_rows)), 0.0)


def jensen_shannon(reference: CountsLike, current: CountsLike) -> float:
    """
    Jensen-Shannon distance to base 2; for information.

    Formula: √(½ KL(p‖h) + ½ KL(q‖h)) with h = (p + q)/2 and logarithms to base 2.
    Range [0, 1]; higher is worse; no unit. Symmetric. A bin that is empty on a side adds nothing there.
    Source: Endres and Schindelin (2003), A new metric for probability distributions.

    >>> jensen_shannon([10, 0], [0, 10]), jensen_shannon([10, 20], [1, 2])
    (1.0, 0.0)

    Raises:
        ValueError: for sides without rows or of different length.
    """
    one, other = _sides(reference, current)
    shares, other_shares = one / one.sum(), other / other.sum()
    middle = (shares + other_shares) / 2
    divergence = 0.0
    for side in (shares, other_shares):
        there = side > 0
        divergence += float(np.sum(side[there] * np.log2(side[there] / middle[there]))) / 2
    return math.sqrt(max(divergence, 0.0))


def kolmogorov_smirnov(reference: CountsLike, current: CountsLike) -> float:
    """
    Kolmogorov-Smirnov statistic at the bins' edges: the largest gap between the cumulative shares.

    Formula: maxᵢ |F(i) − G(i)|; bins can only hide a gap, so it is at most the statistic of the rows.
    Range [0, 1]; higher is worse; unit: share of rows. Symmetric. Empty bins change nothing.
    Source: Smirnov (1948), Table for estimating the goodness of fit of empirical distributions.

    >>> round(kolmogorov_smirnov([5, 5, 0], [0, 5, 5]), 3)
    0.5

    Raises:
        ValueError: for sides without rows or of different length.
    """
    one, other = _sides(reference, current)
    return float(np.max(np.abs(np.cumsum(one) / one.sum() - np.cumsum(other) / other.sum())))


def pooled_cells(reference: CountsLike, current: CountsLike, *, always: int | None = None) -> tuple[Numbers, Numbers]:
    """
    Return both sides with their rarest cells pooled until each cell expects at least 5 rows on the smaller side.

    The expectation follows from both sides together, as under no change. One cell is left where all but one are rare. The
    cell `always`, where it has rows, is pooled with the rare ones, or with the rarest, however many it has.

    >>> pooled_cells([96, 2, 2], [96, 2, 2])
    (array([100.]), array([100.]))

    Raises:
        ValueError: for sides without rows or of different length.
    """
    one, other = _sides(reference, current)
    both = one + other
    expected = both * (min(one.sum(), other.sum()) / both.sum())
    forced = always is not None and both[always] > 0
    first = np.asarray([always] if forced else [], dtype=np.int64)
    order = np.concatenate([first, np.setdiff1d(np.argsort(expected, kind="stable"), first, assume_unique=True)])
    rare = first.size + int(np.searchsorted(expected[order[first.size :]], _EXPECTED))
    mass = float(expected[order[:rare]].sum())
    while (0 < mass < _EXPECTED or (forced and not expected[order[1:rare]].sum())) and rare < order.size:
        mass += float(expected[order[rare]])
        rare += 1
    if mass == 0:
        return one[order[rare:]], other[order[rare:]]
    pool, kept = order[:rare], order[rare:]
    return np.append(one[kept], one[pool].sum()), np.append(other[kept], other[pool].sum())


def standard_deviation(counts: CountsLike, points: Sequence[float]) -> float:
    """
    Return the standard deviation of binned rows, each standing at its bin's point; 0 where all lie in one bin.

    >>> standard_deviation([1, 0, 1], (0.0, 1.0, 2.0))
    1.0
    """
    rows = np.asarray(counts, dtype=np.float64)
    at = np.asarray(points, dtype=np.float64)
    largest = float(np.max(np.abs(at), initial=0.0)) or 1.0
    return math.sqrt(max(float(_variance(rows[None, :] / rows.sum(), at / largest)[0]), 0.0)) * largest


def _variance(shares: Numbers, points: Numbers) -> Numbers:
    """Return the variance of each row of shares at `points`, by the two passes that keep small variances exact."""
    mean = shares @ points
    centred = points[None, :] - mean[:, None]
    variance: Numbers = np.where((shares > 0).sum(axis=1) > 1, np.sum(shares * centred**2, axis=1), 0.0)
    return variance


def _sides(reference: CountsLike, current: CountsLike) -> tuple[Numbers, Numbers]:
    one, other = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    if one.shape != other.shape:
        raise ValueError(f"counts by different rulers cannot be compared: {one.size} and {other.size} bins")
    if not one.sum() > 0 or not other.sum() > 0:
        raise ValueError("a side without rows has no distribution to compare")
    return one, other
