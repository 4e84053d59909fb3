from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold

from elkmon.demo.flights import FEATURES, LATE, PRODUCTION_START, Flights, load
from elkmon.demo.model import FOLDS, auc, label, out_of_fold_scores, train, write_reference


@pytest.fixture(scope="module")
def past() -> Flights:
    """Some of the flights of January to March that arrived."""
    return load(seed=7).between(datetime(2013, 1, 1, tzinfo=UTC), PRODUCTION_START).arrived().sample(12_000, seed=7)


def test_scores_of_the_reference_are_made_without_the_day_they_are_for(past: Flights):
    """The scores of the first fold are those of a model trained on the days of the others alone."""
    scores = out_of_fold_scores(past, seed=7)
    days = past.table["day"]
    trained_on, left_out = next(iter(GroupKFold(FOLDS).split(past.table, groups=days)))
    assert not set(days.iloc[trained_on]) & set(days.iloc[left_out])
    model = train(Flights(past.table.iloc[trained_on]), seed=7)
    again = model.scores(model.matrix(Flights(past.table.iloc[left_out])))
    assert scores.iloc[left_out].tolist() == again
    assert scores.notna().all()


def test_out_of_fold_is_worse_than_in_sample_and_better_than_guessing(past: Flights):
    """Why the reference file holds the one and not the other."""
    scores = out_of_fold_scores(past, seed=7)
    model = train(past, seed=7)
    in_sample = pd.Series(model.scores(model.matrix(past)), index=past.table.index)
    assert 0.6 < auc(past, scores) < auc(past, in_sample)


def test_a_level_it_never_saw_does_not_stop_it(past: Flights):
    """A new airport is scored as one that is not known."""
    model = train(past, seed=7)
    strange = Flights(past.table.head(3).assign(destination="XXX"))
    assert np.isnan(model.matrix(strange)[:, 2]).all()
    assert all(0 < score < 1 for score in model.scores(model.matrix(strange)))


def test_a_flight_is_scored_alone_as_in_company(past: Flights):
    """So a batch by the hour and one by the week agree."""
    model = train(past, seed=7)
    matrix = model.matrix(Flights(past.table.head(50)))
    assert model.scores(matrix) == [model.scores(matrix[row : row + 1])[0] for row in range(50)]


def test_the_reference_file_is_what_anybody_would_export(past: Flights, tmp_path: Path):
    """Timestamp, features, score, prediction and truth; numbers to the last bit."""
    scores = out_of_fold_scores(past, seed=7)
    write_reference(past, scores, tmp_path / "reference.csv")
    table = pd.read_csv(tmp_path / "reference.csv")
    assert list(table.columns) == ["timestamp", *FEATURES, "score", "prediction", "truth"]
    assert table["score"].tolist() == scores.tolist()
    assert table["timestamp"].iloc[0].endswith("Z")
    assert ((table["prediction"] == LATE) == (table["score"] >= 0.5)).all()
    assert label(0.5) == LATE
