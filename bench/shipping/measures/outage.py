"""The sink is gone for 10 of 20 seconds: connections refused, what it had open hung up."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.shipping.arms import Arm, Call
from bench.shipping.measures.pacing import Counter, counted
from bench.shipping.processes import Process
from bench.shipping.session import Session, Table
from bench.shipping.worker import say


def part(call: Call, counter: str, events: int, rate: int) -> None:
    """Log at a rate to the end, then live on until killed."""
    counted(call, Counter(Path(counter)), events, rate)
    say(done=True)
    sys.stdin.readline()


def table(session: Session) -> Table:
    """Run the arms side by side: they are idle most of the time."""
    before, gone, after, patience = (2, 3, 2, 6) if session.quick else (5, 10, 5, 45)

    def measure(arm: Arm) -> Sequence[str]:
        with TemporaryDirectory(prefix="bench-") as folder:
            counter = Counter(Path(folder) / "counter")
            events = arm.rate * (before + gone + after) + 1
            with session.pair(arm, "outage", counter=f"{folder}/counter", events=events, rate=arm.rate) as (
                worker,
                sink,
            ):
                while not counter.get():
                    time.sleep(0.01)
                    worker_ended(worker)
                time.sleep(before)
                sink.ask("down")
                time.sleep(gone)
                back = sink.ask("up")["now"]
                early = counter.get()
                worker.hear(after + 60)
                report = settled(sink, events, patience, early)
        lost = events - report["distinct"]
        late = report["latest"] - back
        session.figures["outage lost", arm.name] = lost
        session.figures["outage late", arm.name] = late
        stuck = report["early"] < early
        return [f"{events:,}", f"{lost:,}", f"{report['again']:,}", f"{late:.1f} s" if not stuck else "never"]

    rows = session.each("outage", session.shipping(), measure, at_once=6)
    return Table(
        f"Sink gone for {gone} s of a run of {before + gone + after} s",
        "'Last late event' is when, after the sink's return, the last event of those logged before it arrived; "
        f"'never' is not within {patience} s of the run's end. 'Sent again' is seen on the wire, not stored twice where "
        "events have ids.",
        ("", "events", "lost", "sent again", "last late event"),
        rows,
    )


def worker_ended(worker: Process) -> None:
    """Raise `Failed` where a worker ended before it began."""
    if worker.wait(0):
        worker.hear(1)


def settled(sink: Process, events: int, patience: float, early: int) -> dict[str, float]:
    """Wait until as many events arrived, or for some seconds; return the sink's report."""
    end = time.monotonic() + patience
    while True:
        report = sink.ask(f"report {early}", 60)
        if report["distinct"] >= events or time.monotonic() > end:
            return report
        time.sleep(0.3)
