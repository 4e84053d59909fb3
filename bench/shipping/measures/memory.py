"""What an event takes in memory while it is queued: 100,000 logged with the sink stalled."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.shipping.arms import Arm, Call
from bench.shipping.elkmon_arms import TCP
from bench.shipping.event import fresh_features, marker
from bench.shipping.measures.stalled import WINDOW
from bench.shipping.processes import Process
from bench.shipping.session import Session, Table
from bench.shipping.worker import say

_EVENTS = 100_000
_WARM_UP = 200
_PATIENCE = 15.0


def part(call: Call, events: int) -> None:
    """Log a few, which arrive; then, with the sink stopped, events that share nothing with one another."""
    for number in range(events - _WARM_UP, events):
        call(marker(number), fresh_features(number))
    say(warm=True)
    sys.stdin.readline()
    gc.collect()
    before = resident()
    for number in range(events - _WARM_UP):
        call(marker(number), fresh_features(number))
    gc.collect()
    say(grown=resident() - before)
    sys.stdin.readline()


def resident() -> int:
    """Return the process's resident memory, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def table(session: Session) -> Table:
    """Set what memory grew by against the bytes of an event, as the sink counted them before it was stopped."""

    def measure(arm: Arm) -> Sequence[str]:
        events = session.sized(_EVENTS, _EVENTS // 10)
        with session.pair(arm, "memory", window=WINDOW, events=events) as (worker, sink):
            worker.hear(30)
            octets = _bytes_of_an_event(sink)
            sink.stop()
            grown = worker.ask("go", 120)["grown"]
        kept = min(events - _WARM_UP, arm.bound or events)
        cells = [
            f"{events - _WARM_UP:,}",
            f"{kept:,}",
            f"{grown / 1e6:,.1f} MB",
            f"{grown / kept:,.0f}",
            f"{octets:,.0f}",
        ]
        if arm.bound or not octets:
            return [*cells, "–"]
        session.figures["memory", arm.name] = ratio = grown / kept / octets
        return [*cells, f"{ratio:.2f}×"]

    arms = [arm for arm in session.shipping() if arm.queues and TCP not in arm.name]
    rows = session.each("memory", arms, measure)
    return Table(
        "Memory of queued events",
        "What the process grew by, with the sink stopped; per event kept, and that against the event's own bytes. An arm that "
        "keeps few by default says how many; with a journal events wait on disk.",
        ("", "logged", "kept", "grown", "bytes/event", "its own bytes", "ratio"),
        rows,
    )


def _bytes_of_an_event(sink: Process) -> float:
    """Wait for the first events, and ask how large they were; 0 where none came."""
    end = time.monotonic() + _PATIENCE
    while True:
        report = sink.ask("report")
        if report["distinct"] >= _WARM_UP or time.monotonic() > end:
            return float(report["octets"] / report["distinct"]) if report["distinct"] else 0.0
        time.sleep(0.2)
