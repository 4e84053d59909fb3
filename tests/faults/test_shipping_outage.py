"""Nobody there, for longer than the queue lasts, or somebody who never answers."""

import socket
import threading
import time

import pytest

import elkmon
from support.shipping import balanced_handlers, log


@pytest.fixture
def make_handler(monkeypatch):
    """Make handlers that try again soon."""
    monkeypatch.setattr("elkmon.shipping.backoff.FIRST_SECONDS", 0.02)
    with balanced_handlers(flush_every=0.5) as make:
        yield make


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


def test_server_that_falls_silent(store, make_handler):
    """A server that has answered before and then keeps silent, over the same connection, holds up the end no longer."""
    silence = threading.Event()
    store.script += [lambda answers: answers.take_in(), *[lambda _: silence.wait(10)] * 2]
    handler = make_handler(elkmon.ElasticsearchTransport(store.url, timeout=60))
    log(handler)
    assert handler.flush(10)
    log(handler)
    assert not handler.flush(0.3)
    start = time.monotonic()
    handler.close(timeout=0.3)
    assert time.monotonic() - start < 2
    assert handler.stats().dropped == {"exit_timeout": 10}
    assert not [thread for thread in threading.enumerate() if thread.name == "elkmon-sender"]
    assert len(store.requests) == 2  # nor is it tried once more
    silence.set()
