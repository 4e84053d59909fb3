"""Segments and pairs of a file, counted from its rows."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from elkmon.errors import ReferenceDataError
from elkmon.reference_files import baseline_from_file

NOW = datetime(2026, 3, 1, tzinfo=UTC)
START = datetime(2026, 1, 5, tzinfo=UTC)
ROWS = 600
FRAME = pd.DataFrame(
    {
        "timestamp": [START + timedelta(minutes=20 * n) for n in range(ROWS)],
        "region": [["north", "south", "south", None][n % 4] for n in range(ROWS)],
        "amount": [float(n % 50) if n % 7 else None for n in range(ROWS)],
        "age": [float(n % 50) + n % 3 for n in range(ROWS)],
        "score": [n * 37 % 601 / 601 for n in range(ROWS)],
        "prediction": ["yes" if n * 37 % 601 > 300 else "no" for n in range(ROWS)],
        "truth": [["yes", "no", None][n % 3] for n in range(ROWS)],
    }
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The rows as Parquet."""
    FRAME.to_parquet(tmp_path / "loans.parquet")
    return tmp_path / "loans.parquet"


def made(path: Path, **options):
    return baseline_from_file(path, model="m", version="1", now=NOW, positive_label="yes", **options)


def test_segments_hold_the_rows_of_their_level(file: Path):
    """Predictions, truth and every subject's rows, as pandas filters them; rows without a level are in none."""
    baseline = made(file, segments=["region"], strongest_pairs=0)
    assert list(baseline.segments) == ["region=south", "region=north"]
    for level in ("south", "north"):
        rows, profile = FRAME[FRAME["region"] == level], baseline.segments[f"region={level}"]
        assert profile.predictions == len(rows)
        assert profile.outcomes.labelled == rows["truth"].count()
        assert profile.subjects["features.num.amount"].present == rows["amount"].count()
        assert profile.subjects["features.num.amount"].missing == rows["amount"].isna().sum()
        crossed = rows.dropna(subset="truth").groupby(["truth", "prediction"]).size()
        assert dict(profile.outcomes.confusion) == crossed.to_dict()


def test_segments_of_an_hour_come_before_all_of_it(file: Path):
    """So the whole one says that its hour is complete; a segment without rows in an hour has no profile there."""
    FRAME[FRAME["region"] != "north"].iloc[:4].to_parquet(file)
    hours = made(file, segments=["region"], strongest_pairs=0).hours
    assert [(hour.start.hour, hour.segment) for hour in hours] == [
        (0, "region=south"),
        (0, ""),
        (1, "region=south"),
        (1, ""),
    ]


def test_pairs_are_counted_row_by_row(file: Path):
    """Each cell is that of a cross table; a row that lacks a side is missing."""
    baseline = made(file, pairs=[("amount", "age"), ("region", "amount")], strongest_pairs=0)
    numbers, levels, tied = baseline.ruler.joints
    counts = baseline.total.subjects[numbers.name]
    age = pd.cut(FRAME["age"], [-1e9, *numbers.left.edges, 1e9], right=False, labels=False)  # type: ignore[union-attr]  # numeric, as made here
    amount = pd.cut(FRAME["amount"], [-1e9, *numbers.right.edges, 1e9], right=False, labels=False)  # type: ignore[union-attr]  # numeric, as made here
    cells = (age * numbers.right.size + amount).value_counts()
    assert list(counts.bins) == [cells.get(cell, 0) for cell in range(numbers.size)]
    assert counts.missing == FRAME["amount"].isna().sum()
    assert sum(baseline.total.subjects[levels.name].bins) == FRAME.dropna(subset=["region", "amount"]).shape[0]
    assert (tied.left_field, tied.right_field) == ("elkmon.prediction.score", "elkmon.prediction.label")
    assert sum(baseline.total.subjects[tied.name].bins) == ROWS


def test_the_strongest_pair_of_the_file_is_found(file: Path):
    """Age is the amount and a little more."""
    (first, *_) = made(file, strongest_pairs=4).ruler.joints
    assert {first.left_field, first.right_field} == {"features.num.age", "features.num.amount"}


def test_an_older_ruler_is_extended_and_keeps_its_bins(file: Path):
    """Another ruler with the same scales."""
    older = made(file, strongest_pairs=0).ruler
    newer = made(file, ruler=older, segments=["region"], strongest_pairs=0).ruler
    assert newer.id != older.id
    assert newer.scales == older.scales
    assert made(file, ruler=older, strongest_pairs=0).ruler.id == older.id


def test_what_cannot_be_a_segment_or_matter_is_told(file: Path):
    """A number, and a name that is no feature."""
    with pytest.raises(ReferenceDataError, match=r"(?s)only categories make segments: region.*'hight' is not among"):
        made(file, segments=["amount"], importances={"hight": 1.0})


def test_importances_are_kept_and_make_another_baseline(file: Path):
    """They are part of what it is."""
    plain, weighed = made(file, strongest_pairs=0), made(file, strongest_pairs=0, importances={"amount": 2.0})
    assert weighed.importances == {"amount": 2.0}
    assert weighed.id != plain.id


def test_the_md5_of_dvc_is_the_digest(file: Path):
    """Of the data, whether it or its .dvc file is named."""
    md5 = hashlib.md5(file.read_bytes()).hexdigest()
    note = file.with_name("loans.parquet.dvc")
    note.write_text(f"outs:\n- md5: {md5}\n  hash: md5\n  path: loans.parquet\n", encoding="utf-8")
    one, other = made(file, strongest_pairs=0), made(note, strongest_pairs=0)
    assert one.source == other.source
    assert (one.source.name, one.source.digest) == ("loans.parquet", f"md5:{md5}")
    assert one.id == other.id
