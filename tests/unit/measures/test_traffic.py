"""Latency percentiles and rates."""

from __future__ import annotations

import numpy as np
import pytest

from elkmon.measures import traffic
from elkmon.measures.binning import latency_scale

EDGES = latency_scale().edges
RNG = np.random.default_rng(3)


def counts(latencies: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(EDGES, latencies, side="right"), minlength=len(EDGES) + 1)


@pytest.mark.parametrize("probability", [0.5, 0.95, 0.99])
def test_latency_percentiles_are_numpys_within_a_bin(probability):
    """Within 3 % for a smooth distribution, far less than a bin's width of 21 %."""
    latencies = RNG.lognormal(np.log(20e6), 0.8, 50_000)
    found = traffic.percentile(counts(latencies), EDGES, probability)
    assert found == pytest.approx(np.quantile(latencies, probability), rel=0.03)


def test_latencies_beyond_the_scale_are_told_by_its_ends():
    """An hour-long call is at least a hundred seconds; no call has no percentile."""
    assert traffic.percentile(counts(np.full(10, 3.6e12)), EDGES, 0.95) == pytest.approx(EDGES[-1])
    assert traffic.percentile(counts(np.full(10, 1.0)), EDGES, 0.95) == pytest.approx(EDGES[0])
    assert traffic.percentile(counts(np.empty(0)), EDGES, 0.95) is None


def test_a_slowdown_is_the_ratio_of_percentiles():
    """All calls take three times as long."""
    latencies = RNG.lognormal(np.log(20e6), 0.8, 50_000)
    ratio = traffic.slowdown_by_row(counts(latencies)[None, :], counts(3 * latencies)[None, :], EDGES, 0.95)
    assert ratio[0] == pytest.approx(3, rel=0.04)
    nothing = np.zeros((1, len(EDGES) + 1))
    assert np.isnan(traffic.slowdown_by_row(nothing, counts(latencies)[None, :], EDGES, 0.95)[0])


def test_scarcity_is_how_many_times_fewer():
    """None at all is infinitely scarce."""
    scarce = traffic.scarcity_by_row(np.array([[300.0], [300.0]]), np.array([[15.0], [0.0]]), 10)
    assert scarce.tolist() == [2.0, np.inf]
