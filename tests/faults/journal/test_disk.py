"""A disk that fails is no reason to fail, nor to lose what was written; and it is never filled up."""

import os
import time

import pytest

import elkmon
from elkmon.shipping.sender import Sender
from support.journal import NOBODY_THERE, files, leave_behind, numbers
from support.shipping import assert_balanced


def test_torn_last_line_is_ignored(make_handler, directory, path):
    """A line whose writing was cut off belongs to a call that has not returned: the rest is delivered without it."""
    leave_behind(directory, 10)
    (segment,) = files(directory, ".ndjson")
    with segment.open("ab") as file:
        file.write(b'{"@timestamp":"2013-08-05T10:00:00.000Z","event":{"id":"torn')
    handler = make_handler()
    elkmon.ModelLog("m", handler=handler).prediction({"a": 10})
    handler.close()
    assert sorted(numbers(path)) == list(range(11))
    assert list(directory.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"rubbish",
        b'{"segment": 1}',
        b'{"segment": 9, "offset": 0}',
        b'{"segment": -1, "offset": 99999999}',
        b"\0" * 40,
    ],
)
def test_corrupt_checkpoint_costs_no_event(make_handler, directory, path, content):
    """Without a checkpoint that can be read, all is sent from the beginning; a repeat is recognised by its id."""
    leave_behind(directory, 10)
    (lock,) = files(directory, ".lock")
    lock.with_suffix(".checkpoint").write_bytes(content)
    handler = make_handler()
    elkmon.ModelLog("m", handler=handler).prediction({"a": 10})
    handler.close()
    assert sorted(numbers(path)) == list(range(11))


def test_damaged_lines_are_told_and_passed_over(make_handler, directory, path, capsys):
    """Lines that are no events any more are passed over and told of; all others arrive."""
    leave_behind(directory, 10)
    (segment,) = files(directory, ".ndjson")
    lines = segment.read_bytes().splitlines(keepends=True)
    lines[3] = b"\0" * (len(lines[3]) - 1) + b"\n"
    lines[5] = b'{"json": "but no event"}\n'
    segment.write_bytes(b"".join(lines))
    handler = make_handler()
    elkmon.ModelLog("m", handler=handler).prediction({"a": 10})
    handler.close()
    assert sorted(numbers(path)) == [0, 1, 2, 4, 6, 7, 8, 9, 10]
    assert "passed over (2 times)" in capsys.readouterr().err


def test_segments_that_were_deleted_under_it(store, make_handler, directory, monkeypatch):
    """A service whose journal is deleted by somebody goes on, and what it had logged arrives while it lives."""
    monkeypatch.setattr("elkmon.shipping.journal.journal._LOOK_SECONDS", 0.0)
    store.script += [(503, b"", {})] * 3
    handler = make_handler(store.url)
    log = elkmon.ModelLog("m", handler=handler)
    first = [log.prediction({"a": 1}) for _ in range(100)]
    for file in directory.iterdir():
        file.unlink()
    directory.rmdir()
    handler.flush()
    more = [log.prediction({"a": 1}) for _ in range(100)]
    assert handler.flush()
    assert set(store.documents) == {*first, *more}
    assert handler.stats().delivered == 200
    handler.close()


def test_disk_that_cannot_take_more(run, directory, path):
    """Where the disk takes nothing, or half a line, events go by memory and are counted; later by the disk again."""
    _, err, _ = run(f"""
        JOURNAL = {str(directory)!r}
        import pathlib, resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        log.prediction({{"a": 0}})
        assert handler.flush()
        size = next(pathlib.Path(JOURNAL).glob("*.ndjson")).stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))
        for number in range(1, 50): log.prediction({{"a": number}})
        assert balanced(handler.stats())
        assert handler.stats().unjournalled == 49
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert handler.flush()
        time.sleep(1.1)
        for number in range(50, 100): log.prediction({{"a": number}})
        assert handler.flush()
        assert handler.stats().unjournalled == 49
        assert handler.stats().delivered == 100
    """)
    assert sorted(numbers(path)) == list(range(100))
    assert "elkmon: journal: " in err
    assert "kept in memory only" in err


@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_directory_of_somebody_else(store, tmp_path, mode):
    """A directory that may not be written, or not even read, degrades to memory: told, counted, nothing lost."""
    directory = tmp_path / "journal"
    directory.mkdir()
    directory.chmod(mode)
    child = os.fork()
    if not child:
        code = 1
        try:
            code = _log_as_nobody(store.url, directory)
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert len(store.documents) == 100


def _log_as_nobody(url, directory):
    import http.client  # noqa: F401  nobody may be forbidden to read the library's files
    import random  # noqa: F401

    handler = elkmon.PredictionHandler(url, journal=directory, totals_every=0)
    log = elkmon.ModelLog("m", handler=handler)
    if os.getuid() == 0:
        os.setuid(65534)
    for number in range(100):
        log.prediction({"a": number})
    assert handler.flush()
    stats = handler.stats()
    assert_balanced(stats)
    assert stats.unjournalled == stats.delivered == 100
    return 0


def test_hard_cap(make_handler, directory):
    """The journal never grows beyond its bytes: what does not fit is dropped and counted, errors have a share of their own."""
    cap = 1024 * 1024
    handler = make_handler(NOBODY_THERE, journal_bytes=cap)
    log = elkmon.ModelLog("m", handler=handler)
    for number in range(3000):
        log.prediction({"a": number, "text": "x" * 1000})
    log.error("no room?")
    handler.close(timeout=1)
    stats = handler.stats()
    assert stats.dropped.keys() == {"journal_full"}
    assert stats.pending + stats.dropped["journal_full"] == stats.logged == 3001
    used = sum(file.stat().st_size for file in directory.iterdir())
    assert cap * 7 / 8 - 2000 < used <= cap
    assert any(b'"dataset":"elkmon.error"' in file.read_bytes() for file in files(directory, ".ndjson"))


def test_cap_counts_what_others_have_left(make_handler, directory):
    """The bytes of all journals in the directory count together."""
    directory.mkdir()
    (directory / "0123456789abcdef-000001.ndjson").write_bytes(b"x" * 900_000)
    (directory / "0123456789abcdef.lock").mkdir()  # nobody can take it over
    handler = make_handler(NOBODY_THERE, journal_bytes=1024 * 1024)
    log = elkmon.ModelLog("m", handler=handler)
    for number in range(200):
        log.prediction({"a": number, "text": "x" * 1000})
    assert 0 < handler.stats().dropped["journal_full"] < 200


def test_full_journal_blocks_where_that_was_chosen(store, make_handler):
    """With `block` a full journal makes the caller wait for room, which comes when the sink does."""
    store.script += [(503, b"", {})] * 2
    handler = make_handler(store.url, journal_bytes=1024 * 1024, when_full="block", block_seconds=30)
    log = elkmon.ModelLog("m", handler=handler)
    for number in range(3000):
        log.prediction({"a": number, "text": "x" * 1000})
    assert handler.flush(30)
    assert len(store.documents) == handler.stats().delivered == 3000


def test_long_journal_in_order_and_cleared_away(make_handler, directory, path):
    """Through many segments order is kept, and what has arrived leaves the disk while the service lives."""
    handler = make_handler(journal_bytes=1024 * 1024, batch_count=50)
    log = elkmon.ModelLog("m", handler=handler)
    for number in range(5000):
        log.prediction({"a": number, "text": "x" * 1000})
        if number % 500 == 499:
            assert handler.flush(30)
    assert numbers(path) == list(range(5000))
    assert sum(file.stat().st_size for file in directory.iterdir()) < 200_000
    assert handler.stats().dropped == {}


@pytest.mark.parametrize(
    ("journal", "message"),
    [("no/such/folder", "the folder .*no/such does not exist"), (__file__, "this is a file; name a directory")],
)
def test_wrong_directories_are_told_at_once(journal, message):
    """A journal that can never be written is a mistake in the program, and told when the handler is made."""
    with pytest.raises(elkmon.ShippingError, match=message):
        elkmon.PredictionHandler(NOBODY_THERE, journal=journal)


def test_stretches_longer_than_any_line(make_handler, directory, path, capsys):
    """What is longer than any line is passed over and told; what stands before and behind it arrives."""
    leave_behind(directory, 10)
    (segment,) = files(directory, ".ndjson")
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([*lines[:5], b"\0" * 3_000_000 + b"\n", b"[" * 100_000 + b"\n", *lines[5:]]))
    handler = make_handler()
    elkmon.ModelLog("m", handler=handler).prediction({"a": 10})
    handler.close()
    assert sorted(numbers(path)) == list(range(11))
    assert "passed over (2 times)" in capsys.readouterr().err


def test_journal_that_cannot_be_read_stays(make_handler, directory, path):
    """A segment that is no file any more is left where it is, for somebody to look at; all else goes on."""
    leave_behind(directory, 10)
    (segment,) = files(directory, ".ndjson")
    segment.unlink()
    segment.mkdir()
    handler = make_handler()
    elkmon.ModelLog("m", handler=handler).prediction({"a": 10})
    handler.close()
    assert numbers(path) == [10]
    assert segment.is_dir()


@pytest.mark.parametrize("damage", [b'"elkmon.prediction"', b"\n", b"{"])
def test_damage_done_to_a_living_journal(store, make_handler, directory, monkeypatch, damage):
    """What somebody does to a living service's file costs the events it hits, which are counted, and no other."""
    monkeypatch.setattr(Sender, "start", lambda _: None)  # what it has read already, damage cannot reach
    handler = make_handler(store.url, batch_count=10)
    log = elkmon.ModelLog("m", handler=handler)
    for number in range(100):
        log.prediction({"a": number})
    (segment,) = files(directory, ".ndjson")
    content = segment.read_bytes()
    at = content.index(damage, len(content) // 2)
    with segment.open("r+b") as file:
        file.seek(at)
        file.write(b"\1" * len(damage))
    monkeypatch.undo()
    assert handler.flush(30)
    stats = handler.stats()
    assert stats.logged == 100
    assert stats.dropped.keys() <= {"journal_lost", "rejected"}
    assert 0 < sum(stats.dropped.values()) <= 2
    assert len(store.documents) == stats.delivered
    log.prediction({"a": 100})
    assert handler.flush(30)


def test_room_that_others_make_is_found(make_handler, directory):
    """A journal that was full because of another one takes events again when that has gone, though nothing is sent."""
    directory.mkdir()
    other = directory / "0123456789abcdef-000001.ndjson"
    other.write_bytes(b"x" * 1_100_000)
    (directory / "0123456789abcdef.lock").mkdir()  # nobody can take it over
    handler = make_handler(journal_bytes=1024 * 1024)
    log = elkmon.ModelLog("m", handler=handler)
    log.prediction({"a": 1})  # begins, and looks around
    log.prediction({"a": 2})
    assert handler.stats().dropped["journal_full"] >= 1
    other.unlink()
    deadline = time.monotonic() + 20
    dropped = -1
    while handler.stats().dropped["journal_full"] != dropped and time.monotonic() < deadline:
        dropped = handler.stats().dropped["journal_full"]
        log.prediction({"a": 3})
        time.sleep(0.05)
    assert handler.stats().dropped["journal_full"] == dropped


def test_full_disk_and_no_sink_cost_no_descriptors(run, directory):
    """While the disk takes nothing and nobody else does, neither open files nor empty ones pile up."""
    run(
        """
        import resource, signal
        import elkmon.shipping.journal.journal as journal
        journal._AGAIN_SECONDS = 0.0
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        log.prediction({"a": 0})
        time.sleep(0.3)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        log.prediction({"a": 1})
        before = len(os.listdir("/proc/self/fd"))
        for number in range(200): log.prediction({"a": number})
        assert handler.stats().unjournalled == 201, handler.stats()
        assert len(os.listdir("/proc/self/fd")) <= before + 1
        os._exit(0)
        """,
        f"{NOBODY_THERE!r}",
    )
    assert len(files(directory, ".ndjson")) <= 2
