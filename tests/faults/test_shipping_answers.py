"""What Elasticsearch and Logstash answer, told apart: at fault is the event, or the cluster, or who answers is neither."""

import json
import socket
import struct
import time
from itertools import pairwise

import pytest

import elkmon
from support.shipping import balanced_handlers, log


@pytest.fixture
def make_handler(monkeypatch):
    """Make handlers that try again soon and often, and are soon done with events that break the other end."""
    monkeypatch.setattr("elkmon.shipping.backoff.FIRST_SECONDS", 0.02)
    monkeypatch.setattr("elkmon.shipping.backoff.CAP_SECONDS", 0.02)
    monkeypatch.setattr("elkmon.shipping.delivery.FAILING_SECONDS", 0.1)
    with balanced_handlers(flush_every=0.5) as make:
        yield make


def error(kind, reason, status):
    return status, json.dumps({"error": {"type": kind, "reason": reason}, "status": status}).encode(), {}


WHOLE_REQUEST = {
    "circuit breaker": error("circuit_breaking_exception", "[parent] Data too large", 429),
    "busy": error("es_rejected_execution_exception", "rejected execution of coordinating operation", 429),
    "cluster block": error("cluster_block_exception", "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered];", 503),
    "read only": error("cluster_block_exception", "index blocked by: [FORBIDDEN/8/index write (api)];", 403),
    "no such stream": error("index_not_found_exception", "no such index [s] and [require_data_stream] is [true]", 404),
    "older than the parameter": error(
        "illegal_argument_exception", "request [/_bulk] contains unrecognized parameter: [require_data_stream]", 400
    ),
    "gateway": (502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"}),
    "moved": (308, b"", {"Location": "https://elsewhere.example/"}),
    "error beside a success": (200, b'{"error": {"type": "x", "reason": "y"}, "status": 200}', {}),
}


@pytest.mark.parametrize("answer", WHOLE_REQUEST.values(), ids=WHOLE_REQUEST.keys())
def test_answers_about_the_cluster_hold_everything(store, make_handler, answer):
    """Whatever the cluster, or a proxy before it, says about itself is waited for: no event is dropped for it."""
    store.script += [answer] * 2
    told = []
    handler = make_handler(elkmon.ElasticsearchTransport(store.url), on_trouble=told.append)
    ids = log(handler)
    assert handler.flush(10)
    assert handler.stats().delivered == 10
    assert sorted(store.documents) == sorted(ids)
    assert len(store.requests) == 3
    assert len(told) == 1
    if answer[0] == 308:
        assert "https://elsewhere.example/" in told[0].detail


ITEM_CONDITIONS = {
    "read only": (403, "cluster_block_exception", "index blocked by: [FORBIDDEN/8/index write (api)];"),
    "disk full": (429, "cluster_block_exception", "[TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]"),
    "no rights": (403, "security_exception", "action [indices:data/write/bulk[s]] is unauthorized"),
    "closed": (400, "index_closed_exception", "closed"),
    "no shard left": (
        400,
        "validation_exception",
        "this cluster currently has [1000]/[1000] maximum normal shards open",
    ),
    "no pipeline": (400, "illegal_argument_exception", "pipeline with id [p] does not exist"),
    "no stream": (404, "index_not_found_exception", "no such index [s]"),
    "shard away": (503, "unavailable_shards_exception", "primary shard is not active"),
}


@pytest.mark.parametrize("item", ITEM_CONDITIONS.values(), ids=ITEM_CONDITIONS.keys())
def test_items_held_for_the_clusters_sake(store, make_handler, item):
    """An item that fails for what the cluster is like is sent again, alone."""
    status, kind, reason = item
    held = {"status": status, "error": {"type": kind, "reason": reason}}
    store.script += [(200, [201, held], {})] * 2
    handler = make_handler(elkmon.ElasticsearchTransport(store.url))
    ids = log(handler, 4)
    assert handler.flush(10)
    assert handler.stats().delivered == 4
    assert sorted(store.documents) == sorted(ids)
    assert [len(body.splitlines()) // 2 for _, _, body in store.requests] == [4, 2, 1]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("document_parsing_exception", "failed to parse field. Preview of field's value: 'pipeline with id [p]'"),
        ("illegal_argument_exception", "cannot be 'request [/] contains unrecognized parameter'"),
        ("strict_dynamic_mapping_exception", "[f.maximum normal shards open] is not allowed"),
    ],
)
def test_conditions_that_an_event_quotes(store, make_handler, kind, reason):
    """A reason that repeats what an event says is about the event, whatever that says: it is rejected."""
    store.script += [(200, [{"status": 400, "error": {"type": kind, "reason": reason}}, 201], {})]
    handler = make_handler(elkmon.ElasticsearchTransport(store.url))
    log(handler, 2)
    assert handler.flush(10)
    assert handler.stats().dropped == {"rejected": 1}


def fail_for(kind, status=500):
    """Store every event but those with a feature of that name, for which an item says it broke."""

    def answer(answers):
        answers.server.script.append(answer)
        broken = {"status": status, "error": {"type": "null_pointer_exception", "reason": f"broke over {kind}"}}
        documents = answers.sent[1::2]
        answers.take_in([broken if kind in document["features"]["num"] else 201 for document in documents])

    return answer


def test_event_that_breaks_elasticsearch(store, make_handler, tmp_path):
    """An event that is answered 500 again and again, while others of its batch are taken, ends as a dead letter."""
    store.script.append(fail_for("poison"))
    handler = make_handler(elkmon.ElasticsearchTransport(store.url), dead_letters=tmp_path / "dead")
    ids = log(handler, 3)
    elkmon.ModelLog("m", handler=handler).prediction({"poison": 1})
    assert handler.flush(10)
    assert handler.stats().dropped == {"rejected": 1}
    assert sorted(store.documents) == sorted(ids)
    assert len(store.requests) >= 10
    (letter,) = [json.loads(line) for line in (tmp_path / "dead").read_text().splitlines()]
    assert letter["detail"] == "500 null_pointer_exception: broke over poison"


@pytest.mark.parametrize(("status", "others"), [(500, 0), (503, 3), (429, 3)])
def test_elasticsearch_that_is_broken_itself(store, make_handler, status, others):
    """Where no event of a batch is taken, or Elasticsearch is only busy, all are held, however often that is tried."""
    store.script.append(fail_for("poison", status))
    handler = make_handler(elkmon.ElasticsearchTransport(store.url))
    log(handler, others)
    elkmon.ModelLog("m", handler=handler).prediction({"poison": 1})
    handler.shipper.sender.hurry()
    deadline = time.monotonic() + 20
    while len(store.requests) < 30 and time.monotonic() < deadline:
        time.sleep(0.01)
    store.script[:] = [None] * 2
    assert handler.flush(10)
    assert handler.stats().delivered == others + 1


@pytest.mark.parametrize("kind", ["illegal_argument_exception", "action_request_validation_exception"])
def test_event_for_which_the_whole_request_is_refused(store, make_handler, tmp_path, kind):
    """Where one event makes Elasticsearch refuse its whole batch, it is found by halves, kept, and the others stored."""

    def refuse_poison(answers):
        answers.server.script.append(refuse_poison)
        if any("poison" in document.get("features", {}).get("cat", {}) for document in answers.sent[1::2]):
            answers.answer(*error(kind, "an id must not be like that", 400))
        else:
            answers.take_in()

    store.script.append(refuse_poison)
    dead = tmp_path / "dead.ndjson"
    handler = make_handler(elkmon.ElasticsearchTransport(store.url), dead_letters=dead)
    ids = log(handler, 7)
    poison = elkmon.ModelLog("m", handler=handler).prediction({"poison": "x"})
    ids += log(handler, 9)
    assert handler.flush(10)
    assert handler.stats().dropped == {"rejected": 1}
    assert sorted(store.documents) == sorted(ids)
    (letter,) = [json.loads(line) for line in dead.read_text().splitlines()]
    assert set(letter) == {"reason", "detail", "document"}
    assert letter["document"]["elkmon"]["prediction"]["id"] == poison
    assert "an id must not be like that" in letter["detail"]


def chunked(*pieces, end=True):
    """Answer with a body in chunks, perhaps without the last."""

    def answer(answers):
        sent, answers.answer = [], lambda _, content, __: sent.append(content)
        answers.take_in()
        del answers.answer
        content = sent[0]
        cuts = [len(content) * number // pieces[0] for number in range(pieces[0] + 1)]
        answers.send_response(200)
        answers.send_header("Transfer-Encoding", "chunked")
        answers.end_headers()
        for one, two in pairwise(cuts):
            answers.wfile.write(b"%x\r\n%b\r\n" % (two - one, content[one:two]))
        if end:
            answers.wfile.write(b"0\r\n\r\n")
        else:
            answers.close_connection = True

    return answer


def until_it_closes(answers):
    """Answer without saying how long the body is: it ends with the connection."""
    sent, answers.answer = [], lambda _, content, __: sent.append(content)
    answers.take_in()
    del answers.answer
    answers.send_response(200)
    answers.send_header("Connection", "close")
    answers.end_headers()
    answers.wfile.write(sent[0])


@pytest.mark.parametrize("transport", [elkmon.ElasticsearchTransport, elkmon.LogstashHttpTransport])
@pytest.mark.parametrize(
    ("step", "requests"),
    [(chunked(2), 1), (chunked(2, end=False), 2), (until_it_closes, 1)],
    ids=["whole", "cut", "close"],
)
def test_forms_of_answers(store, make_handler, transport, step, requests):
    """An answer may come in chunks, or end with its connection; one that is cut off is none."""
    store.script.append(step)
    handler = make_handler(transport(store.url))
    for number in (1, 2):
        log(handler)
        assert handler.flush(10)
        assert len(store.requests) == requests + number - 1
    assert handler.stats().delivered == len(store.documents) == 20


@pytest.mark.parametrize("content", [b"", b"<html>Welcome</html>", b'{"name": "another product"}', b"okay"])
def test_who_is_not_logstash_has_not_taken_anything(store, make_handler, content):
    """Only the `ok` of Logstash counts; another server's success is not an acknowledgement."""
    store.script.append((200, content, {}))
    handler = make_handler(elkmon.LogstashHttpTransport(store.url))
    ids = log(handler)
    assert handler.flush(10)
    assert sorted(store.documents) == sorted(ids)
    assert len(store.requests) == 2


@pytest.mark.parametrize("transport", [elkmon.ElasticsearchTransport, elkmon.LogstashHttpTransport])
def test_refusal_of_what_is_too_large_before_it_was_read(make_handler, transport):
    """A server that refuses a large request by its head, reads nothing of it and hangs up, is understood."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        sending = transport(f"http://localhost:{listening.getsockname()[1]}")
        handler = make_handler(sending, batch_bytes=8 * 1024 * 1024, flush_every=60)
        log_large(handler, 60)
        handler.shipper.sender.hurry()
        while sum(taken) < 60:
            connection, _ = listening.accept()
            with connection:
                taken.append(judge_by_the_head(connection))
        assert handler.flush(10)
    assert handler.stats().delivered == 60
    assert 0 in taken


def log_large(handler, count):
    model_log = elkmon.ModelLog("m", handler=handler)
    for _ in range(count):
        model_log.prediction({f"f{number}": "x" * 1000 for number in range(40)})


def judge_by_the_head(connection):
    """Answer 413 to more than a megabyte at once, else take everything; return how many events were taken."""
    head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
    length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    if length > 1024 * 1024:
        connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return 0  # closing with bytes unread resets the connection
    while len(body) < length:
        body += connection.recv(65536)
    bulk = head.startswith(b"POST /_bulk")
    count = body.count(b'"@timestamp"')
    answer = json.dumps({"items": [{"create": {"status": 201}}] * count}).encode() if bulk else b"ok"
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
    return count


def test_request_that_is_cut_off(make_handler, store):
    """A connection reset while a request is on its way costs nothing: the batch goes again, over a new one."""
    with socket.create_server(("127.0.0.1", 0)) as rude:
        rude_url = f"http://localhost:{rude.getsockname()[1]}"
        handler = make_handler(elkmon.ElasticsearchTransport([rude_url, store.url]))
        ids = log(handler)
        rude.settimeout(10)
        handler.shipper.sender.hurry()
        connection, _ = rude.accept()
        connection.recv(100)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        assert handler.flush(10)
    assert sorted(store.documents) == sorted(ids)
    assert handler.stats().delivered == 10
