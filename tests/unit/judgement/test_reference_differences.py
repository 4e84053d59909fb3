"""What is different between two baselines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wasserstein_distance
from sklearn.metrics import accuracy_score

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.judgement.reference_differences import Fact, Figure, differences
from elkmon.reference_files import baseline_from_file

START = datetime(2026, 1, 5, tzinfo=UTC)
SETTINGS = ModelSettings("m", metrics=("accuracy",))
ROWS = 5000


def frame(seed: int, shift: float = 0.0, south: float = 0.5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "timestamp": [START + timedelta(minutes=20 * row) for row in range(ROWS)],
            "amount": rng.normal(shift, 1, ROWS),
            "region": np.where(rng.random(ROWS) < south, "south", "north"),
            "prediction": rng.choice(["yes", "no"], ROWS),
            "truth": rng.choice(["yes", "no"], ROWS, p=[0.25, 0.75]),
        }
    )


@pytest.fixture
def made(tmp_path: Path):
    """Make a baseline of a frame."""

    def make(table: pd.DataFrame, **options: Any) -> Baseline:
        table.to_parquet(tmp_path / "rows.parquet")
        return baseline_from_file(
            tmp_path / "rows.parquet", model="m", now=START, **{"version": "1", "strongest_pairs": 0, **options}
        )

    return make


def test_what_moved_most_comes_first_in_the_usual_measures(made):
    """Half a standard deviation is five floors, ten of a hundred rows two; what did not move comes last."""
    before, after = frame(1), frame(2, shift=0.5, south=0.6)
    one = made(before)
    found = differences(one, made(after, ruler=one.ruler), SETTINGS)
    assert found.bins == []
    assert [shift.subject.name for shift in found.shifts] == ["amount", "region", "label"]
    amount, region, label = found.shifts
    expected = wasserstein_distance(before["amount"], after["amount"]) / before["amount"].std()
    assert amount.value == pytest.approx(expected, abs=0.03)
    shares = [table["region"].value_counts(normalize=True)["south"] for table in (before, after)]
    assert region.value == pytest.approx(shares[1] - shares[0], abs=0.01)  # net of what sampling gives
    assert label.value < 0.01
    assert amount.p_value < 1e-9
    assert label.p_value > 0.001
    assert region.before == f"{'south' if shares[0] > 0.5 else 'north'} {100 * max(shares[0], 1 - shares[0]):.1f} %"
    assert amount.before.startswith("median ")


def test_what_is_counted_by_other_bins_is_not_compared_but_said(made):
    """A number has no common bins; a category all of whose levels are counted has."""
    after = frame(2)
    after.loc[:499, "region"] = "west"
    found = differences(made(frame(1)), made(after), SETTINGS)
    assert [(fact.name, fact.before != fact.after) for fact in found.bins] == [
        ("features.cat.region", True),
        ("features.num.amount", True),
    ]
    assert found.bins[0] == Fact("features.cat.region", "", "only here: west")
    by_name = {shift.subject.name: shift for shift in found.shifts}
    assert by_name["amount"].value is None
    assert by_name["region"].value == pytest.approx(0.1, abs=0.01)
    assert found.shifts[-1].subject.name == "amount"


def test_facts_performance_and_shares_of_labels_are_set_side_by_side(made):
    """Version, source, segments and importances; accuracy as scikit-learn has it; the label rates of the rows."""
    before, after = frame(1), frame(2).iloc[:4000]
    one = made(before)
    other = made(after, ruler=one.ruler, version="2", segments=["region"], importances={"amount": 2.0})
    found = differences(one, other, SETTINGS)
    facts = {fact.name: (fact.before, fact.after) for fact in found.facts}
    assert facts["version"] == ("1", "2")
    assert facts["predictions"] == ("5,000", "4,000")
    assert set(facts["segments"][1].removeprefix("only here: ").split(", ")) == {"region=north", "region=south"}
    assert facts["importances"] == ("", "only here: amount 2")
    assert not {"model", "out of sample"} & set(facts)
    (accuracy,) = found.performance
    assert (accuracy.before, accuracy.after) == pytest.approx(
        tuple(accuracy_score(table["truth"], table["prediction"]) for table in (before, after))
    )
    shares = {figure.name: figure for figure in found.labels}
    assert shares["true yes"].before == pytest.approx((before["truth"] == "yes").mean())
    assert shares["predicted no"].after == pytest.approx((after["prediction"] == "no").mean())


def test_a_side_without_truth_has_no_figure(made):
    """Rather than one of 0."""
    one = made(frame(1))
    found = differences(one, made(frame(1).drop(columns="truth"), ruler=one.ruler), SETTINGS)
    assert next(figure for figure in found.labels if figure.name.startswith("true")).after is None
    assert found.performance[0].after is None
    assert isinstance(found.performance[0], Figure)


def test_a_baseline_is_not_different_from_itself(made):
    """No facts, no bins, and no shift that chance would not give."""
    one = made(frame(1))
    found = differences(one, replace(one, notes=("again",)), SETTINGS)
    assert found.facts == found.bins == []
    assert [shift.value for shift in found.shifts] == [0.0, 0.0, 0.0]
