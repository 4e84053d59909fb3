"""What networks do to a connection: peers vanish without a word, nobody accepts, names are not found."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import elkmon
from support import vanishing
from support.shipping import Store, balanced_handlers, log


@pytest.fixture
def make_handler(monkeypatch):
    """Make handlers that try again soon."""
    monkeypatch.setattr("elkmon.shipping.backoff.FIRST_SECONDS", 0.02)
    with balanced_handlers(flush_every=0.1) as make:
        yield make


@pytest.mark.parametrize("sender", ["elasticsearch", "http", "tcp"])
def test_peer_that_vanished_is_noticed(sender):
    """
    Of a peer whose packets are dropped on the way (a network of the test's own, taken away while a connection is open)
    the sender takes leave within the timeout, and brings everything when the network is back.
    """
    folder = Path(vanishing.__file__).parents[1]
    run = subprocess.run(
        [sys.executable, vanishing.__file__, sender],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder.parent), str(folder), *sys.path])},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    if run.returncode == vanishing.NOT_ALLOWED:
        pytest.skip("this system lets nobody have a network of their own")
    assert run.returncode == 0, run.stderr
    noticed, pending, settled, logged, delivered, taken, detail = json.loads(run.stdout)
    assert noticed < vanishing.TIMEOUT + 3  # the kernel looks at its clock when it sends again, seldomer each time
    assert pending == 1
    assert settled
    assert logged == delivered == 2
    assert taken == 2 or (sender == "tcp" and taken == 3)  # what the old connection still held may arrive as well
    assert "timed out" in detail or "nothing confirmed" in detail


@pytest.mark.parametrize("sender", ["elasticsearch", "logstash tcp"])
def test_nobody_accepts(make_handler, sender):
    """Behind a full queue of connections nobody accepts, the sender gives up after the timeout, or when time is up."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        told = []
        hasty, patient = (
            elkmon.ElasticsearchTransport(f"http://127.0.0.1:{port}", timeout=timeout)
            if sender == "elasticsearch"
            else elkmon.LogstashTcpTransport("127.0.0.1", port, timeout=timeout)
            for timeout in (0.2, 60)
        )
        handler = make_handler(hasty, on_trouble=told.append)
        log(handler)
        assert not handler.flush(0.7)
        assert "timed out" in told[0].detail
        other = make_handler(patient)
        log(other)
        assert not other.flush(0.3)
        start = time.monotonic()
        other.close(timeout=0.2)
        handler.close(timeout=0.2)
        assert time.monotonic() - start < 5
        assert not [thread for thread in threading.enumerate() if thread.name == "elkmon-sender"]
        for one in waiting:
            one.close()


@pytest.mark.parametrize("sender", ["elasticsearch", "logstash tcp"])
def test_name_that_is_not_found_for_a_while(make_handler, monkeypatch, sender):
    """A name is looked up with every attempt: when it is found again, everything goes there. (The resolver is played.)"""
    real, failures = socket.getaddrinfo, [True] * 3

    def resolve(host, *arguments, **options):
        if host != "sink.example":
            return real(host, *arguments, **options)
        if failures:
            failures.pop()
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real("127.0.0.1", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    told = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Store().start()
        try:
            transport = (
                elkmon.ElasticsearchTransport(f"http://sink.example:{server.server_address[1]}", proxy=False)
                if sender == "elasticsearch"
                else elkmon.LogstashTcpTransport("sink.example", listening.getsockname()[1])
            )
            handler = make_handler(transport, on_trouble=told.append)
            log(handler)
            assert handler.flush(10)
            assert handler.stats().delivered == 10
            assert not failures
            assert "Temporary failure in name resolution" in told[0].detail
            handler.close()
        finally:
            server.stop()
