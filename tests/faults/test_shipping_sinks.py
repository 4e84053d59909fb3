"""Sinks that are away, stand still or die, in processes of their own, while a service goes on logging."""

import json
import signal
import threading
import time
from collections import Counter
from itertools import pairwise

import pytest

import elkmon
from elkmon.shipping.backoff import CAP_SECONDS
from support.sink import RECEIVE_BUFFER, Sink

ENOUGH_SECONDS = 60


@pytest.fixture
def start_sink(tmp_path):
    """Start sinks, which are killed at the end."""
    sinks = []

    def start(kind):
        sinks.append(Sink(kind, tmp_path / f"{kind}.taken").start())
        return sinks[-1]

    yield start
    for sink in sinks:
        sink.kill()


def shipping_to(sink, kind, **options):
    if kind == "tcp":
        return elkmon.LogstashTcpTransport("localhost", sink.port, **options)
    return elkmon.ElasticsearchTransport(f"http://localhost:{sink.port}", **options)


class Load(threading.Thread):
    """Logs a number of predictions at a pace, a few each hundredth of a second; keeps their ids."""

    def __init__(self, handler, count, per_second):
        super().__init__()
        self.ids = []
        self._log = elkmon.ModelLog("m", handler=handler)
        self._count = count
        self._per_second = per_second
        self.start()

    def run(self):
        start = time.monotonic()
        for number in range(self._count):
            due = start + number / self._per_second
            if due - time.monotonic() > 0.01:
                time.sleep(due - time.monotonic())
            self.ids.append(self._log.prediction({"a": number, "b": "x" * 100}, score=0.5, label="late"))


def resident_bytes():
    with open("/proc/self/statm") as file:  # noqa: PTH123  read while time counts
        return int(file.read().split()[1]) * 4096


def test_ten_seconds_without_elasticsearch(start_sink, make_handler):
    """
    Of 20,001 events at 1,000 a second, with nobody there for ten of the twenty seconds, each is stored once: the last of
    the outage at most two seconds and one backoff after the return; what waits keeps within the queue's bound.
    """
    sink = start_sink("elasticsearch")
    handler = make_handler(shipping_to(sink, "elasticsearch"))
    before = resident_bytes()
    load = Load(handler, 20_001, 1000)
    time.sleep(5)
    sink.kill()
    time.sleep(10)
    in_the_outage = len(load.ids)
    assert handler.stats().pending > 9_000
    assert resident_bytes() - before < 64 * 1024 * 1024
    sink.start()
    returned = time.monotonic()
    load.join()
    while handler.stats().pending and time.monotonic() < returned + ENOUGH_SECONDS:
        time.sleep(0.05)  # `flush` would not wait for the backoff
    assert handler.stats().delivered == 20_001
    taken = {id_.decode(): moment for moment, id_ in sink.taken()}
    assert len(sink.taken()) == len(taken) == 20_001
    assert set(taken) == set(load.ids)
    assert max(taken[id_] for id_ in load.ids[:in_the_outage]) - returned <= 2 + CAP_SECONDS


@pytest.mark.parametrize("kind", ["elasticsearch", "tcp"])
def test_sink_that_stands_still(start_sink, make_handler, kind):
    """A sink stopped for longer than the timeout holds nobody up; then it gets everything, Elasticsearch each once."""
    sink = start_sink(kind)
    handler = make_handler(shipping_to(sink, kind, timeout=1), flush_every=0.01)
    load = Load(handler, 4_000, 2_000)
    time.sleep(0.2)
    sink.signal(signal.SIGSTOP)
    slowest = 0.0
    probe = elkmon.ModelLog("probe", handler=handler)
    ids = []
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        start = time.monotonic()
        ids.append(probe.prediction({"a": 1}))
        slowest = max(slowest, time.monotonic() - start)
        time.sleep(0.005)
    load.join()
    assert slowest < 1  # the timeout, which a caller that waits for the sink would feel
    sink.signal(signal.SIGCONT)
    assert handler.flush(ENOUGH_SECONDS)
    assert handler.stats().delivered == len(ids) + 4_000
    expected = {*ids, *load.ids}
    taken = wait_for(sink, kind, expected)
    assert set(taken) == expected
    if kind == "elasticsearch":
        assert set(taken.values()) == {1}


def test_elasticsearch_that_is_killed_again_and_again(start_sink, make_handler):
    """Whenever it dies, before or after it stored a batch, each event is stored once."""
    sink = start_sink("elasticsearch")
    handler = make_handler(shipping_to(sink, "elasticsearch"), flush_every=0.005, batch_count=50)
    load = Load(handler, 12_000, 3_000)
    for _ in range(4):
        time.sleep(0.5)
        sink.kill()
        time.sleep(0.1)
        sink.start()
    load.join()
    assert handler.flush(ENOUGH_SECONDS)
    assert handler.stats().delivered == 12_000
    assert Counter(id_.decode() for _, id_ in sink.taken()) == Counter(load.ids)


def test_logstash_tcp_that_is_killed_again_and_again(start_sink, make_handler):
    """
    A sink that dies while it stands still takes along what its kernel had confirmed: at most that, the kernel's buffer
    and its own, is lost with each kill; at most a batch is doubled; no line runs into another.
    """
    kills, batch = 4, 50
    sink = start_sink("tcp")
    handler = make_handler(shipping_to(sink, "tcp"), flush_every=0.005, batch_count=batch)
    load = Load(handler, 12_000, 3_000)
    for _ in range(kills):
        time.sleep(0.5)
        sink.signal(signal.SIGSTOP)
        time.sleep(0.05)
        sink.kill()
        time.sleep(0.1)
        sink.start()
    load.join()
    assert handler.flush(ENOUGH_SECONDS)
    assert handler.stats().delivered == 12_000
    last = load.ids[-1]
    deadline = time.monotonic() + 10
    while last not in ids_of(sink) and time.monotonic() < deadline:
        time.sleep(0.01)
    taken = ids_of(sink)  # every line that is not told to be torn is whole, or this raises
    assert set(taken) <= set(load.ids)
    shortest = min(len(what) for _, what in sink.taken() if not what.startswith(b"torn "))
    unread = (2 * RECEIVE_BUFFER + RECEIVE_BUFFER) // shortest + 1
    missing = [number for number, id_ in enumerate(load.ids) if id_ not in taken]
    gaps = 1 + sum(two - one > 1 for one, two in pairwise(missing)) if missing else 0
    assert gaps <= kills
    assert len(missing) <= kills * unread
    assert sum(count - 1 for count in taken.values()) <= kills * batch


def ids_of(sink):
    """Count the ids of the whole lines a tcp sink took."""
    return Counter(json.loads(what)["event"]["id"] for _, what in sink.taken() if not what.startswith(b"torn "))


def wait_for(sink, kind, expected):
    """Count what a sink took, when it has got everything."""
    deadline = time.monotonic() + ENOUGH_SECONDS
    while True:
        taken = ids_of(sink) if kind == "tcp" else Counter(id_.decode() for _, id_ in sink.taken())
        if set(taken) >= expected or time.monotonic() > deadline:
            return taken
        time.sleep(0.02)
