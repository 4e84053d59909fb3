"""What an Elasticsearch is connected with, what becomes of an address where none answers, and what is counted on the way."""

import socket
from collections.abc import Callable
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect, setup, usage_of
from elkmon.errors import ConfigurationError, StoreRefused, StoreUnreachable
from elkmon.ports import Usage
from support.played_server import SPAN, Server, error

pytestmark = pytest.mark.usefixtures("impatient")


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
