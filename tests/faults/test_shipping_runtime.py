"""What a service does to its handler while it runs: many threads, finalisers, a backlog, a clock set back."""

import gc
import logging
import logging.config
import subprocess
import sys
import threading

import pytest
import urllib3

import elkmon
from elkmon.shipping.transports import ARRIVED
from support.services import wait_for
from support.shipping import assert_balanced, documents_in


@pytest.fixture
def root():
    """The root logger at DEBUG, as it was before afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.setLevel(logging.DEBUG)
    yield root
    root.setLevel(level)
    root.handlers[:] = handlers


class Garbage:
    """A cycle that logs by both doors when it is collected."""

    def __init__(self, log, collected):
        self.itself, self.log, self.collected = self, log, collected

    def __del__(self):
        self.collected.append(threading.current_thread().name)
        self.log.prediction({"from": "finaliser"})


class Littering:
    """A transport that makes garbage, and has it collected, while it sends."""

    def __init__(self, transport):
        self.transport = transport
        self.litter = lambda: None
        self.interrupt, self.abandon, self.close = transport.interrupt, transport.abandon, transport.close

    def send(self, batch, tried_for=0.0):
        self.litter()
        gc.collect(0)
        return self.transport.send(batch, tried_for)


def test_finalisers_that_log_during_calls_and_sending(make_handler, path):
    """Objects that log when they are collected, within other calls and on the sender's thread, block nothing."""
    collected = []
    left = iter(range(300))
    transport = Littering(elkmon.FileTransport(path))
    handler = make_handler(transport, flush_every=0.001)
    log = elkmon.ModelLog("m", handler=handler)
    transport.litter = lambda: next(left, None) is not None and Garbage(log, collected)
    threshold = gc.get_threshold()
    gc.set_threshold(50, 2, 2)  # so that it happens anywhere
    try:
        for number in range(3000):
            Garbage(log, collected)
            log.prediction({"from": "call", "number": number})
        assert handler.flush(20)
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    wait_for(lambda: handler.stats().pending == 0, "what was logged while sending is sent as well")
    assert {"MainThread", "elkmon-sender"} <= set(collected)
    assert handler.stats().delivered == 3000 + len(collected)
    assert len({one["event"]["id"] for one in documents_in(path)}) == 3000 + len(collected)


class ByAnotherLibrary:
    """A transport over a library that logs whatever it does."""

    def __init__(self, url):
        self.url = url
        self.pool = urllib3.PoolManager(retries=False)

    def send(self, batch, tried_for=0.0):
        body = b"[" + b",".join(line for line, _ in batch) + b"]"
        assert self.pool.request("POST", self.url, body=body).status == 200
        logging.getLogger("anybody").error("sent")
        return ARRIVED

    def interrupt(self):
        pass

    abandon = interrupt

    def close(self):
        self.pool.clear()


def test_root_logger_at_debug(store, make_handler, root):
    """With every library logging into the handler, what is logged while it sends does not come back to be sent."""
    handler = make_handler(ByAnotherLibrary(store.url), flush_every=0.001)
    root.addHandler(handler)
    for number in range(100):
        logging.getLogger("app").debug("number %s", number)
        if number % 10 == 0:
            assert handler.flush(10)
    urllib3.PoolManager().request("GET", store.url)  # elsewhere in the service, its records are shipped
    assert handler.flush(10)
    loggers = [one["log"]["logger"] for sent in store.documents.values() for one in sent]
    assert loggers.count("app") == 100
    assert "anybody" not in loggers
    assert 0 < len(loggers) - 100 < 10


@pytest.mark.parametrize("when_full", ["drop_oldest", "drop_newest", "block"])
def test_bursts_of_32_threads(store, make_handler, when_full):
    """At every instant of a burst the account balances; what arrived and what was dropped is what was logged."""
    handler = make_handler(store.url, when_full=when_full, max_queue_count=500, block_seconds=30, batch_count=100)
    log = elkmon.ModelLog("m", handler=handler)
    start, done = threading.Barrier(33), threading.Event()

    def burst(who):
        start.wait()
        for number in range(200):
            log.prediction({"who": who, "number": number})

    def audit():
        while not done.is_set():
            assert_balanced(handler.stats())
            audited.append(1)

    audited = []
    threads = [threading.Thread(target=burst, args=(who,)) for who in range(32)]
    auditor = threading.Thread(target=audit)
    for thread in (*threads, auditor):
        thread.start()
    start.wait()
    for thread in threads:
        thread.join()
    assert handler.flush(30)
    done.set()
    auditor.join()
    stats = handler.stats()
    assert audited
    assert stats.logged == 6400
    assert stats.delivered == len(store.documents) == 6400 - sum(stats.dropped.values())
    assert (stats.dropped == {}) is (when_full == "block")
    assert all(len(sent) == 1 for sent in store.documents.values())


def test_backlog_of_100000_events(run):
    """A hundred thousand waiting events take no more memory than half as much again as their bytes."""
    out, _, _ = run(
        """
        import gc
        features = {f"feature_{number}": number + 0.5 for number in range(20)}
        def resident():
            return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        for _ in range(1000): log.prediction(features)
        time.sleep(0.2)
        before = resident()
        for _ in range(100_000): log.prediction(features)
        stats = handler.stats()
        buffer = handler.shipper.buffer
        assert stats.pending == stats.logged == 101_000, stats
        grown, octets = resident() - before, buffer._ordinary.octets * 100_000 // 101_000
        start = time.perf_counter()
        gc.collect()
        pause = time.perf_counter() - start
        print(f"{octets} bytes, memory grew by {grown}: {grown / octets:.2f}, a full collection took {pause:.3f} s")
        assert 50_000_000 < octets
        assert grown <= 1.5 * octets
        os._exit(0)  # nobody is there
        """,
        "'http://localhost:1', max_queue_count=200_000, max_queue_bytes=10**9",
    )
    print(out)


CLOCK = """
import time
real, offset = time.time, 0.0
time.time = lambda: real() + offset
import elkmon
handler = elkmon.PredictionHandler({url!r}, totals_every=0)
log = elkmon.ModelLog("m", handler=handler)
log.prediction({{"when": "before"}})
offset = -86400.0
log.prediction({{"when": "after"}})
deadline = time.monotonic() + 20
while handler.stats().pending and time.monotonic() < deadline: time.sleep(0.01)
assert handler.stats().delivered == 2, handler.stats()
offset *= 2
log.prediction({{"when": "last"}})
handler.close(10)
assert handler.stats().delivered == 3, handler.stats()
"""


def test_clock_that_jumps_back(store):
    """A clock set back by a day delays nothing: waits go by another clock. Events carry what the clock said."""
    store.script = [(503, b"", {})] * 2
    subprocess.run([sys.executable, "-c", CLOCK.format(url=store.url)], check=True, timeout=60)
    days = {one["features"]["cat"]["when"]: one["@timestamp"][:10] for (one,) in store.documents.values()}
    assert days["last"] < days["after"] < days["before"]
