"""Tests from counts against scipy's, their levels and their power."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats

from elkmon.measures.significance import (
    benjamini_hochberg,
    chi_square,
    ks_p_value,
    rise_p_value,
    student_p_value,
    student_quantile,
    unseen_p_value,
    wilson,
)

RNG = np.random.default_rng(42)


def test_ks_p_value_is_scipys_asymptotic_one():
    """On rows at the bins' points, with both true sizes."""
    one, other = [50, 30, 60, 20], [40, 50, 90, 15]
    expected = stats.ks_2samp(np.repeat(range(4), one), np.repeat(range(4), other), method="asymp").pvalue
    assert ks_p_value(one, other) == pytest.approx(expected, rel=1e-9)


def test_chi_square_is_scipys_where_nothing_is_pooled():
    """Without a continuity correction."""
    one, other = [500, 300, 200], [40, 40, 20]
    expected = stats.chi2_contingency([one, other], correction=False)
    assert chi_square(one, other) == pytest.approx((expected.statistic, expected.pvalue))


@pytest.mark.parametrize(("rows", "others"), [(10_000, 500), (10_000, 10_000), (500, 10_000), (100_000, 200)])
@pytest.mark.parametrize("levels", [5, 50])
def test_chi_square_keeps_its_level_with_rare_levels(rows, others, levels):
    """Zipf levels, 2,000 unchanged pairs a cell: alarms at 1 % stay within three standard errors of 1 %."""
    shares = 1 / np.arange(1, levels + 1)
    shares /= shares.sum()
    pairs = zip(RNG.multinomial(rows, shares, 2_000), RNG.multinomial(others, shares, 2_000), strict=True)
    alarms = np.mean([chi_square(one, other)[1] < 0.01 for one, other in pairs])
    assert alarms <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / 2_000)


def test_ks_keeps_its_level_on_bins():
    """2,000 unchanged pairs in 20 even bins: at most 1 % and three standard errors."""
    shares = np.full(20, 0.05)
    pairs = zip(RNG.multinomial(20_000, shares, 2_000), RNG.multinomial(1_000, shares, 2_000), strict=True)
    alarms = np.mean([ks_p_value(one, other) < 0.01 for one, other in pairs])
    assert alarms <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / 2_000)


def test_levels_that_stay_too_rare_are_tested_exactly():
    """One level but for a new one: Fisher's test, so a single new row among thousands proves nothing and twenty do."""
    assert chi_square([50_000, 0], [199, 1])[1] == pytest.approx(2 * 200 / 50_200, rel=1e-6)
    assert chi_square([50_000, 0], [180, 20])[1] < 1e-40
    assert chi_square([50_000, 0], [200, 0]) == (0.0, 1.0)


def test_the_exact_test_of_many_rare_levels_keeps_its_level():
    """A thousandth of the rows in ten rare levels, unchanged: at most 1 % alarms and three standard errors."""
    shares = np.r_[0.999, np.full(10, 0.0001)]
    pairs = zip(RNG.multinomial(20_000, shares, 1_000), RNG.multinomial(300, shares, 1_000), strict=True)
    alarms = np.mean([chi_square(one, other)[1] < 0.01 for one, other in pairs])
    assert alarms <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / 1_000)


def test_a_rise_is_the_one_sided_score_test_where_counts_are_large():
    """The square of its z is the chi-square of the same table."""
    table = [[10, 990], [30, 970]]
    z = stats.norm.isf(rise_p_value(10, 1_000, 30, 1_000))
    assert z**2 == pytest.approx(stats.chi2_contingency(table, correction=False).statistic)


def test_a_rise_of_few_rows_is_fishers_exact_test():
    """Two unseen levels in 50 rows where 1,000 had one."""
    expected = stats.fisher_exact([[2, 48], [1, 999]], alternative="greater").pvalue
    assert rise_p_value(1, 1_000, 2, 50) == pytest.approx(expected)


def test_a_fall_and_an_empty_side_are_no_rise():
    """One-sided: fewer missing values are no trouble; without rows nothing is known."""
    assert rise_p_value(300, 1_000, 10, 1_000) > 0.99
    assert rise_p_value(0, 0, 5, 10) == 1.0
    assert rise_p_value(5, 10, 0, 0) == 1.0


def test_wilson_is_scipys():
    """At 95 %, also at the ends."""
    for marked, rows in ((0, 20), (3, 20), (20, 20)):
        expected = stats.binomtest(marked, rows).proportion_ci(method="wilson")
        assert wilson(marked, rows) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert wilson(0, 0) == (0.0, 1.0)


def test_benjamini_hochberg_by_hand():
    """Q is p · n / rank, made monotone from the largest down, in the order given."""
    assert benjamini_hochberg([0.04, 0.001, 0.03, 0.5]) == pytest.approx((0.16 / 3, 0.004, 0.16 / 3, 0.5))
    assert benjamini_hochberg([]) == ()


def test_student_without_limit_of_freedom_is_normal():
    """Infinite degrees of freedom are what independent rows have."""
    assert student_p_value(1.96, float("inf")) == pytest.approx(stats.norm.sf(1.96))
    assert student_quantile(0.975, float("inf")) == pytest.approx(1.959964, abs=1e-6)
    assert student_p_value(2.0, 7) == pytest.approx(stats.t.sf(2.0, 7))


def small_samples_of_many_levels(draws: int) -> Iterator[tuple[list[int], list[int]]]:
    """Yield levels of a 500-row sample of Zipf's 200, and the rows of an unchanged one; the last place is OTHER."""
    rng = np.random.default_rng(11)
    shares = 1 / np.arange(1, 201) / np.sum(1 / np.arange(1, 201))
    for _ in range(draws):
        reference, current = rng.multinomial(500, shares), rng.multinomial(10_000, shares)
        seen = reference > 0
        yield [*reference[seen].tolist(), 0], [*current[seen].tolist(), int(current[~seen].sum())]


def test_levels_the_reference_happened_not_to_have_are_no_surprise():
    """That OTHER is empty in the reference was chosen: counted as a level of its own it would alarm each time."""
    pairs = list(small_samples_of_many_levels(200))
    assert all(chi_square(*pair)[1] < 0.01 for pair in pairs)
    allowed = 0.01 + 3 * np.sqrt(0.01 * 0.99 / 200)
    assert np.mean([chi_square(*pair, other=True)[1] < 0.01 for pair in pairs]) <= allowed
    alarms = [unseen_p_value(one[:-1], 0, other[-1], sum(other)) < 0.01 for one, other in pairs]
    assert np.mean(alarms) <= allowed


def test_rows_that_really_are_new_are_found():
    """Twenty in a thousand, where the reference's ten thousand rows had no rare level; and not by a hidden, known name."""
    assert unseen_p_value([6000, 4000], 0, 20, 1000) < 1e-6
    assert unseen_p_value([6000, 4000], 300, 20, 1000) > 0.9
    assert unseen_p_value([], 0, 20, 1000) == unseen_p_value([5], 0, 0, 0) == 1.0


@pytest.mark.parametrize("statistic", [0.5, 1.0, 2.0, 3.0, 3.5])
def test_ks_of_very_many_rows_is_that_of_its_limit(statistic: float):
    """The exact distribution takes seconds at a million rows; its limit says the same to within a hundredth."""
    rows = 40_000
    moved = round(statistic / np.sqrt(rows / 2) * rows)
    one, other = [rows // 2, rows // 2], [rows // 2 - moved, rows // 2 + moved]
    exact = stats.kstwo.sf(moved / rows, rows // 2)
    assert ks_p_value(one, other) == pytest.approx(exact, rel=0.01)
    assert ks_p_value(one, one) == 1.0
