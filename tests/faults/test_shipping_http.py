"""Elasticsearch and Logstash over HTTP, as they answer on a bad day: real sockets, answers made to order."""

import base64
import json
import socket
import time

import pytest

import elkmon
from support.shipping import Store, balanced_handlers, break_off, hang_up, log, lose_the_answer


@pytest.fixture
def make_handler(monkeypatch):
    """Make handlers that try again soon."""
    monkeypatch.setattr("elkmon.shipping.backoff.FIRST_SECONDS", 0.02)
    with balanced_handlers(flush_every=0.5) as make:
        yield make


TEMPORARY = [
    (503, b"<html>Service Unavailable</html>", {}),
    (502, b"", {}),
    (500, b'{"error": {"type": "x"}}', {}),
    (429, b'{"error": "busy"}', {}),
    (404, b"not here", {}),
    (401, b'{"error": "who are you"}', {}),
    (403, b'{"error": "not you"}', {}),
    (400, b"<html>The plain HTTP request was sent to HTTPS port</html>", {}),
    (302, b"", {"Location": "https://elsewhere"}),
    hang_up,
    lose_the_answer,
    break_off,
]
NO_ANSWERS_OF_ELASTICSEARCH = [
    (200, b"<html>Welcome to the proxy</html>", {}),
    (200, b'{"items": [{"create": {"status"', {}),
    (200, b'{"items": []}', {}),
    (200, b'{"items": [{}]}', {}),
    (200, b"null", {}),
    (200, b"[]", {}),
    (200, b"", {}),
    (200, b"\xff\xfe", {}),
    [503],
    [429, 201],
    [500, 201],
    [401],
    [403, 201],
    [404],
]


def named(step):
    return step.__name__ if callable(step) else str(step)[:60]


@pytest.mark.parametrize("step", TEMPORARY + NO_ANSWERS_OF_ELASTICSEARCH, ids=named)
def test_elasticsearch_recovers(store, make_handler, step):
    """After any trouble that passes, every event is in Elasticsearch, each once."""
    store.script += [(200, step, {}) if isinstance(step, list) else step] * 2
    handler = make_handler(elkmon.ElasticsearchTransport(store.url))
    ids = log(handler)
    assert handler.flush(10)
    assert handler.stats().delivered == 10
    assert sorted(store.documents) == sorted(ids)
    assert len(store.requests) >= 3
    assert not store.script


@pytest.mark.parametrize("step", [*TEMPORARY, NO_ANSWERS_OF_ELASTICSEARCH[0]], ids=named)
def test_logstash_recovers(store, make_handler, step):
    """After any trouble that passes, every event is in Logstash's queue; again only where an answer was lost."""
    store.script += [step] * 2
    handler = make_handler(elkmon.LogstashHttpTransport(store.url))
    ids = log(handler)
    assert handler.flush(10)
    assert handler.stats().delivered == 10
    assert sorted(store.documents) == sorted(ids)
    repeated = max(map(len, store.documents.values()))
    assert repeated == (3 if step in (lose_the_answer, break_off) else 1)


def test_only_what_failed_is_sent_again(store, make_handler):
    """Of a batch, the items that were busy are sent again, and no others."""
    store.script.append((200, [201, 429, 201, 503, 201], {}))
    handler = make_handler(elkmon.ElasticsearchTransport(store.url))
    log(handler)
    assert handler.flush(10)
    assert [len(body.splitlines()) // 2 for _, _, body in store.requests] == [10, 4]


def test_old_batches_are_looked_for_before_they_are_sent_again(store, make_handler, monkeypatch):
    """A batch tried for long may lie in a backing index that has rolled over: only what is not there is sent."""
    monkeypatch.setattr("elkmon.shipping.transports.elasticsearch.ASK_AFTER_SECONDS", 1e-9)

    def half(answers):
        answers.sent = answers.sent[:10]
        lose_the_answer(answers)

    store.script.append(half)
    handler = make_handler(elkmon.ElasticsearchTransport(store.url))
    ids = log(handler)
    assert handler.flush(10)
    assert handler.stats().delivered == 10
    assert sorted(store.documents) == sorted(ids)
    paths = [path.partition("?")[0] for path, _, _ in store.requests]
    stream = "/logs-elkmon.prediction-default"
    assert paths == ["/_bulk", f"{stream}/_refresh", f"{stream}/_search", "/_bulk"]
    assert len(store.requests[3][2].splitlines()) == 10


def test_poison_is_isolated_and_kept(store, make_handler, tmp_path):
    """What does not fit the mapping, or went to the failure store, is dropped as rejected and kept with its reason."""
    misfit = {"status": 400, "error": {"type": "document_parsing_exception", "reason": "failed to parse field"}}
    store.script.append((200, [201, misfit, {"status": 201, "failure_store": "used"}, 201, 201], {}))
    handler = make_handler(elkmon.ElasticsearchTransport(store.url), dead_letters=tmp_path / "dead.ndjson")
    ids = log(handler, 5)
    assert handler.flush(10)
    assert handler.stats().dropped == {"rejected": 2}
    assert handler.stats().delivered == 3
    letters = [json.loads(line) for line in (tmp_path / "dead.ndjson").read_text().splitlines()]
    assert [letter["document"]["event"]["id"] for letter in letters] == ids[1:3]
    assert [letter["reason"] for letter in letters] == ["rejected", "rejected"]
    assert "failed to parse field" in letters[0]["detail"]
    assert "failure store" in letters[1]["detail"]


def test_dead_letters_that_cannot_be_written(store, make_handler, capsys):
    """A full disk under the dead letters is told of, and stops nothing."""
    store.script.append((200, [400], {}))
    handler = make_handler(elkmon.ElasticsearchTransport(store.url), dead_letters="/dev/full")
    log(handler, 3)
    assert handler.flush(10)
    assert handler.stats().dropped == {"rejected": 3}
    assert "elkmon: dead_letters: /dev/full: No space left on device" in capsys.readouterr().err


def test_dead_letters_are_plain_text_for_their_owner(store, make_handler, tmp_path):
    """Half a character in the server's answer does not stop the sender; the file is its owner's alone, like a journal."""
    misfit = {"status": 400, "error": {"type": "document_parsing_exception", "reason": "bad \ud800 value"}}
    store.script.append((200, [misfit], {}))
    dead = tmp_path / "dead.ndjson"
    handler = make_handler(elkmon.ElasticsearchTransport(store.url), dead_letters=dead)
    log(handler, 1)
    assert handler.flush(10)
    assert handler.stats().dropped == {"rejected": 1}
    (letter,) = [json.loads(line) for line in dead.read_text().splitlines()]
    assert letter["detail"] == "400 document_parsing_exception: bad \N{REPLACEMENT CHARACTER} value"
    assert dead.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("transport", [elkmon.ElasticsearchTransport, elkmon.LogstashHttpTransport])
def test_batches_too_large_are_split(store, make_handler, transport):
    """A server that takes few bytes gets smaller batches; an event that is too large alone is dropped for that."""

    def small(answers):
        answers.server.script.append(small)
        if int(answers.headers["Content-Length"]) > 4000:
            answers.answer(413, b"too large", {})
        else:
            answers.take_in()

    store.script.append(small)
    handler = make_handler(transport(store.url))
    ids = log(handler, 30)
    elkmon.ModelLog("m", handler=handler).prediction({str(number): "x" * 1000 for number in range(5)})
    assert handler.flush(10)
    assert handler.stats().dropped == {"too_large": 1}
    assert sorted(store.documents) == sorted(ids)


def test_retry_after_is_honoured(store, make_handler):
    """Where the server says how long to wait, that is waited for."""
    store.script.append((429, b"", {"Retry-After": 1}))
    handler = make_handler(elkmon.ElasticsearchTransport(store.url))
    start = time.monotonic()
    log(handler)
    while handler.stats().pending:
        time.sleep(0.01)
    assert time.monotonic() - start >= 1.0


def test_rights_that_are_missing_hold_everything(store, make_handler, capsys):
    """Refused, nothing is dropped: it is told once, and sent when the rights are there."""
    store.script += [(401, b"unable to authenticate", {})] * 5
    told = []
    handler = make_handler(elkmon.ElasticsearchTransport(store.url), on_trouble=told.append)
    log(handler)
    assert handler.flush(10)
    assert handler.stats().delivered == 10
    assert [trouble.cause for trouble in told] == ["refused"]
    assert "answered 401: unable to authenticate" in told[0].detail
    assert capsys.readouterr().err.count("elkmon: refused") == 1


def test_second_host_takes_over(store, make_handler):
    """With the first host gone or unwell, the next one gets everything."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gone = f"http://localhost:{unused.getsockname()[1]}"
        unwell = Store().start()
        unwell.script += [(503, b"", {})] * 100
        try:
            handler = make_handler(elkmon.ElasticsearchTransport([gone, unwell.url, store.url]))
            ids = log(handler)
            assert handler.flush(10)
            assert sorted(store.documents) == sorted(ids)
            assert len(unwell.requests) == 1
            log(handler)
            assert handler.flush(10)
            assert len(unwell.requests) == 1  # it stays with the one that answered
        finally:
            handler.close()
            unwell.stop()


def test_connection_stays_open(store, make_handler):
    """Batches share a connection; one that the server has closed meanwhile is replaced without a pause."""
    ports = set()

    def remember(answers):
        ports.add(answers.client_address[1])
        answers.take_in()

    def take_and_close(answers):
        remember(answers)
        answers.close_connection = True

    store.script += [remember, remember, take_and_close, remember]
    handler = make_handler(elkmon.ElasticsearchTransport(store.url))
    for _ in range(4):
        log(handler)
        assert handler.flush(10)
    assert len(ports) == 2
    assert handler.stats().delivered == 40


def test_what_is_sent(store, make_handler):
    """A bulk request names stream and id of each event, asks for a data stream, and says who it is; gzip on demand."""
    for transport in (
        elkmon.ElasticsearchTransport(f"{store.url}/behind/a/proxy", api_key="a2V5", compress=True),
        elkmon.ElasticsearchTransport(store.url, basic_auth=("elastic", "pässword")),
    ):
        log(make_handler(transport, namespace="team_a"), 5)
    deadline = time.monotonic() + 10
    while len(store.requests) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    (one, two) = sorted(store.requests, key=lambda request: request[1]["Authorization"])
    assert one[0].startswith("/behind/a/proxy/_bulk?require_data_stream=true")
    assert one[1]["Authorization"] == "ApiKey a2V5"
    assert one[1]["Content-Encoding"] == "gzip"
    assert two[1]["Authorization"] == "Basic " + base64.b64encode("elastic:pässword".encode()).decode()
    assert json.loads(one[2].splitlines()[0])["create"]["_index"] == "logs-elkmon.prediction-team_a"


def test_secrets_are_not_shown():
    """Neither key nor password is part of a transport's `repr`."""
    shown = repr(elkmon.ElasticsearchTransport("http://h", api_key="c2VjcmV0"))
    assert "c2VjcmV0" not in shown
    assert shown == "ElasticsearchTransport('http://h:9200')"


def test_requests_are_compressed_where_it_pays(store, make_handler):
    """Compression is for other machines, and for more than a few bytes, unless it is asked for, or refused."""
    for hosts, options, expected in (
        ([store.url], {}, False),
        ([store.url], {"compress": True}, True),
        ([store.url, "https://es.example"], {"proxy": False}, True),
        ([store.url, "https://es.example"], {"proxy": False, "compress": False}, False),
    ):
        store.requests.clear()
        handler = make_handler(elkmon.ElasticsearchTransport(hosts, **options))
        log(handler, 10)
        assert handler.flush(10)
        log(handler, 1)
        assert handler.flush(10)
        assert ["Content-Encoding" in headers for _, headers, _ in store.requests] == [expected, False]
    assert len(store.documents) == 44
