import json
from datetime import timedelta
from pathlib import Path

import pytest

from elkmon import FileTransport, ModelLog, PredictionHandler
from elkmon.demo.flights import FEATURES, PRODUCTION_START, Flights, load
from elkmon.demo.model import train
from elkmon.demo.service import CATEGORICAL_CODES, MODEL, VERSION, DelayService


@pytest.fixture(scope="module")
def served() -> Flights:
    """Some flights of the first three days of April."""
    return load(seed=7).between(PRODUCTION_START, PRODUCTION_START + timedelta(days=3)).sample(300, seed=7)


@pytest.fixture
def events(served: Flights, tmp_path: Path) -> list[dict]:
    """What the service logs in two days, as it is written."""
    handler = PredictionHandler(FileTransport(tmp_path / "events.ndjson"), totals_every=0)
    log = ModelLog(MODEL, VERSION, handler=handler, categorical=CATEGORICAL_CODES)
    service = DelayService(train(served.arrived(), 7), log, served, PRODUCTION_START)
    counted = sum(service.live_until(PRODUCTION_START + timedelta(days=1)))
    counted += sum(service.live_until(PRODUCTION_START + timedelta(days=2)))
    handler.close()
    lines = [json.loads(line) for line in (tmp_path / "events.ndjson").read_text().splitlines()]
    assert len(lines) == counted == service.predicted + service.outcomes
    return lines


def of_kind(events: list[dict], kind: str) -> list[dict]:
    """Return the events of one stream, in order."""
    return [event for event in events if event["data_stream"]["dataset"] == f"elkmon.{kind}"]


def test_flights_are_predicted_in_order_of_their_own_time(events: list[dict], served: Flights):
    """Each once, at its scheduled departure, under its own id, with every feature it has."""
    expected = served.between(PRODUCTION_START, PRODUCTION_START + timedelta(days=2)).table
    predictions = of_kind(events, "prediction")
    assert [each["elkmon"]["prediction"]["id"] for each in predictions] == expected["id"].tolist()
    assert [each["@timestamp"] for each in predictions] == [
        f"{at:%Y-%m-%dT%H:%M:%S}.000Z" for at in expected["timestamp"]
    ]
    for each in predictions:
        names = {*each["features"]["num"], *each["features"]["cat"], *each["elkmon"].get("missing", ())}
        assert names == set(FEATURES)
        assert isinstance(each["features"]["cat"]["day_of_week"], str)


def test_truth_is_told_when_it_is_known_and_never_before(events: list[dict], served: Flights):
    """In the order in which it became known, for flights that departed earlier; what never arrived is never told."""
    outcomes = of_kind(events, "feedback")
    known = served.arrived().table.sort_values(["known_at", "id"])
    known = known[known["known_at"] < PRODUCTION_START + timedelta(days=2)]
    assert [each["elkmon"]["prediction"]["id"] for each in outcomes] == known["id"].tolist()
    assert [each["elkmon"]["outcome"]["label"] for each in outcomes] == known["truth"].tolist()
    told: set[str] = set()
    for event in events:
        id_ = event["elkmon"]["prediction"]["id"]
        assert (id_ in told) == ("outcome" in event["elkmon"])
        told.add(id_)
