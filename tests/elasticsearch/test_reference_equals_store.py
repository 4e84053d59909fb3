"""A reference file and the same rows sent as events are counted alike, however odd the values."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from elasticsearch import Elasticsearch

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from elkmon.baselines import Baseline
from elkmon.elasticsearch import ElasticsearchEventLog, setup
from elkmon.measures.binning import QUANTILES
from elkmon.ports import Wanted
from elkmon.profiles import ALL, Profile
from elkmon.reference_files import baseline_from_file
from elkmon.reference_windows import baseline_from_window
from elkmon.windows import HOUR, Window

START = datetime(2026, 1, 5, tzinfo=UTC)
COUNT = 400
MODEL = "lending"


def rows() -> pd.DataFrame:
    """Return rows with the values that most often make two counts differ."""
    number = range(COUNT)
    return pd.DataFrame(
        {
            "timestamp": [START + timedelta(minutes=7 * n, milliseconds=n) for n in number],
            "amount": [float("nan") if n % 11 == 0 else float("inf") if n % 97 == 0 else n * 1.1 - 40 for n in number],
            "whole": [1 if n % 2 else 2 for n in number],
            "zero": [-0.0 if n % 3 == 0 else 0.0 if n % 3 == 1 else 0.1 for n in number],
            "owner": [n % 3 == 0 for n in number],
            "grade": [n % 5 for n in number],
            "region": [["north", "NA", "Çeşme", 'o\'brien, "x"', "true"][n % 5] for n in number],
            "rare": [f"level {n % 260}" for n in number],
            "score": [(n * 37 % 401) / 401 for n in number],
            "prediction": [(n * 37 % 401) / 401 > 0.5 for n in number],
            "truth": [None if n % 7 == 0 else n % 4 == 0 for n in number],
        }
    )


def send(url: str, namespace: str, table: pd.DataFrame, **columns: str) -> None:
    """Send the rows as a service would, with the values as Python and numpy have them."""
    handler = PredictionHandler(ElasticsearchTransport(url), namespace=namespace)
    log = ModelLog(MODEL, "1", handler=handler, categorical=["grade"])
    roles = {"timestamp", "score", "prediction", "truth"}
    for row in table.to_dict("records"):
        features = {name: value for name, value in row.items() if name not in roles}
        predicted = {columns.get("prediction", "label"): row["prediction"]}
        id_ = log.prediction(features, timestamp=row["timestamp"], score=row.get("score"), **predicted)
        if row["truth"] is not None and row["truth"] == row["truth"]:
            known_at = row["timestamp"] + timedelta(hours=5)
            log.outcome(id_, timestamp=known_at, **{columns.get("prediction", "label"): row["truth"]})
    assert handler.flush(60), handler.stats()
    handler.close()


def stored(
    client: Elasticsearch, namespace: str, baseline: Baseline, positive: str | None, segments: Sequence[str] = ()
) -> list[Profile]:
    """Return what the store counts of the baseline's hours, by the baseline's ruler."""
    event_log = ElasticsearchEventLog(client, namespace)
    span = Window(START, START + timedelta(days=4))
    event_log.join(span.end, span, [MODEL], {MODEL: positive} if positive else {}, {MODEL: segments})
    hours = [hour.start for hour in baseline.hours if hour.segment == ALL]
    return list(event_log.profiles([Wanted(MODEL, "1", hours, baseline.ruler)]))


def without_sums(profile: Profile) -> tuple[object, ...]:
    """Return all that must be equal to the last digit."""
    outcomes = profile.outcomes
    return (
        profile.segment,
        profile.start,
        profile.end,
        profile.predictions,
        profile.subjects,
        outcomes.labelled,
        outcomes.confusion,
        outcomes.scores,
        outcomes.predicted,
        outcomes.actual,
    )


def assert_alike(from_file: Baseline, from_store: list[Profile]) -> None:
    """Hold the hours against one another: counts exactly, sums of floating numbers to 1e-12 of their size."""
    assert [without_sums(each) for each in from_store] == [without_sums(each) for each in from_file.hours]
    for one, other in zip(from_file.hours, from_store, strict=True):
        assert one.outcomes.sums.keys() == other.outcomes.sums.keys()
        assert dict(other.outcomes.sums) == pytest.approx(dict(one.outcomes.sums), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_classifier_counted_from_its_file_and_from_its_events(
    elasticsearch_url: str, client: Elasticsearch, namespace: str, tmp_path: Path, kind: str
):
    """Truth values, codes, both zeros, NaN and infinity, `NA`, more levels than are counted, quotes in names: all alike."""
    setup(client, namespace)
    table = rows()
    path = tmp_path / f"reference.{kind}"
    if kind == "csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    baseline = baseline_from_file(
        path, model=MODEL, version="1", now=START, categorical=["grade"], positive_label="true"
    )
    send(elasticsearch_url, namespace, table)
    profiles = stored(client, namespace, baseline, "true")
    assert_alike(baseline, profiles)
    assert sum(each.predictions for each in profiles) == COUNT
    assert sum(each.outcomes.sums["log_loss_rows"] for each in profiles if each.outcomes.sums) == table["truth"].count()


def test_segments_and_pairs_counted_from_a_file_and_from_its_events(
    elasticsearch_url: str, client: Elasticsearch, namespace: str, tmp_path: Path
):
    """Levels with quotes, rows that lack a side of a pair, both zeros, OTHER: cell by cell, and each segment's truth."""
    setup(client, namespace)
    table = rows()
    table.loc[::9, "region"] = None
    path = tmp_path / "reference.parquet"
    table.to_parquet(path)
    baseline = baseline_from_file(
        path,
        model=MODEL,
        version="1",
        now=START,
        categorical=["grade"],
        positive_label="true",
        segments=["region", "owner"],
        pairs=[("amount", "region"), ("zero", "rare"), ("score", "owner")],
        strongest_pairs=3,
    )
    assert len(baseline.ruler.segments) == 5 + 2
    together = [(joint.left_field, joint.right_field) for joint in baseline.ruler.joints]
    assert together[:3] == [
        ("features.cat.region", "features.num.amount"),
        ("features.cat.rare", "features.num.zero"),
        ("features.cat.owner", "elkmon.prediction.score"),
    ]
    assert together[-1] == ("elkmon.prediction.score", "elkmon.prediction.label")
    assert len(together) > 4
    send(elasticsearch_url, namespace, table)
    assert_alike(baseline, stored(client, namespace, baseline, "true", ["region", "owner"]))


def test_a_window_of_events_makes_a_baseline_with_segments_and_pairs(
    elasticsearch_url: str, client: Elasticsearch, namespace: str, tmp_path: Path
):
    """By the ruler of the file it holds what the file's holds; by a ruler of its own it finds its own segments and pairs."""
    setup(client, namespace)
    table = rows()
    path = tmp_path / "reference.parquet"
    table.to_parquet(path)
    wanted = {"pairs": [("amount", "region")], "strongest_pairs": 2}
    from_file = baseline_from_file(
        path,
        model=MODEL,
        version="1",
        now=START,
        categorical=["grade"],
        positive_label="true",
        segments=["region"],
        **wanted,
    )
    send(elasticsearch_url, namespace, table)
    kept, new = (
        baseline_from_window(
            ElasticsearchEventLog(client, namespace),
            MODEL,
            "1",
            Window(from_file.start, from_file.end),
            START + timedelta(days=4),
            positive_labels={MODEL: "true"},
            segments={MODEL: ["region"]},
            ruler=ruler,
            importances={"amount": 2.0},
            **wanted,
        )
        for ruler in (from_file.ruler, None)
    )
    assert kept.ruler.id == from_file.ruler.id
    assert_alike(from_file, list(kept.hours))
    assert {name: each.predictions for name, each in kept.segments.items()} == {
        name: each.predictions for name, each in from_file.segments.items()
    }
    assert new.ruler.segmentations == from_file.ruler.segmentations
    assert len(new.ruler.joints) == 1 + 2 + 1
    assert new.importances == {"amount": 2.0}


def test_a_regression_counted_from_its_file_and_from_its_events(
    elasticsearch_url: str, client: Elasticsearch, namespace: str, tmp_path: Path
):
    """Predicted and true numbers by the same bins, and every sum of errors; a truth of 0 has no percentage."""
    setup(client, namespace)
    table = rows().drop(columns=["score"])
    table["prediction"] = [n * 0.7 for n in range(COUNT)]
    table["truth"] = [None if n % 7 == 0 else float(n % 50) for n in range(COUNT)]
    path = tmp_path / "reference.parquet"
    table.to_parquet(path)
    baseline = baseline_from_file(path, model=MODEL, version="1", now=START, categorical=["grade"])
    send(elasticsearch_url, namespace, table, prediction="value")
    assert_alike(baseline, stored(client, namespace, baseline, None))


def test_a_survey_of_the_events_makes_nearly_the_ruler_of_the_file(
    elasticsearch_url: str, client: Elasticsearch, namespace: str, tmp_path: Path
):
    """The same fields and levels; edges of numbers differ by no more than the store's estimate of quantiles."""
    setup(client, namespace)
    table = rows()
    path = tmp_path / "reference.parquet"
    table.to_parquet(path)
    baseline = baseline_from_file(path, model=MODEL, version="1", now=START, categorical=["grade"])
    send(elasticsearch_url, namespace, table)
    span = Window(START, baseline.end)
    survey = ElasticsearchEventLog(client, namespace).survey(MODEL, "1", span, QUANTILES)
    assert survey.rows == COUNT
    assert set(survey.categorical) | set(survey.numeric) == set(baseline.ruler.scales) - {"event.duration"}
    for name, levels in survey.categorical.items():
        assert {level for level, _ in levels.levels} == {
            *baseline.ruler.scales[name].levels,  # type: ignore[union-attr]
            *baseline.ruler.scales[name].known,  # type: ignore[union-attr]
        }
    amounts = pd.Series(table["amount"])[lambda values: values.abs() != float("inf")].dropna()
    exact = amounts.quantile([0.05, 0.5, 0.95])
    for probability, value in exact.items():
        assert survey.numeric["features.num.amount"].quantiles[probability] == pytest.approx(value, abs=0.02 * 480)
    assert baseline.hours[0].end - baseline.hours[0].start == HOUR
