"""Services in processes of their own: started, asked, and ended by a signal."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
SECONDS = 60  # for anything that is waited for


def wait_for(condition, what):
    """Wait until `condition` holds, and return what it returned."""
    deadline = time.monotonic() + SECONDS
    while not (held := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return held


def free_port():
    """Return a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def running(*command, cwd, log, **environment):
    """Run `python -m command` in `cwd`; what is left of it is killed. Its output goes to the file `log`."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", *map(str, command)],
            cwd=cwd,
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # the group it is the leader of


@contextmanager
def serving(port, *command, cwd, log, **environment):
    """Run a server, and wait until it listens on `port`."""
    with running(*command, cwd=cwd, log=log, **environment) as process:
        wait_for(lambda: process.poll() is not None or _listens(port), f"{command} listens")
        assert process.poll() is None, log.read_text()
        yield process


def end(process, log, *, by=signal.SIGTERM, codes=(0,)):
    """End a process by a signal, and wait for it."""
    process.send_signal(by)
    assert process.wait(SECONDS) in codes, log.read_text()


def post(port, path, content, **headers):
    """Send JSON and return the answer's."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        json.dumps(content).encode(),
        {"Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        return json.loads(answer.read())


def stored(store, kind="prediction"):
    """Return the documents of a kind that a `Store` was sent; each was sent once."""
    assert all(len(sent) == 1 for sent in store.documents.values())
    return [one for (one,) in list(store.documents.values()) if one["data_stream"]["dataset"] == f"elkmon.{kind}"]


def _listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
