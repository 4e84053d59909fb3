"""`elkmon replay`: what a service has left on disk is sent by hand; interrupted and repeated, each event arrives once."""

import json
import os
import signal
import subprocess
import sys
import time

import elkmon
from elkmon.cli import main
from elkmon.shipping.replay import replay, sentences
from elkmon.shipping.transports import Receipt
from support.journal import NOBODY_THERE, leave_behind
from support.shipping import documents_in


def numbers(store):
    return sorted(one["features"]["num"]["a"] for (one,) in store.documents.values())


def test_journals_are_drained(store, directory, capsys):
    """All journals nobody owns are sent and cleared away; done again, there is nothing left to do, which is told."""
    leave_behind(directory, 1500)
    leave_behind(directory, 1500, name="n")
    assert main(["replay", str(directory), "--to", store.url]) == 0
    assert capsys.readouterr().out == "3000 events have arrived\n"
    assert numbers(store) == sorted([*range(1500)] * 2)
    assert list(directory.iterdir()) == []
    assert main(["replay", str(directory), "--to", store.url]) == 2
    assert "holds no journal" in capsys.readouterr().err


def test_journals_of_the_living_are_left_alone(store, directory, capsys):
    """What a living service owns is not touched, and said."""
    handler = elkmon.PredictionHandler(NOBODY_THERE, journal=directory, totals_every=0)
    elkmon.ModelLog("m", handler=handler).prediction({"a": 1})
    assert main(["replay", str(directory), "--to", store.url]) == 0
    assert "1 journals were left alone" in capsys.readouterr().out
    assert store.documents == {}
    handler.close()


def test_interrupted_and_repeated(store, directory):
    """Ctrl-C in the middle loses nothing: the next replay goes on where it was."""
    leave_behind(directory, 5000)
    reached = []

    def interrupt(answers):
        reached.append(True)
        answers.take_in()
        os.kill(process.pid, signal.SIGINT)

    store.script += [None] * 4 + [interrupt]  # a refresh, and for each batch a search and a bulk request
    command = [sys.executable, "-m", "elkmon", "replay", str(directory), "--to", store.url]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.wait(60) == 130
    assert reached
    assert subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.endswith(
        b"events have arrived\n"
    )
    assert numbers(store) == list(range(5000))
    assert list(directory.iterdir()) == []


def test_other_end_that_stays_away(directory, capsys):
    """Without success it gives up after its patience, says that something is left, and leaves it there."""
    leave_behind(directory, 10)
    begun = time.monotonic()
    assert main(["replay", str(directory), "--to", NOBODY_THERE, "--patience", "0.3"]) == 4
    assert time.monotonic() - begun < 10
    told = capsys.readouterr()
    assert "10 events or more are left" in told.out
    assert "Connection refused" in told.err
    assert len(list(directory.glob("*.ndjson"))) == 1


def test_refused_events_are_kept(store, directory, capsys):
    """Events that are refused for good leave the journal for a file beside it, which can be replayed in its turn."""
    leave_behind(directory, 10)
    store.script += [None, None, (200, [201, 400], {})]
    assert main(["replay", str(directory), "--to", store.url]) == 4
    kept = directory.with_name("journal.rejected.ndjson")
    assert f"5 events are refused for good; they are in {kept}" in capsys.readouterr().out
    assert len(documents_in(kept)) == 5
    assert main(["replay", str(kept), "--to", store.url]) == 0
    assert capsys.readouterr().out == "5 events have arrived\n"
    assert numbers(store) == list(range(10))


def test_place_for_the_refused_is_tried_first(store, directory, capsys):
    """Where the refused could not be written down, nothing is sent, and another file is asked for, which may be named."""
    leave_behind(directory, 4)
    beside = directory.with_name("journal.rejected.ndjson")
    beside.mkdir()
    assert main(["replay", str(directory), "--to", store.url]) == 2
    told = capsys.readouterr().err
    assert f"{beside}, for what is refused, cannot be written: " in told
    assert "name another file with --rejected" in told
    assert store.requests == []
    store.script += [None, None, (200, [201, 400], {})]
    named = directory.with_name("elsewhere.ndjson")
    assert main(["replay", str(directory), "--to", store.url, "--rejected", str(named)]) == 4
    assert f"2 events are refused for good; they are in {named}" in capsys.readouterr().out
    assert len(documents_in(named)) == 2
    assert named.stat().st_mode & 0o777 == 0o600
    assert main(["replay", str(named), "--to", store.url, "--rejected", str(beside)]) == 2
    assert "--rejected is for journals" in capsys.readouterr().err


def test_refused_events_that_cannot_be_kept_stay_in_their_journal(store, directory, capsys):
    """With the disk full under the refused, it stops, says so, and deletes none of them; repeated, all arrive."""
    leave_behind(directory, 10)
    store.script += [None, None, (200, [201, 400], {})]
    assert main(["replay", str(directory), "--to", store.url, "--rejected", "/dev/full"]) == 4
    told = capsys.readouterr().out
    assert told.startswith("5 events have arrived\n5 events or more are left; what is refused cannot be written down")
    assert "/dev/full: No space left on device; name another file with --rejected" in told
    assert main(["replay", str(directory), "--to", store.url]) == 0
    assert numbers(store) == list(range(10))


def test_directory_one_is_in(store, directory, monkeypatch):
    """A directory may be named relatively: what is refused is beside it all the same, and nothing is made for nothing."""
    leave_behind(directory, 2)
    monkeypatch.chdir(directory)
    assert main(["replay", ".", "--to", store.url]) == 0
    assert [path.name for path in directory.parent.iterdir()] == [directory.name]
    leave_behind(directory, 2)
    store.script += [None, None, (200, [400], {})]
    assert main(["replay", ".", "--to", store.url]) == 4
    assert len(documents_in(directory.with_name("journal.rejected.ndjson"))) == 2


def test_journals_that_cannot_be_read(store, directory, capsys):
    """A journal nobody owns and nobody can open is no living service's: it is told why, and that it is left."""
    leave_behind(directory, 3)
    leave_behind(directory, 3, name="n")
    lock = min(directory.glob("*.lock"))
    lock.unlink()
    lock.mkdir()  # nobody opens this for writing, not even root
    assert main(["replay", str(directory), "--to", store.url, "--json"]) == 4
    found = json.loads(capsys.readouterr().out)
    assert {key: found[key] for key in ("delivered", "left", "unreadable", "owned")} == {
        "delivered": 3,
        "left": 1,
        "unreadable": 1,
        "owned": 0,
    }
    assert str(lock) in found["trouble"]
    assert main(["replay", str(directory), "--to", store.url]) == 4
    told = capsys.readouterr().out
    assert "1 journals are left that could not be read or cleared away: [Errno 21] Is a directory" in told
    assert "their services live" not in told


class OneByOne:
    """Takes one event of each batch, after a while."""

    def send(self, batch, tried_for=0.0):
        time.sleep(0.2)
        return Receipt(again=tuple(range(1, len(batch))), detail="busy")

    def close(self):
        pass


def test_patience_is_renewed_by_what_arrives(directory, monkeypatch):
    """As long as some events of a batch arrive it goes on, for longer than its patience in all."""
    monkeypatch.setattr("elkmon.shipping.backoff.FIRST_SECONDS", 0.01)
    monkeypatch.setattr("elkmon.shipping.backoff.CAP_SECONDS", 0.01)
    leave_behind(directory, 8)
    found = replay(directory, OneByOne(), patience=1, progress=lambda *_: None)
    assert list(sentences(found)) == ["8 events have arrived"]


def test_dead_letters_and_files_of_events(store, tmp_path, capsys):
    """Dead letters of a handler, and the file of a FileTransport, are sent as they would have been; twice is once."""
    dead, plain = tmp_path / "dead.ndjson", tmp_path / "events.ndjson"
    store.script.append((200, [400], {}))
    handler = elkmon.PredictionHandler(store.url, dead_letters=dead, totals_every=0)
    id_ = elkmon.ModelLog("m", handler=handler).prediction({"a": 1})
    handler.close()
    handler = elkmon.PredictionHandler(elkmon.FileTransport(plain), totals_every=0)
    other = elkmon.ModelLog("m", handler=handler).prediction({"a": 2})
    handler.close()
    for _ in range(2):
        for path in (dead, plain):
            assert main(["replay", str(path), "--to", store.url]) == 0
    assert capsys.readouterr().out == "1 events have arrived\n" * 4
    assert {key: len(documents) for key, documents in store.documents.items()} == {id_: 1, other: 1}
    assert json.dumps(store.documents[other][0]) == json.dumps(documents_in(plain)[0])


def test_to_logstash(store, directory):
    """Logstash's http input takes them as well."""
    leave_behind(directory, 10)
    assert main(["replay", str(directory), "--logstash", store.url]) == 0
    assert numbers(store) == list(range(10))


def test_lines_that_are_no_events(store, tmp_path, capsys):
    """What is no event in a file is counted, and passed over."""
    path = tmp_path / "events.ndjson"
    path.write_text('rubbish\n\n{"a": 1}\n')
    assert main(["replay", str(path), "--to", store.url]) == 4
    assert capsys.readouterr().out == "0 events have arrived\n2 lines are no events\n"


def test_nothing_there(tmp_path, capsys):
    """A path that does not exist is a mistake, told with what to name."""
    assert main(["replay", str(tmp_path / "nowhere"), "--to", NOBODY_THERE]) == 2
    assert "does not exist: name a journal's directory" in capsys.readouterr().err
