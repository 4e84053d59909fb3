import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest

import elkmon


@pytest.fixture
def model_log(handler):
    return elkmon.ModelLog("flight-delay", version=3, handler=handler, categorical=["code"], numeric=["distance"])


def test_prediction_becomes_a_document(model_log, documents):
    """Every argument of a prediction is found in its document, under the names of fields.py."""
    returned = model_log.prediction(
        {"distance": 1400.5, "carrier": "UA", "code": 7, "gate": None},
        score=0.83,
        scores={"late": 0.83, True: 0.17},
        label="late",
        value=12,
        duration=0.004,
        timestamp=dt.datetime(2013, 8, 5, 6, tzinfo=dt.timezone(dt.timedelta(hours=-4))),
        labels={"region": "east", "shift": 2},
    )
    (document,) = documents("prediction")
    assert document["@timestamp"] == "2013-08-05T10:00:00.000Z"
    assert document["event"] == {"id": returned, "sequence": 1, "duration": 4_000_000}
    assert document["elkmon"]["model"] == {"name": "flight-delay", "version": "3"}
    assert document["elkmon"]["prediction"] == {
        "id": returned,
        "score": 0.83,
        "scores": {"late": 0.83, "true": 0.17},
        "label": "late",
        "value": 12.0,
    }
    assert document["features"] == {"num": {"distance": 1400.5}, "cat": {"carrier": "UA", "code": "7"}}
    assert document["elkmon"]["missing"] == ["gate"]
    assert document["labels"] == {"region": "east", "shift": "2"}
    assert document["data_stream"] == {"type": "logs", "dataset": "elkmon.prediction", "namespace": "default"}
    assert document["host"]["name"]
    assert document["process"]["pid"]


def test_value_against_its_declaration_is_kept_aside(model_log, documents):
    """A text in a feature declared numeric is kept under `elkmon.rejected`, and named."""
    model_log.prediction({"distance": "far"})
    (document,) = documents("prediction")
    assert document["features"] == {"num": {}, "cat": {}}
    assert document["elkmon"]["rejected"] == {"distance": "far"}
    assert document["elkmon"]["rejected_names"] == ["distance"]


def test_own_id_identifies_the_document_within_model_and_version(handler, documents):
    """The same own id gives the same `event.id` again, and another for another model or version."""
    for name, version in (("a", 1), ("a", 1), ("a", 2), ("b", 1)):
        assert elkmon.ModelLog(name, version, handler=handler).prediction({}, id="order 7") == "order 7"
    ids = [document["event"]["id"] for document in documents("prediction")]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", id_) for id_ in ids)
    assert {document["elkmon"]["prediction"]["id"] for document in documents()} == {"order 7"}


def test_outcome_names_its_prediction(model_log, documents):
    """The truth carries the prediction's id and model; 1.0 and "1" are the same class."""
    id_ = model_log.prediction({}, label=1)
    model_log.outcome(id_, label=1.0)
    model_log.outcome("order 7", value=np.float32(2.5))
    first, second = documents("feedback")
    assert documents("prediction")[0]["elkmon"]["prediction"]["label"] == "1"
    assert first["elkmon"]["prediction"]["id"] == id_
    assert first["elkmon"]["outcome"] == {"label": "1"}
    assert first["elkmon"]["model"] == {"name": "flight-delay", "version": "3"}
    assert second["elkmon"]["outcome"] == {"value": 2.5}
    assert second["event"]["sequence"] == 2


def test_dated_outcome_said_twice_is_one_statement(model_log, documents):
    """A batch job that states the truth of an instant again writes the same document; another truth is another one."""
    for label in ("late", "late", "on time"):
        model_log.outcome("order 7", label=label, timestamp="2013-08-05T10:00:00Z")
    ids = [document["event"]["id"] for document in documents("feedback")]
    assert ids[0] == ids[1] != ids[2]


def test_timed_measures_until_the_prediction(model_log, documents):
    """A timed call logs the seconds from its beginning to its prediction."""
    with model_log.timed() as call:
        returned = call.prediction({"distance": 1}, score=0.5)
    (document,) = documents("prediction")
    assert document["elkmon"]["prediction"]["id"] == returned
    assert 0 < document["event"]["duration"] < 60e9


def test_timed_logs_the_exception_and_lets_it_go(model_log, documents):
    """An exception within a timed call becomes an error event of its model, and goes on."""
    with pytest.raises(ZeroDivisionError), model_log.timed():
        1 / 0  # noqa: B018  raises
    (document,) = documents("error")
    assert document["error"]["type"] == "ZeroDivisionError"
    assert "test_model_log.py" in document["error"]["stack_trace"]
    assert document["elkmon"]["model"]["name"] == "flight-delay"
    assert document["event"]["duration"] > 0


def test_error_keeps_features(model_log, documents):
    """A failure can carry what the model was given, and the id the prediction would have had."""
    model_log.error("no answer from the feature store", features={"distance": 1.0}, id="order 7")
    (document,) = documents("error")
    assert document["message"] == "no answer from the feature store"
    assert document["features"]["num"] == {"distance": 1.0}
    assert document["elkmon"]["prediction"]["id"] == "order 7"


@pytest.mark.parametrize("as_rows", [list, pd.DataFrame])
def test_batch_of_predictions(model_log, documents, as_rows):
    """A batch is logged row by row, from dicts or a DataFrame, and returns the ids in order."""
    rows = [{"distance": 1.0, "carrier": "UA"}, {"distance": float("nan"), "carrier": "AA"}]
    returned = model_log.predictions(
        as_rows(rows),
        scores=np.array([0.25, 0.75]),
        labels=["on time", "late"],
        timestamps=pd.to_datetime(["2013-08-05T10:00Z", "2013-08-05T11:00Z"]),
        ids=[7, 8],
    )
    one, two = documents("prediction")
    assert returned == ["7", "8"]
    assert one["features"] == {"num": {"distance": 1.0}, "cat": {"carrier": "UA"}}
    assert two["elkmon"]["missing"] == ["distance"]
    assert [document["elkmon"]["prediction"]["score"] for document in (one, two)] == [0.25, 0.75]
    assert two["elkmon"]["prediction"]["label"] == "late"
    assert two["@timestamp"] == "2013-08-05T11:00:00.000Z"


def test_batch_takes_probabilities_by_class(model_log, documents):
    """A row's score may be probabilities by class, by name or by position."""
    model_log.predictions([{}, {}], scores=[{"late": 0.25}, np.array([0.25, 0.75])])
    one, two = documents("prediction")
    assert one["elkmon"]["prediction"]["scores"] == {"late": 0.25}
    assert two["elkmon"]["prediction"]["scores"] == {"0": 0.25, "1": 0.75}


def test_unreadable_timestamp_is_replaced_and_noted(model_log, documents):
    """What is no instant becomes the time of the call, with a note."""
    model_log.prediction({}, timestamp="yesterday")
    (document,) = documents("prediction")
    stamped = dt.datetime.fromisoformat(document["@timestamp"])
    assert abs(stamped - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
    assert document["elkmon"]["notes"] == ["timestamp: no instant; the time of the call was taken"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("x" * 300, "x" * 300),
        ("é" * 300, "é" * 300),
        ("../../x", "../../x"),
        ("<script>", "<script>"),
        ("a\nb", "a\nb"),
    ],
    ids=["long", "unicode", "path", "markup", "newline"],
)
def test_odd_model_names_are_kept(handler, documents, path, given, kept):
    """A model may have any name: it is stored as text, on one line, and names nothing else."""
    elkmon.ModelLog(given, handler=handler).prediction({"a": 1})
    (document,) = documents("prediction")
    assert document["elkmon"]["model"]["name"] == kept
    assert document["data_stream"]["dataset"] == "elkmon.prediction"
    assert len(path.read_bytes().splitlines()) == 1


@pytest.mark.parametrize("name", ["", "  ", None, 7])
def test_model_without_a_name_is_refused(handler, name):
    """A blank name is a mistake in the program, and told when the log is made."""
    with pytest.raises(elkmon.ShippingError, match="name is text"):
        elkmon.ModelLog(name, handler=handler)


def test_declarations_are_checked(handler):
    """A feature declared twice, or a text where a list belongs, is told when the log is made."""
    with pytest.raises(elkmon.ShippingError, match="both categorical and numeric: a"):
        elkmon.ModelLog("m", handler=handler, categorical=["a"], numeric=["a"])
    with pytest.raises(elkmon.ShippingError, match="give a list"):
        elkmon.ModelLog("m", handler=handler, categorical="code")
    with pytest.raises(elkmon.ShippingError, match="give a PredictionHandler"):
        elkmon.ModelLog("m", handler=None)


def test_sequence_counts_per_stream_and_model(handler, documents):
    """Sequence numbers count each model's events of a kind, across its versions."""
    logs = [elkmon.ModelLog("a", 1, handler=handler), elkmon.ModelLog("a", 2, handler=handler)]
    for log in (*logs, elkmon.ModelLog("b", 1, handler=handler)):
        log.prediction({})
        log.outcome("x", label=1)
    read = [(one["elkmon"]["model"]["name"], one["event"]["sequence"]) for one in documents("prediction")]
    assert read == [("a", 1), ("a", 2), ("b", 1)]
    assert [one["event"]["sequence"] for one in documents("feedback")] == [1, 2, 1]
