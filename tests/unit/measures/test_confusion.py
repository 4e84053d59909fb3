"""Scores of predicted labels against scikit-learn on the rows."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn import metrics

from elkmon.measures.confusion import (
    accuracy,
    balanced_accuracy,
    f1,
    f1_micro,
    macro,
    matthews,
    per_class,
    precision,
    recall,
    weighted,
)

RNG = np.random.default_rng(7)
ROWS = 20_000
LABELS = np.array(["a", "b", "c"])
TRUE = RNG.choice(LABELS, ROWS, p=[0.3, 0.6, 0.1])
PREDICTED = np.where(RNG.random(ROWS) < 0.7, TRUE, RNG.choice(LABELS, ROWS))
CONFUSION = Counter(zip(TRUE.tolist(), PREDICTED.tolist(), strict=True))
SCORES = [(precision, metrics.precision_score), (recall, metrics.recall_score), (f1, metrics.f1_score)]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (accuracy, metrics.accuracy_score),
        (balanced_accuracy, metrics.balanced_accuracy_score),
        (matthews, metrics.matthews_corrcoef),
        (f1_micro, lambda true, guess: metrics.f1_score(true, guess, average="micro")),
    ],
)
def test_scores_of_all_labels_are_sklearns(ours, theirs):
    """Of three labels of different frequency."""
    assert ours(CONFUSION) == pytest.approx(theirs(TRUE, PREDICTED))


@pytest.mark.parametrize(("ours", "theirs"), SCORES)
def test_per_class_scores_and_their_means_are_sklearns(ours, theirs):
    """For every label, as the plain mean over labels, and weighted by their rows."""
    expected = theirs(TRUE, PREDICTED, labels=LABELS, average=None)
    assert [ours(CONFUSION, label) for label in LABELS] == pytest.approx(expected.tolist())
    assert macro(ours, CONFUSION) == pytest.approx(theirs(TRUE, PREDICTED, average="macro"))
    assert weighted(ours, CONFUSION) == pytest.approx(theirs(TRUE, PREDICTED, average="weighted"))


def test_classes_come_most_frequent_first_and_undefined_ones_not_at_all():
    """What is never predicted has no precision; what is never true stands last."""
    confusion = {("rare", "often"): 1, ("often", "often"): 5, ("often", "made up"): 2}
    assert per_class(precision, confusion) == {"often": 5 / 6, "made up": 0.0}
    assert list(per_class(f1, confusion)) == ["often", "rare", "made up"]


def test_a_label_of_zero_rows_is_no_class():
    """Subtracting windows leaves zeros behind; no mean sees them."""
    confusion = {("a", "a"): 5, ("b", "b"): 0}
    assert (macro(f1, confusion), weighted(f1, confusion), balanced_accuracy(confusion)) == (1.0, 1.0, 1.0)
    assert per_class(recall, confusion) == {"a": 1.0}


def test_balanced_accuracy_counts_labels_that_are_true_only():
    """A label that is only ever predicted has no recall to average, as in scikit-learn."""
    assert balanced_accuracy({("a", "a"): 3, ("a", "b"): 1}) == 0.75


def test_undefined_scores_are_none():
    """No rows, or one true label only for a correlation."""
    assert [score({}) for score in (accuracy, balanced_accuracy, f1_micro, matthews)] == [None] * 4
    assert macro(f1, {}) is None
    assert weighted(f1, {}) is None
    assert matthews({("a", "a"): 3, ("a", "b"): 1}) is None
    assert precision({("a", "a"): 1}, "b") is None
    assert recall({("a", "a"): 1}, "b") is None
    assert f1({("a", "a"): 1}, "b") is None
