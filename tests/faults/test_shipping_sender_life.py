"""The sender's life: what cuts it short, forks that hold it up, ends that are put off, long quiet times."""

import os
import sys
import threading
import time

import pytest

import elkmon
from elkmon.shipping.transports import ARRIVED
from support.journal import leave_behind, numbers
from support.shipping import documents_in, log


class Breaking:
    """A transport that raises what it is told to, one after the other, and then keeps what it is sent."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.sent = []
        self.thread = None
        self.called = threading.Event()

    def send(self, batch, tried_for=0.0):
        self.thread = threading.current_thread()
        self.called.set()
        if self.errors:
            raise self.errors.pop(0)
        self.sent += batch
        return ARRIVED

    def interrupt(self):
        """Nothing waits."""

    def abandon(self):
        """Nothing is open."""

    def close(self):
        """Nothing is open."""


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "journal"


@pytest.fixture(params=["memory", "journal"])
def kept(request, directory):
    """The options of a handler that keeps what waits in memory, and of one that keeps it on disk."""
    return {} if request.param == "memory" else {"journal": directory}


def test_exit_while_the_resolver_hangs(run, directory):
    """The exit takes five seconds with threads nobody can interrupt, however many handlers `logging` closes again."""
    _, err, seconds = run(
        f"""
        hanging = threading.Semaphore(0)
        def hang(*_, **__):
            hanging.release()
            threading.Event().wait()
        socket.getaddrinfo = hang
        other = elkmon.PredictionHandler("http://es.invalid:9200", journal={str(directory)!r}, totals_every=0)
        for each in (handler, other):
            logging.getLogger().addHandler(each)
            elkmon.ModelLog("m", handler=each).prediction({{}})
        assert hanging.acquire(timeout=20) and hanging.acquire(timeout=20)
        """,
        "'http://es.invalid:9200'",
    )
    assert 4 < seconds < 9
    assert "elkmon: exit_timeout: events were dropped" in err
    assert "elkmon: journal_kept:" in err


HOOKED = """(  # what is registered before the handler's hook runs after it, like the hooks of `logging`
    here := threading.local(),
    os.register_at_fork(before=lambda: getattr(here, "hook", int)()),
    elkmon.FileTransport({path!r}),
)[-1]"""

FORKS = """
from elkmon.shipping import lifecycle
lifecycle.EXIT_SECONDS = 0.2  # for which a fork waits, and is waited for
held, given_up = threading.Event(), threading.Event()

def fork(hook):
    here.hook = hook
    child = os.fork()
    if not child: os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

def wait():
    held.set()
    assert given_up.wait(20)

first = threading.Thread(target=fork, args=(wait,))
first.start()
assert held.wait(20)
"""


def test_fork_that_waits_for_another_in_vain(run, path):
    """A fork that did not get its turn takes nothing from the one that has it: sending goes on after both."""
    run(
        f"""{FORKS}
second = threading.Thread(target=fork, args=(given_up.set,))
second.start()
first.join()
second.join()
log.prediction({{}})
assert handler.flush(20)
""",
        HOOKED.format(path=str(path)),
    )
    assert len(documents_in(path)) == 1


def test_sending_while_a_fork_does_not_come_to_its_end(run, path):
    """A fork that another library holds up holds the sender up for a while, and not for ever."""
    run(
        f"""{FORKS}
log.prediction({{}})
assert handler.flush(20)
given_up.set()
first.join()
""",
        HOOKED.format(path=str(path)),
    )
    assert len(documents_in(path)) == 1


def test_fork_while_a_journal_is_taken_over(run, directory, path):
    """A child born while the sender takes over an ended process's journal does not keep that journal's lock."""
    leave_behind(directory, 3)
    run(
        f"""
        import fcntl
        from pathlib import Path

        (lock,) = [found.stat() for found in Path({str(directory)!r}).glob("*.lock")]
        locked, forked = threading.Event(), threading.Event()
        flock = fcntl.flock

        def flock_slowly(descriptor, operation):
            flock(descriptor, operation)
            if threading.current_thread() is not threading.main_thread():
                locked.set()
                forked.wait(0.5)  # the fork should not come in between

        def holds(descriptor):
            try:
                return os.path.samestat(os.fstat(descriptor), lock)
            except OSError:
                return False

        fcntl.flock = flock_slowly
        log.prediction({{"a": 3}})
        assert locked.wait(20)
        child = os.fork()
        if not child:
            os._exit(any(holds(descriptor) for descriptor in range(3, 256)))
        forked.set()
        assert os.waitpid(child, 0)[1] == 0, "the child holds the lock"
        """,
        options=f"journal={str(directory)!r}, ",
    )
    assert sorted(numbers(path)) == [0, 1, 2, 3]


def test_end_that_is_put_off(make_handler, kept):
    """A batch that was given back because time was up is sent when there is time after all."""
    transport = Breaking(OSError("away"))
    handler = make_handler(transport, **kept)
    sender = handler.shipper.sender
    send, deliver = transport.send, sender._delivery.deliver

    def send_too_late(batch, tried_for=0.0):
        if transport.errors:
            sender.stop(time.monotonic())
        return send(batch, tried_for)

    def deliver_and_be_given_time(batch, tried_for=0.0):
        deliver(batch, tried_for)
        if not transport.sent:
            sender._deadline = None  # as another thread's `close` does at this moment

    transport.send = send_too_late
    sender._delivery.deliver = deliver_and_be_given_time
    log(handler)
    assert handler.flush(10)
    assert len(transport.sent) == handler.stats().delivered == 10


class Abort(BaseException):
    """What libraries end their tasks with, as asyncio does."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("error", [SystemExit(1), Abort()], ids=["exit", "abort"])
def test_transport_that_ends_its_thread(make_handler, kept, error):
    """Where a transport ends the sender's thread, the next event begins another, which sends what that one held."""
    transport = Breaking(error)
    handler = make_handler(transport, **kept)
    log(handler, 1)
    assert transport.called.wait(10)
    transport.thread.join(10)
    log(handler, 5)
    assert handler.flush(10)
    assert len(transport.sent) == handler.stats().delivered == 6


def test_callback_that_exits(make_handler, kept):
    """Where `on_trouble` ends the sender's thread, the next event begins another, which sends what that one held."""
    transport = Breaking(OSError("away"))
    handler = make_handler(transport, on_trouble=lambda _: sys.exit(1), **kept)
    log(handler, 1)
    assert transport.called.wait(10)
    transport.thread.join(10)
    log(handler, 5)
    assert handler.flush(10)
    assert len(transport.sent) == handler.stats().delivered == 6


def test_transport_that_always_exits(make_handler):
    """`close` neither raises what a transport exits with, nor waits for it: what is left is dropped, and counted."""
    handler = make_handler(Breaking(*[SystemExit(1)] * 100))
    log(handler, 3)
    handler.close()
    assert handler.stats().dropped == {"exit_timeout": 3}


def test_idle_service_takes_over_what_others_leave(make_handler, directory, path, monkeypatch):
    """A service without events and without totals looks all the same for what ended processes have left."""
    for module in ("sender", "journal.inheritance"):
        monkeypatch.setattr(f"elkmon.shipping.{module}._LOOK_SECONDS", 0.05)
    handler = make_handler(elkmon.FileTransport(path), journal=directory)
    elkmon.ModelLog("m", handler=handler).prediction({"a": 0})
    assert handler.flush(10)
    leave_behind(directory, 3, start=1)
    deadline = time.monotonic() + 10
    while len(numbers(path)) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(numbers(path)) == [0, 1, 2, 3]


def test_journal_nobody_may_read_is_told_of(make_handler, directory, path):
    """What keeps a handler from taking over a journal is told, once, though its own events are well."""
    unreadable = directory / "0123456789abcdef.lock"
    unreadable.mkdir(parents=True)
    told = []
    handler = make_handler(elkmon.FileTransport(path), journal=directory, on_trouble=told.append)
    log(handler, 1)
    handler.close()
    assert [(trouble.cause, trouble.count) for trouble in told] == [("journal", 1)]
    assert os.fspath(unreadable) in told[0].detail
    assert len(documents_in(path)) == 1
