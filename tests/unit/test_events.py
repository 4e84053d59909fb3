import json
import pickle
from dataclasses import FrozenInstanceError, fields, replace
from inspect import signature

import pytest

from elkmon.events import Failure, Outcome, Prediction, id_text
from elkmon.shipping.handler import PredictionHandler
from elkmon.shipping.intake import ship_event
from elkmon.shipping.transports.file import FileTransport


@pytest.fixture
def stored(tmp_path):
    """Ship an event through a real handler and return its document."""

    def store(event):
        path = tmp_path / "events.ndjson"
        handler = PredictionHandler(FileTransport(path), totals_every=0)
        ship_event(handler.shipper, event)
        handler.close()
        return json.loads(path.read_text("utf-8").splitlines()[-1])

    return store


def test_prediction_is_stored_field_by_field(stored):
    """Everything a prediction says stands in its document under the name `elkmon.fields` gives it."""
    prediction = Prediction(
        model="flight-delay",
        features={"distance": 1400.5, "carrier": "UA", "wind": None},
        version="3",
        score=0.83,
        scores={"late": 0.83, "on time": 0.17},
        label="late",
        value=12.5,
        duration=0.25,
        id="order 1",
        timestamp="2013-08-05T10:00:00.000Z",
        labels={"region": "east"},
    )
    document = stored(prediction)
    assert document["elkmon"]["model"] == {"name": "flight-delay", "version": "3"}
    assert document["elkmon"]["prediction"] == {
        "id": "order 1",
        "score": 0.83,
        "scores": {"late": 0.83, "on time": 0.17},
        "label": "late",
        "value": 12.5,
    }
    assert document["features"] == {"num": {"distance": 1400.5}, "cat": {"carrier": "UA"}}
    assert document["elkmon"]["missing"] == ["wind"]
    assert document["event"]["duration"] == 250_000_000
    assert (document["@timestamp"], document["labels"]) == ("2013-08-05T10:00:00.000Z", {"region": "east"})


def test_prediction_is_a_value():
    """A prediction takes its arguments by position or name, cannot be changed, and equals what says the same."""
    one = Prediction("m", {"a": 1}, version="3", score=0.5, label="late")
    assert one == Prediction("m", {"a": 1}, "3", 0.5, None, "late") == pickle.loads(pickle.dumps(one))
    assert one != replace(one, score=0.6)
    assert one != ("m", {"a": 1}, "3", 0.5, None, "late")
    assert repr(one).startswith("Prediction(model='m', features={'a': 1}, version='3', score=0.5, scores=None,")
    assert [field.name for field in fields(Prediction)] == list(signature(Prediction).parameters)
    with pytest.raises(FrozenInstanceError):
        one.score = 0.6
    with pytest.raises(TypeError):
        Prediction("m", probability=0.5)


def test_outcome_is_stored_field_by_field(stored):
    """The truth stands in its document beside the prediction it is about and the instant it became known."""
    outcome = Outcome("m", "order 1", 3.5, "late", "3", "2013-08-05T10:00:00.000Z", {"region": "east"})
    document = stored(outcome)
    assert document["elkmon"]["model"] == {"name": "m", "version": "3"}
    assert document["elkmon"]["prediction"] == {"id": "order 1"}
    assert document["elkmon"]["outcome"] == {"value": 3.5, "label": "late"}
    assert (document["@timestamp"], document["labels"]) == ("2013-08-05T10:00:00.000Z", {"region": "east"})


def test_failure_is_stored_with_its_cause(stored):
    """A failure's document names the exception's class, what it says, and its causes."""
    try:
        try:
            raise KeyError("distance")
        except KeyError as cause:
            raise ValueError("no such feature") from cause
    except ValueError as error:
        document = stored(Failure(error, "m", "3", {"a": 1}, 0.5, "order 1"))
    assert document["error"]["type"] == "ValueError"
    assert document["error"]["message"] == document["message"] == "no such feature"
    assert "KeyError: 'distance'" in document["error"]["stack_trace"]
    assert document["event"]["duration"] == 500_000_000
    assert document["features"]["num"] == {"a": 1}
    assert document["elkmon"]["prediction"]["id"] == "order 1"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("order 1", "order 1"),
        (7, "7"),
        (7.0, "7"),
        (None, ""),
        ("é\n<b>", "é\n<b>"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_ids_are_kept_as_text(given, kept):
    """A user's id is kept as text, whatever it is made of."""
    assert id_text(given) == kept


def test_ids_too_long_stay_apart():
    """Ids that differ beyond what a keyword holds are cut, and stay different."""
    one, other = id_text("x" * 5000 + "1"), id_text("x" * 5000 + "2")
    assert one != other
    assert len(one) <= 1024
    assert one == id_text("x" * 5000 + "1")
