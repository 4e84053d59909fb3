"""
How the service does: how fast, how often it fails, how much it is asked, from counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from elkmon.measures.drift import CountsLike, Numbers

NANOSECONDS = 1e9
P95 = 0.95


def percentile(bins: CountsLike, edges: Sequence[float], probability: float) -> float | None:
    """
    Percentile of binned latencies, in the unit of the `edges`.

    Formula: within the bin that holds it, on a logarithmic line between its edges; in an open end its edge. Off by less
    than a bin's width (a ratio of 10^(1/12) on the latency scale).
    Range: that of the edges; higher is worse. None without rows. Empty bins are passed over.
    Source: Hyndman and Fan (1996), Sample quantiles in statistical packages, type 4.

    >>> round(percentile([0, 10, 0], (1.0, 100.0), 0.5), 6)
    10.0
    """
    value = float(percentiles_by_row(np.asarray(bins, dtype=np.float64)[None, :], edges, probability)[0])
    return None if math.isnan(value) else value


def percentiles_by_row(counts: Numbers, edges: Sequence[float], probability: float) -> Numbers:
    """Return `percentile` of each row of a (windows, bins) array; NaN where it has no rows."""
    rows = counts.sum(axis=1)
    wanted = probability * rows
    cumulative = np.cumsum(counts, axis=1)
    place = np.minimum((cumulative < wanted[:, None] - 1e-9).sum(axis=1), counts.shape[1] - 1)
    each = np.arange(len(counts))
    inside = np.maximum(counts[each, place], 1e-300)
    share = np.clip((wanted - (cumulative[each, place] - counts[each, place])) / inside, 0.0, 1.0)
    lines = np.log(np.concatenate([[edges[0]], np.asarray(edges, dtype=np.float64), [edges[-1]]]))
    values: Numbers = np.exp(lines[place] + share * (lines[place + 1] - lines[place]))
    return np.where(rows > 0, values, np.nan)


def slowdown_by_row(references: Numbers, currents: Numbers, edges: Sequence[float], probability: float) -> Numbers:
    """
    Ratio of a latency percentile to the reference's, per row of two (windows, bins) arrays.

    Formula: `percentile` of the window / `percentile` of the reference. Range (0, ∞); higher is worse; unit: ratio. NaN where
    a side has no rows. Source: as `percentile`.

    >>> quick, slow = np.array([[0.0, 10.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 10.0, 0.0]])
    >>> [round(ratio, 6) for ratio in slowdown_by_row(quick, slow, (1.0, 10.0, 100.0), 0.5).tolist()]
    [10.0]
    """
    slow: Numbers = percentiles_by_row(currents, edges, probability) / percentiles_by_row(
        references, edges, probability
    )
    return slow


def slower_than(bins: Sequence[float], edges: Sequence[float], latency: float) -> int:
    """
    Rows in the bins at or above the one that holds `latency`; what the significance of a slowdown is tested by.

    >>> slower_than([1, 2, 3], (10.0, 20.0), 15.0)
    5
    """
    return int(sum(bins[int(np.searchsorted(edges, latency, side="right")) :]))


def error_rate(errors: int, predictions: int) -> float:
    """
    Share of calls that failed.

    Formula: errors / (errors + predictions). Range [0, 1]; higher is worse; unit: share of calls. No calls give 0.
    Source: counting; its test is `significance.rise_p_value`.

    >>> error_rate(5, 95), error_rate(0, 0)
    (0.05, 0.0)
    """
    calls = errors + predictions
    return errors / calls if calls else 0.0


def throughput(predictions: int, hours: float) -> float:
    """
    Predictions per hour.

    Formula: predictions / hours. Range [0, ∞); lower is worse; unit: predictions per hour. Source: counting.

    >>> throughput(48, 24)
    2.0
    """
    return predictions / hours


def scarcity_by_row(references: Numbers, currents: Numbers, windows: float) -> Numbers:
    """
    How many times fewer predictions a window has than the reference's average window, from (windows, 1) arrays of them.

    Formula: (reference rows / `windows`) / rows. Range (0, ∞]; higher is worse; unit: ratio.
    NaN where neither side has rows. Source: counting.

    >>> scarcity_by_row(np.array([[100.0]]), np.array([[5.0]]), 10).tolist()
    [2.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        scarce: Numbers = references[:, 0] / windows / currents[:, 0]
    return scarce
