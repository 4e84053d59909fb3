"""Shares of rows that cannot be used."""

from __future__ import annotations

import numpy as np
import pytest

from elkmon.measures import quality
from elkmon.rulers import NumericScale


def test_out_of_range_counts_whole_bins_beyond_the_range():
    """A side without a range has none."""
    scale = NumericScale((0.0, 1.0, 2.0), (0.0, 0.5, 1.5, 2.0), lowest=None, highest=2.0)
    assert quality.out_of_range([7, 1, 1, 3], scale) == 3
    assert quality.out_of_range([7, 1], NumericScale((0.0,), (0.0, 0.0))) == 0


def test_a_share_that_falls_has_not_risen():
    """Per row of windows, NaN without rows."""
    rises = quality.rise_by_row(
        np.array([[10.0, 90.0], [10.0, 90.0], [10.0, 90.0]]), np.array([[20.0, 80.0], [5.0, 95.0], [0.0, 0.0]])
    )
    assert rises[:2] == pytest.approx([0.1, 0.0])
    assert np.isnan(rises[2])
