"""
The parent's side of a node: makes its home, starts its process, waits for it, ends it.
What happens within that process is `node.py`'s; why it ended early, `diagnosis.py`'s.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from elkmon.embedded.diagnosis import obstacle
from elkmon.errors import EmbeddedError

_SECONDS_TO_START = 120.0
_SECONDS_TO_STOP = 20.0
_SECONDS_BETWEEN_LOOKS = 0.05
_SECONDS_TO_ANSWER = 10.0
_MOST_PROCESSORS = 4
_LINES_OF_LOG_SHOWN = 4
_NOT_SAID = re.compile(r"\s*(?:at |Caused by|Suppressed|\.\.\. \d+ more|$)")  # the frames of stack traces
_JAVA_VARIABLES = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH")  # meant for other programs
_LOGGING = """\
status = off
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
logger.deprecation.name = org.elasticsearch.deprecation
logger.deprecation.level = error
logger.native.name = org.elasticsearch.nativeaccess
logger.native.level = error
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to run: the version and the folder it lies in, Java, the HTTP port, the data folder, Java's memory, settings."""

    version: str
    distribution: Path
    libjvm: Path
    port: int
    data: Path | None
    heap: str
    settings: Mapping[str, str]


class NodeProcess:
    """
    A node's process and its home, a temporary folder: its configuration, its log, and data nobody wants kept.

    Raises `EmbeddedError` when the data folder, the home or the process cannot be made.
    """

    def __init__(self, plan: Plan) -> None:
        self.url = ""
        self._plan = plan
        self._make_data_folder()
        try:
            self._home = tempfile.TemporaryDirectory(prefix="elkmon-elasticsearch-", ignore_cleanup_errors=True)
            home = Path(self._home.name)
            self._log_file = home / "node.log"
            self._ports_file = home / "logs" / "http.ports"  # written by Elasticsearch itself, once it listens
            for folder in ("config", "logs", "tmp"):
                (home / folder).mkdir()
            (home / "config" / "log4j2.properties").write_text(_LOGGING, encoding="utf-8")
            self._process = self._launch(home)
        except OSError as error:
            raise EmbeddedError(
                f"Cannot start a process for Elasticsearch with a folder of its own: {error}. "
                "Free memory or disk space, or set TMPDIR to a folder with room."
            ) from error

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Return when every index can be read. Raises `EmbeddedError` when the process ends, or after 120 s."""
        deadline = time.monotonic() + _SECONDS_TO_START
        while not self._is_ready():
            if self._process.poll() is not None:
                raise self._error(f"could not be started: {self._obstacle()}")
            if time.monotonic() > deadline:
                raise self._error(f"is not ready after {_SECONDS_TO_START:.0f} s: {self._obstacle()}")
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def stop(self) -> None:
        """Cut the child's lifeline, wait up to 20 s, then kill it; remove its home."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._home.cleanup()

    def _launch(self, home: Path) -> subprocess.Popen[bytes]:
        plan = self._plan
        with self._log_file.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 our own file, by this very interpreter
                [sys.executable, "-P", Path(__file__).with_name("node.py")],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=home,
                env={name: value for name, value in os.environ.items() if name not in _JAVA_VARIABLES},
            )
        description = {
            "parent": os.getpid(),
            "home": str(home),
            "libjvm": str(plan.libjvm),
            "distribution": str(plan.distribution),
            "heap": plan.heap,
            "settings": _settings(home, plan),
        }
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # a child that is gone already is noticed by the wait
            process.stdin.write(json.dumps(description).encode() + b"\n")
        return process

    def _is_ready(self) -> bool:
        if not self._ports_file.exists():
            return False
        address = self._ports_file.read_text(encoding="utf-8").split()[0]
        self.url = f"http://{address}"
        # Not urllib, which would ask a proxy for the loopback address when one is configured.
        connection = http.client.HTTPConnection(address, timeout=_SECONDS_TO_ANSWER)
        try:
            connection.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _make_data_folder(self) -> None:
        data = self._plan.data
        if data is None:
            return
        try:
            data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(f"data={data} cannot be the data folder: {error}. Choose another one.") from error

    def _obstacle(self) -> str:
        plan = self._plan
        return obstacle(self._log(), self._process.returncode, port=plan.port, heap=plan.heap, data=plan.data)

    def _error(self, what: str) -> EmbeddedError:
        kept = self._plan.distribution.parent / "last-failure.log"  # the home goes when the node stops
        try:
            shutil.copyfile(self._log_file, kept)
            where = f", kept in {kept},"
        except OSError:  # the jars may lie in a folder that can only be read
            where = ""
        said = [line for line in self._log().splitlines() if not _NOT_SAID.match(line)]
        tail = "\n".join(f"    {line}" for line in said[-_LINES_OF_LOG_SHOWN:])
        return EmbeddedError(f"Elasticsearch {self._plan.version} {what}\nIts log{where} ends:\n{tail}")

    def _log(self) -> str:
        return self._log_file.read_text(encoding="utf-8", errors="replace")


def _settings(home: Path, plan: Plan) -> dict[str, str]:
    return {
        "path.home": str(home),
        "path.data": str(plan.data or home / "data"),
        "cluster.name": "elkmon-embedded",
        "node.name": "embedded",
        "node.portsfile": "true",
        "node.processors": str(min(os.cpu_count() or 1, _MOST_PROCESSORS)),
        "network.host": "127.0.0.1",
        "http.port": str(plan.port),
        "transport.port": "0",
        "discovery.type": "single-node",
        "indices.breaker.total.use_real_memory": "false",  # a small heap is often nearly full, and is collected in time
        "cluster.routing.allocation.disk.threshold_enabled": "false",  # a laptop's disk is often nearly full
        **plan.settings,
    }
