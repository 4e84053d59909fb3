"""The process a handler lives in: its exits, its forks, its threads. Each in a Python of its own."""

import signal
import subprocess
import sys
import textwrap
from functools import partial

import pytest

from support.shipping import documents_in, run_program


@pytest.fixture
def path(tmp_path):
    return tmp_path / "events.ndjson"


@pytest.fixture
def run(path):
    """Run programs that ship to `path`, each in a Python of its own."""
    return partial(run_program, path)


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


def test_forked_child_has_its_own(run, path):
    """A child inherits neither queued events nor counts; its own arrive under another process name."""
    run("""
        log.prediction({"who": "parent"})
        children = []
        for _ in range(5):
            child = os.fork()
            if not child:
                assert handler.stats().logged == 0
                log.prediction({"who": "child"})
                assert handler.flush()
                stats = handler.stats()
                os._exit(0 if stats.delivered == stats.logged == 1 and balanced(stats) else 1)
            children.append(child)
        assert all(os.waitpid(child, 0)[1] == 0 for child in children)
        log.prediction({"who": "parent"})
    """)
    read = documents_in(path)
    assert sorted(one["features"]["cat"]["who"] for one in read) == ["child"] * 5 + ["parent"] * 2
    assert len({one["elkmon"]["process"] for one in read}) == 6
    assert len({one["process"]["pid"] for one in read}) == 6
    assert [one["event"]["sequence"] for one in read if one["features"]["cat"]["who"] == "child"] == [1] * 5


def test_forks_while_threads_log(run, path):
    """Forks in the middle of other threads' calls leave no child hanging and resend nothing."""
    run("""
        done = threading.Event()
        def busy():
            while not done.is_set():
                log.prediction({"who": "parent"})
                time.sleep(0.0001)
        threads = [threading.Thread(target=busy) for _ in range(4)]
        for thread in threads: thread.start()
        for _ in range(50):
            child = os.fork()
            if not child:
                log.prediction({"who": "child"})
                os._exit(0 if handler.flush(10) and balanced(handler.stats()) else 1)
            assert os.waitpid(child, 0)[1] == 0
        done.set()
        for thread in threads: thread.join()
        assert handler.flush() and balanced(handler.stats())
    """)
    read = documents_in(path)
    assert sum(one["features"]["cat"]["who"] == "child" for one in read) == 50
    assert len({one["event"]["id"] for one in read}) == len(read)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_pool(tmp_path, path, method):
    """Workers of a pool, however they are started, deliver what they flush."""
    program = tmp_path / "pool.py"
    program.write_text(
        textwrap.dedent(f"""
        import multiprocessing
        import elkmon

        handler = elkmon.PredictionHandler(elkmon.FileTransport({str(path)!r}), totals_every=0)
        log = elkmon.ModelLog("m", handler=handler)

        def work(number):
            log.prediction({{"number": number}})
            assert handler.flush()

        if __name__ == "__main__":
            log.prediction({{"number": -1}})
            assert handler.flush()
            with multiprocessing.get_context({method!r}).Pool(2) as pool:
                pool.map(work, range(20), chunksize=1)
        """)
    )
    subprocess.run([sys.executable, program], check=True, timeout=60)
    assert sorted(one["features"]["num"]["number"] for one in documents_in(path)) == list(range(-1, 20))


def test_child_leaves_the_parents_connection_alone(run):
    """Children that end say nothing over the connection they inherited: the parent goes on using it."""
    run(
        """
        log.prediction({"a": 1})
        assert handler.flush()
        accepted, _ = server.accept()
        for _ in range(3):
            child = os.fork()
            if not child:
                handler.close(0.1)
                os._exit(0)
            os.waitpid(child, 0)
        log.prediction({"a": 2})
        assert handler.flush()
        accepted.settimeout(5)
        received = b""
        while received.count(b"\\n") < 2:
            more = accepted.recv(65536)
            assert more, "the connection was closed"
            received += more
        accepted.close()
        handler.close()
        server.close()
        """,
        "elkmon.LogstashTcpTransport('localhost', (server := socket.create_server(('127.0.0.1', 0))).getsockname()[1])",
    )
