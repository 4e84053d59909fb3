"""
Writes how the process stands into a file: at once when something happened, and every half minute though nothing did.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from elkmon.errors import ConfigurationError

EVERY = 30.0
"""Seconds after which the file is written anew."""


class Heartbeat:
    """
    Keeps `path` up to date with what `text` returns, for as long as its context lasts.

    It is written by a thread of its own, so a check that hangs does not stop it, and replaced as a whole, so nobody reads half
    of it. A disk that is full is said once through `say`, and tried again.

    Raises:
        ConfigurationError: when entered, if the file cannot be written.
    """

    def __init__(
        self, path: Path, text: Callable[[], str], say: Callable[[str], None], *, every: float = EVERY
    ) -> None:
        self._path = path
        self._text = text
        self._say = say
        self._every = every
        self._news = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._beat, name="elkmon-heartbeat", daemon=True)

    def __enter__(self) -> Self:
        try:
            self._write()
        except OSError as error:
            raise ConfigurationError(f"the status file {self._path} cannot be written: {error}") from error
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended = True
        self._news.set()
        self._thread.join(timeout=1)

    def beat(self) -> None:
        """Have it written soon, as something happened."""
        self._news.set()

    def _beat(self) -> None:
        broken = False
        while not self._ended:
            self._news.wait(self._every)
            self._news.clear()
            try:
                self._write()
            except OSError as error:
                if not broken:
                    self._say(f"the status file {self._path} cannot be written: {error}; tried again")
                broken = True
            else:
                broken = False

    def _write(self) -> None:
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        beside.write_text(self._text(), encoding="utf-8")
        beside.replace(self._path)
