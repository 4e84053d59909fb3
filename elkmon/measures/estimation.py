"""
How good a binary classifier's predictions probably are before the truth is known: confidence-based performance estimation
(CBPE) from counts, by one isotonic map from the score's bins to the share of positives that the reference had there.

It assumes that a score still means what it meant in the reference, P(positive | score) unmoved. Where features moved and
that relation did not, it follows; where the relation itself moved (concept drift) it goes on telling the reference's story
and nothing in it can notice. So an estimate is never alone critical, and the realised value belongs beside it once it lands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.optimize import isotonic_regression

from elkmon.measures.drift import CountsLike, Numbers

_SPLITS, _HELD_OUT = 10, 0.1
_GROUPS = 10

Probabilities = Sequence[float]
Cells = Sequence[float] | Sequence[Sequence[float]] | Numbers


def isotonic_map(positives: CountsLike, negatives: CountsLike, points: Sequence[float]) -> tuple[float, ...] | None:
    """
    Calibrated probability of each score bin: the share of positives there, made to rise with the score.

    Formula: the non-decreasing p that minimises Σ nᵢ (posᵢ/nᵢ − pᵢ)² over the bins with rows (pool adjacent violators); bins
    without rows lie on the line between their neighbours by the bins' `points`, beyond the outermost they take its value.
    Range [0, 1] each, one per bin. None unless the reference has rows of both classes.
    Source: Ayer, Brunk, Ewing, Reid and Silverman (1955), An empirical distribution function for sampling with incomplete
    information; Zadrozny and Elkan (2002), Transforming classifier scores into accurate multiclass probability estimates.

    >>> isotonic_map([1, 6, 0, 4, 9], [9, 4, 0, 6, 1], (0.1, 0.3, 0.5, 0.7, 0.9))
    (0.1, 0.5, 0.5, 0.5, 0.9)
    """
    true = np.asarray(positives, dtype=np.float64)
    rows = true + np.asarray(negatives, dtype=np.float64)
    if not 0 < true.sum() < rows.sum():
        return None
    there = rows > 0
    fitted = isotonic_regression(true[there] / rows[there], weights=rows[there]).x
    at = np.asarray(points, dtype=np.float64)
    return tuple(float(each) for each in np.clip(np.interp(at, at[there], fitted), 0.0, 1.0))


def calibrated(positives: CountsLike, negatives: CountsLike, points: Sequence[float]) -> tuple[float, ...] | None:
    """
    Probability of each score bin to estimate with: its `isotonic_map` where that brings rows it has not seen nearer to the
    truth than the score itself is, else the score.

    Formula: ten times a tenth of the rows of each class is held out and a map made of the rest; the map is taken when
    Σ |positives − Σ map| over ten groups of the rows held out, in order of score, is less than Σ |positives − Σ score|, or
    when a bin's point lies beyond [0, 1]. Range [0, 1] each, one per bin. The draws are seeded, so a re-run says the same.
    None unless the reference has rows of both classes. Empty bins as in `isotonic_map`.
    Source: the rule of NannyML's CBPE, on counts; a map from few positives may add more error than it takes away.

    >>> calibrated([20, 80], [80, 20], (0.2, 0.8)), calibrated([400, 950], [600, 50], (0.2, 0.8))
    ((0.2, 0.8), (0.4, 0.95))
    """
    fitted = isotonic_map(positives, negatives, points)
    meant = all(-1e-6 <= point <= 1 + 1e-6 for point in points)
    if fitted is None or not meant or _map_helps(positives, negatives, points):
        return fitted
    return tuple(min(max(float(point), 0.0), 1.0) for point in points)


def _map_helps(positives: CountsLike, negatives: CountsLike, points: Sequence[float]) -> bool:
    """Return whether an isotonic map comes nearer to the truth of rows that it was not made from than the score does."""
    draw = np.random.default_rng(0)
    sides = [np.rint(np.asarray(side, dtype=np.float64)).astype(np.int64) for side in (positives, negatives)]
    true, rows, mapped = (np.zeros(len(points)) for _ in range(3))
    for _ in range(_SPLITS):
        held = [
            draw.multivariate_hypergeometric(side, round(_HELD_OUT * int(side.sum())), method="marginals")
            for side in sides
        ]
        fitted = isotonic_map(sides[0] - held[0], sides[1] - held[1], points)
        if fitted is None:
            return False
        true += held[0]
        rows += held[0] + held[1]
        mapped += (held[0] + held[1]) * np.asarray(fitted)
    if not rows.sum():
        return False
    group = np.clip(((np.cumsum(rows) - rows / 2) / rows.sum() * _GROUPS).astype(np.int64), 0, _GROUPS - 1)

    def error(predicted: Numbers) -> float:
        return float(np.abs(np.bincount(group, weights=true - predicted, minlength=_GROUPS)).sum())

    return error(mapped) < error(rows * np.asarray(points, dtype=np.float64))


def estimate(name: str, rows: Cells, probabilities: Probabilities, positive: int) -> float | None:
    """
    Estimate the metric `name` of a window whose truth is not known; None where it is not defined.

    Formula: the metric of the expected confusion and of the expected rows per bin by truth. Range [0, 1]; lower is worse.
    Bins without rows change nothing; a window without rows has no estimate.
    Source: Białek, Kuberski, Perrakis and Bifet (2024), Estimating model performance under covariate shift without labels.

    Args:
        name: one of `ESTIMATES`.
        rows: rows per score bin and predicted label, (bins, labels) or the same laid flat, bin after bin.
        probabilities: probability of each bin, from `calibrated`.
        positive: column of the positive label; all other columns together are the negative one.

    >>> estimate("accuracy", [[80, 0], [0, 20]], (0.1, 0.9), positive=1)
    0.9

    Raises:
        KeyError: for a name that is not in `ESTIMATES`.
        ValueError: for rows that are no whole number of labels for each bin.
    """
    window = np.asarray(rows, dtype=np.float64).reshape(1, -1)
    found = float(ESTIMATES[name](window, probabilities, positive)[0])
    return None if math.isnan(found) else found


def estimated_drop_by_row(
    references: Numbers, currents: Numbers, *, name: str, probabilities: Probabilities, positive: int
) -> Numbers:
    """
    How much worse a metric is estimated in each current window than in its reference.

    Formula: max(0, estimate of the reference − estimate of the window). Range [0, 1]; higher is worse; unit: the metric's.
    Arrays are (windows, bins · labels), bin after bin; NaN where a side has no estimate. Both sides are read by one map, so
    a drop is a move of scores or of predicted labels, never of the truth.
    Source: as `estimate`.

    >>> before, now = np.asarray([[80.0, 0, 0, 20]]), np.asarray([[20.0, 60, 0, 20]])
    >>> estimated_drop_by_row(before, now, name="accuracy", probabilities=(0.1, 0.9), positive=1).round(2)
    array([0.48])
    """
    compute = ESTIMATES[name]
    drop: Numbers = compute(references, probabilities, positive) - compute(currents, probabilities, positive)
    return np.maximum(drop, 0.0)


def expected_confusion_by_row(windows: Numbers, probabilities: Probabilities, positive: int) -> Numbers:
    """
    Return per window the expected true positives, false positives, false negatives and true negatives.

    Formula: with p the bin's probability and n⁺, n⁻ the rows predicted positive and negative there: Σ p n⁺, Σ (1 − p) n⁺,
    Σ p n⁻, Σ (1 − p) n⁻. Windows are (windows, bins · labels) or (windows, bins, labels). Range [0, rows]; unit: rows.
    Source: as `estimate`.

    >>> expected_confusion_by_row(np.asarray([[80.0, 0, 0, 20]]), (0.1, 0.9), positive=1)
    array([[18.,  2.,  8., 72.]])

    Raises:
        ValueError: for rows that are no whole number of labels for each bin.
    """
    rows, at = _by_prediction(windows, probabilities, positive), np.asarray(probabilities, dtype=np.float64)
    true, false = np.einsum("b,wbp->wp", at, rows), np.einsum("b,wbp->wp", 1 - at, rows)
    return np.stack([true[:, 0], false[:, 0], true[:, 1], false[:, 1]], axis=1)


def accuracy_by_row(windows: Numbers, probabilities: Probabilities, positive: int) -> Numbers:
    """
    Expected share of rows predicted right; NaN without rows.

    Formula: (TP + TN) / n of the expected confusion. Range [0, 1]; lower is worse; unit: share of rows.
    Source: as `estimate`.

    >>> accuracy_by_row(np.asarray([[80.0, 0, 0, 20]]), (0.1, 0.9), positive=1)
    array([0.9])
    """
    return _ratio(windows, probabilities, positive, right=(1, 0, 0, 1), of=(1, 1, 1, 1))


def precision_by_row(windows: Numbers, probabilities: Probabilities, positive: int) -> Numbers:
    """
    Expected share of positives among rows predicted positive; NaN where none is.

    Formula: TP / (TP + FP) of the expected confusion. Range [0, 1]; lower is worse. Source: as `estimate`.

    >>> precision_by_row(np.asarray([[80.0, 0, 0, 20]]), (0.1, 0.9), positive=1)
    array([0.9])
    """
    return _ratio(windows, probabilities, positive, right=(1, 0, 0, 0), of=(1, 1, 0, 0))


def recall_by_row(windows: Numbers, probabilities: Probabilities, positive: int) -> Numbers:
    """
    Expected share of the positives that are predicted so; NaN where none is expected.

    Formula: TP / (TP + FN) of the expected confusion. Range [0, 1]; lower is worse. Source: as `estimate`.

    >>> recall_by_row(np.asarray([[80.0, 0, 0, 20]]), (0.1, 0.9), positive=1).round(3)
    array([0.692])
    """
    return _ratio(windows, probabilities, positive, right=(1, 0, 0, 0), of=(1, 0, 1, 0))


def f1_of_positive_by_row(windows: Numbers, probabilities: Probabilities, positive: int) -> Numbers:
    """
    Expected F1 of the positive label, which is what other tools call F1; NaN where it is neither expected nor predicted.

    Formula: 2 TP / (2 TP + FP + FN) of the expected confusion. Range [0, 1]; lower is worse. Source: as `estimate`.

    >>> f1_of_positive_by_row(np.asarray([[80.0, 0, 0, 20]]), (0.1, 0.9), positive=1).round(3)
    array([0.783])
    """
    return _ratio(windows, probabilities, positive, right=(2, 0, 0, 0), of=(2, 1, 1, 0))


def f1_by_row(windows: Numbers, probabilities: Probabilities, positive: int) -> Numbers:
    """
    Expected F1 as `performance` has it: the mean over both labels, or that of the one label there is.

    Formula: ½ (2 TP / (2 TP + FP + FN) + 2 TN / (2 TN + FP + FN)) of the expected confusion. Range [0, 1]; lower is worse.
    NaN without rows. Source: as `estimate`.

    >>> f1_by_row(np.asarray([[80.0, 0, 0, 20]]), (0.1, 0.9), positive=1).round(3)
    array([0.859])
    """
    sides = np.stack(
        [
            f1_of_positive_by_row(windows, probabilities, positive),
            _ratio(windows, probabilities, positive, right=(0, 0, 0, 2), of=(0, 1, 1, 2)),
        ]
    )
    defined = np.isfinite(sides)
    with np.errstate(invalid="ignore"):
        mean: Numbers = np.where(defined, sides, 0.0).sum(axis=0) / defined.sum(axis=0)
    return mean


def roc_auc_by_row(windows: Numbers, probabilities: Probabilities, positive: int) -> Numbers:
    """
    Expected area under the ROC curve; NaN unless both classes are expected.

    Formula: Σᵢ pᵢnᵢ (Σⱼ₍<ᵢ₎ (1 − pⱼ)nⱼ + ½ (1 − pᵢ)nᵢ) / (Σ pᵢnᵢ · Σ (1 − pᵢ)nᵢ), bins in order of the score, ties half.
    Range [0, 1]; lower is worse. Predicted labels do not matter. Source: as `estimate`.

    >>> roc_auc_by_row(np.asarray([[50.0, 0, 0, 50]]), (0.1, 0.9), positive=1)
    array([0.9])
    """
    rows = _by_prediction(windows, probabilities, positive).sum(axis=2)
    at = np.asarray(probabilities, dtype=np.float64)
    above, below = rows * at, rows * (1 - at)
    beaten = np.cumsum(below, axis=1) - below / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        area: Numbers = np.sum(above * beaten, axis=1) / (above.sum(axis=1) * below.sum(axis=1))
    return area


Estimator = Callable[[Numbers, Probabilities, int], Numbers]

ESTIMATES: Mapping[str, Estimator] = {
    "accuracy": accuracy_by_row,
    "f1": f1_by_row,
    "f1_of_positive": f1_of_positive_by_row,
    "precision": precision_by_row,
    "recall": recall_by_row,
    "roc_auc": roc_auc_by_row,
}
"""What can be estimated; under the names that `performance.METRICS` has for the realised values, where it has them."""


def _by_prediction(windows: Numbers, probabilities: Probabilities, positive: int) -> Numbers:
    """Return rows as (windows, bins, 2): predicted positive, and any other label."""
    bins, width = len(probabilities), int(np.prod(windows.shape[1:]))
    if not bins or width % bins or not 0 <= positive < width // bins:
        raise ValueError(
            f"{width} cells are not whole labels for {bins} score bins with label {positive} among them; "
            "give bins × labels cells, bin after bin"
        )
    cells = windows.reshape(len(windows), bins, width // bins).astype(np.float64)
    right = cells[:, :, positive]
    return np.stack([right, cells.sum(axis=2) - right], axis=2)


def _ratio(
    windows: Numbers, probabilities: Probabilities, positive: int, *, right: Sequence[int], of: Sequence[int]
) -> Numbers:
    """Return the ratio of two weighted sums over the expected confusion; NaN where the second is 0."""
    confusion = expected_confusion_by_row(windows, probabilities, positive)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Numbers = (confusion @ np.asarray(right)) / (confusion @ np.asarray(of))
    return ratio
