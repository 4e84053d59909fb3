"""The service's lives: each a process that is started, watched, and killed or finished."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.shipping.measures.pacing import Counter
from bench.shipping.processes import Failed, Process


@dataclass(frozen=True, slots=True)
class Sample:
    """The service at a moment: seconds since the soak began, its memory in bytes, and the events that wait."""

    at: float
    resident: int
    pending: int


@dataclass(slots=True)
class Lives:
    """
    One service after another, each with a counter of the calls that returned.

    Attributes:
        folder: for the counters.
        options: for each of them.
        samples: of all lives.
        last: what the current one said last.
        final: what the last one said at its end.
    """

    folder: Path
    options: Mapping[str, Any]
    begun: float = field(default_factory=time.monotonic)
    samples: list[Sample] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)
    final: dict[str, Any] = field(default_factory=dict)
    trouble: str = ""
    _counters: list[Counter] = field(default_factory=list)
    _process: Process | None = None
    _watcher: threading.Thread | None = None

    def start(self) -> None:
        """Start the next one."""
        path = self.folder / f"calls-{len(self._counters) + 1}"
        self._counters.append(Counter(path))
        text = json.dumps({**self.options, "counter": str(path), "life": str(len(self._counters))})
        self._process = Process("bench.soak.service", text, name="the service", shown=True)
        self._watcher = threading.Thread(target=self._watch, args=(self._process,), daemon=True)
        self._watcher.start()

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._join()

    def finish(self) -> None:
        """Let it send what waits, and end."""
        assert self._process is not None
        self._process.tell("finish")
        self._join()

    @property
    def returned(self) -> dict[str, int]:
        """How many calls returned, by life."""
        return {str(number): counter.get() for number, counter in enumerate(self._counters, 1)}

    def _join(self) -> None:
        assert self._watcher is not None
        self._watcher.join()

    def _watch(self, process: Process) -> None:
        try:
            while not self.last.get("final"):
                self.last = told = process.hear(60)
                self.samples.append(Sample(time.monotonic() - self.begun, told["resident"], told["pending"]))
            self.final = self.last
        except Failed as failure:
            self.trouble = str(failure)  # expected of one that was killed
