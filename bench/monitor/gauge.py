"""What a piece of work takes of its own process: time, processor, and memory at its height. Imported in every environment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_THE_HEIGHT = "5"


@dataclass(slots=True)
class Taken:
    """
    What was taken.

    Attributes:
        wall: seconds by the clock; `processor` of the processor, in all threads.
        before: MB of memory the process had; `growth` by how many it grew at its height.
    """

    wall: float = 0.0
    processor: float = 0.0
    before: float = 0.0
    growth: float = 0.0


@contextmanager
def gauged() -> Iterator[Taken]:
    """Measure what is done in the context; read what is given after it. One within another hides the outer one's height."""
    taken = Taken()
    _CLEAR.write_text(_RESET_THE_HEIGHT)
    taken.before = _megabytes("VmRSS")
    clock, processor = time.perf_counter(), time.process_time()
    try:
        yield taken
    finally:
        taken.wall = time.perf_counter() - clock
        taken.processor = time.process_time() - processor
        taken.growth = _megabytes("VmHWM") - taken.before


def height(*parts: Taken) -> float:
    """Return by how many MB the process grew at its height in `parts`, which followed one another, over what it had before."""
    return max(each.before + each.growth for each in parts) - parts[0].before


def _megabytes(name: str) -> float:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024
