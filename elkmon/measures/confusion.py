"""
How right predicted labels are, from rows per (true label, predicted label).

A label that is only predicted or only true still is one; a pair with no rows, as subtracting windows leaves behind, is not.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping

Confusion = Mapping[tuple[str, str], int]
LabelScore = Callable[[Confusion, str], float | None]


def accuracy(confusion: Confusion) -> float | None:
    """
    Share of rows whose predicted label is the true one.

    Formula: Σ c(t, t) / Σ c. Range [0, 1]; lower is worse; unit: share of rows. None without rows.
    Source: Kohavi and Provost (1998), Glossary of terms.

    >>> accuracy({("a", "a"): 3, ("a", "b"): 1})
    0.75
    """
    rows = sum(confusion.values())
    return sum(count for (true, predicted), count in confusion.items() if true == predicted) / rows if rows else None


def precision(confusion: Confusion, label: str) -> float | None:
    """
    Of the rows predicted as `label`, the share that are it; None where none was predicted so.

    Formula: c(l, l) / Σₜ c(t, l). Range [0, 1]; lower is worse; unit: share of rows.
    Source: van Rijsbergen (1979), Information Retrieval.

    >>> precision({("a", "a"): 3, ("b", "a"): 1}, "a")
    0.75
    """
    predicted = sum(count for (_, guess), count in confusion.items() if guess == label)
    return confusion.get((label, label), 0) / predicted if predicted else None


def recall(confusion: Confusion, label: str) -> float | None:
    """
    Of the rows that are `label`, the share predicted so; None where none is.

    Formula: c(l, l) / Σₚ c(l, p). Range [0, 1]; lower is worse; unit: share of rows.
    Source: van Rijsbergen (1979), Information Retrieval.

    >>> recall({("a", "a"): 3, ("a", "b"): 1}, "a")
    0.75
    """
    true = sum(count for (truth, _), count in confusion.items() if truth == label)
    return confusion.get((label, label), 0) / true if true else None


def f1(confusion: Confusion, label: str) -> float | None:
    """
    Harmonic mean of precision and recall of `label`; 0 where it is only predicted or only true, None where neither.

    Formula: 2 c(l, l) / (Σₜ c(t, l) + Σₚ c(l, p)). Range [0, 1]; lower is worse.
    Source: van Rijsbergen (1979), Information Retrieval.

    >>> f1({("a", "a"): 3, ("a", "b"): 1, ("b", "a"): 1}, "a")
    0.75
    """
    marks = sum(count * ((true == label) + (guess == label)) for (true, guess), count in confusion.items())
    return 2 * confusion.get((label, label), 0) / marks if marks else None


def macro(score: LabelScore, confusion: Confusion) -> float | None:
    """
    Plain mean of a per-class `score` over all labels true or predicted; an undefined class counts as 0.

    Formula: Σₗ score(l) / L. Range: the score's; lower is worse. Each label weighs the same, however rare. None without rows.
    Source: Lewis (1991), Evaluating text categorization.

    >>> macro(recall, {("a", "a"): 3, ("a", "b"): 1, ("b", "b"): 1})
    0.875
    """
    labels = {label for pair, count in confusion.items() if count for label in pair}
    return sum(score(confusion, label) or 0.0 for label in labels) / len(labels) if labels else None


def weighted(score: LabelScore, confusion: Confusion) -> float | None:
    """
    Mean of a per-class `score` over rows: each label weighs as often as it is true; an undefined class counts as 0.

    Formula: Σₗ score(l) · Σₚ c(l, p) / Σ c. Range: the score's; lower is worse. Frequent labels decide. None without rows.
    Source: Lewis (1991), Evaluating text categorization.

    >>> round(weighted(precision, {("a", "a"): 3, ("a", "b"): 1, ("b", "b"): 1}), 6)
    0.9
    """
    true = _rows_by_truth(confusion)
    rows = sum(true.values())
    return sum((score(confusion, label) or 0.0) * count for label, count in true.items()) / rows if rows else None


def f1_micro(confusion: Confusion) -> float | None:
    """
    F1 of all labels' decisions together; where each row has one label it is the accuracy, as are micro precision and recall.

    Formula: 2 Σₗ c(l, l) / Σₗ (Σₜ c(t, l) + Σₚ c(l, p)). Range [0, 1]; lower is worse. None without rows.
    Source: Lewis (1991), Evaluating text categorization.

    >>> f1_micro({("a", "a"): 3, ("a", "b"): 1})
    0.75
    """
    marks = 2 * sum(confusion.values())  # each row is one true and one predicted label
    return 2 * sum(count for (true, guess), count in confusion.items() if true == guess) / marks if marks else None


def balanced_accuracy(confusion: Confusion) -> float | None:
    """
    Mean recall over the labels that are true of any row: accuracy as if they were equally frequent.

    Formula: Σₗ recall(l) / L over labels with true rows. Range [0, 1]; lower is worse; guessing has 1/L. None without rows.
    Source: Brodersen, Ong, Stephan and Buhmann (2010), The balanced accuracy and its posterior distribution.

    >>> balanced_accuracy({("a", "a"): 3, ("a", "b"): 1, ("b", "b"): 1})
    0.875
    """
    labels = [label for label, rows in _rows_by_truth(confusion).items() if rows]
    return sum(recall(confusion, label) or 0.0 for label in labels) / len(labels) if labels else None


def matthews(confusion: Confusion) -> float | None:
    """
    Matthews correlation coefficient: how far predicted and true labels go together, also of more than two.

    Formula: (n Σ c(l, l) − Σ tₗpₗ) / √((n² − Σ pₗ²)(n² − Σ tₗ²)) with true rows t and predicted rows p per label.
    Range [−1, 1]; lower is worse; guessing has 0. None where all rows have one true label, or one predicted.
    Source: Matthews (1975); Gorodkin (2004), Comparing two K-category assignments by a K-category correlation coefficient.

    >>> matthews({("a", "a"): 5, ("b", "b"): 5}), matthews({("a", "b"): 5, ("b", "a"): 5})
    (1.0, -1.0)
    """
    true, predicted = _rows_by_truth(confusion), Counter[str]()
    for (_, guess), count in confusion.items():
        predicted[guess] += count
    rows = sum(true.values())
    spread = (rows**2 - sum(each**2 for each in true.values())) * (
        rows**2 - sum(each**2 for each in predicted.values())
    )
    right = sum(count for (truth, guess), count in confusion.items() if truth == guess)
    together = sum(count * predicted[label] for label, count in true.items())
    return (rows * right - together) / math.sqrt(spread) if spread > 0 else None


def per_class(score: LabelScore, confusion: Confusion) -> dict[str, float]:
    """
    Return a per-class `score` of every label where it is defined, the most frequent true label first.

    A caller that shows only so many cuts the rest off.

    >>> per_class(recall, {("b", "b"): 1, ("a", "a"): 3, ("a", "b"): 1})
    {'a': 0.75, 'b': 1.0}
    """
    true = _rows_by_truth(confusion)
    labels = sorted({label for pair, count in confusion.items() if count for label in pair})
    found = {label: score(confusion, label) for label in sorted(labels, key=lambda label: -true[label])}
    return {label: value for label, value in found.items() if value is not None}


def _rows_by_truth(confusion: Confusion) -> Counter[str]:
    rows: Counter[str] = Counter()
    for (true, _), count in confusion.items():
        rows[true] += count
    return rows
