"""The health endpoint: a few fixed paths, whatever clients do."""

import json
import socket
import urllib.error
import urllib.request
from contextlib import ExitStack

import pytest

from elkmon.errors import ConfigurationError
from elkmon.health import Page, Server
from elkmon.health.server import MOST_AT_A_TIME


@pytest.fixture
def pages():
    """What is served; a test may change it."""
    return {"/health": lambda: Page(200, "application/json", b'{"healthy": true}')}


@pytest.fixture
def server(pages):
    """A server on a port of its own."""
    with Server("127.0.0.1", 0, pages) as server:
        yield server


def get(server, path="/health", method="GET"):
    """Ask for a path; return status, type and content."""
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


def raw(server, request):
    """Send bytes and return all that comes back."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        return answer


def test_a_page_is_made_when_it_is_asked_for(server, pages):
    """Status, type and content are the page's own; a question mark and what follows is passed over."""
    assert get(server) == (200, "application/json", b'{"healthy": true}')
    pages["/health"] = lambda: Page(503, "application/json", b'{"healthy": false}')
    status, _, body = get(server, "/health?verbose=1")
    assert (status, json.loads(body)) == (503, {"healthy": False})


def test_head_has_no_content(server):
    """A probe that wants the status alone gets it."""
    assert get(server, method="HEAD") == (200, "application/json", b"")


@pytest.mark.parametrize("path", ["/", "/healthz", "/../health", "/health/../../etc/passwd", "/%2e%2e/health"])
def test_there_is_nothing_else(server, path):
    """No path leads anywhere but to what is served."""
    assert raw(server, f"GET {path} HTTP/1.0\r\n\r\n".encode()).startswith(b"HTTP/1.0 404")


def test_nothing_can_be_sent_to_it(server):
    """It takes no POST."""
    assert raw(server, b"POST /health HTTP/1.0\r\nContent-Length: 0\r\n\r\n").startswith(b"HTTP/1.0 501")


def test_a_page_that_cannot_be_made_leaves_the_server_at_work(server, pages):
    """The client gets no answer, the next one does."""
    usual = pages["/health"]
    pages["/health"] = lambda: 1 / 0
    assert raw(server, b"GET /health HTTP/1.0\r\n\r\n") == b""
    pages["/health"] = usual
    assert get(server)[0] == 200


def test_clients_that_say_nothing_take_no_more_than_their_places(server):
    """One more than there is room for is turned away, and when they have gone there is room again."""
    with ExitStack() as silent:
        for _ in range(MOST_AT_A_TIME):
            client = silent.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            client.sendall(b"GET /health")
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as one_more:
            assert one_more.recv(1) == b""
    while get_or_nothing(server) != 200:
        pass


def get_or_nothing(server):
    """Return the status of an answer; None where there was none."""
    try:
        return get(server)[0]
    except OSError:
        return None


def test_a_port_that_is_taken_is_a_mistake(server):
    """It is said which, before anything is watched."""
    with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{server.port}"):
        Server("127.0.0.1", server.port, {})


def test_a_port_that_was_just_given_up_can_be_taken_again(pages):
    """A monitor that is restarted answers on its port at once."""
    with Server("127.0.0.1", 0, pages) as first:
        assert get(first)[0] == 200
    with Server("127.0.0.1", first.port, pages) as second:
        assert get(second)[0] == 200
