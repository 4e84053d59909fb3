"""One truth so large that its square is none: sums of it are there, and what is made of them is not defined."""

from __future__ import annotations

import math

import pytest

from elkmon.measures.concept import gap_variance, truth_deviation
from elkmon.measures.degradation import row_uncertainty, uncertainty
from elkmon.measures.performance import Reading, mean_of, measure
from elkmon.profiles import Outcomes

READING = Reading()
HUGE = Outcomes(
    3,
    sums={
        "value": 1e200,
        "error": -1e200,
        "absolute_error": 1e200,
        **{f"{name}_rows": 3.0 for name in ("value", "error", "absolute_error", "squared_error", "value_squared")},
        "squared_error": math.inf,
        "value_squared": math.inf,
    },
)


def test_metrics_of_huge_values_are_defined_or_not():
    """An absolute error is; a squared one is not, so neither are RMSE and R²."""
    assert measure("mae", HUGE, READING) == pytest.approx(1e200 / 3)
    assert measure("rmse", HUGE, READING) is None
    assert measure("r2", HUGE, READING) is None
    assert mean_of("squared_error", HUGE.sums) is None


def test_errors_of_huge_values_are_not_known():
    """Nothing raises; a figure without an error is judged by its floor alone."""
    assert row_uncertainty("mae", HUGE, READING) is None
    assert gap_variance(HUGE, READING, "") is None
    assert truth_deviation(HUGE) == math.inf


def test_blocks_of_huge_values_say_nothing_of_how_days_differ():
    """Squares of what leaving out a day changes are beyond what a float holds."""
    days = [Outcomes(1, sums={"error": 1e200 * (-1) ** day, "error_rows": 1.0}) for day in range(8)]
    whole = Outcomes(8, sums={"error": 0.0, "error_rows": 8.0})
    assert uncertainty(lambda outcomes: mean_of("error", outcomes.sums), whole, days, 1) is None
