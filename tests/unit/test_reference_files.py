import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import log_loss

from elkmon.errors import ReferenceDataError
from elkmon.profiles import Counts
from elkmon.reference_files import Columns, baseline_from_file
from elkmon.reference_files.texts import texts_as_values
from elkmon.rulers import CategoricalScale, NumericScale, Ruler
from elkmon.values import Declared, Level, Number, as_feature

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
START = datetime(2026, 1, 5, tzinfo=UTC)
LOANS = """\
timestamp,id,amount,region,owner,grade,score,prediction,truth
2026-01-05T00:10:00Z,a1,100,north,True,1,0.9,yes,yes
2026-01-05T00:50:00+00:00,a2,250.5,south,False,2,0.2,no,no
2026-01-05T01:00:00Z,a3,,NA,True,1,0.6,yes,no
2026-01-05T03:30:00+02:00,a4,400,,False,2,0.4,no,
"""


def made(path: Path, text: str = LOANS, **options):
    """Write `text` to a file under `path` and return the baseline of it."""
    file = path / "loans.csv"
    file.write_text(text, encoding="utf-8")
    return baseline_from_file(file, model="lending", version="1", now=NOW, **options)


def levels(baseline, name: str) -> dict[str, int]:
    """Return the rows per level of a feature."""
    field = f"features.cat.{name}"
    scale = baseline.ruler.scales[field]
    assert isinstance(scale, CategoricalScale)
    counted = dict(zip((*scale.levels, "OTHER"), baseline.total.subjects[field].bins, strict=True))
    return {level: rows for level, rows in counted.items() if rows}


def test_rows_are_counted_in_the_hour_of_their_timestamp(tmp_path: Path):
    """Half-open UTC hours, whatever zone a row names; the baseline reaches from its first hour to the end of its last."""
    baseline = made(tmp_path)
    assert [(hour.start, hour.predictions) for hour in baseline.hours] == [(START, 2), (START + timedelta(hours=1), 2)]
    assert (baseline.start, baseline.end) == (START, START + timedelta(hours=2))
    assert baseline.total.predictions == 4


def test_usual_names_are_recognised_and_the_rest_are_features(tmp_path: Path):
    """Timestamp, id, score, prediction and truth are no features."""
    assert set(made(tmp_path, categorical=["grade"]).ruler.scales) == {
        "event.duration",
        "elkmon.prediction.score",
        "elkmon.prediction.label",
        "features.num.amount",
        "features.cat.region",
        "features.cat.owner",
        "features.cat.grade",
    }


def test_truth_values_and_codes_read_as_production_reads_them(tmp_path: Path):
    """CSV's True is production's `true`, and a declared code of 1 is the level "1"."""
    baseline = made(tmp_path, categorical=["grade"])
    assert levels(baseline, "owner") == {as_feature(True).text: 2, as_feature(False).text: 2}  # type: ignore[union-attr]
    assert levels(baseline, "grade") == {as_feature(1.0, Declared.CATEGORICAL).text: 2, "2": 2}  # type: ignore[union-attr]


def test_na_is_a_level_among_texts_and_an_empty_cell_is_missing(tmp_path: Path):
    """Namibia stays; the note says so."""
    baseline = made(tmp_path)
    assert levels(baseline, "region") == {"NA": 1, "north": 1, "south": 1}
    assert baseline.total.subjects["features.cat.region"].missing == 1
    assert any("'NA' is taken as a level" in note for note in baseline.notes)


def test_na_is_missing_among_numbers_and_infinity_too(tmp_path: Path):
    """What R and others write for nothing does not turn a column of numbers into text."""
    baseline = made(tmp_path, "timestamp,amount\n2026-01-05,1\n2026-01-05,NA\n2026-01-05,2.5\n2026-01-05,inf\n")
    counts = baseline.total.subjects["features.num.amount"]
    assert (counts.present, counts.missing) == (2, 2)


@pytest.mark.parametrize(
    ("texts", "declared", "expected"),
    [
        (["1", "1.0", "2.50"], None, [1.0, 1.0, 2.5]),
        (["007", "12", "3.0"], Declared.CATEGORICAL, ["007", "12", "3"]),
        (["-4.000", "0.0", "00.0"], Declared.CATEGORICAL, ["-4", "0", "00.0"]),
        (["true", "FALSE"], None, [True, False]),
        (["true", "maybe"], None, ["true", "maybe"]),
        (["1", "two"], None, ["1", "two"]),
        (["1", "two", "NA"], Declared.NUMERIC, [1.0, "two", None]),
    ],
)
def test_texts_are_understood_by_the_column(texts, declared, expected):
    """A column of CSV is truth values, numbers or levels as a whole."""
    assert list(texts_as_values(texts, declared)[0]) == expected


def test_scores_by_truth_confusion_and_losses_are_those_of_the_rows(tmp_path: Path):
    """Three labelled rows: counted by hand, and the log loss by scikit-learn."""
    outcomes = made(tmp_path, positive_label="yes").total.outcomes
    assert outcomes.labelled == 3
    assert outcomes.confusion == {("yes", "yes"): 1, ("no", "no"): 1, ("no", "yes"): 1}
    assert {label: sum(bins) for label, bins in outcomes.scores.items()} == {"yes": 1, "no": 2}
    assert outcomes.sums["log_loss"] == pytest.approx(3 * log_loss([1, 0, 0], [0.9, 0.2, 0.6]))
    assert outcomes.sums["brier"] == pytest.approx(0.1**2 + 0.2**2 + 0.6**2)
    assert outcomes.sums["brier_rows"] == 3


def test_numbers_predicted_are_a_regression(tmp_path: Path):
    """A prediction of many different numbers and no score is a number; its errors are summed."""
    rows = [(f"2026-01-05T{n % 24:02d}:00:00Z", n, n * 1.5, n * 1.5 + (-1) ** n) for n in range(60)]
    frame = pd.DataFrame(rows, columns=["time", "size", "predicted", "actual"])
    baseline = made(tmp_path, frame.to_csv(index=False))
    outcomes = baseline.total.outcomes
    assert outcomes.labelled == 60
    assert sum(outcomes.predicted) == sum(outcomes.actual) == 60
    assert outcomes.sums["absolute_error"] == pytest.approx((frame.predicted - frame.actual).abs().sum())
    assert outcomes.sums["value"] == pytest.approx(frame.actual.sum())
    assert baseline.ruler.scales.keys() >= {"elkmon.prediction.value", "features.num.size"}


def test_parquet_and_csv_of_the_same_rows_agree(tmp_path: Path):
    """The same counts from both, also where Parquet keeps the timestamps as its index."""
    frame = pd.DataFrame(
        {
            "amount": [float(n % 37) if n % 5 else None for n in range(300)],
            "owner": [n % 3 == 0 for n in range(300)],
            "region": ["north" if n % 2 else "south" for n in range(300)],
        },
        index=pd.Index(pd.date_range(START, periods=300, freq="20min"), name="timestamp"),
    )
    frame.to_parquet(tmp_path / "loans.parquet")
    from_parquet = baseline_from_file(tmp_path / "loans.parquet", model="lending", version="1", now=NOW)
    from_csv = made(tmp_path, frame.to_csv())
    assert from_parquet.ruler == from_csv.ruler
    assert from_parquet.hours == from_csv.hours
    assert from_parquet.id != from_csv.id


def test_text_of_digits_in_parquet_stays_text(tmp_path: Path):
    """Parquet tells text from numbers, so what it calls text is a level, as in production."""
    frame = pd.DataFrame({"timestamp": [START] * 3, "code": ["1", "2", "1"], "day": [date(2026, 1, 5)] * 3})
    frame.to_parquet(tmp_path / "codes.parquet")
    baseline = baseline_from_file(tmp_path / "codes.parquet", model="m", version="1", now=NOW)
    assert levels(baseline, "code") == {"1": 2, "2": 1}
    assert levels(baseline, "day") == {"2026-01-05": 3}


def test_the_source_says_which_content_it_was(tmp_path: Path):
    """The file's name without its folder, and the SHA-256 of its bytes."""
    source = made(tmp_path).source
    assert source.name == "loans.csv"
    assert source.digest == hashlib.sha256(LOANS.encode()).hexdigest()
    assert source.has_timestamps
    assert source.out_of_sample
    assert not made(tmp_path, in_sample=True).source.out_of_sample


def test_without_timestamps_there_is_a_total_but_no_hours(tmp_path: Path):
    """Nothing is learnt from how hours differ, and the notes say what follows from that."""
    baseline = made(tmp_path, "amount\n1\n2\n3\n")
    assert baseline.hours == ()
    assert baseline.total.predictions == 3
    assert not baseline.source.has_timestamps
    assert any("no timestamps" in note for note in baseline.notes)


def test_timestamps_without_a_zone_are_utc_and_said_to_be(tmp_path: Path):
    """As the handler takes them."""
    baseline = made(tmp_path, "date,amount\n2026-01-05 00:30:00,1\n2026-01-05 02:30:00,2\n")
    assert [hour.start.hour for hour in baseline.hours] == [0, 2]
    assert any("no time zone" in note for note in baseline.notes)


def test_counts_by_an_earlier_ruler(tmp_path: Path):
    """Rows are counted by its bins and levels; what it never knew is under OTHER and unseen."""
    ruler = Ruler(
        {
            "features.num.amount": NumericScale((200.0, 300.0), (200.0, 250.0, 300.0)),
            "features.cat.region": CategoricalScale(("south",), known=("north",)),
        }
    )
    subjects = made(tmp_path, ruler=ruler).total.subjects
    assert subjects["features.num.amount"] == Counts((1, 1, 1), missing=1)
    assert subjects["features.cat.region"] == Counts((1, 2), missing=1, unseen=1)


def test_a_ruler_of_other_features_is_refused(tmp_path: Path):
    """A feature of another kind, or none of that name, is named."""
    ruler = Ruler({"features.cat.amount": CategoricalScale(("a",)), "features.num.age": NumericScale((), (0.0,))})
    with pytest.raises(ReferenceDataError, match=r"it has no age; amount holds numbers where the ruler has categories"):
        made(tmp_path, ruler=ruler)


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path):
    """Columns that are not there, each with the nearest name, and what was declared of them."""
    with pytest.raises(ReferenceDataError) as caught:
        made(tmp_path, columns=Columns(score="scores"), categorical=["regio"], numeric=["weight"])
    message = str(caught.value)
    assert "no column 'scores', which was to be used; did you mean 'score'?" in message
    assert "no column 'regio', declared categorical; did you mean 'region'?" in message
    assert "no column 'weight', declared numeric; it has 'timestamp'" in message


def test_text_where_numbers_were_declared_is_named(tmp_path: Path):
    """With the value, and with the bad timestamp found in the same file."""
    text = "timestamp,amount\n2026-01-05,12\nyesterday,lots\n2026-01-05,3\n"
    with pytest.raises(ReferenceDataError) as caught:
        made(tmp_path, text, numeric=["amount"])
    assert "column 'amount' holds 'lots' where numbers are expected" in str(caught.value)
    assert "column 'timestamp' holds 'yesterday' in row 2 where" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timestamp,amount\n", "it has no rows"),
        ("", "cannot be read"),
        ("a,b\n1,2\n1,2,3\n", "cannot be read"),
        ("timestamp,amount\n1767571200,1\n", "numbers such as 1767571200 where timestamps are expected"),
        (
            "timestamp,amount\n2026-01-05,1\n0001-01-01,1\n",
            "holds '0001-01-01' in row 2 where timestamps of the years 1970",
        ),
        ("timestamp,amount\n9999-12-31T23:30,1\n", "where timestamps of the years 1970 to 9998 are expected"),
        ("score,amount\nhigh,1\n", "column 'score' holds 'high'"),
    ],
)
def test_a_file_that_cannot_serve_says_why(tmp_path: Path, text: str, said: str):
    """No rows, no columns, ragged rows, seconds for timestamps, instants no window can hold, words for scores."""
    with pytest.raises(ReferenceDataError, match=said):
        made(tmp_path, text)


def test_a_missing_file_and_an_unknown_kind_are_told(tmp_path: Path):
    """Before anything is read; so for a folder, and for text in another encoding."""
    with pytest.raises(ReferenceDataError, match="does not exist"):
        baseline_from_file(tmp_path / "none.csv", model="m", version="1", now=NOW)
    (tmp_path / "rows.xlsx").write_bytes(b"PK")
    with pytest.raises(ReferenceDataError, match=r"give a \.csv"):
        baseline_from_file(tmp_path / "rows.xlsx", model="m", version="1", now=NOW)
    with pytest.raises(ReferenceDataError, match=r"give a \.csv"):
        baseline_from_file(Path(), model="m", version="1", now=NOW)
    (tmp_path / "latin.csv").write_bytes("timestamp,town\n2026-01-05,Orléans\n".encode("latin-1"))
    with pytest.raises(ReferenceDataError, match=r"latin\.csv is no UTF-8.*; save it as UTF-8"):
        baseline_from_file(tmp_path / "latin.csv", model="m", version="1", now=NOW)


def test_a_positive_label_nobody_has_is_refused(tmp_path: Path):
    """It would turn every performance figure upside down."""
    with pytest.raises(ReferenceDataError, match=r"no true label 'Yes'.*'no', 'yes'"):
        made(tmp_path, positive_label="Yes")


def test_odd_columns_are_noted(tmp_path: Path):
    """Constant, empty, an id among the features, and few rows."""
    frame = pd.DataFrame({"request": [f"r{n}" for n in range(60)], "unit": "EUR", "spare": None})
    notes = "\n".join(made(tmp_path, frame.to_csv(index=False)).notes)
    assert "unit: always the same" in notes
    assert "spare: has no value in any row" in notes
    assert "request: nearly every row has a value of its own" in notes
    assert "only 60 rows" in notes
    blank = pd.DataFrame({"amount": range(60), "score": None, "actual": None})
    assert {"score: has no value in any row", "actual: has no value in any row"} <= set(
        made(tmp_path, blank.to_csv(index=False)).notes
    )


def test_numbers_come_out_of_a_csv_as_they_went_in(tmp_path: Path):
    """To the last bit: a number at an edge must not change bins by the way it was written."""
    value = 0.12705970749242937
    ruler = Ruler({"features.num.x": NumericScale((value,), (value, value))})
    assert made(tmp_path, f"x\n{value!r}\n", ruler=ruler).total.subjects["features.num.x"].bins == (0, 1)
    assert isinstance(as_feature(value), Number)
    assert isinstance(as_feature("x"), Level)


def test_progress_is_told_of_every_subject(tmp_path: Path):
    """As so many of so many, up to the last."""
    told: list[tuple[str, int, int]] = []
    baseline = made(tmp_path, strongest_pairs=0, progress=lambda *step: told.append(step))
    places = len(baseline.ruler.scales)
    assert told[0] == ("reading loans.csv", 0, 1)
    assert told[1:] == [("counting lending", done, places) for done in range(1, places + 1)]
