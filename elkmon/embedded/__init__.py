"""
A real Elasticsearch from pip packages, for the demo, for tests and for trying things out; not for production.
It is one node of the server's core: no security, ES|QL, ILM, scripts or ingest pipelines.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from elkmon.embedded.distribution import libjvm, obtain
from elkmon.embedded.process import NodeProcess, Plan
from elkmon.errors import EmbeddedError

__all__ = ["DEFAULT_VERSION", "VERSIONS", "EmbeddedElasticsearch"]

VERSIONS = ("9.2.2", "8.19.9")
DEFAULT_VERSION = VERSIONS[0]

_HIGHEST_PORT = 65_535


class EmbeddedElasticsearch:
    """
    One node in a child process, which ends with this process, however that ends.

        with EmbeddedElasticsearch() as node:
            print(node.url)

    - `version`: one of `VERSIONS`.
    - `port`: of HTTP on 127.0.0.1; 0 takes a free one.
    - `data`: a folder to keep the indices in, made when it is missing; None keeps nothing.
    - `heap`: memory for Java, as "512m" or "1g"; the whole process takes up to about 200 MB more.
    - `settings`: of Elasticsearch itself, beside or instead of those made here, for a node that is one of several.
    - `log`: is given a line when Elasticsearch is downloaded, the first time; None writes it to standard error.

    Raises `EmbeddedError` when an argument cannot be used.
    """

    def __init__(
        self,
        *,
        version: str = DEFAULT_VERSION,
        port: int = 0,
        data: Path | None = None,
        heap: str = "512m",
        settings: Mapping[str, str] | None = None,
        log: Callable[[str], None] | None = None,
    ) -> None:
        if version not in VERSIONS:
            raise EmbeddedError(f"Elasticsearch {version!r} cannot be embedded; choose from {', '.join(VERSIONS)}.")
        if not 0 <= port <= _HIGHEST_PORT:
            raise EmbeddedError(f"port={port} does not exist; choose from 1 to {_HIGHEST_PORT}, or 0 for a free one.")
        if not re.fullmatch(r"[1-9][0-9]*[mg]", heap):
            raise EmbeddedError(f"heap={heap!r} is no size of memory; write megabytes as '512m', gigabytes as '1g'.")
        self._version = version
        self._port = port
        self._data = Path(data).absolute() if data is not None else None
        self._heap = heap
        self._settings = dict(settings or {})
        self._log = log or _write_to_standard_error
        self._process: NodeProcess | None = None

    @property
    def version(self) -> str:
        """The version of Elasticsearch, as asked for."""
        return self._version

    @property
    def url(self) -> str:
        """Where the node answers. Raises `EmbeddedError` unless it was started."""
        return self._running().url

    @property
    def pid(self) -> int:
        """The node's process. Raises `EmbeddedError` unless it was started."""
        return self._running().pid

    def start(self) -> str:
        """
        Start the node, wait until its indices can be read, and return its URL: about 5 seconds on two cores.

        Raises `MissingExtra` without the packages of `elkmon[embedded]`, and `EmbeddedError` when the download,
        Java, the memory, the port or the data folder is the obstacle, or when it is not ready within 120 seconds.
        """
        if self._process:
            raise EmbeddedError(f"This node runs already, at {self._process.url}; stop it before starting it again.")
        distribution = obtain(self._version, self._log)
        process = NodeProcess(
            Plan(self._version, distribution, libjvm(), self._port, self._data, self._heap, self._settings)
        )
        try:
            process.wait_until_ready()
        except BaseException:  # also when a user interrupts the wait
            process.stop()
            raise
        self._process = process
        return process.url

    def stop(self) -> None:
        """End the node: in order, or by force after 20 seconds. Does nothing when it is not running."""
        process, self._process = self._process, None
        if process:
            process.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _running(self) -> NodeProcess:
        if self._process is None:
            raise EmbeddedError("This node is not running; call start(), or use it in a with statement.")
        return self._process


def _write_to_standard_error(line: str) -> None:
    sys.stderr.write(f"{line}\n")
