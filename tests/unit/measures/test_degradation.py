"""Errors that know that days differ."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial, reduce
from operator import add

import numpy as np
import pytest
from scipy import stats

from elkmon.checks import TOLERANCES
from elkmon.measures.degradation import (
    Uncertainty,
    change_p_value,
    degradation,
    least_change,
    row_uncertainty,
    uncertainty,
    without,
)
from elkmon.measures.performance import Reading, measure
from elkmon.profiles import Outcomes

RNG = np.random.default_rng(11)
accuracy = partial(measure, "accuracy", reading=Reading())


def right(share: float, rows: int = 1_000) -> Outcomes:
    hits = int(RNG.binomial(rows, share))
    return Outcomes(rows, {("a", "a"): hits, ("a", "b"): rows - hits})


def test_the_variance_between_blocks_is_that_of_their_means():
    """For a share over blocks of equal size the jackknife is exactly the sample variance of the blocks."""
    blocks = [right(share) for share in RNG.normal(0.8, 0.05, 12)]
    found = uncertainty(lambda outcomes: accuracy(outcomes=outcomes), reduce(add, blocks), blocks, 1)
    assert found is not None
    shares = [block.confusion["a", "a"] / 1_000 for block in blocks]
    assert found.variance_of(1_000) == pytest.approx(np.var(shares, ddof=1))
    assert found.own_variance() == pytest.approx(np.var(shares, ddof=1) / 12)
    assert found.degrees == 11


def test_what_rows_explain_shrinks_with_rows_and_what_days_differ_by_does_not():
    """A window of a hundred times the rows keeps the variance between windows."""
    known = Uncertainty(0.8, between=0.0025, within=0.16, blocks=12, rows=12_000)
    assert known.variance_of(100) == pytest.approx(0.0025 + 0.0016)
    assert known.variance_of(10**9) == pytest.approx(0.0025)


def test_fewer_than_eight_blocks_teach_nothing():
    """Seven weeks say too little of how weeks differ."""
    blocks = [right(0.8) for _ in range(7)]
    assert uncertainty(lambda outcomes: accuracy(outcomes=outcomes), reduce(add, blocks), blocks, 1) is None


def test_a_figure_that_days_move_is_not_called_degraded():
    """Weekly shares with an SD of 0.04: at most 1 % and three standard errors of 1,000 unchanged windows alarm."""
    alarms = 0
    for _ in range(1_000):
        blocks = [right(share) for share in np.clip(RNG.normal(0.8, 0.04, 12), 0, 1)]
        found = uncertainty(lambda outcomes: accuracy(outcomes=outcomes), reduce(add, blocks), blocks, 1, 0.16)
        assert found is not None
        now = accuracy(outcomes=right(float(np.clip(RNG.normal(0.8, 0.04), 0, 1))))
        alarms += degradation(found, now, 1_000, 0.0, higher_is_worse=False).p_value < 0.01
    assert alarms / 1_000 <= 0.01 + 3 * math.sqrt(0.01 * 0.99 / 1_000)


def test_a_clear_loss_is_found_and_the_least_that_could_be_is_told():
    """Half the accuracy is lost where weeks differ by a hundredth."""
    known = Uncertainty(0.8, between=0.0001, within=0.16, blocks=12, rows=12_000)
    lost = degradation(known, 0.4, 1_000, 0.02, higher_is_worse=False)
    assert lost.p_value < 1e-6
    at_limit = degradation(known, 0.8 - lost.least, 1_000, 0.02, higher_is_worse=False)
    assert at_limit.p_value == pytest.approx(0.01)
    assert lost.lower < 0.4 < lost.upper


def test_an_improvement_is_no_degradation():
    """One-sided, whichever way is worse."""
    known = Uncertainty(0.5, between=0.0001, within=0.0, blocks=12, rows=12_000)
    assert degradation(known, 0.9, 1_000, 0.02, higher_is_worse=False).p_value > 0.99
    assert degradation(known, 0.1, 1_000, 0.02, higher_is_worse=True).p_value > 0.99


def test_without_any_variance_the_comparison_decides():
    """A reference that is always right makes no division by zero."""
    known = Uncertainty(1.0, between=0.0, within=0.0, blocks=12, rows=12_000)
    assert degradation(known, 0.9, 1_000, 0.02, higher_is_worse=False).p_value == 0.0
    assert degradation(known, 1.0, 1_000, 0.02, higher_is_worse=False).p_value == 1.0
    assert (change_p_value(known, 1.0, 1_000), change_p_value(known, 0.9, 1_000)) == (1.0, 0.0)


def test_a_change_either_way_is_students_two_sided_test():
    """And the least change it could find is where p is the significance."""
    known = Uncertainty(0.1, between=0.0004, within=0.1, blocks=10, rows=10_000)
    error = math.sqrt(0.0004 + 0.1 / 500 + 0.00004 + 0.00001)
    assert change_p_value(known, 0.2, 500) == pytest.approx(2 * stats.t.sf(0.1 / error, 9))
    assert change_p_value(known, 0.1 - least_change(known, 500, 0.01), 500) == pytest.approx(0.01)


def scored(rows: int) -> tuple[Outcomes, np.ndarray, np.ndarray, tuple[float, ...]]:
    truth = RNG.random(rows) < 0.3
    place = np.clip(RNG.normal(8 + 4 * truth, 3), 0, 19).astype(int)
    points = tuple((np.arange(20) + 0.5) / 20)
    scores = {
        "yes": tuple(np.bincount(place[truth], minlength=20).tolist()),
        "no": tuple(np.bincount(place[~truth], minlength=20).tolist()),
    }
    given = np.where(truth, np.take(points, place), 1 - np.take(points, place))
    sums = {"log_loss": float(-np.log(given).sum()), "log_loss_rows": float(rows)}
    return Outcomes(rows, scores=scores, sums=sums), truth, given, points


def test_row_variances_are_those_of_the_rows():
    """Accuracy's is binomial, log loss' that of its losses, and AUC's that of repeated samples, within a tenth."""
    known = row_uncertainty("accuracy", Outcomes(1_000, {("a", "a"): 800, ("a", "b"): 200}), Reading())
    assert known is not None
    assert known.variance_of(1_000) == pytest.approx(0.8 * 0.2 / 1_000, rel=0.01)
    outcomes, _, given, points = scored(4_000)
    loss = row_uncertainty("log_loss", outcomes, Reading("yes", points))
    assert loss is not None
    assert loss.within == pytest.approx(np.var(-np.log(given)), rel=1e-6)
    area = row_uncertainty("roc_auc", outcomes, Reading("yes", points))
    assert area is not None
    repeated = [measure("roc_auc", scored(4_000)[0], Reading("yes", points)) for _ in range(600)]
    assert area.variance_of(4_000) == pytest.approx(np.var(repeated), rel=0.2)


def test_regression_row_variances():
    """MAE's is exactly that of |error|; RMSE's is that of normal errors."""
    errors = RNG.normal(0, 2, 5_000)
    sums = {
        "absolute_error": float(np.abs(errors).sum()),
        "absolute_error_rows": 5_000.0,
        "squared_error": float((errors**2).sum()),
        "squared_error_rows": 5_000.0,
    }
    mae = row_uncertainty("mae", Outcomes(5_000, sums=sums), Reading())
    rmse = row_uncertainty("rmse", Outcomes(5_000, sums=sums), Reading())
    assert mae is not None
    assert rmse is not None
    assert mae.within == pytest.approx(np.var(np.abs(errors)))
    assert rmse.variance_of(5_000) == pytest.approx(4 / 2 / 5_000, rel=0.1)
    assert row_uncertainty("mae", Outcomes(), Reading()) is None


def test_every_metric_that_can_be_judged_has_a_row_variance():
    """By its tolerance it can be chosen, and a reference without timestamps still judges it."""
    scored_rows, _, _, points = scored(2_000)
    labels = {("yes", "yes"): 400, ("yes", "no"): 200, ("no", "yes"): 150, ("no", "no"): 1_250}
    sums = {"absolute_error": 900.0, "squared_error": 800.0, "value": 100.0, "value_squared": 4_000.0, "brier": 300.0}
    counted = {f"{name}_rows": 2_000.0 for name in sums}
    outcomes = replace(scored_rows, confusion=labels, sums={**scored_rows.sums, **sums, **counted})
    for name in TOLERANCES:
        known = row_uncertainty(name, outcomes, Reading("yes", points))
        assert known is not None, name
        assert known.within > 0, name


@pytest.mark.parametrize("name", ["average_precision", "matthews", "balanced_accuracy", "f1_weighted"])
def test_row_variances_by_the_jackknife_are_those_of_repeated_samples(name):
    """Within three tenths; the variance of 600 samples is itself known to a sixteenth only."""
    read = Reading("yes", tuple((np.arange(20) + 0.5) / 20))

    def sample() -> Outcomes:
        outcomes = scored(4_000)[0]
        guessed = {label: (sum(rows[:10]), sum(rows[10:])) for label, rows in outcomes.scores.items()}
        pairs = {(label, "no"): low for label, (low, _) in guessed.items()}
        return replace(outcomes, confusion={**pairs, **{(label, "yes"): high for label, (_, high) in guessed.items()}})

    known = row_uncertainty(name, sample(), read)
    assert known is not None
    assert known.variance_of(4_000) == pytest.approx(
        np.var([measure(name, sample(), read) for _ in range(600)]), rel=0.3
    )


def test_the_calibration_errors_row_variance_is_no_smaller_than_that_of_repeated_samples():
    """It is a bound, near it where every gap leans one way: scores that are 0.1 too high throughout."""
    points = tuple(((np.arange(20) + 0.5) / 20).tolist())

    def sample() -> Outcomes:
        place = RNG.integers(4, 20, 2_000)
        truth = RNG.random(2_000) < np.take(points, place) - 0.1
        sides = {"yes": place[truth], "no": place[~truth]}
        return Outcomes(
            2_000, scores={label: tuple(np.bincount(rows, minlength=20).tolist()) for label, rows in sides.items()}
        )

    known = row_uncertainty("calibration_error", sample(), Reading("yes", points))
    assert known is not None
    repeated = float(np.var([measure("calibration_error", sample(), Reading("yes", points)) for _ in range(600)]))
    assert repeated * 0.85 <= known.variance_of(2_000) <= repeated * 1.4


def test_r_squareds_row_variance_is_no_smaller_than_that_of_repeated_samples():
    """For errors apart from the prediction the classical 4R²(1 − R²)² is below it."""

    def sample() -> Outcomes:
        true = RNG.normal(size=2_000)
        error = RNG.normal(0, 0.5, 2_000)
        sums = {"squared_error": error @ error, "value": true.sum(), "value_squared": true @ true}
        return Outcomes(2_000, sums={**sums, "squared_error_rows": 2_000, "value_rows": 2_000})

    known = row_uncertainty("r2", sample(), Reading())
    assert known is not None
    repeated = float(np.var([measure("r2", sample(), Reading()) for _ in range(600)]))
    assert repeated * 0.85 <= known.variance_of(2_000) <= repeated * 1.3


def test_the_biass_row_variance_is_that_of_the_errors_and_mape_has_none():
    """Squares of percentages are not stored, so MAPE is shown and not judged."""
    errors = RNG.normal(0.3, 2, 5_000)
    sums = {"error": float(errors.sum()), "squared_error": float(errors @ errors), "absolute_percentage_error": 9.0}
    outcomes = Outcomes(5_000, sums={**sums, **{f"{name}_rows": 5_000.0 for name in sums}})
    known = row_uncertainty("bias", outcomes, Reading())
    assert known is not None
    assert known.within == pytest.approx(np.var(errors))
    assert row_uncertainty("mape", outcomes, Reading()) is None


def test_taking_a_part_away_undoes_adding_it():
    """Every kind of count and sum."""
    one = Outcomes(3, {("a", "b"): 3}, {"a": (1, 2)}, (3, 0), (1, 2), {"brier": 1.5})
    other = Outcomes(2, {("a", "b"): 1, ("b", "b"): 1}, {"a": (1, 0), "b": (0, 1)}, (1, 1), (2, 0), {"brier": 0.5})
    assert without(one + other, other) == Outcomes(
        3, {("a", "b"): 3, ("b", "b"): 0}, {"a": (1, 2), "b": (0, 0)}, (3, 0), (1, 2), {"brier": 1.5}
    )
