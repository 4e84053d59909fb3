"""How complete a window is, told from what a real handler sent to a real Elasticsearch and what of it was lost."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from elasticsearch import Elasticsearch

import elkmon
from elkmon.elasticsearch import ElasticsearchEventLog, connect, usage_of
from elkmon.ports import Arrival, Completeness, Visit
from elkmon.windows import DAY, Window
from support.shipping import balanced_handlers

START = datetime(2026, 3, 2, tzinfo=UTC)
MONDAY, TUESDAY, WEDNESDAY = (Window(START + day * DAY, START + (day + 1) * DAY) for day in range(3))
HOURLY = timedelta(hours=1)

Make = Callable[..., elkmon.PredictionHandler]


@pytest.fixture
def make_handler(elasticsearch_url: str, ready: str) -> Iterator[Make]:
    """Make handlers that ship there."""
    with balanced_handlers(namespace=ready) as make:
        yield lambda **options: make(elkmon.ElasticsearchTransport(elasticsearch_url), **options)


@pytest.fixture
def asked(client: Elasticsearch, ready: str) -> Callable[[Window], Completeness]:
    """Ask how complete a window of the model `m` is."""

    def ask(window: Window) -> Completeness:
        client.indices.refresh(index=f"logs-elkmon.*-{ready}")
        (arrival,) = ElasticsearchEventLog(client, ready).arrivals([Visit("m", "1", window)])
        return arrival.completeness

    return ask


@pytest.fixture
def lose(client: Elasticsearch, ready: str) -> Callable[..., None]:
    """Lose what arrived: the events with these sequence numbers."""

    def remove(*numbers: int) -> None:
        index = f"logs-elkmon.prediction*-{ready}"
        client.indices.refresh(index=index)
        hits = client.search(index=index, query={"terms": {"event.sequence": numbers}}, size=1000)["hits"]["hits"]
        assert len(hits) == len(numbers)
        for hit in hits:
            client.delete(index=hit["_index"], id=hit["_id"], refresh=True)

    return remove


def predict(handler: elkmon.PredictionHandler, start: datetime, count: int, model: str = "m") -> None:
    """Log predictions, one for each hour from `start` on, and wait until they are there."""
    log = elkmon.ModelLog(model, "1", handler=handler)
    for number in range(count):
        log.prediction({"a": 1.0}, timestamp=start + number * HOURLY)
    assert handler.flush(30)


def test_nothing_is_lost_where_every_number_arrived(make_handler: Make, asked: Any) -> None:
    """Two processes, two models and a group of its own: each counts by itself, and all is there."""
    one, other = make_handler(), make_handler(group="pricing")
    predict(one, START, 48)
    predict(one, START, 5, model="another")
    predict(other, START + 5 * HOURLY, 24)
    assert asked(MONDAY) == Completeness(arrived=24 + 19)
    assert asked(TUESDAY) == Completeness(arrived=24 + 5)
    assert asked(MONDAY).share == 1.0
    assert asked(WEDNESDAY) == Completeness()
    assert asked(WEDNESDAY).share is None


def test_numbers_that_never_arrived_are_missing_where_they_belong(make_handler: Make, asked: Any, lose: Any) -> None:
    """Lost in the middle of a window they are its own; between two they may be either's; each process counts by itself."""
    one = make_handler()
    predict(one, START, 72)
    lose(3, 4, 10)
    assert [asked(window).missing for window in (MONDAY, TUESDAY, WEDNESDAY)] == [3, 0, 0]
    assert asked(MONDAY).share == pytest.approx(21 / 24)
    lose(48, 49)
    assert [asked(window).missing for window in (MONDAY, TUESDAY, WEDNESDAY)] == [3, 2, 2]
    predict(make_handler(), START, 24)
    assert asked(MONDAY) == Completeness(arrived=21 + 24, missing=3)


def test_a_window_that_was_lost_whole(make_handler: Make, asked: Any, lose: Any) -> None:
    """Where nothing of a window arrived, its neighbours' numbers tell how much there was."""
    predict(make_handler(), START, 72)
    lose(*range(25, 49))
    assert asked(TUESDAY) == Completeness(arrived=0, missing=24)
    assert asked(TUESDAY).share == 0.0


def test_events_that_happened_in_another_order_are_not_lost(make_handler: Make, asked: Any, lose: Any) -> None:
    """A batch stamped with times of long ago takes numbers out of a window, and loses none; what is lost besides counts."""
    handler = make_handler()
    predict(handler, START, 12)
    predict(handler, START - 300 * DAY, 10)
    predict(handler, START + 12 * HOURLY, 12)
    assert asked(MONDAY) == Completeness(arrived=24)
    lose(12)
    assert asked(MONDAY) == Completeness(arrived=23, missing=1)


def test_events_stored_twice_are_doubled(make_handler: Make, asked: Any, client: Elasticsearch, ready: str) -> None:
    """What another road brought a second time, under another id, is seen by numbers that occur more than once."""
    predict(make_handler(), START, 10)
    client.indices.refresh(index=f"logs-elkmon.prediction-{ready}")
    for hit in client.search(index=f"logs-elkmon.prediction-{ready}", size=3)["hits"]["hits"]:
        client.create(index=f"logs-elkmon.prediction-{ready}", id=f"again {hit['_id']}", document=hit["_source"])
    assert asked(MONDAY) == Completeness(arrived=13, doubled=3)


def test_what_a_full_queue_dropped_is_said_by_its_handler(make_handler: Make, asked: Any) -> None:
    """A queue of ten that was given fifty lost forty, in the window of their times and in no other."""
    handler = make_handler(max_queue_count=10, flush_every=60, batch_count=10, totals_every=60)
    log = elkmon.ModelLog("m", "1", handler=handler)
    for number in range(50):
        log.prediction({"a": 1.0}, timestamp=START + number * timedelta(minutes=1))
    handler.close(60)
    dropped = sum(handler.stats().dropped.values())
    assert dropped > 0
    found = asked(MONDAY)
    assert (found.arrived, found.dropped) == (50 - dropped, dropped)
    assert (found.lost, found.share) == (dropped, (50 - dropped) / 50)
    assert asked(TUESDAY) == Completeness()


def test_what_was_dropped_long_ago_and_lately_is_not_lost_in_between(
    make_handler: Make, asked: Any, send: Any, lose: Any, client: Elasticsearch, ready: str
) -> None:
    """A handler that lost events on Monday and on Wednesday says from when to when; Tuesday's numbers show it whole."""
    predict(make_handler(), START, 72)
    lose(5, 6, 60)
    (first,) = client.search(index=f"logs-elkmon.prediction-{ready}", size=1)["hits"]["hits"]
    about = {
        "process": first["_source"]["elkmon"]["process"],
        "model": {"name": "m"},
        "shipper": {
            "stream": f"logs-elkmon.prediction-{ready}", "logged": 72, "delivered": 69, "pending": 0,
            "dropped": {"queue_full": 2, "rejected": 1},
            "dropped_from": (START + 4 * HOURLY).isoformat(), "dropped_to": (START + 59 * HOURLY).isoformat(),
        },
    }  # fmt: skip
    earlier = {**about, "shipper": {**about["shipper"], "logged": 30, "delivered": 28, "dropped": {"queue_full": 2}}}
    send("shipper", [{"@timestamp": START.isoformat(), "elkmon": each} for each in (about, earlier)])
    assert asked(MONDAY) == Completeness(arrived=22, missing=2, dropped=2)
    assert asked(TUESDAY) == Completeness(arrived=24)
    # Wednesday is this handler's last day: how many numbers came after, nobody knows.
    assert asked(WEDNESDAY) == Completeness(arrived=23, missing=1, dropped=3)


def test_events_without_numbers_arrived(asked: Any, send: Any) -> None:
    """Events that no handler of elkmon numbered are counted, and nothing is said to be missing."""
    own = {"model": {"name": "m", "version": "1"}}
    send(
        "prediction",
        [{"@timestamp": START.isoformat(), "elkmon": {**own, "prediction": {"id": name}}} for name in "ab"],
    )
    assert asked(MONDAY) == Completeness(arrived=2)


def test_a_whole_window_is_asked_for_in_two_requests(
    make_handler: Make, asked: Any, elasticsearch_url: str, ready: str
) -> None:
    """One for the names of features, one for all else; only where numbers are missing a third asks where else they are."""
    predict(make_handler(), START, 24)
    assert asked(MONDAY).share == 1.0
    with connect([elasticsearch_url]) as client:
        event_log = ElasticsearchEventLog(client, ready)
        (arrival,) = event_log.arrivals([Visit("m", "1", MONDAY)])
        assert arrival == Arrival(("features.num.a",), Completeness(arrived=24))
        assert usage_of(client).requests == 2
