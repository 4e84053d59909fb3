"""The join of late truth on a real Elasticsearch, and what is counted of it, against pandas and scikit-learn."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from elasticsearch import Elasticsearch
from sklearn.metrics import brier_score_loss, log_loss

from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, Indices, outcome_counts, outcomes
from elkmon.errors import StoreRefused
from elkmon.ports import HourCounts, Wanted
from elkmon.profiles import Outcomes
from elkmon.rulers import CategoricalScale, NumericScale, Ruler
from elkmon.windows import DAY, HOUR, Window

START = datetime(2013, 4, 30, 22, tzinfo=UTC)
LATER = START + 3 * DAY
SPAN = Window(START, START + 10 * DAY)
NOW = SPAN.end
SCORES = (0.0, 0.25, 0.5, 0.75)
RULER = Ruler(
    {
        "elkmon.prediction.score": NumericScale(SCORES, (*SCORES, 0.75)),
        "elkmon.prediction.label": CategoricalScale(("late", "on time")),
        "elkmon.prediction.value": NumericScale((0.0, 10.0), (0.0, 5.0, 10.0)),
    }
)
POSITIVE = {"m": "late"}


def the_outcomes(client: Elasticsearch, namespace: str, hour: datetime = START, version: str = "1") -> Outcomes:
    (profile,) = ElasticsearchEventLog(client, namespace).profiles([Wanted("m", version, [hour], RULER)])
    return profile.outcomes


def test_classification_outcomes_equal_pandas_and_sklearn(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Confusion and scores by truth equal pandas exactly, log loss and Brier score scikit-learn, over a month's end."""
    monkeypatch.setattr(outcomes, "_IDS_A_PAGE", 37)
    monkeypatch.setattr(outcome_counts, "MOST_BUCKETS", 60)
    generator = random.Random(3)
    rows = pd.DataFrame(
        [
            {
                "id": f"p{number} ☃",
                "at": START + timedelta(minutes=generator.randrange(240)),
                "label": generator.choice(["late", "on time", "a very odd ★ label"]),
                "score": generator.choice([0.01, 0.25, 0.3, 0.75, 0.999]),
                "true": generator.choice(["late", "on time", ""]),
                "known": LATER + timedelta(minutes=generator.randrange(300)),
            }
            for number in range(300)
        ]
    )
    send("prediction", (predict(row.at, row.id, label=row.label, score=row.score) for row in rows.itertuples()))
    send(
        "feedback",
        (tell_truth(row.known, row.id, label=row.true) for row in rows.sample(frac=0.8, random_state=1).itertuples()),
    )
    told = rows.sample(frac=0.8, random_state=1)
    event_log = ElasticsearchEventLog(client, ready)
    joined = event_log.join(NOW, SPAN, [], POSITIVE, {})
    assert (joined.outcomes, joined.waiting) == (len(told), 0)
    assert joined.pages >= len(told) / 37
    hours = [START + count * HOUR for count in range(5)]
    for profile in event_log.profiles([Wanted("m", "1", hours, RULER)]):
        here = told[told["at"].dt.floor("h") == profile.start]
        found = profile.outcomes
        assert found.labelled == len(here)
        if here.empty:
            assert found == Outcomes()
            continue
        assert found.confusion == here.groupby(["true", "label"]).size().to_dict()
        for label, of_label in here.groupby("true"):
            bins = pd.cut(of_label["score"], [-float("inf"), *SCORES, float("inf")], right=False)
            assert found.scores[str(label)] == tuple(bins.value_counts(sort=False))
        truth = here["true"] == "late"
        assert found.sums["log_loss_rows"] == found.sums["brier_rows"] == len(here)
        expected = log_loss(truth, here["score"], labels=[False, True], normalize=False)
        assert found.sums["log_loss"] == pytest.approx(expected)
        brier = brier_score_loss(truth, here["score"], labels=[False, True]) * len(here)
        assert found.sums["brier"] == pytest.approx(brier)
    counted = {each.hour: each.outcomes for each in event_log.counts(SPAN, [])}
    assert counted == {hour: (told["at"].dt.floor("h") == hour).sum() for hour in counted}


def test_regression_outcomes_equal_pandas(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """Error sums equal pandas; a truth of 0 has no percentage error; values are counted by the value's bins."""
    rows = pd.DataFrame({"value": [1.0, -2.0, 12.5, 10.0], "true": [0.0, 3.0, 10.0, -1.0]})
    send("prediction", (predict(START, f"{row.Index}", value=row.value) for row in rows.itertuples()))
    send("feedback", (tell_truth(LATER, f"{row.Index}", value=row.true) for row in rows.itertuples()))
    ElasticsearchEventLog(client, ready).join(NOW, SPAN, [], {}, {})
    found = the_outcomes(client, ready)
    error = rows["value"] - rows["true"]
    assert found.sums["error"] == pytest.approx(error.sum())
    assert found.sums["absolute_error"] == pytest.approx(error.abs().sum())
    assert found.sums["squared_error"] == pytest.approx((error**2).sum())
    assert found.sums["value"] == pytest.approx(rows["true"].sum())
    assert found.sums["value_squared"] == pytest.approx((rows["true"] ** 2).sum())
    told = rows["true"] != 0
    assert found.sums["absolute_percentage_error"] == pytest.approx((error.abs() / rows["true"].abs())[told].sum())
    assert found.sums["absolute_percentage_error_rows"] == 3
    assert found.sums["squared_error_rows"] == 4
    assert (found.predicted, found.actual) == ((1, 1, 2), (1, 2, 1))
    assert "log_loss" not in found.sums


def test_truth_of_many_classes_costs_what_its_class_was_given(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """With a probability per class, the log loss is that of the true one; a class without a probability has none."""
    send("prediction", [predict(START, name, label="a.b", scores={"a.b": 0.5, "c": 0.25}) for name in "xyz"])
    send(
        "feedback",
        [tell_truth(LATER, "x", label="a.b"), tell_truth(LATER, "y", label="c"), tell_truth(LATER, "z", label="?")],
    )
    ElasticsearchEventLog(client, ready).join(NOW, SPAN, [], {}, {})
    found = the_outcomes(client, ready)
    assert found.sums == {"log_loss": pytest.approx(3 * 0.6931471805599453), "log_loss_rows": 2}
    assert found.confusion == {("a.b", "a.b"): 1, ("c", "a.b"): 1, ("?", "a.b"): 1}


def test_a_second_join_writes_nothing(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """What is joined is not looked at again; truth that came meanwhile is."""
    event_log = ElasticsearchEventLog(client, ready)
    send("prediction", [predict(START, "a", label="late"), predict(START, "b", label="late")])
    send("feedback", [tell_truth(LATER, "a", label="late")])
    assert event_log.join(NOW, SPAN, [], POSITIVE, {}).outcomes == 1
    again = event_log.join(NOW, SPAN, [], POSITIVE, {})
    assert (again.outcomes, again.pages) == (0, 0)
    send("feedback", [tell_truth(LATER, "b", label="late")])
    assert event_log.join(NOW, SPAN, [], POSITIVE, {}).outcomes == 1
    assert the_outcomes(client, ready).labelled == 2


def test_truth_waits_for_its_prediction(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """Truth without a prediction is counted as waiting, and joined when the prediction has come."""
    event_log = ElasticsearchEventLog(client, ready)
    send("feedback", [tell_truth(LATER, "a", label="late"), tell_truth(LATER, "never", label="late")])
    joined = event_log.join(NOW, SPAN, [], POSITIVE, {})
    assert (joined.outcomes, joined.waiting) == (0, 2)
    send("prediction", [predict(START, "a", label="late")])
    joined = event_log.join(NOW, SPAN, [], POSITIVE, {})
    assert (joined.outcomes, joined.waiting) == (1, 1)
    assert the_outcomes(client, ready).confusion == {("late", "late"): 1}


def test_the_last_word_wins_whenever_it_arrives(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """Of truths that contradict each other the later one by feedback time stands, whatever the order of arrival."""
    event_log = ElasticsearchEventLog(client, ready)
    send("prediction", [predict(START, "a", label="late")])
    send("feedback", [tell_truth(LATER + 2 * HOUR, "a", label="on time")])
    event_log.join(NOW, SPAN, [], POSITIVE, {})
    send("feedback", [tell_truth(LATER, "a", label="late")])
    assert event_log.join(NOW, SPAN, [], POSITIVE, {}).outcomes == 0
    assert the_outcomes(client, ready).confusion == {("on time", "late"): 1}
    send(
        "feedback",
        [tell_truth(LATER + 3 * HOUR, "a", label="late"), tell_truth(LATER + 4 * HOUR, "a", label="diverted")],
    )
    event_log.join(NOW, SPAN, [], POSITIVE, {})
    assert the_outcomes(client, ready).confusion == {("diverted", "late"): 1}


def test_a_corrected_hour_differs_from_what_its_profile_recorded(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """Truth told twice changes no count; truth corrected does, until the hour is profiled again."""
    event_log, journal = ElasticsearchEventLog(client, ready), ElasticsearchJournal(client, ready)

    def differs() -> bool:
        (recorded,) = journal.profiled(SPAN, ["m"])
        return event_log.counts(SPAN, ["m"]) != (HourCounts("m", "1", START, *_counted(recorded)),)

    send("prediction", [predict(START, "a", label="late"), predict(START, "b", label="late")])
    send("feedback", [tell_truth(LATER, "a", label="late"), tell_truth(LATER, "b", label="late")])
    event_log.join(NOW, SPAN, [], POSITIVE, {})
    journal.save(event_log.profiles([Wanted("m", "1", [START], RULER)]))
    assert not differs()
    send("feedback", [tell_truth(LATER + HOUR, "a", label="late")])
    event_log.join(NOW, SPAN, [], POSITIVE, {})
    assert not differs()
    send("feedback", [tell_truth(LATER + 2 * HOUR, "a", label="on time")])
    event_log.join(NOW, SPAN, [], POSITIVE, {})
    assert differs()
    journal.save(event_log.profiles([Wanted("m", "1", [START], RULER)]))
    assert not differs()
    (stored,) = journal.profiles("production", "m", "1", RULER.id, SPAN)
    assert (stored.outcomes.labelled, stored.outcomes.sums["corrections"]) == (2, 1)


def _counted(recorded: HourCounts) -> tuple[int, int, int]:
    return recorded.predictions, recorded.errors, recorded.outcomes


def test_truth_applies_to_every_version_that_holds_its_id(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """A challenger gets the truth too, also one that is filled in after the truth was joined; another model does not."""
    event_log = ElasticsearchEventLog(client, ready)
    send("prediction", [predict(START, "a", label="late"), predict(START, "a", label="late", model="other")])
    send("feedback", [tell_truth(LATER, "a", label="late")])
    assert event_log.join(NOW, SPAN, [], POSITIVE, {}).outcomes == 1
    send("prediction", [predict(START, "a", label="on time", version="2")])
    assert event_log.join(NOW, SPAN, [], POSITIVE, {}).outcomes == 1
    assert the_outcomes(client, ready, version="2").confusion == {("late", "on time"): 1}
    assert the_outcomes(client, ready, version="1").confusion == {("late", "late"): 1}
    send("prediction", [predict(LATER + DAY, "new", label="on time", version="3")])
    assert event_log.join(NOW, SPAN, [], POSITIVE, {}).pages == 0


def test_truth_of_the_future_is_left_out(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """As of an earlier instant only what was known by then is joined."""
    event_log = ElasticsearchEventLog(client, ready)
    send("prediction", [predict(START, "a", label="late"), predict(START, "b", label="late")])
    send(
        "feedback", [tell_truth(LATER, "a", label="late"), tell_truth(LATER + timedelta(minutes=1), "b", label="late")]
    )
    assert event_log.join(LATER, SPAN, [], POSITIVE, {}).outcomes == 1
    assert event_log.join(LATER + timedelta(minutes=1), SPAN, [], POSITIVE, {}).outcomes == 1


def test_another_positive_label_makes_other_losses(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """When the configuration says whose probability the score is, what was joined is computed anew."""
    event_log = ElasticsearchEventLog(client, ready)
    send("prediction", [predict(START, "a", label="late", score=0.25)])
    send("feedback", [tell_truth(LATER, "a", label="late")])
    event_log.join(NOW, SPAN, [], {}, {})
    assert "log_loss" not in the_outcomes(client, ready).sums
    event_log.join(NOW, SPAN, [], POSITIVE, {})
    assert the_outcomes(client, ready).sums["brier"] == pytest.approx(0.75**2)


def test_without_setup_nothing_is_joined(client: Elasticsearch, namespace: str) -> None:
    """A namespace that is not set up is refused, with the remedy, and gets no index by accident."""
    with pytest.raises(StoreRefused, match="elkmon setup"):
        ElasticsearchEventLog(client, namespace).join(NOW, SPAN, [], {}, {})
    assert not client.indices.get(index=f"{Indices(namespace).pending}*")
