"""The commands around baselines, on files of past predictions and on production, against a real Elasticsearch."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from elkmon.cli import ExitCode
from support.shop import Command

START = datetime(2026, 1, 5, tzinfo=UTC)
ROWS = 3000


def rows(seed: int, shift: float = 0.0) -> pd.DataFrame:
    """Return ten days of loans, of which the score goes with the amount."""
    rng = np.random.default_rng(seed)
    amount = rng.normal(shift, 1, ROWS)
    score = 1 / (1 + np.exp(-amount))
    return pd.DataFrame(
        {
            "timestamp": [START + timedelta(minutes=4.8 * row) for row in range(ROWS)],
            "model_version": "1.10",
            "amount": amount,
            "age": rng.normal(40, 8, ROWS),
            "region": rng.choice(["north", "south", "west"], ROWS, p=[0.5, 0.3, 0.2]),
            "score": score,
            "prediction": np.where(score > 0.5, "yes", "no"),
            "truth": np.where(rng.random(ROWS) < score, "yes", "no"),
        }
    )


@pytest.fixture
def shop(command: Command, elasticsearch_url: str, namespace: str, tmp_path: Path) -> Command:
    """A model with segments and a named pair, and two files of its past."""
    (tmp_path / "elkmon.toml").write_text(
        f"""
[store]
hosts = ["{elasticsearch_url}"]
namespace = "{namespace}"
[models.lending]
positive_label = "yes"
segments = ["region"]
pairs = [["age", "amount"]]
strongest_pairs = 2
""",
        encoding="utf-8",
    )
    rows(1).to_csv(tmp_path / "january.csv", index=False)
    rows(2, shift=1.0).to_parquet(tmp_path / "february.parquet")
    assert command("setup").code == 0
    return command


def test_a_baseline_is_made_listed_shown_and_held_against_another(shop: Command, tmp_path: Path):
    """What it counts, its segments and pairs, its labels, its limits; and what is different in the next one."""
    md5 = hashlib.md5((tmp_path / "january.csv").read_bytes()).hexdigest()
    (tmp_path / "january.csv.dvc").write_text(
        f"outs:\n- md5: {md5}\n  hash: md5\n  path: january.csv\n", encoding="utf-8"
    )
    (tmp_path / "weights.json").write_text('{"amount": 3, "age": 1}', encoding="utf-8")
    made = shop(
        "baseline", "create", "lending", "--from-file", "january.csv.dvc", "--importances", "weights.json", "--segments"
    )
    assert made.code == 0, made.err
    for said in (
        f"from file january.csv (md5:{md5[:8]}): 3,000 predictions, truth known for 3,000",
        "(new), 6 subjects",
        "segments by region: north, south, west",
        "counted together: age with amount, ",
        "amount with score, ",
        "predicted labels: ",
        "most important: amount and age",
        "region=north:",
        "age and amount",
        "roc_auc",
    ):
        assert said in made.out, said

    second = shop("baseline", "create", "lending", "--from-file", "february.parquet", "--json")
    assert second.code == 0, second.err
    document = json.loads(second.out)
    assert document["version"] == "1.10"
    assert set(document["segments"]) == {"region=north", "region=south", "region=west"}
    assert set(document["segment_limits"]) == set(document["segments"])

    listed = json.loads(shop("baseline", "list", "--json").out)
    assert [each["source"].split()[1] for each in listed] == ["february.parquet", "january.csv"]
    assert listed[1]["digest"] == f"md5:{md5}"
    assert listed[1]["importances"] == {"amount": 3.0, "age": 1.0}
    before, after = listed[1]["id"], listed[0]["id"]

    shown = shop("baseline", "show", after[:12])
    assert "region=west" in shown.out
    assert "forward check".upper() in shown.out

    differences = json.loads(shop("baseline", "diff", before[:12], after[:12], "--json").out)
    first, *_ = differences["shifts"]
    assert first["subject"]["name"] == "amount"
    assert first["value"] == pytest.approx(1.0, abs=0.1)
    printed = shop("baseline", "diff", before, after).out
    assert "How far what they count has moved" in printed
    assert "january.csv" in printed
    same = shop("baseline", "diff", before, before)
    assert same.code == ExitCode.USAGE
    assert "name two of 2" in same.err


def test_a_ruler_is_kept_and_extended_when_more_is_asked(shop: Command, tmp_path: Path):
    """The same bins, with the segments that the configuration names by now."""
    first = json.loads(shop("baseline", "create", "lending", "--from-file", "january.csv", "--json").out)
    again = shop("baseline", "create", "lending", "--from-file", "february.parquet")
    assert f"ruler {first['ruler'][:12]} (kept)" in again.out
    configuration = tmp_path / "elkmon.toml"
    configuration.write_text(
        configuration.read_text().replace('segments = ["region"]', "segments = []"), encoding="utf-8"
    )
    other = shop("baseline", "create", "lending", "--from-file", "february.parquet", "--in-sample")
    assert f"(extended from {first['ruler'][:12]}, with the same bins)" in other.out
    assert "segments" not in other.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--importances", "weights.csv"),
            "importances: 'hight' is not among the reference's features: age, amount, region",
        ),
        (("--importances", "none.csv"), "none.csv does not exist"),
        (("--version", "2"), "column 'model_version' has no version '2'; it has 1.10 (3000 rows)"),
        (("--column", "version=region"), "column 'region' names 3 versions: north"),
    ],
)
def test_what_cannot_serve_is_said_with_its_remedy(
    shop: Command, tmp_path: Path, arguments: tuple[str, ...], said: str
):
    """An importance of no feature, no file, no such version, several versions."""
    (tmp_path / "weights.csv").write_text("feature,importance\namount,1\nhight,2\n", encoding="utf-8")
    done = shop("baseline", "create", "lending", "--from-file", "january.csv", *arguments)
    assert done.code == ExitCode.USAGE
    assert said in done.err


def test_data_that_dvc_does_not_track_like_this_are_refused(shop: Command, tmp_path: Path):
    """The reference would not be what it is called."""
    (tmp_path / "january.csv.dvc").write_text(f"outs:\n- md5: {'0' * 32}\n  path: january.csv\n", encoding="utf-8")
    done = shop("baseline", "create", "lending", "--from-file", "january.csv")
    assert done.code == ExitCode.USAGE
    assert "january.csv is not what january.csv.dvc tracks" in done.err
