"""Calls at a steady rate and flat out, and what is said of how long they took."""

from __future__ import annotations

import itertools
import mmap
import struct
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.shipping.arms import Call
from bench.shipping.event import FEATURES, marker

WARM_UP = 200


def steady(call: Call, calls: int, rate: int, seconds: float = 60.0) -> list[float]:
    """Return how long each of some calls took, in seconds, made at a rate a second; fewer where time is up."""
    times = []
    due = time.perf_counter()
    end = due + seconds
    for number in range(calls):
        due += 1 / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        name = marker(number)
        begun = time.perf_counter()
        call(name, FEATURES)
        ended = time.perf_counter()
        times.append(ended - begun)
        if ended > end:
            break
    return times


def flat_out(call: Call, calls: int, seconds: float) -> list[float]:
    """Return how long each call took, made one after the other; fewer where time is up."""
    times = []
    name = marker(0)
    ended = time.perf_counter()
    end = ended + seconds
    for _ in range(calls):
        begun = ended
        call(name, FEATURES)
        ended = time.perf_counter()
        times.append(ended - begun)
        if ended > end:
            break
    return times


def summary(times: Sequence[float]) -> dict[str, float]:
    """Return the percentiles, in microseconds."""
    ordered = sorted(times)
    count = len(ordered)
    return {
        "p50": 1e6 * ordered[count // 2],
        "p99": 1e6 * ordered[min(count - 1, int(count * 0.99))],
        "p999": 1e6 * ordered[min(count - 1, int(count * 0.999))],
        "worst": 1e6 * ordered[-1],
        "mean": 1e6 * sum(ordered) / count,
        "count": count,
    }


class Counter:
    """How many calls have returned: kept in a file mapped into memory, so that `kill -9` does not take it along."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 8)

    def set(self, count: int) -> None:
        """Write it."""
        self._map[:8] = struct.pack("q", count)

    def get(self) -> int:
        """Read it."""
        return int(struct.unpack("q", self._map[:8])[0])


def counted(call: Call, counter: Counter, calls: int, rate: int) -> None:
    """Make calls at a rate, and count those that returned."""
    for number in paced(calls, rate):
        call(marker(number), FEATURES)
        counter.set(number + 1)


def paced(calls: int, rate: int) -> Iterator[int]:
    """Give numbers at a rate."""
    due = time.monotonic()
    for number in itertools.islice(itertools.count(), calls):
        due += 1 / rate
        time.sleep(max(0.0, due - time.monotonic()))
        yield number
