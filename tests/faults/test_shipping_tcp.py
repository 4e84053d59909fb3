"""Logstash's tcp input: lines over a connection that can break at any time."""

import contextlib
import json
import socket
import struct
import threading
import time

import pytest

import elkmon
from support.lines import Lines
from support.shipping import balanced_handlers


@pytest.fixture
def make_handler(monkeypatch):
    """Make handlers that try again soon."""
    monkeypatch.setattr("elkmon.shipping.backoff.FIRST_SECONDS", 0.02)
    with balanced_handlers() as make:
        yield make


def test_lines_arrive(make_handler):
    """Every event is a line of JSON, in order, over one connection."""
    lines = Lines()
    try:
        handler = make_handler(elkmon.LogstashTcpTransport("localhost", lines.port))
        log = elkmon.ModelLog("m", handler=handler)
        for number in range(3):
            log.prediction({"a": f"line\nbreak {number}"})
            assert handler.flush(10)
        assert [one["event"]["sequence"] for one in lines.wait(3)] == [1, 2, 3]
        assert len(lines.connections) == 1
        assert handler.stats().delivered == 3
    finally:
        handler.close()
        lines.stop()


def test_server_that_hung_up_is_noticed_before_the_next_batch(make_handler):
    """After a restart of the server nothing is written to the old connection, as a plain socket would do once."""
    first = Lines()
    handler = make_handler(elkmon.LogstashTcpTransport("localhost", first.port))
    log = elkmon.ModelLog("m", handler=handler)
    log.prediction({"a": 1})
    assert len(first.wait(1)) == 1
    first.stop()
    log.prediction({"a": 2})
    assert not handler.flush(0.2)
    second = Lines(first.port)
    try:
        assert [one["features"]["num"]["a"] for one in second.wait(1)] == [2]
        assert handler.flush(10)
        assert handler.stats().delivered == 2
    finally:
        handler.close()
        second.stop()


def read_a_little(connection, count):
    """Read some bytes, which end within a line."""
    received = b""
    while len(received) < count:
        received += connection.recv(count - len(received))
    return received


@pytest.mark.parametrize("end", ["reset", "finish"])
def test_connection_that_breaks_within_a_line(make_handler, end):
    """After a reset, or an end, in the middle of a line, its batch comes whole over the next connection, line by line."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(10)
        handler = make_handler(elkmon.LogstashTcpTransport("localhost", listening.getsockname()[1]), flush_every=60)
        log = elkmon.ModelLog("m", handler=handler)
        for number in range(1000):
            log.prediction({"a": number, "b": "x" * 1000})
        handler.shipper.sender.hurry()
        received = []
        for _ in range(3):
            connection, _ = listening.accept()
            with connection:
                received.append(read_a_little(connection, 20_000))
                if end == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    connection.shutdown(socket.SHUT_RDWR)
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as file:
            whole = [json.loads(file.readline())["features"]["num"]["a"] for _ in range(1000)]
            assert handler.flush(10)
            handler.close()
            assert file.read() == b""
    assert whole == list(range(1000))
    assert handler.stats().delivered == 1000
    for piece in received:
        *lines, torn = piece.split(b"\n")
        assert [json.loads(line)["features"]["num"]["a"] for line in lines] == list(range(len(lines)))
        assert torn


def test_slow_reader_is_not_a_dead_one(make_handler):
    """A batch that takes longer than the timeout stays on its connection for as long as some of it is taken."""
    lines = SlowLines()
    try:
        transport = elkmon.LogstashTcpTransport("localhost", lines.port, timeout=0.6)
        handler = make_handler(transport, flush_every=60)
        log = elkmon.ModelLog("m", handler=handler)
        for number in range(1000):
            log.prediction({f"f{name}": f"{number}" * 500 for name in range(3)})
        start = time.monotonic()
        assert handler.flush(30)
        assert time.monotonic() - start > 0.6
        assert handler.stats().delivered == len(lines.wait(1000)) == 1000
        assert len(lines.connections) == 1
    finally:
        handler.close()
        lines.stop()


class SlowLines(Lines):
    """Reads about a megabyte a second."""

    piece = 32 * 1024


def test_other_end_that_answers_is_not_logstash(make_handler, capsys):
    """A wrong port, of a web server for example, gets nothing more once it has talked back, and that is told."""
    with socket.create_server(("127.0.0.1", 0)) as web:
        handler = make_handler(elkmon.LogstashTcpTransport("localhost", web.getsockname()[1]), flush_every=0)
        elkmon.ModelLog("m", handler=handler).prediction({"a": 1})
        connection, _ = web.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            assert handler.flush(10)
            elkmon.ModelLog("m", handler=handler).prediction({"a": 2})
            handler.flush(0.3)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(65536) == b""
        handler.close(timeout=0.1)
    assert "is it the right port?" in capsys.readouterr().err


def test_reader_that_stops_reading(make_handler):
    """A server that accepts and never reads holds up neither the service nor, beyond its time, the end."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        handler = make_handler(elkmon.LogstashTcpTransport("localhost", silent.getsockname()[1], timeout=30))
        log = elkmon.ModelLog("m", handler=handler)
        start = time.monotonic()
        for _ in range(20_000):
            log.prediction({"a": "x" * 500})
        assert handler.stats().pending > 0
        assert time.monotonic() - start < 20
        start = time.monotonic()
        handler.close(timeout=0.3)
        assert time.monotonic() - start < 3
        assert handler.stats().dropped["exit_timeout"] > 0
        assert not [thread for thread in threading.enumerate() if thread.name == "elkmon-sender"]


def test_server_without_tls_gets_nothing(make_handler, capsys):
    """A server that does not speak TLS gets nothing of what was meant for one that does."""
    lines = Lines()
    try:
        transport = elkmon.LogstashTcpTransport("localhost", lines.port, tls=True, timeout=0.5)
        handler = make_handler(transport)
        elkmon.ModelLog("m", handler=handler).prediction({"a": 1})
        assert not handler.flush(0.3)
        handler.close(timeout=0.2)
        assert handler.stats().dropped == {"exit_timeout": 1}
        assert not any(b"features" in received for received in lines.connections)
        assert "elkmon:" in capsys.readouterr().err
    finally:
        lines.stop()
