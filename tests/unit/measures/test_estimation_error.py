"""How far an estimate may be off by sampling, against closed forms and simulation."""

from __future__ import annotations

import numpy as np
import pytest

from elkmon.measures.estimation import accuracy_by_row, roc_auc_by_row
from elkmon.measures.estimation_error import estimate_variance, estimated_drop_p_value

RNG = np.random.default_rng(7)
MAP = tuple(np.linspace(0.02, 0.98, 10))
SHARES = np.concatenate([RNG.dirichlet(np.ones(10)) * 0.6, RNG.dirichlet(np.ones(10)) * 0.4]).reshape(2, 10).T.ravel()


def test_the_variance_of_accuracy_is_that_of_a_mean():
    """Of each row's chance to be right, over the rows."""
    cells = np.array([30.0, 10.0, 20.0, 40.0])
    right = np.array([0.9, 0.1, 0.3, 0.7])  # of the map 0.1, 0.7 by predicted no and yes
    mean = (cells * right).sum() / 100
    expected = ((cells * right**2).sum() / 100 - mean**2) / 100
    assert estimate_variance("accuracy", cells, (0.1, 0.7), 1) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("name", "by_row"), [("accuracy", accuracy_by_row), ("roc_auc", roc_auc_by_row)])
def test_the_variance_is_that_of_samples(name, by_row):
    """The same counts drawn again and again."""
    drawn = by_row(RNG.multinomial(2000, SHARES, 3000).astype(float), MAP, 1)
    assert estimate_variance(name, 2000 * SHARES, MAP, 1) == pytest.approx(drawn.var(), rel=0.12)


def test_unchanged_scores_seldom_surprise():
    """At the nominal rate, within what 500 draws allow."""
    sides = RNG.multinomial(1500, SHARES, (500, 2))
    surprises = [
        estimated_drop_p_value(before, now, name="f1", probabilities=MAP, positive=1) < 0.05 for before, now in sides
    ]
    assert np.mean(surprises) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 500)


def test_a_side_without_an_estimate_is_no_surprise():
    """No rows, no finding."""
    assert estimated_drop_p_value([1, 1], [0, 0], name="accuracy", probabilities=(0.5,), positive=1) == 1.0
