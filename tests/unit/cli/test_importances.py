"""How much each feature matters, as people write it down."""

from pathlib import Path

import pytest

from elkmon.cli.baseline.importances import read_importances
from elkmon.errors import ConfigurationError


def read(folder: Path, name: str, text: str) -> dict[str, float]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return dict(read_importances(path))


def test_a_csv_and_a_json_object_say_the_same(tmp_path: Path):
    """Columns by name, in any order and case; commas within quotes belong to the name."""
    expected = {"distance": 0.5, "wind, gusts": 2.0}
    assert read(tmp_path, "i.csv", '\ufeffImportance,rank,Feature\n0.5,1,distance\n2,2,"wind, gusts"\n') == expected
    assert read(tmp_path, "i.json", '{"distance": 0.5, "wind, gusts": 2}') == expected


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("i.csv", "name,weight\na,1\n", "i.csv has the columns name, weight; give a CSV with the columns feature"),
        ("i.csv", "feature,importance\n", "i.csv names no feature"),
        (
            "i.csv",
            "feature,importance\na,high\nb,-1\nc,nan\nd\n",
            "'a' has 'high'.*\n.*'b' has '-1'.*\n.*'c'.*\n.*'d' has None",
        ),
        ("i.csv", "feature,importance\na,1\na,2\n", "'a' is there twice"),
        ("i.json", '{"a": 1, "a": 2}', "'a' is there twice"),
        ("i.json", '{"a": true, "b": [1]}', "'a' has True.*\n.*'b' has"),
        ("i.json", "[1, 2]", "i.json holds no object"),
        ("i.json", "{", "i.json is no JSON"),
        ("i.json", "{}", "i.json names no feature"),
        ("i.json", "[" * 100_000, "i.json is no JSON"),
        ("i.csv", f"feature,importance\n{'a' * 200_000},1\n", "i.csv cannot be read: field larger than"),
    ],
)
def test_what_is_no_importance_is_told_all_at_once(tmp_path: Path, name: str, text: str, said: str):
    """Other columns, no rows, words, negative numbers, NaN, missing cells, names given twice, other JSON, endless ones."""
    with pytest.raises(ConfigurationError, match=said):
        read(tmp_path, name, text)


def test_a_file_that_is_not_there_is_told(tmp_path: Path):
    """With its name."""
    with pytest.raises(ConfigurationError, match=r"none\.csv cannot be read"):
        read_importances(tmp_path / "none.csv")
