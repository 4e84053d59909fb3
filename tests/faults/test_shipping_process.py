"""The process a handler lives in: its exits, its forks, its threads. Each in a Python of its own."""

import signal
import subprocess
import sys
import time

import pytest

from support.shipping import documents_in


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("", 0),
        ("sys.exit(3)", 3),
        ("raise ValueError('unhandled')", 1),
        ("threading.Thread(target=sys.exit).start()", 0),
        ("logging.shutdown()", 0),
        ("handler.close(); handler.close()", 0),
    ],
)
def test_everything_is_delivered_at_exit(run, path, ending, code):
    """However the interpreter ends, what was logged just before has arrived."""
    run(f"for number in range(2000): log.prediction({{'a': number}})\n{ending}", code=code)
    assert [one["event"]["sequence"] for one in documents_in(path)] == list(range(1, 2001))


def test_logging_during_exit(run, path):
    """An event logged while the interpreter is exiting, before the handler is closed, arrives as well."""
    run("atexit.register(lambda: log.prediction({'a': 1}))")
    assert len(documents_in(path)) == 1


LATE = """
import atexit
atexit.register(lambda: [log.prediction({{"when": "after logging's end"}}) for _ in range(3)])
import logging
atexit.register(lambda: [logging.error("after the handler's end") for _ in range(3)])
import elkmon
handler = elkmon.PredictionHandler({transport}, totals_every=0)
logging.getLogger().addHandler(handler)
log = elkmon.ModelLog("m", handler=handler)
log.prediction({{}})
"""


def test_logging_after_the_handlers_end(path):
    """What exit handlers log that run after the handler's own, even after those of `logging`, arrives."""
    program = LATE.format(transport=f"elkmon.FileTransport({str(path)!r})")
    subprocess.run([sys.executable, "-X", "dev", "-c", program], check=True, timeout=60)
    assert len(documents_in(path)) == 7


def test_logging_after_the_handlers_end_with_nobody_there():
    """With the other end gone, what exit handlers log late adds nothing to the five seconds, and is told of."""
    program = LATE.format(transport="'http://localhost:1'")
    start = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)
    assert 4 < time.monotonic() - start < 12
    assert "elkmon: exit_timeout: events were dropped: they were not delivered before the end" in ended.stderr


def test_job_of_less_than_a_second(run, path):
    """A job that logs and ends does not wait for its queue to linger."""
    _, _, seconds = run("""
        handler = elkmon.PredictionHandler(handler.shipper._transport, flush_every=60, totals_every=0)
        elkmon.ModelLog("m", handler=handler).prediction({})
    """)
    assert len(documents_in(path)) == 1
    assert seconds < 20


@pytest.mark.parametrize(("ending", "code"), [("os._exit(0)", 0), ("os.kill(os.getpid(), signal.SIGTERM)", -15)])
def test_ends_that_run_nothing(run, path, ending, code):
    """`os._exit`, and a SIGTERM nobody handles, lose at most what was logged within the time to linger."""
    run(
        f"""
        import signal
        for _ in range(100): log.prediction({{}})
        deadline = time.monotonic() + 20
        while handler.stats().pending and time.monotonic() < deadline:
            time.sleep(0.01)
        log.prediction({{}})
        {ending}
        """,
        code=code,
    )
    assert [one["event"]["sequence"] for one in documents_in(path)][:100] == list(range(1, 101))


def test_handler_that_was_let_go(run, path):
    """A handler nobody keeps, apart from its logger, still delivers at exit."""
    run("""
        logger = logging.getLogger("app")
        logger.addHandler(handler)
        del handler, log
        logger.error("kept")
    """)
    assert [one["message"] for one in documents_in(path)] == ["kept"]


def test_handler_only_a_model_log_keeps(run, path):
    """A handler nobody holds any more ships what its ModelLog was given, and at exit."""
    run("""
        import gc
        log = elkmon.ModelLog("m", handler=handler)
        del handler
        gc.collect()
        log.prediction({"a": 1})
    """)
    assert len(documents_in(path)) == 1


def test_exit_with_nobody_there(run):
    """With the other end gone the exit takes five seconds and says what was lost; two handlers take no longer."""
    _, err, seconds = run(
        """
        other = elkmon.PredictionHandler("http://localhost:1", totals_every=0)
        elkmon.ModelLog("m", handler=other).prediction({})
        for _ in range(100): log.prediction({})
        """,
        "'http://localhost:1'",
    )
    assert 4 < seconds < 12
    assert "elkmon: exit_timeout: events were dropped: they were not delivered before the end (100 times)" in err
    assert err.count("elkmon: unavailable:") == 2


def test_terminated(run, path):
    """SIGTERM with a handler that exits, as servers have it, delivers what was logged."""
    run(
        """
        import signal
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        for _ in range(100): log.prediction({})
        print("ready", flush=True)
        time.sleep(30)
        """,
        signalled=signal.SIGTERM,
    )
    assert len(documents_in(path)) == 100


def test_logging_from_a_signal_handler(run, path):
    """A signal handler that logs, in the middle of calls that log, neither blocks nor breaks the account."""
    run("""
        import signal
        count = 0
        def tick(*_):
            global count
            count += 1
            log.prediction({"b": 1})
        signal.signal(signal.SIGALRM, tick)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        for number in range(20_000): log.prediction({"a": number})
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert count > 10, count
        assert handler.flush()
        assert handler.stats().delivered == 20_000 + count
    """)
    assert len({one["event"]["id"] for one in documents_in(path)}) == len(documents_in(path)) > 20_010
