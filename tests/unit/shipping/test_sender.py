import threading
import time

import pytest

import elkmon
from elkmon.shipping.backoff import CAP_SECONDS, Backoff
from elkmon.shipping.transports import ARRIVED
from elkmon.shipping.trouble import Teller


class Kept:
    """A transport that keeps what it is sent, after raising what it is told to."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.batches = []
        self.open = True

    def send(self, batch, tried_for=0.0):
        if self.errors:
            raise self.errors.pop(0)
        self.batches.append(list(batch))
        return ARRIVED

    def interrupt(self):
        """Nothing waits."""

    def abandon(self):
        """Nothing is open."""

    def close(self):
        self.open = False


def test_transport_with_a_bug_costs_no_event(make_handler):
    """Whatever a transport raises, its batch is sent again."""
    transport = Kept(RuntimeError("bug"), RecursionError(), MemoryError())
    handler = make_handler(transport)
    elkmon.ModelLog("m", handler=handler).prediction({})
    assert handler.flush(20)
    assert handler.stats().delivered == 1


def test_events_go_in_batches(make_handler):
    """What is logged within the time to linger goes together, within the limits of a batch."""
    transport = Kept()
    handler = make_handler(transport, batch_count=10, flush_every=60)
    log = elkmon.ModelLog("m", handler=handler)
    for _ in range(25):
        log.prediction({})
    assert handler.flush()
    assert [len(batch) for batch in transport.batches] == [10, 10, 5]


def test_batches_are_bounded_by_bytes(make_handler):
    """A batch ends with the event that fills it."""
    transport = Kept()
    handler = make_handler(transport, batch_bytes=4096, flush_every=60)
    log = elkmon.ModelLog("m", handler=handler)
    for _ in range(4):
        log.prediction({str(number): "x" * 1000 for number in range(3)})
    assert handler.flush()
    assert [len(batch) for batch in transport.batches] == [2, 2]


def test_errors_go_first_and_survive_a_flood(make_handler):
    """Errors have room of their own, and go before what waits."""
    transport = Kept()
    handler = make_handler(transport, max_queue_count=5, flush_every=60)
    log = elkmon.ModelLog("m", handler=handler)
    log.error("kept")
    for _ in range(100):
        log.prediction({})
    assert handler.flush()
    assert [channel.kind for _, channel in transport.batches[0]] == ["error"] + ["prediction"] * 5
    assert handler.stats().dropped == {"queue_full": 95}


def test_queue_is_bounded_by_bytes(make_handler):
    """The oldest events give way where their bytes are too many."""
    transport = Kept()
    handler = make_handler(transport, max_queue_bytes=100_000, flush_every=60)
    log = elkmon.ModelLog("m", handler=handler)
    for number in range(300):
        log.prediction({"a": "x" * 1000, "n": number})
    pending = handler.stats().pending
    assert 50 < pending < 100
    assert handler.flush()
    sequences = [line for batch in transport.batches for line, _ in batch]
    assert len(sequences) == pending
    assert b'"n":299' in sequences[-1]
    assert sum(map(len, sequences)) <= 100_000


def test_dropped_span_is_told_in_the_totals(make_handler):
    """The totals name the first and the last instant of what was lost."""
    transport = Kept()
    handler = make_handler(transport, max_queue_count=1, flush_every=60, totals_every=60)
    log = elkmon.ModelLog("m", handler=handler)
    for hour in (12, 10, 11, 13):
        log.prediction({}, timestamp=f"2013-08-05T{hour}:00:00Z")
    handler.close()
    ((line, _),) = transport.batches[-1]
    assert b'"dropped":{"queue_full":3}' in line
    assert b'"dropped_from":"2013-08-05T10:00:00.000Z","dropped_to":"2013-08-05T12:00:00.000Z"' in line


def test_totals_come_again_only_with_news(make_handler):
    """Totals are shipped in their rhythm, and not repeated while nothing happens."""
    transport = Kept()
    handler = make_handler(transport, flush_every=0, totals_every=0.05)
    log = elkmon.ModelLog("m", handler=handler)

    def totals():
        return sum(channel.kind == "shipper" for batch in transport.batches for _, channel in batch)

    for count in (1, 2):
        log.prediction({})
        deadline = time.monotonic() + 10
        while totals() < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert totals() == count
    assert handler.stats().logged == 2


def test_no_thread_before_the_first_event(make_handler):
    """A handler that was only made has no thread, and closing it starts none."""
    before = threading.active_count()
    transport = Kept()
    handler = make_handler(transport)
    elkmon.ModelLog("m", handler=handler)
    assert threading.active_count() == before
    handler.close()
    assert threading.active_count() == before


def test_closing_ends_thread_and_transport(make_handler):
    """After `close` no thread is left, and the transport is closed."""
    transport = Kept()
    handler = make_handler(transport)
    elkmon.ModelLog("m", handler=handler).prediction({})
    handler.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "elkmon-sender"]
    assert not transport.open


def test_where_no_thread_can_start_the_caller_sends(make_handler, monkeypatch):
    """While the interpreter exits no thread can be started: what is pending is sent by whoever closes."""

    def refuse(thread):
        raise RuntimeError("can't create new thread at interpreter shutdown")

    transport = Kept()
    handler = make_handler(transport)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        elkmon.ModelLog("m", handler=handler).prediction({})
        assert handler.stats().pending == 1
        handler.close()
    assert handler.stats().delivered == 1


def test_callback_may_close_the_handler(make_handler):
    """A callback that closes its own handler, on the sender's thread, does not wait for itself."""
    closed = threading.Event()

    def close(_):
        handler.close(timeout=0.1)
        closed.set()

    handler = make_handler(Kept(*[RuntimeError()] * 100), on_trouble=close)
    elkmon.ModelLog("m", handler=handler).prediction({})
    assert closed.wait(10)
    assert handler.stats().dropped == {"exit_timeout": 1}


@pytest.mark.parametrize("failures", [0, 3, 50])
def test_waits_grow_up_to_a_cap(failures):
    """A wait is random below a bound that doubles, and never beyond the cap, whatever the other end asks for."""
    backoff = Backoff()
    for _ in range(failures):
        backoff.wait()
    bound = min(CAP_SECONDS, 0.2 * 2**failures)
    assert bound / 10 <= backoff.wait() <= bound
    assert backoff.wait(at_least=1e9) == CAP_SECONDS
    backoff.reset()
    assert backoff.wait() <= 0.2


def test_trouble_is_told_once_a_minute(monkeypatch, capsys):
    """Within a minute a cause is told once; what came meanwhile is counted in the next line; text stays on a line."""
    now = [100.0]
    monkeypatch.setattr("elkmon.shipping.trouble.monotonic", lambda: now[0])
    told = []
    teller = Teller(told.append)
    for _ in range(3):
        teller.tell("unavailable", "nobody\nthere")
    teller.tell("refused", "401")
    now[0] += 61
    teller.tell("unavailable", "still nobody")
    assert [(trouble.cause, trouble.count) for trouble in told] == [
        ("unavailable", 1),
        ("refused", 1),
        ("unavailable", 3),
    ]
    assert capsys.readouterr().err.splitlines() == [
        "elkmon: unavailable: nobody there",
        "elkmon: refused: 401",
        "elkmon: unavailable: still nobody (3 times)",
    ]


def test_no_stderr_at_all(monkeypatch):
    """A service without stderr is no reason to fail."""
    monkeypatch.setattr("sys.stderr", None)
    Teller(None).tell("unavailable", "nobody there")
