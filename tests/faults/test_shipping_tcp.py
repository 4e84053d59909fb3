"""Logstash's tcp input: lines over a connection that can break at any time."""

import contextlib
import json
import socket
import ssl
import threading
import time

import pytest

import elkmon
from support.shipping import balanced_handlers


class Lines:
    """Accepts one connection after the other and keeps the lines of each, as json_lines would."""

    def __init__(self, port=0):
        self.connections = []
        self._listening = socket.create_server(("127.0.0.1", port))
        self._listening.settimeout(0.02)
        self.port = self._listening.getsockname()[1]
        self._open = []
        self._stopped = False
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self):
        while not self._stopped:
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listening.accept()
                connection.settimeout(0.02)
                self._open.append(connection)
                self.connections.append(bytearray())
            for connection, received in zip(self._open, self.connections[-len(self._open) :], strict=False):
                with contextlib.suppress(OSError):
                    received.extend(connection.recv(1 << 20))

    def documents(self):
        """Return what arrived as whole lines."""
        lines = b"".join(bytes(received[: received.rfind(b"\n") + 1]) for received in self.connections).splitlines()
        return [json.loads(line) for line in lines]

    def wait(self, count):
        """Wait for a number of documents."""
        deadline = time.monotonic() + 10
        while len(self.documents()) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.documents()

    def stop(self):
        self._stopped = True
        self._thread.join()
        for connection in self._open:
            connection.close()
        self._listening.close()


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


def test_tls_is_verified(make_handler, capsys):
    """A server that does not speak TLS gets nothing of what was meant for one that does."""
    lines = Lines()
    try:
        transport = elkmon.LogstashTcpTransport("localhost", lines.port, tls=True, timeout=0.5)
        handler = make_handler(transport)
        elkmon.ModelLog("m", handler=handler).prediction({"a": 1})
        assert not handler.flush(0.3)
        handler.close(timeout=0.2)
        assert handler.stats().dropped == {"exit_timeout": 1}
        assert ssl.HAS_SNI
        assert not any(b"flight" in received for received in lines.connections)
        assert "elkmon:" in capsys.readouterr().err
    finally:
        lines.stop()
