"""
How well scores put positives above negatives, from rows per score bin in rising order, whatever the scores' scale.
"""

from __future__ import annotations

import numpy as np

from elkmon.measures.drift import CountsLike


def roc_auc(positives: CountsLike, negatives: CountsLike) -> float | None:
    """
    Area under the ROC curve: the chance that a positive scores above a negative.

    Formula: Σᵢ posᵢ (neg below i + ½ negᵢ) / (P · N); within a bin ties count half, so bins can only draw it towards ½.
    Range [0, 1]; lower is worse. None without rows of both classes; empty bins change nothing.
    Source: Mann and Whitney (1947); Hanley and McNeil (1982).

    >>> roc_auc([0, 10], [10, 0]), roc_auc([5, 5], [5, 5])
    (1.0, 0.5)
    """
    above, below = np.asarray(positives, dtype=np.float64), np.asarray(negatives, dtype=np.float64)
    if not above.sum() or not below.sum():
        return None
    beaten = np.cumsum(below) - below / 2
    return float(above @ beaten / (above.sum() * below.sum()))


def average_precision(positives: CountsLike, negatives: CountsLike) -> float | None:
    """
    Average precision: precision averaged over the positives as the threshold falls past each; for rare positives.

    Formula: Σ over bins from above of ∫₀¹ (TP + a t) / (TP + FP + (a + b) t) dt · a / P, with a positives and b negatives in
    the bin and TP, FP those above it: rows of a bin stand in random order. It depends on the share of positives.
    Range [0, 1]; lower is worse; a random score has the share of positives. None without positives; empty bins change nothing.
    Source: Davis and Goadrich (2006), The relationship between precision-recall and ROC curves.

    >>> average_precision([0, 10], [10, 0]), average_precision([5, 5], [5, 5])
    (1.0, 0.5)
    """
    true = np.asarray(positives, dtype=np.float64)[::-1]
    rows = true + np.asarray(negatives, dtype=np.float64)[::-1]
    if not true.sum():
        return None
    true, rows = true[rows > 0], rows[rows > 0]
    above, rows_above = np.cumsum(true) - true, np.cumsum(rows) - rows
    share = true / rows
    with np.errstate(divide="ignore", invalid="ignore"):
        more = (above - share * rows_above) / rows * np.log1p(rows / rows_above)
    precision = share + np.where(rows_above > 0, more, 0.0)
    return float(precision @ true / true.sum())
