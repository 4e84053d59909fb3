"""The bench's side of its processes: sinks and workers are told lines, and answer with lines of JSON."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

REPOSITORY = Path(__file__).parents[2]


class Failed(Exception):
    """An arm could not do what was asked; the text becomes a line of the table."""


class Process:
    """
    A module of the bench, run by this interpreter. It is killed at the end of the `with`, if it lives by then.

    Args:
        module: its name.
        arguments: of its command line.
        name: who it is in an error.
        shown: whether what it writes to standard error is seen; otherwise its last line is told when it crashes.
    """

    def __init__(self, module: str, *arguments: str, name: str, shown: bool = False) -> None:
        self._name = name
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed at the end of the `with`
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if shown else self._errors,
            text=True,
            cwd=REPOSITORY,
            env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        )
        self._heard: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()
        self._errors.close()

    def tell(self, line: str) -> None:
        """Send a line. One that is gone is noticed when it does not answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise Failed(f"{self._name} ended: {self._last_words()}") from error

    def hear(self, timeout: float) -> dict[str, Any]:
        """Return the next answer. Raises `Failed` where it says so, ends, or takes longer than some seconds."""
        while True:
            try:
                line = self._heard.get(timeout=timeout)
            except queue.Empty:
                raise Failed(f"{self._name}: no answer within {timeout:.0f} s") from None
            if not line:
                self._process.wait()
                raise Failed(f"crashed: {self._last_words()}")
            if line.startswith("{"):  # a peer may print, too
                break
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise Failed(answer["failed"])
        return answer

    def ask(self, line: str, timeout: float = 20.0) -> dict[str, Any]:
        """Send a line and return the answer."""
        self.tell(line)
        return self.hear(timeout)

    def stop(self) -> None:
        """Stop it where it stands (SIGSTOP)."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it at once (SIGKILL), whatever it does."""
        self._process.kill()
        self._process.wait()

    def wait(self, timeout: float) -> bool:
        """Wait for its end; false where that takes longer."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._heard.put(line)
        self._heard.put("")

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = [line.strip() for line in self._errors.read().splitlines() if line.strip()]
        return re.sub(r"(?:/[^\s/'\"]+)+/", "", lines[-1]) if lines else f"exit code {self._process.returncode}"
