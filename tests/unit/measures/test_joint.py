"""Pairs in coarse cells against closed forms, scikit-learn and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats
from sklearn.metrics import mutual_info_score

from elkmon.measures.joint import (
    association,
    association_by_row,
    association_p_value,
    coarse,
    mutual_information,
    strongest,
)
from elkmon.rulers import CategoricalScale, JointScale, NumericScale

FIVE = (5, 5)
TWO = (2, 2)


def cells(correlation: float, rows: int, seed: int) -> np.ndarray:
    """Count two normals that go together, cut at their fifths."""
    rng = np.random.default_rng(seed)
    left = rng.standard_normal(rows)
    right = correlation * left + np.sqrt(1 - correlation**2) * rng.standard_normal(rows)
    edges = stats.norm.ppf([0.2, 0.4, 0.6, 0.8])
    return np.bincount(np.searchsorted(edges, left) * 5 + np.searchsorted(edges, right), minlength=25).astype(float)


def tilted(shares: np.ndarray, by: float) -> np.ndarray:
    """Weigh rows and columns: other margins, the same odds ratios."""
    weights = np.exp(np.linspace(-by, by, 5))
    other = shares.reshape(FIVE) * weights[:, None] * weights[None, ::-1]
    return (other / other.sum()).ravel()


def scale_of(bins: int) -> NumericScale:
    edges = tuple(float(place) for place in range(1, bins))
    return NumericScale(edges, (0.5, *(edge + 0.5 for edge in edges)))


def test_a_number_is_cut_into_fifths_of_its_rows():
    """At its own edges, the nearest to each fifth; the outer bins make no places of their own."""
    assert coarse(scale_of(22), [0, *[5] * 20, 0]).edges == (5.0, 9.0, 13.0, 17.0)


def test_a_number_with_few_values_keeps_them_apart():
    """Three values, three places; one that fills half of the rows is not cut."""
    assert coarse(scale_of(5), [0, 50, 30, 20, 0]).edges == (2.0, 3.0)


def test_rare_places_are_joined_with_their_neighbours():
    """Less than 2 % of the rows fill no cells."""
    assert coarse(scale_of(4), [1, 50, 48, 1]).edges == (2.0,)


@pytest.mark.parametrize("rows", [[0, 0, 0], [100, 0, 0], [99, 1, 0]])
def test_what_lies_in_one_place_is_of_no_use(rows):
    """As is what is not there at all."""
    assert coarse(scale_of(3), rows).size == 1
    assert coarse(CategoricalScale(("a", "b")), rows).size == 1


def test_a_category_keeps_its_four_most_frequent_levels():
    """In order of their rows, the rest being OTHER."""
    scale = coarse(CategoricalScale(("a", "b", "c", "d", "e", "f")), [10, 20, 5, 30, 1, 20, 14])
    assert isinstance(scale, CategoricalScale)
    assert scale.levels == ("d", "b", "f", "a")
    assert scale.open_ended


def test_counts_of_another_scale_are_refused():
    """They would be read as if they were its own."""
    with pytest.raises(ValueError, match="2 counts cannot be those of a scale of 3 places"):
        coarse(scale_of(3), [1, 2])


def test_mutual_information_is_scikit_learns_less_its_bias():
    """On rows, less (r - 1)(c - 1)/2n."""
    table = cells(0.5, 4000, 1).reshape(FIVE)
    oracle = mutual_info_score(None, None, contingency=table) - 16 / 8000
    assert mutual_information(table.ravel(), FIVE) == pytest.approx(oracle)


def test_what_is_independent_tells_nothing():
    """On average over samples; clipped, never below 0."""
    found = [mutual_information(cells(0.0, 2000, seed), FIVE) for seed in range(50)]
    assert min(found) == 0.0
    assert np.mean(found) < 0.001
    assert mutual_information([0] * 25, FIVE) == 0.0


def pair(left: str, right: str) -> JointScale:
    return JointScale(left, right, scale_of(5), scale_of(5))


def test_the_strongest_pairs_are_chosen_and_the_score_leaves_room_for_features():
    """Half the places are the score's, though all of its pairs are stronger; what tells nothing is never chosen."""
    score = "elkmon.prediction.score"
    candidates = [(pair(f"features.num.{name}", score), cells(0.9, 5000, place)) for place, name in enumerate("abc")]
    candidates += [
        (pair("features.num.a", "features.num.b"), cells(0.3, 5000, 5)),
        (pair("features.num.a", "features.num.c"), cells(0.5, 5000, 6)),
        (pair("features.num.b", "features.num.c"), np.full(25, 100.0)),
    ]
    four = strongest(candidates, 4)
    assert sum(score in {each.left_field, each.right_field} for each in four) == 2
    assert [each.name for each in four if score not in each.name] == [candidates[4][0].name, candidates[3][0].name]
    assert len(strongest(candidates, 6)) == 5
    assert strongest(reversed(candidates), 4) == four
    assert strongest(candidates, 0) == ()


def test_association_is_the_closed_form_of_two_by_two():
    """With even margins an odds ratio of 16 puts √16/(2(1 + √16)) = 0.4 into each corner; without it there are 0.25."""
    assert association([640, 160, 160, 640], [250, 250, 250, 250], TWO, net=False) == pytest.approx(0.3)


def test_along_a_number_a_row_counts_the_part_of_the_way_it_went():
    """Two of three equal places change partners: ⅔ of the rows go half of the way to a neighbour, all of it to the other end."""
    always = np.diag([1e6] * 3)
    for swapped, along in (((1, 0, 2), 1 / 3), ((2, 1, 0), 2 / 3)):
        now = always[list(swapped)]
        assert association(always.ravel(), now.ravel(), (3, 3), net=False) == pytest.approx(2 / 3, abs=1e-3)
        assert association(always.ravel(), now.ravel(), (3, 3), (True, True), net=False) == pytest.approx(
            along, abs=1e-3
        )
        # Of a category beside a number each has its half.
        mixed = association(always.ravel(), now.ravel(), (3, 3), (True, False), net=False)
        assert mixed == pytest.approx((along + 2 / 3) / 2, abs=1e-3)


def test_margins_may_drift_while_the_odds_ratios_stay():
    """Exactly nothing is left then, and there is no surprise."""
    reference = cells(0.6, 100_000, 2)
    drifted = 5000 * tilted(reference / reference.sum(), 1.0)
    assert association(reference, drifted, FIVE, net=False) == pytest.approx(0.0, abs=1e-4)
    assert association_p_value(reference, drifted, FIVE) > 0.999


@pytest.mark.parametrize("ordered", [(False, False), (True, False), (True, True)])
def test_the_noise_taken_off_is_what_sampling_gives(ordered):
    """The mean over samples with the same odds ratios and other margins, strong and weak, few rows and many."""
    rng = np.random.default_rng(3)
    for correlation, rows, other_rows in ((0.0, 50_000, 500), (0.6, 3000, 3000), (0.9, 50_000, 500)):
        shares = cells(correlation, 200_000, 4) / 200_000
        references = rng.multinomial(rows, shares, 300).astype(float)
        currents = rng.multinomial(other_rows, tilted(shares, 0.5), 300).astype(float)
        gross = association_by_row(references, currents, FIVE, ordered, net=False)
        net = association_by_row(references, currents, FIVE, ordered)
        taken = (gross - net)[net > 0]
        assert taken.mean() == pytest.approx(gross.mean(), rel=0.08)


def test_unchanged_pairs_seldom_surprise_and_never_look_big():
    """False alarms at most nominal, however the margins drift; no net score above the floor of 0.05."""
    rng = np.random.default_rng(6)
    shares = cells(0.5, 200_000, 7) / 200_000
    references = rng.multinomial(20_000, shares, 400).astype(float)
    currents = rng.multinomial(1200, tilted(shares, 0.7), 400).astype(float)
    surprises = [association_p_value(*sides, FIVE) < 0.05 for sides in zip(references, currents, strict=True)]
    assert np.mean(surprises) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert association_by_row(references, currents, FIVE).max() < 0.05


def test_a_correlation_that_vanishes_is_found():
    """Though neither margin moves, in a thousand rows; and the other way round."""
    tied, loose = cells(0.6, 50_000, 8), cells(0.0, 1000, 9)
    assert association(tied, loose, FIVE) > 0.15
    assert association(tied, loose, FIVE, (True, True)) > 0.1
    assert association_p_value(tied, loose, FIVE) < 1e-20
    assert association_p_value(loose, tied, FIVE) == pytest.approx(association_p_value(tied, loose, FIVE), rel=1e-3)


def test_a_bond_without_exceptions_that_breaks_is_found():
    """Cells that the reference never had hold all of the evidence."""
    always = np.diag([10_000.0] * 5).ravel()
    assert association(always, cells(0.0, 1000, 10), FIVE) == pytest.approx(0.8, abs=0.05)
    # Along five places, rows that lie anywhere are (Σ|i − j| / 25) / 4 = 0.4 of the way from the diagonal on average.
    assert association(always, cells(0.0, 1000, 10), FIVE, (True, True)) == pytest.approx(0.4, abs=0.03)
    assert association_p_value(always, cells(0.0, 1000, 10), FIVE) < 1e-20
    assert association(always, always / 10, FIVE) == 0.0


def test_the_p_value_is_that_of_the_common_odds_ratio():
    """Two by two: the odds ratio is solved for by which both sides' expected corners add up to those there are."""
    sides = [np.array([[70.0, 30.0], [40.0, 60.0]]), np.array([[25.0, 35.0], [30.0, 20.0]])]

    def corner(table: np.ndarray, odds: float) -> float:
        row, column, rows = table[0].sum(), table[:, 0].sum(), table.sum()
        return float(
            optimize.brentq(
                lambda x: x * (rows - row - column + x) - odds * (row - x) * (column - x),
                max(0.0, row + column - rows),
                min(row, column),
            )
        )

    odds = optimize.brentq(lambda odds: sum(side[0, 0] - corner(side, odds) for side in sides), 1e-3, 1e3)
    statistic = 0.0
    for side in sides:
        x = corner(side, odds)
        row, column = side[0].sum(), side[:, 0].sum()
        expected = np.array([[x, row - x], [column - x, side.sum() - row - column + x]])
        statistic += float(((side - expected) ** 2 / expected).sum())
    found = association_p_value(sides[0].ravel(), sides[1].ravel(), TWO)
    assert found == pytest.approx(stats.chi2.sf(statistic, 1), rel=1e-3)


@pytest.mark.parametrize(
    ("reference", "current"),
    [
        ([100, 0, 0, 0], [25, 25, 25, 25]),
        ([50, 50, 0, 0], [0, 0, 50, 50]),
        ([100, 10, 10, 100], [1, 0, 0, 0]),
        ([100, 10, 10, 100], [1, 1, 1, 1]),
        ([0, 0, 0, 0], [0, 0, 0, 0]),
    ],
)
def test_where_little_can_be_compared_there_is_no_surprise(reference, current):
    """Neither a row of its own nor a handful of them is evidence, and nothing is NaN."""
    assert association_p_value(reference, current, TWO) > 0.05
    found = association(reference, current, TWO)
    assert found is None or 0 <= found <= 1


def test_rows_where_the_reference_had_none_are_left_out():
    """A new level says nothing of how the known ones go together; with nothing known left there is no score."""
    reference = [40.0, 10, 0, 10, 40, 0, 0, 0, 0]
    assert association(reference, [20.0, 5, 90, 5, 20, 5, 0, 70, 0], (3, 3)) == 0.0
    assert association(reference, [0.0, 0, 9, 0, 0, 9, 9, 9, 9], (3, 3)) is None
