"""What becomes of faults at the wire, from a server that answers as Elasticsearch or what stands before it would."""

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import (
    ElasticsearchEventLog,
    ElasticsearchJournal,
    calls,
    connect,
    multi_search,
    setup,
    usage_of,
)
from elkmon.errors import ConfigurationError, PartialAnswer, StoreRefused, StoreUnreachable
from elkmon.ports import HourCounts, Run, Usage
from elkmon.windows import DAY, Window

START = datetime(2013, 4, 1, tzinfo=UTC)
SPAN = Window(START, START + DAY)
WHOLE = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
EMPTY = {"timed_out": False, "_shards": WHOLE, "hits": {"hits": []}, "took": 1}


class Server:
    """
    Answers each request with the next of `answers`, and the last one for ever: status, body, and whether as Elasticsearch.

    The answer of one search is that of each in a multi-search.
    """

    def __init__(self) -> None:
        self.answers: list[tuple[int, object]] = [(200, EMPTY)]
        self.product = True
        self.requests: list[str] = []
        self.bodies: list[bytes] = []
        self.received = self.sent = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                asked = self.rfile.read(int(self.headers.get("content-length", 0)))
                server.requests.append(f"{self.command} {self.path}")
                server.received += len(asked)
                asked = gzip.decompress(asked) if self.headers.get("content-encoding") == "gzip" else asked
                server.bodies.append(asked)
                if "_refresh" in self.path:
                    status, body = 200, {"_shards": WHOLE}
                else:
                    status, body = server.answers[0] if len(server.answers) == 1 else server.answers.pop(0)
                if "_msearch" in self.path and isinstance(body, dict) and "_shards" in body:
                    body = {"responses": [body] * (asked.count(b"\n") // 2)}
                text = body if isinstance(body, str) else json.dumps(body)
                self.send_response(status)
                kind = "text/html" if isinstance(body, str) else "application/json"
                self.send_header("content-type", kind)
                if server.product:
                    self.send_header("x-elastic-product", "Elasticsearch")
                self.send_header("content-length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())
                server.sent += len(text.encode())

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815 names of the standard library

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(calls, "PAUSES", (0.0, 0.0))


@pytest.fixture
def ask(server: Server) -> Iterator[Callable[[], Any]]:
    """Ask the server for counts."""
    with connect([server.url], timeout=5) as client:
        yield lambda: ElasticsearchEventLog(client, "x").counts(SPAN, [])


def error(kind: str, reason: str, **more: object) -> dict[str, Any]:
    return {"error": {"type": kind, "reason": reason, "root_cause": [{"type": kind, "reason": reason}], **more}}


def test_a_failed_shard_is_an_error_never_a_number(server: Server, ask: Callable[[], Any]) -> None:
    """An answer that lacks a shard is refused, whatever it holds otherwise."""
    failure = {"index": "i", "shard": 0, "reason": {"type": "breaker", "reason": "out of memory for a bucket"}}
    server.answers = [(200, {**EMPTY, "_shards": {**WHOLE, "total": 2, "failed": 1, "failures": [failure]}})]
    with pytest.raises(PartialAnswer, match=r"1 of 2 shards.*out of memory for a bucket"):
        ask()


def test_a_search_that_timed_out_is_an_error(server: Server, ask: Callable[[], Any]) -> None:
    """An answer from whatever was found in time is refused."""
    server.answers = [(200, {**EMPTY, "timed_out": True})]
    with pytest.raises(PartialAnswer, match="timed out"):
        ask()


def test_shards_that_fail_the_whole_search_are_an_error(server: Server, ask: Callable[[], Any]) -> None:
    """Elasticsearch refuses partial answers itself when asked to; that is PartialAnswer too."""
    server.answers = [(503, error("search_phase_execution_exception", "Partial shards failure"))]
    with pytest.raises(PartialAnswer, match="Partial shards failure"):
        ask()


REFUSALS = {
    "401": (401, error("security_exception", "unable to authenticate user [elkmon]"), "unable to authenticate"),
    "403": (
        403,
        error(
            "security_exception",
            "action [indices:data/read/search] is unauthorized for API key id [k], this action is granted by the index "
            "privileges [read,all]",
        ),
        r"index privilege \(one of read,all\) for indices:data/read/search is missing",
    ),
    "no index": (404, error("index_not_found_exception", "no such index [i]"), "run `elkmon setup` first"),
    "read-only": (
        403,
        error("cluster_block_exception", "index [i] blocked by: [FORBIDDEN/8/index write (api)];"),
        r"read-only: index \[i\]",
    ),
    "full disk": (
        429,
        error(
            "cluster_block_exception", "index [i] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage]"
        ),
        "disk is full",
    ),
    "client too new": (
        400,
        error("media_type_header_exception", "Invalid media-type value on headers [Accept, Content-Type]"),
        r"client .*\.x\) is newer than the server .* pip install 'elasticsearch<",
    ),
    "made without templates": (
        400,
        error("illegal_argument_exception", "Fielddata is disabled on [elkmon.model.name] in [i]"),
        "before elkmon's templates were",
    ),
    "anything": (400, error("parsing_exception", "unknown query [x]"), r"HTTP 400, parsing_exception\): unknown query"),
    "web page": (404, "<html><body>Not here</body></html>", "web page"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_said_in_plain_words(server: Server, ask: Callable[[], Any], name: str) -> None:
    """What Elasticsearch will not do is refused at once, with what to do about it."""
    status, body, expected = REFUSALS[name]
    server.answers = [(status, body)]
    with pytest.raises(StoreRefused, match=expected):
        ask()
    assert len([each for each in server.requests if "_refresh" not in each]) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, error("es_rejected_execution_exception", "queue is full")),
        (503, error("master_not_discovered_exception", "no master")),
        (502, "<html>Bad Gateway</html>"),
    ],
)
def test_a_busy_elasticsearch_is_asked_again_and_not_for_ever(
    server: Server, ask: Callable[[], Any], status: int, body: object
) -> None:
    """Busy twice and then well is well; busy every time is StoreUnreachable."""
    server.answers = [(status, body), (status, body), (200, EMPTY)]
    assert ask() == ()
    server.answers = [(status, body)]
    with pytest.raises(StoreUnreachable):
        ask()


def searches_in(server: Server) -> list[int]:
    """Return how many searches each multi-search had."""
    return [
        body.count(b"\n") // 2
        for request, body in zip(server.requests, server.bodies, strict=True)
        if "_msearch" in request
    ]


def test_a_busy_search_among_many_is_asked_again_alone(server: Server, ask: Callable[[], Any]) -> None:
    """What was answered is kept, and what was busy is asked again; busy every time is StoreUnreachable."""
    busy = {**error("es_rejected_execution_exception", "queue is full"), "status": 429}
    hour = {"doc_count": 3, "key": {"hour": 1000 * START.timestamp(), "model": "m", "version": "1"}}
    three = {**EMPTY, "aggregations": {"page": {"buckets": [hour]}}}
    server.answers = [(200, {"responses": [three, busy, EMPTY]}), (200, {"responses": [busy]}), (200, EMPTY)]
    assert ask() == (HourCounts("m", "1", START, predictions=3),)
    assert searches_in(server) == [3, 1, 1]
    server.answers = [(200, {"responses": [three, busy, EMPTY]}), (200, {"responses": [busy]})]
    with pytest.raises(StoreUnreachable, match="queue is full"):
        ask()


def test_a_search_among_many_that_fails_is_an_error_never_a_hole(server: Server, ask: Callable[[], Any]) -> None:
    """One that is refused, one that lacks a shard and one that timed out: each is an error though the others are whole."""
    refused = {**error("parsing_exception", "unknown query [x]"), "status": 400}
    failed = {**error("search_phase_execution_exception", "Partial shards failure"), "status": 503}
    lacking = {**EMPTY, "_shards": {**WHOLE, "total": 2, "failed": 1}}
    for answer, kind, match in (
        (refused, StoreRefused, r"unknown query \[x\]"),
        (failed, PartialAnswer, "Partial shards failure"),
        (lacking, PartialAnswer, r"1 of 2 shards of elkmon-outcomes-x-\*"),
        ({**EMPTY, "timed_out": True}, PartialAnswer, r"elkmon-outcomes-x-\*.*timed out"),
    ):
        rest = {"responses": [answer]} if answer is failed else None
        server.answers = [(200, {"responses": [EMPTY, EMPTY, answer]}), *([(200, rest)] if rest else [])]
        with pytest.raises(kind, match=match):
            ask()


def test_many_searches_are_cut_into_requests(server: Server) -> None:
    """At most fifty searches, 50,000 buckets or two megabytes in one, a bigger search alone; answers in order."""
    with connect([server.url]) as client:
        for searches, expected in (
            ([search(1)] * 120, [50, 50, 20]),
            ([search(20_000)] * 5, [2, 2, 1]),
            ([search(60_000), search(1), search(1)], [1, 2]),
            ([search(1, "x" * 900_000)] * 3, [2, 1]),
            ([], []),
        ):
            for at_once in (1, 3):
                server.requests.clear()
                server.bodies.clear()
                assert list(multi_search.answers(calls.Cluster(client), searches, at_once)) == [{}] * len(searches)
                assert sorted(searches_in(server), reverse=True) == sorted(expected, reverse=True)


def search(buckets: int, padding: str = "") -> multi_search.Search:
    """Return a search with so many buckets, and as long as `padding`."""
    return multi_search.Search.of("i", {"term": {"name": padding}}, {}, buckets)


def test_requests_and_bytes_are_counted(server: Server, ask: Callable[[], Any]) -> None:
    """Every request counts with the bytes of its body and of its answer, refused ones too, and those nobody answered."""
    with connect([server.url], timeout=5) as client:
        assert usage_of(client) == Usage()
        event_log = ElasticsearchEventLog(client, "x")
        event_log.counts(SPAN, [])
        server.answers = [(400, error("parsing_exception", "unknown query [x]"))]
        with pytest.raises(StoreRefused):
            event_log.totals(SPAN)
        assert usage_of(client) == Usage(len(server.requests), server.received, server.sent)
    with connect(["http://127.0.0.1:1"]) as client:
        with pytest.raises(StoreUnreachable):
            ElasticsearchEventLog(client, "x").totals(SPAN)
        assert usage_of(client) == Usage(requests=2)  # asked, and once more at once


def test_what_is_not_elasticsearch_is_named(server: Server, ask: Callable[[], Any]) -> None:
    """A server of another kind that answers 200 is not taken for Elasticsearch."""
    server.product = False
    with pytest.raises(StoreRefused, match="is not Elasticsearch"):
        ask()


def test_nobody_listening_is_unreachable() -> None:
    """A refused connection names the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with connect([url]) as client, pytest.raises(StoreUnreachable, match=url):
        ElasticsearchEventLog(client, "x").counts(SPAN, [])


def test_silence_is_unreachable() -> None:
    """A server that takes the connection and says nothing is given up after the timeout."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with connect([url], timeout=0.2) as client, pytest.raises(StoreUnreachable, match="in time"):
            ElasticsearchEventLog(client, "x").counts(SPAN, [])


def test_https_where_http_is_spoken_is_said(server: Server) -> None:
    """A TLS connection to a server without TLS cannot be made, and the message speaks of it."""
    with (
        connect([server.url.replace("http:", "https:")], verify=False) as client,
        pytest.raises(StoreUnreachable, match="https"),
    ):
        ElasticsearchEventLog(client, "x").counts(SPAN, [])


def test_each_document_of_a_bulk_request_is_looked_at(server: Server) -> None:
    """One busy document is sent again, alone; one that is refused is an error though the request succeeded."""

    def item(status: int, **more: object) -> dict[str, Any]:
        return {"index": {"_index": "i", "_id": "x", "status": status, **more}}

    runs = [Run(name, START, START, START) for name in "ab"]
    no_leases = (200, EMPTY)
    busy = item(429, error={"type": "es_rejected_execution_exception", "reason": "queue is full"})
    with connect([server.url]) as client:
        journal = ElasticsearchJournal(client, "x")
        server.answers = [no_leases, (200, {"items": [item(201), busy]}), (200, {"items": [item(201)]})]
        journal.save(runs)
        assert len([each for each in server.requests if "_bulk" in each]) == 2
        refused = item(400, error={"type": "document_parsing_exception", "reason": "failed to parse field [x]"})
        server.answers = [no_leases, (200, {"items": [item(201), refused]})]
        with pytest.raises(StoreRefused, match=r"failed to parse field \[x\]"):
            journal.save(runs)
        server.answers = [no_leases, (200, {"items": [busy, busy]})]
        with pytest.raises(StoreUnreachable, match="too busy"):
            journal.save(runs)


NAMESPACES = [
    "",
    "Prod",
    "a*",
    "a/b",
    "a,b",
    "a b",
    "a-b",
    "_x",
    ".x",
    "x" * 101,
    "ü" * 51,
    "a\n",
    'a"',
    "a:b",
    "#",
    "<x>",
    "a|b",
    "a\\b",
]


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_namespace_that_names_cannot_hold_is_refused(namespace: str) -> None:
    """Nothing is sent for a namespace with a wildcard, a slash, a hyphen or anything else that would reach other indices."""
    with connect(["http://127.0.0.1:1"]) as client:
        for make in (ElasticsearchEventLog, ElasticsearchJournal, setup):
            with pytest.raises(ConfigurationError, match="cannot be a namespace"):
                make(client, namespace)  # type: ignore[operator]


def test_a_real_server_without_anything_answers(client: Elasticsearch, namespace: str) -> None:
    """The same questions to a real Elasticsearch that has never heard of elkmon are answered with nothing."""
    assert ElasticsearchEventLog(client, namespace).counts(SPAN, ["m"]) == ()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"hosts": []}, "no Elasticsearch host"),
        ({"hosts": ["localhost:9200"]}, "'localhost:9200' is not an http or https URL"),
        ({"hosts": ["http://es"]}, "names no port"),
        ({"hosts": ["http://es:port"]}, "is not a URL"),
        ({"hosts": ["http://me:secret@es:9200"]}, "give basic_auth instead"),
        ({"hosts": ["http://es:9200"], "timeout": 0}, "timeout of 0 seconds"),
        ({"hosts": ["http://es:9200"], "api_key": "k", "basic_auth": ("u", "p")}, "both an API key"),
        ({"hosts": ["https://es:9200"], "ca_certs": "/not/there.pem"}, r"/not/there\.pem"),
    ],
)
def test_arguments_that_cannot_work_are_refused(arguments: dict[str, Any], expected: str) -> None:
    """A mistake in the connection's settings is named before anything is sent, and secrets are not repeated."""
    with pytest.raises(ConfigurationError, match=expected) as caught:
        connect(**arguments)
    assert "secret" not in str(caught.value)
