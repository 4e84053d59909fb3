"""Whose predictions a file holds, and which of its columns is which."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from elkmon.errors import ReferenceDataError
from elkmon.reference_files import Columns, baseline_from_file

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TWO = "timestamp,model_version,amount\n" + "".join(
    f"2026-01-05T{hour:02}:00:00Z,{version},{hour}\n"
    for hour in range(6)
    for version in ("1.10", "1.9")[: 1 + hour % 2]
)


def made(folder: Path, text: str, name: str = "loans.csv", **options):
    """Write `text` under `folder` and return the baseline of it."""
    (folder / name).write_text(text, encoding="utf-8")
    return baseline_from_file(folder / name, model="lending", now=NOW, **options)


def test_the_only_version_that_a_column_names_is_taken(tmp_path: Path):
    """As it is written: 1.10 is not 1.1; and the column is no feature."""
    baseline = made(tmp_path, TWO.replace("1.9", "1.10"))
    assert baseline.version == "1.10"
    assert set(baseline.ruler.scales) == {"features.num.amount", "event.duration"}


def test_of_several_versions_one_must_be_chosen(tmp_path: Path):
    """They are named, with their rows."""
    with pytest.raises(ReferenceDataError, match=r"names 2 versions: 1.10 \(6 rows\), 1.9 \(3 rows\); choose one"):
        made(tmp_path, TWO)
    with pytest.raises(ReferenceDataError, match=r"has no version '1.1'; it has 1.10 \(6 rows\)"):
        made(tmp_path, TWO, version="1.1")


def test_the_rows_of_the_chosen_version_are_counted(tmp_path: Path):
    """Its rows alone, and a note says so."""
    baseline = made(tmp_path, TWO, version="1.9")
    assert baseline.version == "1.9"
    assert [hour.start.hour for hour in baseline.hours] == [1, 3, 5]
    assert "3 of 9 rows are of version 1.9; the others are left out" in baseline.notes


def test_a_version_column_of_another_name_is_named(tmp_path: Path):
    """A plain `version` may be a feature, an app's say, so it is one unless it is named."""
    text = TWO.replace("model_version", "version").replace("1.9", "1.10")
    assert "features.num.version" in made(tmp_path, text, version="7").ruler.scales
    assert made(tmp_path, text, columns=Columns(version="version")).version == "1.10"


def test_a_file_that_does_not_say_whose_its_rows_are_needs_a_version(tmp_path: Path):
    """With both remedies."""
    with pytest.raises(
        ReferenceDataError, match="say it with --version V, or name the column with --column version=NAME"
    ):
        made(tmp_path, "amount\n1\n")


@pytest.mark.parametrize(("name", "between"), [("loans.csv", ","), ("loans.tsv", "\t")])
def test_columns_of_the_same_name_are_refused(tmp_path: Path, name: str, between: str):
    """Nobody can tell which one is meant."""
    text = "amount,age,amount,age,x\n1,2,3,4,5\n".replace(",", between)
    with pytest.raises(ReferenceDataError, match="several columns of the same name: 'age', 'amount'; rename or remove"):
        made(tmp_path, text, name, version="1")


def test_columns_without_a_name_are_told_apart_by_their_place(tmp_path: Path):
    """As a spreadsheet's index column has none; two of them are no mistake."""
    baseline = made(tmp_path, ",,amount\n1,7,3\n2,8,4\n", version="1", columns=Columns(ignore=("Unnamed: 0",)))
    assert "features.num.Unnamed: 1" in baseline.ruler.scales


def test_a_version_in_parquet_may_be_a_number(tmp_path: Path):
    """It becomes the level that production would write."""
    pd.DataFrame({"model_version": [2, 2], "amount": [1.5, 2.5]}).to_parquet(tmp_path / "loans.parquet")
    assert baseline_from_file(tmp_path / "loans.parquet", model="m", now=NOW).version == "2"
