"""The handler against a real Elasticsearch: every event is found there once, whatever its values were."""

import contextlib
import datetime as dt
import json
import logging
import math
import time

import numpy as np
import pytest
from elasticsearch import ApiError

import elkmon
from elkmon.shipping.transports import Indigestible
from support.shipping import balanced_handlers


@pytest.fixture
def make_handler(elasticsearch_url, namespace):
    """Make handlers that ship there."""
    with balanced_handlers(namespace=namespace) as make:
        yield lambda transport=None, **options: make(
            transport or elkmon.ElasticsearchTransport(elasticsearch_url), **options
        )


@pytest.fixture
def stored(client, namespace):
    """Read the documents of a stream."""

    def read(kind):
        index = f"logs-elkmon.{kind}-{namespace}"
        client.indices.refresh(index=index)
        hits = client.search(index=index, size=1000)["hits"]["hits"]
        assert all(hit["_id"] == hit["_source"]["event"]["id"] for hit in hits)
        return [hit["_source"] for hit in hits]

    return read


def test_each_kind_of_event_reaches_its_stream(ready, make_handler, stored):
    """Predictions, truth, errors, ordinary records and the totals are documents of the five streams."""
    handler = make_handler(totals_every=60)
    log = elkmon.ModelLog("flight-delay", 3, handler=handler)
    service = logging.Logger("app")
    service.addHandler(handler)
    log.outcome(log.prediction({"distance": 1400.5, "carrier": "UA"}, score=0.83, label="late"), label="on time")
    service.info("started")
    try:
        raise ValueError("no such gate")
    except ValueError:
        service.exception("failed", extra={"model": log})
    handler.close()
    (prediction,) = stored("prediction")
    assert prediction["features"] == {"num": {"distance": 1400.5}, "cat": {"carrier": "UA"}}
    assert stored("feedback")[0]["elkmon"]["prediction"] == {"id": prediction["elkmon"]["prediction"]["id"]}
    assert stored("log")[0]["message"] == "started"
    assert stored("error")[0]["error"]["type"] == "ValueError"
    totals = {document["elkmon"]["shipper"]["stream"]: document["elkmon"]["shipper"] for document in stored("shipper")}
    assert len(totals) == 4
    assert all(total["logged"] == total["delivered"] == 1 for total in totals.values())


def test_hostile_names_and_values_are_all_taken(ready, make_handler, stored):
    """Elasticsearch takes every name and value the handler lets through, each with its type."""
    handler = make_handler()
    names = ["a.b", "..", ".x", "x.", "*", " a ", "a\nb", "<script>", "../../x", "ü" * 300, "\x00", "x" * 5000, "_id"]
    names += ["", "  ", None, 7, ("a", 1), "\ud800", "@timestamp", "{{x}}", "%{x}", "a" * 255 + "é"]
    values = [1, 1.5, -0.0, 10**17, 1e308, 5e-324, np.float32(0.1), np.int64(3), "text", "", "x" * 5000, "\ud800"]
    values += [True, None, math.nan, math.inf, dt.datetime.now(dt.UTC), b"\xff", [1], {"a": 1}, object(), "\x00"]
    log = elkmon.ModelLog("<script>\n../../x" + "é" * 300, "v" * 3000, handler=handler)
    for name in names:
        log.prediction({name: 1.0})
    for value in values:
        log.prediction({"value": value}, label=value, score=value, value=value, id=value, labels={"value": value})
    assert handler.flush(30)
    assert handler.stats().delivered == len(names) + len(values)
    assert all(
        isinstance(number, int | float) for one in stored("prediction") for number in one["features"]["num"].values()
    )


def test_batch_run_twice_is_stored_once(ready, make_handler, stored):
    """Predictions with the same own ids, logged by another process again, are there already."""
    for _ in range(2):
        handler = make_handler()
        elkmon.ModelLog("m", 1, handler=handler).predictions([{"a": 1}] * 50, ids=range(50))
        assert handler.flush(30)
        assert handler.stats().delivered == 50
    assert len(stored("prediction")) == 50


def test_repeat_across_a_rollover_is_found(ready, make_handler, client, stored, elasticsearch_url):
    """
    Events of a lost answer are not stored again in the stream's next backing index, once they are old; not even those
    that were stored a moment ago, and that no search has found yet.
    """
    handler = make_handler(flush_every=60)
    log = elkmon.ModelLog("m", handler=handler)
    for number in range(10):
        log.prediction({"a": number})
    lines = list(handler.shipper.buffer._ordinary.entries)
    assert handler.flush(30)
    client.indices.rollover(alias=f"logs-elkmon.prediction-{ready}")
    transport = elkmon.ElasticsearchTransport(elasticsearch_url)
    assert lines
    assert transport.send(lines, tried_for=3600).again == ()
    transport.close()
    assert len(stored("prediction")) == 10


def test_event_that_does_not_fit_is_rejected_alone(ready, make_handler, stored, tmp_path):
    """A document the mapping refuses is kept beside its reason; the others of its batch are stored."""
    handler = make_handler(dead_letters=tmp_path / "dead.ndjson")
    log = elkmon.ModelLog("m", handler=handler)
    log.prediction({"a": 1})
    channel = handler.shipper.subject("m", "").channel
    poison = {"@timestamp": "2013-08-05T10:00:00.000Z", "event": {"id": "poison"}, "features": "no object"}
    handler.shipper.buffer.offer(channel.line(poison), channel)
    log.prediction({"a": 2})
    assert handler.flush(30)
    assert handler.stats().dropped == {"rejected": 1}
    assert len(stored("prediction")) == 2
    assert '"id":"poison"' in (tmp_path / "dead.ndjson").read_text()


@pytest.fixture
def unknown_stream(client, namespace):
    """The name of a stream that no template makes; with its maker."""
    name = f"nothing-{namespace}"

    def make():
        client.indices.put_index_template(name=name, index_patterns=[name], data_stream={}, priority=999)

    yield name, make
    for remove in (client.indices.delete_data_stream, client.indices.delete_index_template):
        with contextlib.suppress(ApiError):  # the embedded server cannot delete streams; it goes with all it has
            remove(name=name)


def test_without_a_template_events_wait(make_handler, client, unknown_stream, capsys):
    """Where no template makes the data stream, nothing goes to a plain index by mistake: it is held until one does."""
    stream, make_template = unknown_stream
    handler = make_handler()
    log = elkmon.ModelLog("m", handler=handler)
    handler.shipper.subject("m", "").channel.index = stream
    log.prediction({"a": 1})
    assert not handler.flush(0.5)
    assert handler.stats().pending == 1
    assert "elkmon setup" in capsys.readouterr().err
    assert not client.indices.exists(index=stream)
    make_template()
    assert handler.flush(30)
    assert handler.stats().delivered == 1
    client.indices.refresh(index=stream)
    assert client.count(index=stream)["count"] == 1


def test_stream_that_takes_no_writes_is_waited_for(ready, make_handler, client, stored):
    """While a stream is blocked (403, as of a full disk or an administrator) its events are held, and no others."""
    handler = make_handler()
    log = elkmon.ModelLog("m", handler=handler)
    log.prediction({"a": 1})
    assert handler.flush(30)
    stream = f"logs-elkmon.prediction-{ready}"
    client.indices.put_settings(index=stream, settings={"index.blocks.write": True})
    log.prediction({"a": 2})
    log.outcome("x", label="late")
    deadline = time.monotonic() + 30
    while handler.stats().delivered < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not handler.flush(0.3)
    assert handler.stats().pending == 1
    client.indices.put_settings(index=stream, settings={"index.blocks.write": False})
    assert handler.flush(30)
    assert handler.stats().delivered == 3
    assert handler.stats().dropped == {}
    assert len(stored("prediction")) == 2


def test_event_for_which_a_whole_request_is_refused(ready, make_handler, stored, tmp_path):
    """Elasticsearch refuses a whole request for one id that is too long: that one is kept, the others are stored."""
    handler = make_handler(dead_letters=tmp_path / "dead.ndjson", flush_every=60)
    log = elkmon.ModelLog("m", handler=handler)
    channel = handler.shipper.subject("m", "").channel
    for number in range(5):
        log.prediction({"a": number})
    poison = {"@timestamp": "2013-08-05T10:00:00.000Z", "event": {"id": "x" * 513}}
    handler.shipper.buffer.offer(channel.line(poison), channel)
    for number in range(6):
        log.prediction({"a": number})
    assert handler.flush(30)
    assert handler.stats().dropped == {"rejected": 1}
    assert len(stored("prediction")) == 11
    (letter,) = [json.loads(line) for line in (tmp_path / "dead.ndjson").read_text().splitlines()]
    assert "id [xxx" in letter["detail"] or "too long" in letter["detail"]


def test_request_that_is_too_large(ready, make_handler, elasticsearch_url):
    """More than Elasticsearch takes at once (100 MB) is refused before it is read, and that is understood."""
    handler = make_handler()
    channel = handler.shipper.subject("m", "").channel
    line = channel.line({"@timestamp": "2013-08-05T10:00:00.000Z", "event": {"id": "large"}, "message": "x" * 200_000})
    transport = elkmon.ElasticsearchTransport(elasticsearch_url)
    with pytest.raises(Indigestible) as raised:
        transport.send([(line, channel)] * 550)
    assert raised.value.reason == "too_large"
    transport.close()


def test_compressed_requests(ready, make_handler, stored, elasticsearch_url):
    """Elasticsearch takes what is compressed."""
    handler = make_handler(elkmon.ElasticsearchTransport(elasticsearch_url, compress=True))
    elkmon.ModelLog("m", handler=handler).predictions([{"a": 1}] * 50)
    assert handler.flush(30)
    assert len(stored("prediction")) == 50


def test_twenty_thousand_events(make_handler, client, ready):
    """What was logged and what is stored are the same number."""
    handler = make_handler()
    log = elkmon.ModelLog("m", handler=handler)
    for number in range(20_000):
        log.prediction({"a": number})
    assert handler.flush(120)
    client.indices.refresh(index=f"logs-elkmon.prediction-{ready}")
    assert client.count(index=f"logs-elkmon.prediction-{ready}")["count"] == 20_000
