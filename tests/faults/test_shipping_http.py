"""Elasticsearch and Logstash over HTTP, as they answer on a bad day: real sockets, answers made to order."""

import base64
import gzip
import json
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import elkmon


class Store(ThreadingHTTPServer):
    """
    Takes bulk requests like Elasticsearch, and arrays like Logstash; first it works off `script`.

    A step of the script answers a request with (status, body or item statuses, headers), or is a function of the
    request's handler.
    """

    daemon_threads = True
    block_on_close = True

    def __init__(self, context=None):
        self.script = []
        self.documents = {}
        self.requests = []
        self.unsettled = []
        super().__init__(("127.0.0.1", 0), _Answers)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https" if context is not None else "http"
        self.url = f"{scheme}://localhost:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request, client_address):
        """Say nothing: broken connections are what is tested."""


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5

    def log_message(self, *arguments):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        self.server.requests.append((self.path, dict(self.headers), body))
        self.sent = json.loads(body) if body.startswith(b"[") else [json.loads(line) for line in body.splitlines()]
        step = self.server.script.pop(0) if self.server.script else None
        if callable(step):
            step(self)
        elif self.path.partition("?")[0].endswith("/_search"):
            ids = [id_ for id_ in self.sent[0]["query"]["ids"]["values"] if id_ in self.server.documents]
            hits = {"total": {"value": len(ids)}, "hits": [{"_id": id_} for id_ in ids]}
            self.answer(200, json.dumps({"_shards": {"failed": 0}, "hits": hits if ids else {}}).encode(), {})
        elif step is None:
            self.take_in()
        else:
            status, content, headers = step
            if isinstance(content, list):
                self.take_in(content)
            else:
                self.answer(status, content, headers)

    def take_in(self, statuses=None):
        """Store what was sent; of those with another status than 201 answer that instead."""
        if not self.path.startswith("/_bulk"):
            for document in self.sent:
                self.server.documents.setdefault(document["event"]["id"], []).append(document)
            self.answer(200, b"ok", {})
            return
        items = []
        for position, (action, document) in enumerate(zip(self.sent[::2], self.sent[1::2], strict=True)):
            id_ = action["create"]["_id"]
            assert id_ == document["event"]["id"]
            item = {"status": 201}
            if statuses is not None and statuses[position % len(statuses)] != 201:
                item = statuses[position % len(statuses)]
                item = item if isinstance(item, dict) else {"status": item, "error": {"type": "t", "reason": "r"}}
            elif id_ in self.server.documents:
                item = {"status": 409, "error": {"type": "version_conflict_engine_exception", "reason": "there"}}
            else:
                self.server.documents[id_] = [document]
            items.append({"create": item})
        self.answer(200, json.dumps({"items": items}).encode(), {})

    def answer(self, status, content, headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(content), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)


def hang_up(answers):
    """Close the connection without an answer."""
    answers.close_connection = True
    answers.connection.shutdown(socket.SHUT_RDWR)


def break_off(answers):
    """Take everything in, and break off in the middle of the answer."""
    real, answers.answer = answers.answer, lambda *_: None
    answers.take_in()
    answers.answer = real
    answers.answer(200, b'{"items": [', {"Content-Length": 1000})
    hang_up(answers)


def lose_the_answer(answers):
    """Take everything in, and hang up."""
    real, answers.answer = answers.answer, lambda *_: None
    answers.take_in()
    answers.answer = real
    hang_up(answers)


@pytest.fixture
def store():
    """A server that can be told how to answer."""
    server = Store().start()
    yield server
    server.stop()


@pytest.fixture
def make_handler(monkeypatch):
    """Make handlers that try again soon; at the end the account of each balances."""
    monkeypatch.setattr("elkmon.shipping.backoff.FIRST_SECONDS", 0.02)
    handlers = []

    def make(transport, **options):
        handler = elkmon.PredictionHandler(transport, **{"totals_every": 0, "flush_every": 0.2, **options})
        handlers.append(handler)
        return handler

    yield make
    for handler in handlers:
        handler.close(timeout=1)
        stats = handler.stats()
        assert stats.logged == stats.delivered + sum(stats.dropped.values())
        assert stats.pending == 0


def log(handler, count=10):
    """Log some predictions, which go in one batch."""
    model_log = elkmon.ModelLog("m", handler=handler)
    return [model_log.prediction({"a": number}) for number in range(count)]


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
    monkeypatch.setattr("elkmon.shipping.transports.elasticsearch.ASK_AFTER_SECONDS", 0.001)

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
    assert paths == ["/_bulk", "/logs-elkmon.prediction-default/_search", "/_bulk"]
    assert len(store.requests[2][2].splitlines()) == 10


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
    time.sleep(0.4)  # so that the flush does not cut the wait short; it is a wait that is measured
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


def test_outage_longer_than_the_queue(make_handler):
    """With nobody there the queue stays bounded, the oldest give way, errors are kept apart, and the end is counted."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        handler = make_handler(
            elkmon.ElasticsearchTransport(f"http://localhost:{unused.getsockname()[1]}"),
            max_queue_count=100,
            batch_count=10,
        )
        log(handler, 1000)
        elkmon.ModelLog("m", handler=handler).error("lost?")
        stats = handler.stats()
        assert stats.pending == 101
        assert stats.dropped == {"queue_full": 900}
        start = time.monotonic()
        handler.close(timeout=0.5)
        assert time.monotonic() - start < 2
        assert handler.stats().dropped == {"queue_full": 900, "exit_timeout": 101}


@pytest.mark.parametrize("when_full", ["drop_newest", "block"])
def test_other_policies_for_a_full_queue(make_handler, when_full):
    """The newest can give way instead, at once or after waiting for room."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        handler = make_handler(
            elkmon.ElasticsearchTransport(f"http://localhost:{unused.getsockname()[1]}"),
            max_queue_count=5,
            when_full=when_full,
            block_seconds=0.05,
        )
        start = time.monotonic()
        log(handler, 7)
        assert (time.monotonic() - start >= 0.1) is (when_full == "block")
        assert handler.stats().dropped == {"queue_full": 2}


def test_blocking_waits_for_room(store, make_handler):
    """A queue that blocks lets everything through as soon as there is room."""
    handler = make_handler(
        elkmon.ElasticsearchTransport(store.url),
        max_queue_count=5,
        when_full="block",
        block_seconds=30,
        flush_every=0.001,
    )
    log(handler, 100)
    assert handler.flush(10)
    assert handler.stats().delivered == 100


def test_server_that_never_answers(make_handler):
    """A server that accepts and stays silent holds up neither the service nor, beyond its time, the end."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        handler = make_handler(elkmon.ElasticsearchTransport(f"http://localhost:{silent.getsockname()[1]}"))
        log(handler)
        assert not handler.flush(0.3)
        start = time.monotonic()
        handler.close(timeout=0.5)
        assert time.monotonic() - start < 2
        assert handler.stats().dropped == {"exit_timeout": 10}
        assert not [thread for thread in threading.enumerate() if thread.name == "elkmon-sender"]


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
        log(make_handler(transport, namespace="team_a"), 1)
        make_handler(transport)
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


# TLS


def certificate(folder, name, host, *, days=1):
    """Make a key and a certificate, signed by itself, valid for `host` until `days` from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def serve_tls(tmp_path):
    """Start servers with a certificate of their own."""
    servers = []

    def serve(name, host, **options):
        path = certificate(tmp_path, name, host, **options)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        servers.append(Store(context).start())
        return servers[-1], path

    yield serve
    for server in servers:
        server.stop()


@pytest.mark.parametrize("transport", [elkmon.ElasticsearchTransport, elkmon.LogstashHttpTransport])
def test_tls_with_an_own_authority(serve_tls, make_handler, transport):
    """A server whose certificate is in the given file is trusted."""
    server, path = serve_tls("good", "localhost")
    handler = make_handler(transport(server.url, ca_file=path))
    ids = log(handler)
    assert handler.flush(10)
    assert sorted(server.documents) == sorted(ids)


@pytest.mark.parametrize(
    ("host", "days", "trusted", "said"),
    [
        ("elsewhere.example", 1, True, "localhost"),
        ("localhost", -1, True, "expired"),
        ("localhost", 1, False, "self-signed|self signed"),
    ],
    ids=["wrong host", "expired", "unknown authority"],
)
def test_tls_is_verified(serve_tls, make_handler, host, days, trusted, said):
    """A certificate of another host, expired, or of an unknown authority gets nothing, and the reason is told."""
    server, path = serve_tls("bad", host, days=days)
    told = []
    handler = make_handler(
        elkmon.ElasticsearchTransport(server.url, ca_file=path if trusted else None), on_trouble=told.append
    )
    log(handler)
    assert not handler.flush(0.5)
    handler.close(timeout=0.2)
    assert handler.stats().dropped == {"exit_timeout": 10}
    assert not server.requests
    assert told[0].cause == "unavailable"
    assert any(word in told[0].detail for word in said.split("|"))
