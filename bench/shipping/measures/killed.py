"""`kill -9` while the sink is down: what of the events whose call returned arrives once the service runs again."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.shipping.arms import Arm, Call
from bench.shipping.event import FEATURES, marker
from bench.shipping.measures.outage import settled, worker_ended
from bench.shipping.measures.pacing import Counter, counted
from bench.shipping.processes import Process
from bench.shipping.session import Session, Table

_AGAIN = 999_999_999


def part(call: Call, counter: str, events: int, rate: int) -> None:
    """Log at a rate until killed; with a rate of 0 log one event, as a service that started again does."""
    if rate:
        counted(call, Counter(Path(counter)), events, rate)
    else:
        call(marker(_AGAIN), FEATURES)
    sys.stdin.readline()


def arrived_after_restart(session: Session, arm: Arm, folder: Path, port: int, sink: Process, returned: int) -> int:
    """Bring the sink up, start the service again, and count those of the killed one's events that arrive."""
    sink.ask("up")
    with session.worker(arm, "killed", port, folder, counter="", events=1, rate=0):
        report = settled(sink, returned + 1, session.sized(30, 8), 0)
    return min(returned, max(0, int(report["distinct"]) - 1))  # less the one event of the service that started again


def table(session: Session) -> Table:
    """Only arms that keep events on disk take part; the others lose what they queued."""
    seconds = session.sized(6, 3)

    def measure(arm: Arm) -> Sequence[str]:
        with TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as text, session.sink(arm) as (sink, port):
            assert sink is not None
            sink.ask("down")
            folder = Path(text)
            counter = Counter(folder / "counter")
            options = {"counter": str(folder / "counter"), "events": 100_000, "rate": arm.rate}
            with session.worker(arm, "killed", port, folder, **options) as worker:
                while not counter.get():
                    time.sleep(0.01)
                    worker_ended(worker)
                time.sleep(seconds)
                worker.kill()
            returned = counter.get()
            arrived = arrived_after_restart(session, arm, folder, port, sink, returned)
            session.figures["killed", arm.name] = 1 - arrived / returned
            return [f"{returned:,}", f"{returned - arrived:,}", f"{100 * (1 - arrived / returned):.1f} %"]

    arms = [arm for arm in session.arms if arm.durable]
    rows = session.each("kill -9", arms, measure, at_once=4)
    return Table(
        "kill -9 with the sink down",
        f"Killed after {seconds} s of logging; then the sink is up and the service started again.",
        ("", "calls returned", "lost", "share lost"),
        rows,
    )
