"""One run of the bench: its sizes, its progress, its processes, and the figures found so far."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.shipping.arms import Arm
from bench.shipping.processes import Failed, Process


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report; a row that has fewer cells than columns says in its second why there are no figures."""

    title: str
    notes: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(slots=True)
class Session:
    """
    What the measures share.

    Attributes:
        arms: those that take part.
        quick: whether to try out only.
        figures: by measure and arm, for the page's summary and for measures that build on others.
    """

    arms: Sequence[Arm]
    quick: bool
    figures: dict[tuple[str, str], float] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """Show progress."""
        sys.stderr.write(f"[{time.monotonic() - self.begun:4.0f} s] {text}\n")
        sys.stderr.flush()

    def sized(self, full: int, quick: int) -> int:
        """Choose a count."""
        return quick if self.quick else full

    def shipping(self) -> list[Arm]:
        """Return the arms whose events leave the process."""
        return [arm for arm in self.arms if arm.sink]

    @contextmanager
    def sink(self, arm: Arm, window: int = 0) -> Iterator[tuple[Process | None, int]]:
        """Give the sink an arm needs, and its port."""
        if not arm.sink:
            yield None, 0
            return
        with Process(
            "bench.shipping.sink", arm.sink, "own" if arm.own_ids else "marked", str(window), name="the sink"
        ) as sink:
            yield sink, int(sink.hear(20)["port"])

    @contextmanager
    def pair(self, arm: Arm, measure: str, *, window: int = 0, **options: object) -> Iterator[tuple[Process, Process]]:
        """Give a worker that does its part of a measure, and its sink (the worker itself, where it needs none)."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)))
            sink, port = stack.enter_context(self.sink(arm, window))
            worker = stack.enter_context(self.worker(arm, measure, port, folder, **options))
            yield worker, sink or worker

    def worker(self, arm: Arm, measure: str, port: int, folder: Path, **options: object) -> Process:
        """Start a worker."""
        text = json.dumps({"port": port, "folder": str(folder), **options})
        return Process("bench.shipping.worker", arm.name, measure, text, name="the worker")

    def each(
        self,
        what: str,
        arms: Sequence[Arm],
        measure: Callable[[Arm], Sequence[str]],
        *,
        at_once: int = 1,
    ) -> list[Sequence[str]]:
        """Return a row for each arm. An arm that fails gets one that says so."""

        def row(arm: Arm) -> Sequence[str]:
            self.say(f"{what}: {arm.name}")
            try:
                return [arm.name, *measure(arm)]
            except Failed as failure:
                self.say(f"{what}: {arm.name}: {failure}")
                return [arm.name, str(failure)]

        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(row, arms))
