"""Every profile of the demo, as the monitor stored it, against pandas on the rows that were served."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from elasticsearch import Elasticsearch

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from elkmon.checks import ModelSettings
from elkmon.demo.flights import FAULT_ORIGIN, LATE, PRODUCTION_START, Flights, load
from elkmon.demo.model import DelayModel, label, out_of_fold_scores, train, write_reference
from elkmon.demo.service import CATEGORICAL_CODES, MODEL, VERSION, DelayService
from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, setup
from elkmon.monitor import Monitor
from elkmon.profiles import PRODUCTION, Profile
from elkmon.reference_files import baseline_from_file
from elkmon.rulers import CategoricalScale, NumericScale, Ruler
from elkmon.windows import HOUR, WEEK, Window

SPAN = Window(PRODUCTION_START, PRODUCTION_START + 2 * WEEK)
FAULT = PRODUCTION_START + WEEK
AT = SPAN.end + timedelta(hours=12)


@pytest.fixture(scope="module")
def flights() -> Flights:
    """The flights of half a year: the reference's and those that are served."""
    return load(seed=7).between(datetime(2013, 1, 1, tzinfo=UTC), SPAN.end)


@pytest.fixture(scope="module")
def model(flights: Flights) -> DelayModel:
    """The model, trained on some of them."""
    return train(flights.between(datetime(2013, 1, 1, tzinfo=UTC), PRODUCTION_START).arrived().sample(15_000, 7), 7)


@pytest.fixture(scope="module")
def served(flights: Flights, model: DelayModel) -> pd.DataFrame:
    """Two weeks of flights as they were served, the fault in the second, with the model's own scores and labels."""
    chosen = flights.between(SPAN.start, SPAN.end).sample(4_000, 7).with_kilometres(FAULT, FAULT_ORIGIN)
    scores = model.scores(model.matrix(chosen))
    return chosen.table.assign(score=scores, label=[label(score) for score in scores])


@pytest.fixture
def profiles(
    elasticsearch_url: str,
    client: Elasticsearch,
    namespace: str,
    tmp_path: Path,
    flights: Flights,
    model: DelayModel,
    served: pd.DataFrame,
) -> tuple[Ruler, dict[datetime, Profile]]:
    """The profiles that two weekly checks store, by hour, and the ruler of the baseline they were counted by."""
    past = flights.between(datetime(2013, 1, 1, tzinfo=UTC), PRODUCTION_START).arrived().sample(15_000, 7)
    write_reference(past, out_of_fold_scores(past, 7), tmp_path / "reference.csv")
    baseline = baseline_from_file(
        tmp_path / "reference.csv",
        model=MODEL,
        version=VERSION,
        now=PRODUCTION_START,
        categorical=CATEGORICAL_CODES,
        positive_label=LATE,
    )
    setup(client, namespace)
    journal = ElasticsearchJournal(client, namespace)
    journal.save([baseline])
    settings = ModelSettings(MODEL, window=WEEK, positive_label=LATE, labels_after=timedelta(hours=12))
    monitor = Monitor(ElasticsearchEventLog(client, namespace), journal, (), [settings])
    handler = PredictionHandler(ElasticsearchTransport(elasticsearch_url), namespace=namespace)
    log = ModelLog(MODEL, VERSION, handler=handler, categorical=CATEGORICAL_CODES)
    service = DelayService(model, log, Flights(served), SPAN.start)
    for at in (AT - WEEK, AT):
        for _ in service.live_until(at):
            pass
        assert handler.flush(60), handler.stats()
        report = monitor.check(at, explicit=True)
        assert not report.problems
    handler.close()
    stored = journal.profiles(PRODUCTION, MODEL, VERSION, baseline.ruler.id, SPAN)
    return baseline.ruler, {profile.start: profile for profile in stored}


def test_every_count_equals_pandas_on_the_rows(profiles: tuple[Ruler, dict[datetime, Profile]], served: pd.DataFrame):
    """Bins, levels, missing, unseen, confusion and scores by truth of every hour; sums of losses to 1e-12."""
    ruler, by_hour = profiles
    rows_by_hour = dict(iter(served.groupby(served["timestamp"].dt.floor("h"))))
    assert {hour for hour, profile in by_hour.items() if profile.predictions} == {
        hour.to_pydatetime() for hour in rows_by_hour
    }
    for hour, rows in rows_by_hour.items():
        profile = by_hour[hour.to_pydatetime()]
        assert profile.end - profile.start == HOUR
        assert profile.predictions == len(rows)
        assert profile.errors == 0
        for field, scale in ruler.scales.items():
            counts = profile.subjects[field]
            if field == "event.duration":
                assert (sum(counts.bins), counts.missing) == (len(rows), 0)
                continue
            values = rows[field.rsplit(".", 1)[-1]]
            assert counts.missing == values.isna().sum(), field
            assert (counts.rejected, counts.unindexed) == (0, 0)
            if isinstance(scale, NumericScale):
                assert counts.bins == tuple(np.histogram(values.dropna(), [-np.inf, *scale.edges, np.inf])[0]), field
            else:
                assert_levels(counts, scale, values.astype(str))
        assert_outcomes(profile, ruler, rows[rows["known_at"] < AT])


def assert_levels(counts, scale: CategoricalScale, values: pd.Series) -> None:
    """Hold the counted levels against `value_counts`."""
    expected = values.value_counts()
    assert counts.bins[:-1] == tuple(int(expected.get(level, 0)) for level in scale.levels)
    assert counts.bins[-1] == (~values.isin(scale.levels)).sum()
    assert counts.unseen == (~values.isin([*scale.levels, *scale.known])).sum()


def assert_outcomes(profile: Profile, ruler: Ruler, known: pd.DataFrame) -> None:
    """Hold what is known of the truth against the rows whose truth had arrived."""
    outcomes = profile.outcomes
    assert outcomes.labelled == len(known)
    assert outcomes.confusion == known.groupby(["truth", "label"]).size().to_dict()
    scale = ruler.scales["elkmon.prediction.score"]
    assert isinstance(scale, NumericScale)
    assert outcomes.scores == {
        truth: tuple(np.histogram(group["score"], [-np.inf, *scale.edges, np.inf])[0])
        for truth, group in known.groupby("truth")
    }
    if len(known):
        late = known["truth"] == LATE
        given = known["score"].where(late, 1 - known["score"])
        assert outcomes.sums["log_loss"] == pytest.approx(-np.log(given).sum(), rel=1e-12)
        assert outcomes.sums["brier"] == pytest.approx(((known["score"] - late) ** 2).sum(), rel=1e-12)
        assert outcomes.sums["log_loss_rows"] == outcomes.sums["brier_rows"] == len(known)
