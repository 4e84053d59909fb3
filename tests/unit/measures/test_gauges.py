"""One formula for a window and for all of the reference's own."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from elkmon.measures import gauges
from elkmon.measures.binning import latency_scale
from elkmon.measures.drift import total_variation, wasserstein
from elkmon.measures.significance import unseen_p_value
from elkmon.profiles import Counts, Profile
from elkmon.rulers import CategoricalScale, NumericScale

START, END = datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 4, 2, tzinfo=UTC)
NUMBER = NumericScale((0.0, 1.0), (0.0, 0.5, 1.0), lowest=0.0, highest=1.0)
LEVEL = CategoricalScale(("a", "b"))


def profile(field: str, bins: tuple[int, ...], predictions: int = 0, errors: int = 0, **counts: int) -> Profile:
    return Profile("m", "1", START, END, "r", predictions, errors, {field: Counts(bins, **counts)})


def test_numbers_are_measured_by_distance_and_levels_by_rows_moved():
    """And their p-values by the test that belongs to each."""
    before, now = profile("x", (50, 50, 0)), profile("x", (0, 50, 50))
    number, level = gauges.drift_gauge("x", NUMBER, before), gauges.drift_gauge("x", LEVEL, before)
    assert (number.measure, level.measure) == ("wasserstein", "total_variation")
    assert number.score(before, now) == pytest.approx(wasserstein((50, 50, 0), (0, 50, 50), NUMBER.points))
    assert level.score(before, now) == pytest.approx(total_variation((50, 50, 0), (0, 50, 50)))
    assert number.p_value(before, now) < 1e-6


def test_a_number_that_never_varied_is_measured_by_rows_that_left_it():
    """It has no standard deviation to count in."""
    before, now = profile("x", (0, 1_000, 0)), profile("x", (0, 0, 1_000))
    gauge = gauges.drift_gauge("x", NUMBER, before)
    assert gauge.measure == "total_variation"
    assert gauge.score(before, now) == pytest.approx(1.0, abs=0.05)


def test_a_score_without_rows_is_none():
    """Nothing to compare is not zero."""
    before = profile("x", (50, 50, 0))
    assert gauges.drift_gauge("x", NUMBER, before).score(before, profile("x", (0, 0, 0))) is None
    assert gauges.missing_gauge("x").score(before, Profile("m", "1", START, END, "r")) is None


def test_missing_rejected_and_unindexed_are_shares_of_all_rows():
    """Present, missing, rejected and unindexed together."""
    now = profile("x", (50, 20, 10), missing=10, rejected=6, unindexed=4)
    shares = {
        "missing": gauges.missing_gauge("x"),
        "rejected": gauges.rejected_gauge("x"),
        "unindexed": gauges.unindexed_gauge("x"),
    }
    nothing = profile("x", (100, 0, 0))
    assert {name: gauge.score(nothing, now) for name, gauge in shares.items()} == pytest.approx(
        {"missing": 0.1, "rejected": 0.06, "unindexed": 0.04}
    )
    assert all(gauge.rows(now) == 100 for gauge in shares.values())


def test_unseen_and_out_of_range_are_shares_of_rows_with_a_value():
    """Missing rows can be neither."""
    before = profile("x", (0, 100, 0))
    now = profile("x", (5, 90, 5), missing=900, unseen=7)
    assert gauges.out_of_range_gauge("x", NUMBER).score(before, now) == pytest.approx(0.10)
    assert gauges.unseen_gauge("x", LEVEL, before).score(before, now) == pytest.approx(0.07)


def test_new_levels_count_beyond_what_the_references_rare_ones_let_expect():
    """A reference with two levels seen once in a hundred rows has about two rows in a hundred that it has never seen."""
    scale = CategoricalScale(("a", "b", "c"))
    before, now = profile("x", (98, 1, 1, 0)), profile("x", (93, 0, 0, 7), unseen=7)
    gauge = gauges.unseen_gauge("x", scale, before)
    assert gauge.usual == pytest.approx(0.02)
    assert gauge.score(before, now) == pytest.approx(0.05)
    assert gauge.p_value(before, now) == pytest.approx(unseen_p_value((98, 1, 1), 0, 7, 100))


def test_constant_is_the_fullest_bin_that_the_reference_knew_well():
    """All rows in a wide outer bin are not one value."""
    before = profile("x", (1, 600, 399))
    gauge = gauges.constant_gauge("x", NUMBER, before)
    assert gauge.score(before, profile("x", (0, 0, 300))) == 1.0
    assert gauge.score(before, profile("x", (300, 0, 0))) == 0.0
    other = gauges.constant_gauge("x", LEVEL, before)
    assert other.score(before, profile("x", (0, 0, 300))) == 0.0


def test_latency_and_errors():
    """Calls ten times slower; a twentieth of them failing."""
    scale = latency_scale()
    latencies = np.random.default_rng(1).lognormal(np.log(1e7), 0.5, 5_000)
    counts = [
        tuple(
            np.bincount(np.searchsorted(scale.edges, factor * latencies, side="right"), minlength=scale.size).tolist()
        )
        for factor in (1, 10)
    ]
    before, now = (profile("event.duration", bins) for bins in counts)
    gauge = gauges.latency_gauge(scale)
    assert gauge.score(before, now) == pytest.approx(10, rel=0.05)
    assert gauge.p_value(before, now) < 1e-10
    assert gauge.p_value(before, before) > 0.3
    failing = profile("x", (0, 0, 0), predictions=950, errors=50)
    assert gauges.error_gauge().score(profile("x", (0, 0, 0), predictions=1_000), failing) == pytest.approx(0.05)


def test_throughput_is_scarcity_against_an_average_window():
    """A tenth of the reference's ten windows is usual."""
    reference, now = profile("x", (0, 0, 0), predictions=10_000), profile("x", (0, 0, 0), predictions=250)
    assert gauges.throughput_gauge(10).score(reference, now) == pytest.approx(4.0)
    assert gauges.throughput_gauge(10).p_value(reference, now) is None
