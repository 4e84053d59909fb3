"""What a model is judged by."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from elkmon.alerts import Policy
from elkmon.checks import CLASSIFICATION_METRICS, FLOORS, REGRESSION_METRICS, TOLERANCES, Floor, ModelSettings
from elkmon.findings import Kind
from elkmon.measures.performance import METRICS

OF_QUALITY = {Kind.MISSING, Kind.UNSEEN, Kind.OUT_OF_RANGE, Kind.REJECTED, Kind.UNINDEXED, Kind.CONSTANT}


def test_every_judged_metric_has_a_tolerance_and_is_known():
    """Nothing can be configured that cannot be computed."""
    assert {*CLASSIFICATION_METRICS, *REGRESSION_METRICS} <= set(TOLERANCES) <= set(METRICS)


def test_every_kind_of_bad_value_has_a_floor():
    """A kind's name is its measure's."""
    assert {str(kind) for kind in OF_QUALITY} <= set(FLOORS)


@pytest.mark.parametrize(("name", "floor"), [*FLOORS.items(), *TOLERANCES.items()])
def test_critical_is_at_least_as_far_as_a_warning(name, floor):
    """In the direction that is worse: only throughput's is down."""
    assert floor.critical <= floor.warning if name == "throughput" else floor.critical >= floor.warning > 0


def test_a_features_own_floor_wins_over_the_models_and_the_tables():
    """The nearest one holds."""
    plain = ModelSettings("m")
    model = replace(plain, floors={"wasserstein": Floor(0.3, 0.6)})
    feature = replace(model, feature_floors={"x": {"drift": Floor(0.5, 0.9), "missing": Floor(0.7, 0.8)}})
    assert plain.floor("wasserstein", "x") == FLOORS["wasserstein"]
    assert model.floor("wasserstein", "x") == Floor(0.3, 0.6)
    assert feature.floor("wasserstein", "x") == Floor(0.5, 0.9)
    assert feature.floor("wasserstein", "y") == Floor(0.3, 0.6)
    assert feature.floor("missing", "x") == Floor(0.7, 0.8)
    assert feature.floor("unseen", "x") == FLOORS["unseen"]


def test_a_models_tolerance_wins_over_the_tables():
    """By metric."""
    own = ModelSettings("m", tolerances={"mae": Floor(0.2, 0.4)})
    assert own.tolerance("mae") == Floor(0.2, 0.4)
    assert own.tolerance("rmse") == TOLERANCES["rmse"]


def test_the_hash_follows_what_can_change_a_verdict_and_not_the_policy():
    """So a quieter mailbox judges nothing again."""
    settings = ModelSettings("m")
    assert replace(settings, policy=Policy(1, 1)).hash == settings.hash
    assert replace(settings, window=timedelta(days=7)).hash != settings.hash
    assert replace(settings, floors={"missing": Floor(0.1, 0.2)}).hash != settings.hash


def test_the_hash_does_not_depend_on_the_order_of_floors():
    """Two configurations that say the same judge the same."""
    one = ModelSettings("m", floors={"missing": Floor(1, 2), "unseen": Floor(1, 2)})
    other = ModelSettings("m", floors={"unseen": Floor(1, 2), "missing": Floor(1, 2)})
    assert one.hash == other.hash
