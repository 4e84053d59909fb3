"""
Whether a difference can be chance: tests from counts, with both sides' true sizes, and the correction for many of them.

A p-value says nothing of size; every verdict needs a measure beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import special, stats

from elkmon.measures.drift import CountsLike, Numbers, kolmogorov_smirnov, pooled_cells

_EXPECTED = 5.0  # the usual least expected count for a normal approximation
_LARGE = 10_000  # effective rows, above which the exact distribution takes seconds and its limit says the same


def ks_p_value(reference: CountsLike, current: CountsLike) -> float:
    """
    Two-sided p-value of the Kolmogorov-Smirnov statistic at the bins' edges.

    Formula: P(Dₙ ≥ d) of the one-sample distribution at the effective size nm/(n + m), as scipy's asymptotic two-sample test;
    above 10,000 that of its limit at d√n + 1/(6√n), within 1 % of it down to 10⁻¹² and never smaller where it matters.
    Range [0, 1]; lower is more surprising. Conservative: bins can only hide a gap. Empty bins change nothing.
    Source: Hodges (1958), The significance probability of the Smirnov two-sample test; Vrbik (2018), Small-sample corrections
    to Kolmogorov-Smirnov test statistic.

    >>> ks_p_value([50, 50], [50, 50]), ks_p_value([500, 0], [0, 500]) < 1e-100
    (1.0, True)

    Raises:
        ValueError: for sides without rows or of different length.
    """
    statistic = kolmogorov_smirnov(reference, current)
    rows, other_rows = float(np.sum(reference)), float(np.sum(current))
    effective = max(round(rows * other_rows / (rows + other_rows)), 1)
    if effective > _LARGE:
        root = math.sqrt(effective)
        return _probability(special.kolmogorov(statistic * root + 1 / (6 * root)) if statistic > 0 else 1.0)
    return _probability(stats.kstwo.sf(statistic, effective))


def chi_square(reference: CountsLike, current: CountsLike, *, other: bool = False) -> tuple[float, float]:
    """
    Chi-square statistic and p-value of homogeneity between two sides.

    Formula: Σ (observed − expected)² / expected over both sides, cells pooled until each expects 5 rows on the smaller side.
    Where that leaves one cell (all levels but one are rare) an exact test takes its place: Fisher's for each level against
    all others, times the number of levels (Bonferroni), and the statistic is 0.
    With `other` the last cell holds all levels that have none of their own because the reference had them rarely or never:
    that it is empty there was chosen and is no surprise, so it is always pooled with the rarest levels.
    Range [0, ∞) and [0, 1]; a lower p is more surprising. Levels empty on both sides change nothing.
    Source: Cochran (1954), Some methods for strengthening the common χ² tests; Fisher (1935).

    >>> statistic, p_value = chi_square([50, 50], [30, 70])
    >>> round(statistic, 3), round(p_value, 4)
    (8.333, 0.0039)

    Raises:
        ValueError: for sides without rows or of different length.
    """
    sides = pooled_cells(reference, current, always=len(reference) - 1 if other else None)
    if sides[0].size == 1:
        counted = len(reference) - 1 if other else len(reference)  # OTHER, the last, is no level
        one, two = (np.asarray(side, np.float64)[:counted] for side in (reference, current))
        return 0.0, _exact_levels(one, two)
    both = sides[0] + sides[1]
    pooled = both / both.sum()
    statistic = sum(float(np.sum((side - side.sum() * pooled) ** 2 / (side.sum() * pooled))) for side in sides)
    return statistic, _probability(special.chdtrc(pooled.size - 1, statistic))


def _above(z: float) -> float:
    """Return the probability that a standard normal lies above `z`."""
    return float(special.ndtr(-z))


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


def unseen_p_value(reference: CountsLike, hidden: int, unseen: int, rows: int) -> float:
    """
    One-sided p-value that more rows have a level the `reference` never had than its own rare levels lead to expect.

    Formula: z = (u/m − (s₁ + 1)/n) / √((s₁ + 1 + 2(s₂ + 1))/n² + (s₁ + 1)/(nm)), u `unseen` of m `rows`, s₁ and s₂ the levels
    that the n rows of the reference had once and twice; Good and Turing's estimate of the mass of what was not seen, with
    one level more of each to be careful. `hidden` levels, which are known but not counted alone, count as seen once.
    Range [0, 1]; lower is more surprising. A side without rows gives 1.
    Source: Good (1953), The population frequencies of species and the estimation of population parameters.

    >>> unseen_p_value([9_000, 1_000], 0, 40, 1_000) < 1e-9, unseen_p_value([400, 60] + [1] * 40, 0, 40, 500) > 0.2
    (True, True)
    """
    counts = np.asarray(reference, dtype=np.float64)
    seen = float(counts.sum())
    if not seen or not rows:
        return 1.0
    once, twice = float((counts == 1).sum() + hidden + 1), float((counts == 2).sum() + 1)
    spread = math.sqrt((once + 2 * twice) / seen**2 + once / (seen * rows))
    return _probability(_above((unseen / rows - once / seen) / spread))


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
    if not reference_rows or not current_rows or not current or marked == rows:
        return 1.0
    smaller = min(reference_rows, current_rows)
    if min(marked, rows - marked) * smaller / rows < _EXPECTED:
        return _probability(stats.hypergeom.sf(current - 1, rows, marked, current_rows))
    pooled = marked / rows
    spread = math.sqrt(pooled * (1 - pooled) * (1 / reference_rows + 1 / current_rows))
    return _probability(_above((current / current_rows - reference / reference_rows) / spread))


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
    z = float(special.ndtri((1 + confidence) / 2))
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
    return _probability(_above(statistic) if math.isinf(degrees) else special.stdtr(degrees, -statistic))


def student_quantile(probability: float, degrees: float) -> float:
    """
    Quantile of Student's t, for intervals.

    Formula: t with P(T ≤ t) = `probability`; infinite degrees give the normal. Range (−∞, ∞).
    Source: Student (1908), The probable error of a mean.

    >>> round(student_quantile(0.975, 10), 3)
    2.228
    """
    return float(special.ndtri(probability) if math.isinf(degrees) else special.stdtrit(degrees, probability))


def _probability(value: object) -> float:
    return min(max(float(np.asarray(value, dtype=np.float64)), 0.0), 1.0)
