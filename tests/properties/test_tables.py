"""What must hold of pairs and of estimates whatever the counts."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elkmon.measures.drift import total_variation_by_row
from elkmon.measures.estimation import ESTIMATES, estimate, estimated_drop_by_row
from elkmon.measures.estimation_error import estimated_drop_p_value
from elkmon.measures.joint import association, association_by_row, association_p_value, mutual_information

TABLE = (3, 4)
tables = st.lists(st.integers(0, 5000), min_size=12, max_size=12).filter(any)
weights = st.lists(st.integers(1, 9), min_size=4, max_size=4)


@settings(deadline=None)
@given(tables, tables)
def test_association_is_finite_and_within_its_range(one, other):
    """However one-sided the cells; None only where no row lies where the reference has some."""
    found, gross = association(one, other, TABLE), association(one, other, TABLE, net=False)
    assert (found is None) == (gross is None)
    if found is not None and gross is not None:
        assert 0 <= found <= gross <= 1 + 1e-9
    p_value = association_p_value(one, other, TABLE)
    assert 0 <= p_value <= 1
    assert 0 <= mutual_information(one, TABLE) <= math.log(3) + 1e-9


@settings(deadline=None)
@given(tables)
def test_a_pair_compared_with_itself_has_not_come_apart(one):
    """Nor is it a surprise, whatever is empty."""
    assert association(one, one, TABLE) == 0.0
    assert association(one, one, TABLE, net=False) == pytest.approx(0.0, abs=1e-6)
    assert association_p_value(one, one, TABLE) > 0.999


@settings(deadline=None)
@given(tables, tables)
def test_which_of_a_pair_comes_first_does_not_matter(one, other):
    """Nor which side is the reference, as far as the surprise goes."""
    turned = [np.asarray(side).reshape(TABLE).T.ravel() for side in (one, other)]
    found = association(one, other, TABLE, net=False)
    assert association(turned[0], turned[1], TABLE[::-1], net=False) == (found and pytest.approx(found, abs=1e-2))
    assert mutual_information(turned[0], TABLE[::-1]) == pytest.approx(mutual_information(one, TABLE), abs=1e-12)
    p_value = association_p_value(one, other, TABLE)
    assert association_p_value(other, one, TABLE) == pytest.approx(p_value, abs=1e-3)


@settings(deadline=None)
@given(st.lists(st.integers(50, 5000), min_size=12, max_size=12), weights, weights)
def test_other_margins_with_the_same_odds_ratios_are_no_change(cells, rows, columns):
    """What single features explain is theirs."""
    weighed = (np.asarray(cells).reshape(TABLE) * np.outer(rows[:3], columns)).ravel()
    assert association(cells, weighed, TABLE, net=False) == pytest.approx(0.0, abs=5e-3)
    assert association_p_value(cells, weighed, TABLE) > 0.95


probabilities = st.lists(st.floats(0, 1), min_size=4, max_size=4).map(sorted)


@settings(deadline=None)
@given(tables, tables, probabilities, st.sampled_from(sorted(ESTIMATES)))
def test_estimates_are_shares_and_follow_shares_alone(one, other, at, name):
    """In [0, 1] or not defined; ten times the rows promise the same, and identical rows are no drop."""
    found = estimate(name, one, at, 0)
    assert found is None or -1e-9 <= found <= 1 + 1e-9
    assert estimate(name, [10 * rows for rows in one], at, 0) == (found and pytest.approx(found))
    sides = np.asarray([one, one], dtype=float), np.asarray([one, other], dtype=float)
    drops = estimated_drop_by_row(*sides, name=name, probabilities=at, positive=0)
    if found is not None:
        assert drops[0] == 0.0
        if estimate(name, other, at, 0) is not None:
            assert 0 <= drops[1] <= 1 + 1e-9
    chance = estimated_drop_p_value(one, other, name=name, probabilities=at, positive=0)
    assert 0 <= chance <= 1


@settings(deadline=None)
@given(tables, tables)
def test_a_score_of_one_window_is_its_score_among_many(one, other):
    """Limits are learnt from all windows at once and held against one."""
    references, currents = np.asarray([one, other, one], dtype=float), np.asarray([other, one, one], dtype=float)
    for by_row in (total_variation_by_row, partial(association_by_row, shape=TABLE)):
        many = by_row(references, currents)
        singly = [by_row(references[[place]], currents[[place]])[0] for place in range(3)]
        assert many == pytest.approx(singly, nan_ok=True, abs=1e-9)
