"""How many events a second reach the sink, and what each takes of the processor."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Sequence

from bench.shipping.arms import Arm, Call
from bench.shipping.event import FEATURES, marker
from bench.shipping.processes import Failed, Process
from bench.shipping.session import Session, Table
from bench.shipping.worker import say

_PATIENCE = 12.0  # the longest a run is waited for; what arrived by then counts
_QUIET = 5.0  # what did not arrive by then does not: no arm waits longer for company


def part(call: Call, events: int) -> None:
    """Log flat out; when asked, say what it took."""
    names = [marker(number) for number in range(events)]
    call(names[0], FEATURES)
    time.sleep(0.5)  # connected, and everything imported
    begun, used = time.monotonic(), _processor()
    for name in names[1:]:
        call(name, FEATURES)
    say(begun=begun, logged=time.monotonic())
    sys.stdin.readline()
    say(used=_processor() - used)
    sys.stdin.readline()


def _processor() -> float:
    times = os.times()
    return times.user + times.system


def table(session: Session) -> Table:
    """Run each arm a few times, alone."""
    rounds = session.sized(3, 1)

    def measure(arm: Arm) -> Sequence[str]:
        events = arm.events if not session.quick else max(200, arm.events // 10)
        runs = [_run(session, arm, events) for _ in range(rounds)]
        rate, cpu, arrived, octets = (statistics.median(column) for column in zip(*runs, strict=True))
        session.figures["throughput", arm.name] = rate
        return [f"{rate:,.0f}", f"{cpu:.1f}", f"{events:,}", f"{events - arrived:,.0f}", f"{octets:,.0f}"]

    rows = session.each("throughput", session.shipping(), measure)
    return Table(
        "Throughput to a sink",
        f"From the first call to the last arrival, {_PATIENCE:.0f} s at most; processor time of the whole process, per event "
        f"that arrived; median of {rounds}. Events not there by then wait, or are lost. The bytes of an event are before "
        "compression, and without the lines `_bulk` has between events.",
        ("", "events/s", "CPU µs/event", "logged", "not there", "bytes/event"),
        rows,
    )


def _run(session: Session, arm: Arm, events: int) -> tuple[float, float, float, float]:
    with session.pair(arm, "throughput", events=events) as (worker, sink):
        done = worker.hear(90)
        report = _arrival(sink, events, done["begun"] + _PATIENCE)
        used = worker.ask("used")["used"]
        distinct = report["distinct"]
        if distinct < 2:
            raise Failed("nothing arrived")
        return distinct / (report["last"] - done["begun"]), 1e6 * used / distinct, distinct, report["octets"] / distinct


def _arrival(sink: Process, events: int, until: float) -> dict[str, float]:
    while True:
        report = sink.ask("report")
        if report["distinct"] >= events or report["now"] > max(until, report["last"] + 0.5):
            return report
        if report["now"] - max(report["last"], until - _PATIENCE) > _QUIET:
            return report
        time.sleep(0.1)
