"""
Whether a difference can be chance: tests from counts, with both sides' true sizes, and the correction for many of them.

A p-value says nothing of size; every verdict needs a measure beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from elkmon.measures.drift import CountsLike, Numbers, kolmogorov_smirnov, pooled_cells

_EXPECTED = 5.0  # the usual least expected count for a normal approximation


def ks_p_value(reference: CountsLike, current: CountsLike) -> float:
    """
    Two-sided p-value of the Kolmogorov-Smirnov statistic at the bins' edges.

    Formula: P(Dₙ ≥ d) of the one-sample distribution at the effective size nm/(n + m), as scipy's asymptotic two-sample test.
    Range [0, 1]; lower is more surprising. Conservative: bins can only hide a gap. Empty bins change nothing.
    Source: Hodges (1958), The significance probability of the Smirnov two-sample test.

    >>> ks_p_value([50, 50], [50, 50]), ks_p_value([500, 0], [0, 500]) < 1e-100
    (1.0, True)

    Raises:
        ValueError: for sides without rows or of different length.
    """
    statistic = kolmogorov_smirnov(reference, current)
    rows, other_rows = float(np.sum(reference)), float(np.sum(current))
    effective = max(round(rows * other_rows / (rows + other_rows)), 1)
    return _probability(stats.kstwo.sf(statistic, effective))


def chi_square(reference: CountsLike, current: CountsLike) -> tuple[float, float]:
    """
    Chi-square statistic and p-value of homogeneity between two sides.

    Formula: Σ (observed − expected)² / expected over both sides, cells pooled until each expects 5 rows on the smaller side.
    Where that leaves one cell (all levels but one are rare) an exact test takes its place: Fisher's for each level against
    all others, times the number of levels (Bonferroni), and the statistic is 0.
    Range [0, ∞) and [0, 1]; a lower p is more surprising. Levels empty on both sides change nothing.
    Source: Cochran (1954), Some methods for strengthening the common χ² tests; Fisher (1935).

    >>> statistic, p_value = chi_square([50, 50], [30, 70])
    >>> round(statistic, 3), round(p_value, 4)
    (8.333, 0.0039)

    Raises:
        ValueError: for sides without rows or of different length.
    """
    one, other = pooled_cells(reference, current)
    if one.size == 1:
        return 0.0, _exact_levels(np.asarray(reference, np.float64), np.asarray(current, np.float64))
    rows, other_rows = one.sum(), other.sum()
    pooled = (one + other) / (rows + other_rows)
    statistic = float(
        np.sum((one - rows * pooled) ** 2 / (rows * pooled))
        + np.sum((other - other_rows * pooled) ** 2 / (other_rows * pooled))
    )
    return statistic, _probability(stats.chi2.sf(statistic, one.size - 1))


def _exact_levels(one: Numbers, other: Numbers) -> float:
    """Return the smallest two-sided Fisher p-value of a level against all others, times the number of levels."""
    there = (one + other) > 0
    levels = int(there.sum())
    if levels < 2:
        return 1.0
    total, rows = round(one.sum() + other.sum()), round(other.sum())
    marked, seen = np.rint((one + other)[there]), np.rint(other[there])
    law = stats.hypergeom(total, marked, rows)
    smallest = float(np.min(np.minimum(law.cdf(seen), law.sf(seen - 1))))
    tests = levels if levels > 2 else 1  # of two levels each says the same
    return min(2 * smallest * tests, 1.0)


def rise_p_value(reference: int, reference_rows: int, current: int, current_rows: int) -> float:
    """
    One-sided p-value that a share has risen, from `reference` of `reference_rows` to `current` of `current_rows`.

    Formula: score test z = (q − p)/√(h(1 − h)(1/n + 1/m)) with the pooled share h; where a cell expects fewer than 5 rows
    on the smaller side, Fisher's exact test.
    Range [0, 1]; lower is more surprising. A side without rows, or none or all marked on both, gives 1.
    Source: Agresti (2013), Categorical Data Analysis, chapter 3.

    >>> round(rise_p_value(10, 1000, 30, 1000), 5), rise_p_value(0, 1000, 0, 50)
    (0.0007, 1.0)
    """
    marked, rows = reference + current, reference_rows + current_rows
    if not reference_rows or not current_rows or marked in {0, rows}:
        return 1.0
    smaller = min(reference_rows, current_rows)
    if min(marked, rows - marked) * smaller / rows < _EXPECTED:
        return _probability(stats.hypergeom.sf(current - 1, rows, marked, current_rows))
    pooled = marked / rows
    spread = math.sqrt(pooled * (1 - pooled) * (1 / reference_rows + 1 / current_rows))
    return _probability(stats.norm.sf((current / current_rows - reference / reference_rows) / spread))


def wilson(marked: float, rows: float, confidence: float = 0.95) -> tuple[float, float]:
    """
    Wilson's score interval of a share, for independent rows.

    Formula: (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n).
    Range: within [0, 1]. No rows give (0, 1). Days differ, so over time it is too narrow (see `performance`).
    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.

    >>> [round(bound, 4) for bound in wilson(10, 100)]
    [0.0552, 0.1744]
    """
    if not rows:
        return 0.0, 1.0
    z = float(stats.norm.ppf((1 + confidence) / 2))
    share = marked / rows
    middle = share + z * z / (2 * rows)
    half = z * math.sqrt(max(share * (1 - share), 0.0) / rows + z * z / (4 * rows * rows))
    scale = 1 + z * z / rows
    return max((middle - half) / scale, 0.0), min((middle + half) / scale, 1.0)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """
    Q-values: rejecting all with q < α keeps the expected share of false rejections below α.

    Formula: qᵢ = min over j with pⱼ ≥ pᵢ of pⱼ · n / rank(j).
    Range [0, 1], in the order given; no values give none. Valid for independent or positively dependent tests.
    Source: Benjamini and Hochberg (1995), Controlling the false discovery rate.

    >>> [round(q, 3) for q in benjamini_hochberg([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    if not p_values:
        return ()
    return tuple(float(q) for q in stats.false_discovery_control(np.asarray(p_values, dtype=np.float64)))


def student_p_value(statistic: float, degrees: float) -> float:
    """
    One-sided p-value of Student's t: the probability of a value at or above `statistic`.

    Formula: P(T ≥ t) with `degrees` of freedom; infinite degrees give the normal.
    Range [0, 1]. Source: Student (1908), The probable error of a mean.

    >>> student_p_value(0.0, 5)
    0.5
    """
    return _probability(stats.norm.sf(statistic) if math.isinf(degrees) else stats.t.sf(statistic, degrees))


def student_quantile(probability: float, degrees: float) -> float:
    """
    Quantile of Student's t, for intervals.

    Formula: t with P(T ≤ t) = `probability`; infinite degrees give the normal. Range (−∞, ∞).
    Source: Student (1908), The probable error of a mean.

    >>> round(student_quantile(0.975, 10), 3)
    2.228
    """
    return float(stats.norm.ppf(probability) if math.isinf(degrees) else stats.t.ppf(probability, degrees))


def _probability(value: object) -> float:
    return min(max(float(np.asarray(value, dtype=np.float64)), 0.0), 1.0)
