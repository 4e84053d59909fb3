"""
How much of what arrives cannot be used as the model expects: shares of rows, from counts.

A share is judged by how far it has risen above the reference's own; its p-value is `significance.rise_p_value`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elkmon.measures.drift import Numbers
from elkmon.rulers import NumericScale


def share(marked: int, rows: int) -> float:
    """
    Share of rows that are marked: missing, unseen, rejected, not indexed.

    Formula: marked / rows. Range [0, 1]; higher is worse; unit: share of rows. No rows give 0. Source: counting.

    >>> share(5, 100), share(0, 0)
    (0.05, 0.0)
    """
    return marked / rows if rows else 0.0


def rise(reference: float, current: float) -> float:
    """
    By how much a share has risen.

    Formula: max(q − p, 0). Range [0, 1]; higher is worse; unit: share of rows. A share that falls is no trouble: 0.
    Source: counting; its test is `significance.rise_p_value`.

    >>> round(rise(0.01, 0.05), 2), rise(0.05, 0.01)
    (0.04, 0.0)
    """
    return max(current - reference, 0.0)


def expected_unseen(reference: Sequence[int], hidden: int) -> float:
    """
    Share of rows that may be expected to have a level the `reference` never had, from its rows per level.

    Formula: (s₁ + h) / n with s₁ the levels it had once, h the `hidden` ones that are known and not counted alone, and n its
    rows. Range [0, 1]; unit: share of rows. No rows give 0.
    Source: Good (1953), The population frequencies of species and the estimation of population parameters.

    >>> expected_unseen([90, 8, 1, 1], 0)
    0.02
    """
    rows = sum(reference)
    return min((sum(count == 1 for count in reference) + hidden) / rows, 1.0) if rows else 0.0


def rise_by_row(references: Numbers, currents: Numbers) -> Numbers:
    """Return `rise` per row of two (windows, 2) arrays of marked and other rows; NaN where a side has no rows."""
    with np.errstate(divide="ignore", invalid="ignore"):
        risen: Numbers = currents[:, 0] / currents.sum(axis=1) - references[:, 0] / references.sum(axis=1)
    return np.maximum(risen, 0.0)


def out_of_range(bins: Sequence[int], scale: NumericScale) -> int:
    """
    Rows below `lowest` or at or above `highest` of a scale, which are edges of it; 0 where the scale has no range.

    Formula: Σ cᵢ over the bins that lie wholly out of range. Range [0, rows]; higher is worse; unit: rows. Source: counting.

    >>> scale = NumericScale((0.0, 1.0), (0.0, 0.5, 1.0), lowest=0.0, highest=1.0)
    >>> out_of_range([2, 10, 1], scale)
    3
    """
    return int(np.asarray(bins)[outside(scale)].sum())


def outside(scale: NumericScale) -> list[int]:
    """
    Return the indices of the bins that lie wholly out of range.

    >>> outside(NumericScale((0.0, 1.0), (0.0, 0.5, 1.0), lowest=0.0, highest=1.0))
    [0, 2]
    """
    beyond = [] if scale.lowest is None else list(range(scale.bin_of(scale.lowest)))
    return beyond if scale.highest is None else beyond + list(range(scale.bin_of(scale.highest), scale.size))


def top_share_by_row(_: Numbers, currents: Numbers) -> Numbers:
    """
    Share of rows in the fullest bin or level, per row of a (windows, bins + 1) array whose last column is all other rows.

    Formula: max cᵢ / Σ c, the last column not among the cᵢ. Range [0, 1]; higher is worse, at 1 the feature tells rows apart
    no more; unit: share of rows. NaN where a window has no rows. The reference does not enter.
    Source: Berger and Parker (1970), Diversity of planktonic foraminifera in deep-sea sediments.

    >>> top_share_by_row(np.empty(0), np.array([[1.0, 3.0, 0.0], [1.0, 0.0, 9.0]])).tolist()
    [0.75, 0.1]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        shares: Numbers = currents[:, :-1].max(axis=1, initial=0.0) / currents.sum(axis=1)
    return shares
