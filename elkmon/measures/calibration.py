"""
Whether a score means what it says, from rows per score bin by truth: of rows scored 0.7, seven in ten should be positive.

`positives` and `negatives` are rows per bin and `points` the bins' representative scores, all of one length. Ten even widths
of the score are compared, as is the custom; scores beyond [0, 1] count to the outermost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elkmon.measures.drift import CountsLike, Numbers

_WIDTHS = 10
_MEAN_ABSOLUTE_NORMAL = math.sqrt(2 / math.pi)  # E|Z| of a standard normal
_SURE = 1e-6  # a score is taken as at least this far from 0 and 1, where its logarithm is needed
_STEPS = 50
_STEEPEST = 1e3  # a slope beyond it says that the truth splits at one score, which has no slope


@dataclass(frozen=True, slots=True)
class Width:
    """One of the even widths of the score: its `rows`, their mean `score`, and the share of `positives` among them."""

    score: float
    positives: float
    rows: int


def calibration_error(
    positives: CountsLike, negatives: CountsLike, points: Sequence[float], *, net: bool = True
) -> float | None:
    """
    Expected calibration error over ten even widths of the score.

    Formula: Σ_b n_b/n · |share of positives in b − mean score in b|, each row's score standing at its bin's point; less its
    expectation under perfect calibration, Σ_b √(2/π · Σ s(1 − s)) / n over the rows' scores s, clipped at 0. Without that a
    perfect score has an error of 0.08 at 200 rows.
    Range [0, 1]; higher is worse; unit: share of rows. Empty widths add nothing; None without rows.
    Source: Naeini, Cooper and Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning; the noise
    is the mean absolute value of a normal.

    >>> points = (0.2, 0.8)
    >>> calibration_error([2, 8], [8, 2], points), round(calibration_error([5, 5], [5, 5], points, net=False), 3)
    (0.0, 0.3)
    """
    rows, gaps, spread, _ = _by_width(positives, negatives, points)
    if not rows.sum():
        return None
    error = float(np.abs(gaps).sum() / rows.sum())
    noise = _MEAN_ABSOLUTE_NORMAL * float(np.sqrt(spread).sum() / rows.sum())
    return max(error - noise, 0.0) if net else error


def maximum_calibration_error(positives: CountsLike, negatives: CountsLike, points: Sequence[float]) -> float | None:
    """
    Largest calibration gap of any of ten even widths of the score; for information, as one sparse width can make it.

    Formula: max_b |share of positives in b − mean score in b|. Range [0, 1]; higher is worse; unit: share of a width's rows.
    Empty widths are left out; None without rows.
    Source: Naeini, Cooper and Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning.

    >>> round(maximum_calibration_error([2, 5], [8, 5], (0.2, 0.8)), 3)
    0.3
    """
    rows, gaps, _, _ = _by_width(positives, negatives, points)
    there = rows > 0
    return float(np.max(np.abs(gaps[there] / rows[there]))) if there.any() else None


def reliability(positives: CountsLike, negatives: CountsLike, points: Sequence[float]) -> tuple[Width, ...]:
    """
    Reliability table: score and share of positives of each of ten even widths that has rows, in rising order.

    Formula: per width the mean score and positives / rows. Range [0, 1] each; either gap is worse; unit: share of rows.
    Empty widths are left out, so it is empty without rows.
    Source: Murphy and Winkler (1977), Reliability of subjective probability forecasts of precipitation and temperature.

    >>> reliability([2, 5], [8, 5], (0.2, 0.8))[1]
    Width(score=0.8, positives=0.5, rows=10)
    """
    rows, gaps, _, scores = _by_width(positives, negatives, points)
    return tuple(
        Width(float(score / count), float((score - gap) / count), int(count))
        for count, gap, score in zip(rows, gaps, scores, strict=True)
        if count
    )


def calibration_line(
    positives: CountsLike, negatives: CountsLike, points: Sequence[float]
) -> tuple[float, float] | None:
    """
    Slope and intercept of the truth on the score, both as log-odds: (1, 0) for a score that means what it says.

    Formula: the b and a of greatest likelihood in logit P(positive) = a + b · logit(score), by Newton's steps; scores are
    held 10⁻⁶ away from 0 and 1. A slope below 1 says that scores are too extreme, an intercept above 0 that they are too low.
    Range (−∞, ∞) each; away from (1, 0) is worse; unit: log-odds. Empty bins change nothing. None unless rows of both classes
    lie in two bins or more and overlap.
    Source: Cox (1958), Two further applications of a model for binary regression.

    >>> slope, intercept = calibration_line([20, 80], [80, 20], (0.2, 0.8))
    >>> round(slope, 6), abs(round(intercept, 6))
    (1.0, 0.0)
    """
    true, rows, scores = _arrays(positives, negatives, points)
    there = rows > 0
    odds = np.log(scores[there] / (1 - scores[there]))
    if not 0 < true.sum() < rows.sum() or np.ptp(odds) == 0:
        return None
    terms = np.stack([odds, np.ones_like(odds)], axis=1)
    line = np.array([0.0, math.log(true.sum() / (rows.sum() - true.sum()))])
    for _ in range(_STEPS):
        expected = 1 / (1 + np.exp(-np.clip(terms @ line, -700, 700)))
        information = terms.T @ (terms * (rows[there] * expected * (1 - expected))[:, None])
        if np.linalg.cond(information) > 1e12:
            return None
        step = np.linalg.solve(information, terms.T @ (true[there] - rows[there] * expected))
        line = line + step
        if abs(line[0]) > _STEEPEST:
            return None
        if np.abs(step).max() < 1e-10:
            return float(line[0]), float(line[1])
    return None


def _arrays(positives: CountsLike, negatives: CountsLike, points: Sequence[float]) -> tuple[Numbers, Numbers, Numbers]:
    """Return positives, rows, and scores within (0, 1), per bin."""
    true = np.asarray(positives, dtype=np.float64)
    rows = true + np.asarray(negatives, dtype=np.float64)
    return true, rows, np.clip(np.asarray(points, dtype=np.float64), _SURE, 1 - _SURE)


def _by_width(
    positives: CountsLike, negatives: CountsLike, points: Sequence[float]
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Return per even width the rows, Σ score − positives, Σ score (1 − score), and Σ score."""
    true = np.asarray(positives, dtype=np.float64)
    rows = true + np.asarray(negatives, dtype=np.float64)
    at = np.clip(np.asarray(points, dtype=np.float64), 0.0, 1.0)
    width = np.clip((at * _WIDTHS).astype(np.int64), 0, _WIDTHS - 1)

    def summed(weights: Numbers) -> Numbers:
        return np.bincount(width, weights=weights, minlength=_WIDTHS).astype(np.float64)

    return summed(rows), summed(rows * at - true), summed(rows * at * (1 - at)), summed(rows * at)
