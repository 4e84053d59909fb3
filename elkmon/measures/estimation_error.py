"""
How far an estimate of performance may be off because its rows are a sample. How far it is off because the score means
something else by now, no count can tell; that shows once truth lands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from elkmon.measures.drift import CountsLike
from elkmon.measures.estimation import ESTIMATES
from elkmon.measures.significance import student_p_value


def estimate_variance(name: str, rows: CountsLike, probabilities: Sequence[float], positive: int) -> float:
    """
    Variance of an estimate for the sample its rows are.

    Formula: Σ over cells of rows · (θ with one row more there − θ)², the infinitesimal jackknife on counts; the calibrated
    probabilities are taken as they are. Range [0, ∞); unit: the metric's, squared. Empty cells add nothing; NaN where the
    metric is not defined.
    Source: Jaeckel (1972), The infinitesimal jackknife.

    Args:
        name, rows, probabilities, positive: as for `estimation.estimate`, `rows` laid flat.

    >>> round(estimate_variance("accuracy", [5000, 0, 0, 5000], (0.0, 0.6), 1) * 10_000, 3)
    0.04
    """
    cells = np.asarray(rows, dtype=np.float64)
    there = np.flatnonzero(cells)
    sides = np.concatenate([cells[None, :], cells + np.eye(cells.size)[there]])
    found = ESTIMATES[name](sides, probabilities, positive)
    return float(np.sum(cells[there] * (found[1:] - found[0]) ** 2))


def estimated_drop_p_value(
    reference: CountsLike, current: CountsLike, *, name: str, probabilities: Sequence[float], positive: int
) -> float:
    """
    One-sided p-value that an estimate has fallen at all, both sides being samples of rows.

    Formula: P(Z ≥ drop / √(variance of the window + variance of the reference)). Range [0, 1]; lower is more surprising. It
    says nothing of how days differ, which the learnt limit does. 1 where a side has no estimate; without any variance the
    comparison itself decides.
    Source: as `estimate_variance`.

    >>> before, now = [5000, 0, 0, 5000], [600, 0, 0, 400]
    >>> estimated_drop_p_value(before, before, name="accuracy", probabilities=(0.3, 0.9), positive=1)
    0.5
    >>> estimated_drop_p_value(before, now, name="accuracy", probabilities=(0.3, 0.9), positive=1) < 1e-6
    True
    """
    sides = np.asarray([reference, current], dtype=np.float64)
    before, now = ESTIMATES[name](sides, probabilities, positive).tolist()
    drop = before - now
    if not math.isfinite(drop):
        return 1.0
    error = math.sqrt(sum(estimate_variance(name, side, probabilities, positive) for side in sides))
    return student_p_value(drop / error, math.inf) if error > 0 else float(drop <= 0)
