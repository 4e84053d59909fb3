"""The journal: what is on disk is delivered once, whoever dies in between."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import elkmon
from elkmon.shipping.journal.segments import Segment
from support.journal import NOBODY_THERE, files, leave_behind, numbers
from support.shipping import documents_in


def test_next_start_sends_what_a_killed_service_left(make_handler, directory, path):
    """What was logged before `kill -9` arrives with the first event of the next service; then the disk is clean."""
    assert leave_behind(directory, 1000).returncode == -signal.SIGKILL
    handler = make_handler()
    elkmon.ModelLog("m", handler=handler).prediction({"a": 1000})
    handler.close()
    assert sorted(numbers(path)) == list(range(1001))
    assert handler.stats().logged == handler.stats().delivered == 1001
    assert list(directory.iterdir()) == []


def test_nothing_is_taken_over_while_its_owner_lives(make_handler, directory, path):
    """A stopped process still owns its journal; when it has ended, the next to look takes it over."""
    program = textwrap.dedent(f"""
        import time, elkmon
        handler = elkmon.PredictionHandler({NOBODY_THERE!r}, journal={str(directory)!r}, totals_every=0)
        elkmon.ModelLog("m", handler=handler).prediction({{"a": 1}})
        print("ready", flush=True)
        time.sleep(60)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as owner:
        try:
            assert owner.stdout.readline() == b"ready\n"
            owner.send_signal(signal.SIGSTOP)
            handler = make_handler()
            elkmon.ModelLog("m", handler=handler).prediction({"a": 2})
            handler.close()
            assert numbers(path) == [2]
        finally:
            owner.kill()
    handler = make_handler()
    elkmon.ModelLog("m", handler=handler).prediction({"a": 3})
    handler.close()
    assert sorted(numbers(path)) == [1, 2, 3]


def test_exit_with_nobody_there_leaves_all_to_the_next_start(run, directory, path, make_handler):
    """With a journal the exit does not wait for a sink that is away: the events stay, and it says where."""
    _, err, seconds = run("for number in range(500): log.prediction({'a': number})", f"{NOBODY_THERE!r}")
    assert "500 times" in err
    assert f"journal_kept: events stay in {directory}" in err
    assert seconds < 5
    handler = make_handler()
    elkmon.ModelLog("m", handler=handler).prediction({"a": 500})
    handler.close()
    assert sorted(numbers(path)) == list(range(501))


def test_two_processes_with_one_directory(store, directory):
    """Processes that share a directory disturb each other in nothing: each event arrives, and once."""
    program = textwrap.dedent(f"""
        import sys, elkmon
        handler = elkmon.PredictionHandler({store.url!r}, journal={str(directory)!r}, totals_every=0)
        log = elkmon.ModelLog("m", handler=handler)
        for number in range(2000): log.prediction({{"a": number}}, id=f"{{sys.argv[1]}}-{{number}}")
    """)
    services = [subprocess.Popen([sys.executable, "-c", program, name]) for name in "abc"]
    assert [service.wait(60) for service in services] == [0, 0, 0]
    assert len(store.documents) == 6000
    assert sum(body.count(b'"create"') for _, _, body in store.requests) == 6000
    assert list(directory.iterdir()) == []


def test_forked_child_has_a_journal_of_its_own(run, path, directory):
    """A child lets go of its parent's journal and begins its own; nothing is sent twice, nothing kept locked."""
    run("""
        for number in range(10): log.prediction({"a": number})
        child = os.fork()
        if not child:
            for number in range(10, 20): log.prediction({"a": number})
            os._exit(0 if handler.flush() and balanced(handler.stats()) else 1)
        assert os.waitpid(child, 0)[1] == 0
        for number in range(20, 30): log.prediction({"a": number})
    """)
    assert sorted(numbers(path)) == list(range(30))


def test_child_that_outlives_its_parent_keeps_no_lock(run, path, directory, make_handler):
    """When a parent is killed, its journal can be taken over although its child lives on."""
    out, _, _ = run(
        """
        log.prediction({"a": 1})
        child = os.fork()
        if not child:
            os.close(1), os.close(2)
            time.sleep(60)
            os._exit(0)
        print(child, flush=True)
        import signal
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        f"{NOBODY_THERE!r}",
        code=-signal.SIGKILL,
    )
    try:
        handler = make_handler()
        elkmon.ModelLog("m", handler=handler).prediction({"a": 2})
        handler.close()
        assert sorted(numbers(path)) == [1, 2]
    finally:
        os.kill(int(out), signal.SIGKILL)


def test_rejected_events_leave_the_journal(store, make_handler, directory, tmp_path):
    """What Elasticsearch refuses for good goes to the dead letters, from the journal as from memory."""
    store.script.append((200, [201, 400], {}))
    handler = make_handler(store.url, dead_letters=tmp_path / "dead.ndjson")
    log = elkmon.ModelLog("m", handler=handler)
    for number in range(10):
        log.prediction({"a": number})
    handler.close()
    assert handler.stats().dropped == {"rejected": 5}
    assert len(documents_in(tmp_path / "dead.ndjson")) == 5
    assert list(directory.iterdir()) == []


def test_after_the_end_it_begins_again(store, make_handler):
    """A handler that was closed with events left goes on with them when it is used again, each once."""
    store.script += [(503, b"", {})] * 3
    handler = make_handler(store.url)
    log = elkmon.ModelLog("m", handler=handler)
    ids = [log.prediction({"a": number}) for number in range(10)]
    handler.close(timeout=0.1)
    assert handler.stats().pending == 10
    ids.append(log.prediction({"a": 10}))
    assert handler.flush()
    assert handler.stats().delivered == 11
    assert set(store.documents) == set(ids)


def test_many_threads_and_a_signal_handler(run, path):
    """Threads and a signal handler append at the same time: whole lines, and a balanced account."""
    run("""
        import signal
        count = 0
        def tick(*_):
            global count
            count += 1
            log.prediction({"a": -1})
        signal.signal(signal.SIGALRM, tick)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        def work(start):
            for number in range(start, start + 1000): log.prediction({"a": number})
        threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 8000, 1000)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert handler.flush(30)
        assert handler.stats().delivered == 8000 + count
    """)
    assert sorted(number for number in numbers(path) if number >= 0) == list(range(8000))


def test_time_between_looks_for_what_others_left(make_handler, directory, path, monkeypatch):
    """A service that runs on takes over what another leaves meanwhile."""
    monkeypatch.setattr("elkmon.shipping.journal.inheritance._LOOK_SECONDS", 0.0)
    handler = make_handler()
    log = elkmon.ModelLog("m", handler=handler)
    log.prediction({"a": 0})
    assert handler.flush()
    leave_behind(directory, 10, start=1)
    log.prediction({"a": 11})
    deadline = time.monotonic() + 20
    while handler.stats().delivered < 12 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(numbers(path)) == list(range(12))


def test_signal_handlers_that_raise(run, path):
    """A signal handler that raises in the middle of a call, as `sys.exit` does, costs no event whose call returned."""
    out, _, _ = run("""
        import signal
        class Interrupted(BaseException): pass
        def tick(*_): raise Interrupted
        signal.signal(signal.SIGALRM, tick)
        returned, interrupted, number = [], 0, 0
        while interrupted < 400:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0007)
                while True:
                    number += 1
                    log.prediction({"a": number})
                    returned.append(number)
            except Interrupted:
                interrupted += 1
        log.prediction({"a": 0})
        assert handler.flush(30), handler.stats()
        stats = handler.stats()
        assert balanced(stats) and stats.pending == 0 and not stats.dropped, stats
        print(*returned)
    """)
    assert set(map(int, out.split())) <= set(numbers(path))


def test_finaliser_that_logs_while_a_segment_is_begun(make_handler, path, monkeypatch):
    """An event logged in the middle of another one's writing goes by memory; both arrive, and the journal goes on."""
    begin = Segment.begin
    handler = make_handler()
    log = elkmon.ModelLog("m", handler=handler)

    def reentered(place):
        monkeypatch.setattr(Segment, "begin", begin)
        log.prediction({"a": 1})
        return begin(place)

    monkeypatch.setattr(Segment, "begin", reentered)
    log.prediction({"a": 0})
    log.prediction({"a": 2})
    assert handler.flush()
    assert sorted(numbers(path)) == [0, 1, 2]
    assert handler.stats().unjournalled == 1


def test_lines_are_private_and_plain(make_handler, directory):
    """Segments are NDJSON that others can collect, readable by their owner only."""
    handler = make_handler(NOBODY_THERE)
    id_ = elkmon.ModelLog("m", handler=handler).prediction({"a": 1})
    (segment,) = files(directory, ".ndjson")
    assert json.loads(segment.read_bytes())["event"]["id"] == id_
    assert segment.stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700


def test_unused_handler_leaves_no_trace(make_handler, directory):
    """A handler that logs nothing makes neither directory nor files."""
    make_handler().close()
    assert not directory.exists()
