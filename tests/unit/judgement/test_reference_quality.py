"""What is said of a baseline when it is made, from files of made-up rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings, Season
from elkmon.judgement.reference_quality import label_shares
from elkmon.reference_files import baseline_from_file

START = datetime(2026, 1, 5, tzinfo=UTC)
ROWS = 24 * 70
SETTINGS = ModelSettings("m", min_rows=20, positive_label="yes")


def frame(rows: int = ROWS) -> pd.DataFrame:
    """Return ten weeks with a row an hour, of which nothing is to be said."""
    rng = np.random.default_rng(1)
    score = rng.random(rows)
    return pd.DataFrame(
        {
            "timestamp": [START + timedelta(hours=hour) for hour in range(rows)],
            "amount": rng.normal(size=rows).round(1),
            "region": rng.choice(["north", "south"], rows),
            "score": score,
            "prediction": np.where(score > 0.5, "yes", "no"),
            "truth": np.where(rng.random(rows) < score, "yes", "no"),
        }
    )


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Baseline]:
    """Make a baseline of a frame."""

    def make(table: pd.DataFrame, settings: ModelSettings = SETTINGS, **options: Any) -> Baseline:
        table.to_parquet(tmp_path / "rows.parquet")
        return baseline_from_file(
            tmp_path / "rows.parquet",
            model="m",
            version="1",
            now=START,
            positive_label=settings.positive_label,
            segments=settings.segments,
            settings=settings,
            **{"strongest_pairs": 0, **options},
        )

    return make


def test_of_a_sound_reference_nothing_is_said(made):
    """Ten weeks, enough rows a day, both labels, nothing that moves."""
    assert made(frame()).notes == ()


def test_columns_that_tell_nothing_or_too_much_are_named(made):
    """Constant, mostly missing, a text id, a numbered id; not a measured number, whose values all differ too."""
    rng = np.random.default_rng(2)
    table = frame().assign(
        unit="EUR",
        year=2026,
        spare=np.where(np.arange(ROWS) % 4 == 0, 1.5, np.nan),
        request=[f"r{number}" for number in range(ROWS)],
        row=rng.permutation(10**6)[:ROWS],
        weight=rng.random(ROWS),
    )
    notes = [note for note in made(table).notes if not note.startswith("its second half")]
    assert sorted(notes) == [
        "request: nearly every row has a value of its own; if it is an id, it is no feature: leave it out",
        "row: nearly every row has a value of its own; if it is an id, it is no feature: leave it out",
        "spare: always the same; any other value is a change",
        "spare: missing in 75 % of rows",
        "unit: always the same; any other value is a change",
        "year: always the same; any other value is a change",
    ]
    ignoring = replace(SETTINGS, ignore=("unit", "year", "spare", "request", "row"))
    assert made(table, ignoring).notes == ()


def test_a_column_that_moves_within_the_reference_is_named_with_its_size(made):
    """Up by one standard deviation of a half in the second one, and a third of the rows from north to south; worst first."""
    table = frame()
    second = np.arange(ROWS) >= ROWS / 2
    table["amount"] += 3.0 * second
    moved = second & (table["region"] == "north") & (np.arange(ROWS) % 3 > 0)
    table["region"] = table["region"].mask(moved, "south")
    (note,) = made(table).notes
    assert note.startswith("its second half differs from its first: amount by ")
    assert " SD, region by 3" in note
    assert "% of rows; such changes are learnt as normal" in note


def test_few_rows_and_no_timestamps_are_said(made):
    """Both mean wide limits, or none."""
    notes = made(frame(100).drop(columns="timestamp")).notes
    assert notes[0] == "only 100 rows: limits will be wide"
    assert notes[1].startswith("no timestamps: nothing is learnt")


def test_windows_that_will_hold_too_few_rows_are_foreseen(made):
    """24 rows a day where 200 are needed."""
    assert any(
        "24 rows in a window of 1d on average, where min_rows is 200" in note
        for note in made(frame(), replace(SETTINGS, min_rows=200)).notes
    )


def test_a_season_without_the_weeks_for_it_is_said(made):
    """Ten weeks have ten Mondays; three weeks have three."""
    season = replace(SETTINGS, season=Season.WEEKDAY)
    assert made(frame(), season).notes == ()
    few = "season = weekday needs 8 windows of each, with min_rows rows; there are too few for every window"
    assert any(note.startswith(few) for note in made(frame(24 * 21), season).notes)
    assert any(note.startswith(few) for note in made(frame(), replace(season, min_rows=25)).notes)


def test_truth_that_tells_little_is_said(made):
    """None, hardly any, one class only, a class of a few rows, of the rows it was trained on."""
    table = frame()
    assert (
        "no truth: performance is not compared with it"
        in made(table.drop(columns="truth"), replace(SETTINGS, positive_label=None)).notes
    )
    few = table.assign(truth=table["truth"].where(np.arange(ROWS) % 100 == 0, None))
    assert any("truth is known for 1.0 % of rows only" in note for note in made(few).notes)
    assert any("every true label is 'yes'" in note for note in made(table.assign(truth="yes")).notes)
    rare = table.assign(truth=["perhaps" if row < 5 else label for row, label in enumerate(table["truth"])])
    assert "true labels with fewer than 30 rows: 'perhaps' (5)" in made(rare).notes
    assert any("trained on" in note for note in made(table, in_sample=True).notes)


def test_scores_that_are_no_probabilities_or_nobodys_are_said(made):
    """A margin from −4 to 4, and a score without a positive label."""
    margins = frame().assign(score=np.linspace(-4, 4, ROWS))
    assert any("scores reach from -4 to 4, so they are no probabilities" in note for note in made(margins).notes)
    assert any(
        "no positive_label is configured" in note
        for note in made(frame(), replace(SETTINGS, positive_label=None)).notes
    )


def test_a_regression_whose_truth_never_changes_is_said(made):
    """R² has nothing to explain."""
    table = frame().drop(columns=["score", "prediction", "truth"])
    table["predicted"], table["actual"] = np.linspace(0, 1, ROWS), 2.5
    assert any(
        "true value is always the same" in note for note in made(table, replace(SETTINGS, positive_label=None)).notes
    )


def test_segments_that_will_hold_too_few_rows_and_levels_left_out_are_said(made):
    """Of thirteen levels ten make segments, each with two rows a day."""
    table = frame().assign(region=[f"region {hour % 13:02}" for hour in range(ROWS)])
    notes = made(table, replace(SETTINGS, segments=("region",))).notes
    assert notes[-2].startswith("segments with fewer than min_rows = 20 rows in a window on average")
    assert "region=region 00 (130 rows)" in notes[-2]
    assert notes[-1] == "region: its 10 most frequent levels are segments, 3 are not"


def test_a_pair_with_a_constant_side_is_said(made):
    """Nothing can be seen of it."""
    notes = made(frame().assign(unit="EUR"), pairs=[("amount", "unit")]).notes
    assert "unit: nearly always the same, so nothing is seen of what it has to do with others" in notes


def test_shares_of_labels_are_those_of_the_rows(made):
    """Predicted ones of all rows, true ones where they are known; most frequent first."""
    table = frame()
    table["truth"] = table["truth"].where(np.arange(ROWS) % 3 == 0, None)
    baseline = made(table)
    shares = label_shares(baseline.total, baseline)
    assert shares == {
        "predicted": pytest.approx(table["prediction"].value_counts(normalize=True).to_dict()),
        "true": pytest.approx(table["truth"].value_counts(normalize=True).to_dict()),
    }
    assert list(shares["predicted"]) == list(table["prediction"].value_counts().index)


def test_what_a_kept_ruler_does_not_count_is_said(made):
    """A column that came later is not compared until there is a new ruler."""
    older = made(frame()).ruler
    notes = made(frame().assign(weight=np.linspace(0, 1, ROWS) % 0.1), ruler=older).notes
    assert notes == ("not in the ruler, so not compared: weight; a new ruler (--new-ruler) counts them",)
