"""Processes that beget processes: forks among threads, and multiprocessing in all its ways, whose children skip `atexit`."""

import subprocess
import sys
import textwrap

import pytest

from support.shipping import documents_in


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


def test_forks_while_threads_log(run, store):
    """Two hundred forks in the middle of other threads' calls: no child hangs, and no event is sent twice or lost."""
    out, _, _ = run(
        """
        done = threading.Event()
        def busy():
            while not done.is_set():
                log.prediction({"who": "parent"})
                time.sleep(0.001)
        threads = [threading.Thread(target=busy, daemon=True) for _ in range(4)]
        for thread in threads: thread.start()
        for _ in range(200):
            child = os.fork()
            if not child:
                log.prediction({"who": "child"})
                if handler.flush(20) and balanced(handler.stats()): os._exit(0)
                print(handler.stats(), handler.shipper.sender.thread, file=sys.stderr, flush=True)
                os._exit(1)
            assert os.waitpid(child, 0)[1] == 0
        done.set()
        for thread in threads: thread.join()
        assert handler.flush() and balanced(handler.stats())
        print(handler.stats().delivered)
        """,
        f"elkmon.ElasticsearchTransport({store.url!r})",
    )
    bodies = [line for path, _, body in store.requests if path.startswith("/_bulk") for line in body.splitlines()]
    assert len(bodies) == 2 * len(store.documents)  # an action and a document each, none twice
    senders = [one["features"]["cat"]["who"] for (one,) in store.documents.values()]
    assert senders.count("child") == 200
    assert senders.count("parent") == int(out)


PROGRAM = """
import concurrent.futures, logging, multiprocessing, sys, threading, time
import elkmon

transport = elkmon.FileTransport({path!r})
handler = elkmon.PredictionHandler(transport, totals_every=0, flush_every=60)
log = elkmon.ModelLog("m", handler=handler)

def work(number):
    log.prediction({{"number": number}})

def work_with_a_handler_of_its_own(number):
    global other
    other = elkmon.PredictionHandler(transport, totals_every=0, flush_every=60)
    elkmon.ModelLog("m", handler=other).prediction({{"number": number}})

def late(number):
    threading.Timer(0.1, work, [number]).start()

def nested(number):
    children = [context.Process(target=work, args=(number,)) for _ in range(1)]
    for child in children: child.start()
    for child in children: child.join()

def processes(target):
    children = [context.Process(target=target, args=(number,)) for number in range(4)]
    for child in children: child.start()
    for child in children: child.join()
    assert [child.exitcode for child in children] == [0] * 4

def pool():
    workers = context.Pool(2)
    workers.map(work, range(4), chunksize=1)
    workers.close()
    workers.join()

def executor():
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as workers:
        list(workers.map(work, range(4)))

context = multiprocessing.get_context({method!r})
if __name__ == "__main__":
    log.prediction({{"number": -1}})
    {call}
"""


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("fork", "pool()"),
        ("fork", "executor()"),
        ("fork", "processes(work)"),
        ("fork", "processes(work_with_a_handler_of_its_own)"),
        ("fork", "processes(late)"),
        ("fork", "processes(nested)"),
        ("spawn", "pool()"),
        ("spawn", "processes(work_with_a_handler_of_its_own)"),
        ("forkserver", "pool()"),
        ("forkserver", "processes(late)"),
    ],
)
def test_multiprocessing(tmp_path, path, method, call):
    """Children of multiprocessing deliver at their end what nobody flushed, however they were started."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(path=str(path), method=method, call=call))
    subprocess.run([sys.executable, program], check=True, timeout=60)
    assert sorted(one["features"]["num"]["number"] for one in documents_in(path)) == [-1, 0, 1, 2, 3]


def test_multiprocessing_imported_after_the_handler(path):
    """It does not matter that multiprocessing came late: the child asks for its finalizer after the fork."""
    program = """
        import sys
        import elkmon

        handler = elkmon.PredictionHandler(elkmon.FileTransport({path!r}), flush_every=60, totals_every=0)
        log = elkmon.ModelLog("m", handler=handler)
        log.prediction({{"who": "parent"}})
        assert "multiprocessing.util" not in sys.modules
        import multiprocessing
        child = multiprocessing.get_context("fork").Process(target=log.prediction, args=({{"who": "child"}},))
        child.start()
        child.join()
        assert child.exitcode == 0
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program).format(path=str(path))], check=True, timeout=60)
    assert sorted(one["features"]["cat"]["who"] for one in documents_in(path)) == ["child", "parent"]


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
