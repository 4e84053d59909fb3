"""Areas under curves from score bins against scikit-learn on the rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from elkmon.measures.ranking import average_precision, roc_auc

RNG = np.random.default_rng(7)
ROWS = 20_000


def binary(rate: float) -> tuple[np.ndarray, np.ndarray]:
    truth = RNG.random(ROWS) < rate
    return truth, np.clip(RNG.normal(0.35 + 0.2 * truth, 0.15), 0, 1)


def binned(truth: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows per bin by truth, cut at 100 quantiles united with 20 even widths, as rulers cut scores."""
    edges = np.union1d(np.quantile(score, np.arange(1, 100) / 100), np.arange(1, 20) / 20)
    place = np.searchsorted(edges, score, side="right")
    return np.bincount(place[truth], minlength=edges.size + 1), np.bincount(place[~truth], minlength=edges.size + 1)


@pytest.mark.parametrize("rate", [0.5, 0.005])
def test_roc_auc_from_bins_is_close_to_sklearns(rate):
    """Within 0.002, also where positives are rare."""
    truth, score = binary(rate)
    assert roc_auc(*binned(truth, score)) == pytest.approx(metrics.roc_auc_score(truth, score), abs=0.002)


@pytest.mark.parametrize(("rate", "off"), [(0.5, 0.002), (0.05, 0.005), (0.005, 0.01)])
def test_average_precision_from_bins_is_close_to_sklearns(rate, off):
    """Within a hundredth where one row in 200 is positive and the top bin alone holds a sixth of them."""
    truth, score = binary(rate)
    expected = metrics.average_precision_score(truth, score)
    assert average_precision(*binned(truth, score)) == pytest.approx(expected, abs=off)


def test_roc_auc_is_sklearns_exactly_when_scores_stand_at_the_bins():
    """Ties count half."""
    truth = np.array([0, 0, 1, 1, 1, 0, 1, 0])
    score = np.array([0.1, 0.3, 0.3, 0.5, 0.5, 0.5, 0.9, 0.1])
    place = np.unique(score, return_inverse=True)[1]
    found = roc_auc(np.bincount(place[truth == 1], minlength=4), np.bincount(place[truth == 0], minlength=4))
    assert found == pytest.approx(metrics.roc_auc_score(truth, score))


def test_average_precision_is_the_mean_over_orders_within_a_bin():
    """Of many rows in random order, on which scikit-learn knows of no bins; empty bins change nothing."""
    positives, negatives = [300, 500, 0, 800], [3_000, 700, 0, 200]
    truth = np.concatenate([np.repeat([True, False], pair) for pair in zip(positives, negatives, strict=True)])
    place = np.repeat(np.arange(4), np.add(positives, negatives))
    shuffled = [metrics.average_precision_score(truth, place + RNG.random(place.size)) for _ in range(20)]
    assert average_precision(positives, negatives) == pytest.approx(np.mean(shuffled), abs=0.003)


def test_a_score_that_says_nothing_has_the_share_of_positives():
    """One bin, or the same mixture in each."""
    assert average_precision([3], [7]) == pytest.approx(0.3)
    assert average_precision([3, 6, 9], [7, 14, 21]) == pytest.approx(0.3)


def test_one_class_has_no_area():
    """None, not NaN; all positives have a precision of 1."""
    assert roc_auc([1, 2], [0, 0]) is None
    assert roc_auc([], []) is None
    assert average_precision([0, 0], [1, 2]) is None
    assert average_precision([], []) is None
    assert average_precision([1, 2], [0, 0]) == 1.0
