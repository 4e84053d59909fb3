"""
The process's faults once more under every CPython from 3.11 on that is found: each has its own rules for exits and forks.
The interpreter that runs the tests is one of them. The others get elkmon and python-json-logger, and nothing else.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import pythonjsonlogger

import elkmon
from support.shipping import documents_in

BEGIN = """
import atexit, logging, multiprocessing, os, sys, threading, time
sys.modules["orjson"] = None
atexit.register(lambda: os.environ.get("LATE") and log.prediction({"who": "late"}))
import elkmon
from elkmon.shipping import lifecycle

where = sys.argv[1]
transport = where if where.startswith("http") else elkmon.FileTransport(where)
handler = elkmon.PredictionHandler(transport, totals_every=0, flush_every=60)
log = elkmon.ModelLog("m", handler=handler)

def say(who):
    log.prediction({"who": who})

def threads():
    def go_on():
        while True:
            say("daemon")
            time.sleep(0.001)
    threading.Thread(target=go_on, daemon=True).start()
    threading.Timer(0.3, say, ["thread"]).start()
    say("main")

def fork():
    say("main")
    child = os.fork()
    if not child:
        say("child")
        handler.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

def children(method):
    say("main")
    context = multiprocessing.get_context(method)
    for target in (say, say_in_a_thread):
        child = context.Process(target=target, args=("child",))
        child.start()
        child.join()
        assert child.exitcode == 0

def say_in_a_thread(who):
    threading.Timer(0.1, say, [who]).start()

if __name__ == "__main__":
"""


def interpreters():
    """Return the version and the path of each CPython from 3.11 on: this one, those on the path, and pyenv's."""
    found = {}
    minors = range(11, 20)
    candidates = [sys.executable, *filter(None, (shutil.which(f"python3.{minor}") for minor in minors))]
    if pyenv := shutil.which("pyenv"):
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False, timeout=30).stdout.strip()
        candidates += [str(path) for path in sorted(Path(root, "versions").glob("3.*/bin/python"))] if root else []
    question = "import sys; print(sys.implementation.name, sys.version_info >= (3, 11), sys.version.split()[0])"
    for candidate in candidates:
        asked = subprocess.run([candidate, "-c", question], capture_output=True, text=True, check=False, timeout=30)
        name, new_enough, version = (asked.stdout.split() + [""] * 3)[:3]
        if (name, new_enough) == ("cpython", "True"):
            found.setdefault(version, candidate)
    return found


FOUND = interpreters()


@pytest.fixture(params=FOUND, scope="module")
def run(request, tmp_path_factory):
    """Run a program under an interpreter; return the events it wrote to a file, by who said them, and what it told."""
    packages = tmp_path_factory.mktemp("packages")
    for package in (elkmon, pythonjsonlogger):
        folder = Path(package.__file__).parent
        (packages / folder.name).symlink_to(folder)
    python = FOUND[request.param]

    def run(call, where=None, **environment):
        folder = tmp_path_factory.mktemp("run")
        (folder / "program.py").write_text(BEGIN + "    " + call + "\n")
        path = folder / "events.ndjson"
        ended = subprocess.run(
            [python, "program.py", where or path],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1", **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stderr
        said = [one["features"]["cat"]["who"] for one in documents_in(path)] if path.exists() else []
        return said, ended.stderr

    return run


def test_exit(run):
    """What was logged arrives, the last of it from exit handlers that run before and after the handler's own."""
    said, told = run("atexit.register(say, 'early'); [say('main') for _ in range(100)]", LATE="1")
    assert sorted(said) == ["early", "late"] + ["main"] * 100
    assert told == ""


def test_exit_before_the_first_event(run):
    """Where the first event is logged during the exit, which allows no new threads, it arrives as well."""
    said, told = run("atexit.register(say, 'early')")
    assert said == ["early"]
    assert told == ""


def test_exit_with_nobody_there(run):
    """With the other end gone the exit ends, also with an event that comes late, and says what was lost."""
    _, told = run("lifecycle._process.seconds_left = 1.0; say('main')", where="http://localhost:1", LATE="1")
    assert "elkmon: exit_timeout: " in told


def test_threads_during_the_exit(run):
    """A thread that outlives the main one is waited for; one that logs without end neither delays nor breaks the exit."""
    said, _ = run("threads()")
    assert said.count("main") == 1
    assert said.count("thread") == 1
    assert said.count("daemon") > 10


def test_fork(run):
    """A forked child ships its own event and none of its parent's."""
    said, told = run("fork()")
    assert sorted(said) == ["child", "main"]
    assert "elkmon" not in told


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(run, method):
    """Children of multiprocessing deliver at their end what nobody flushed, even what a last thread says."""
    said, _ = run(f"children({method!r})")
    assert sorted(said) == ["child", "child", "main"]
