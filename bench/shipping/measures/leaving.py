"""An orderly exit while the sink is down: how long it takes, and what is lost by it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.shipping.arms import Arm, Call
from bench.shipping.event import FEATURES, marker
from bench.shipping.measures.killed import arrived_after_restart
from bench.shipping.measures.pacing import paced
from bench.shipping.session import Session, Table
from bench.shipping.worker import say

_SECONDS = 2


def part(call: Call, events: int, rate: int) -> None:
    """Log some, and come to the end of the program."""
    for number in paced(events, rate):
        call(marker(number), FEATURES)
    say(leaving=True)


def table(session: Session) -> Table:
    """Wait for the end of each process; an arm that keeps events on disk is started again, to see what it kept."""
    limit = session.sized(45, 7)

    def measure(arm: Arm) -> Sequence[str]:
        with TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as text, session.sink(arm) as (sink, port):
            assert sink is not None
            sink.ask("down")
            folder = Path(text)
            events = _SECONDS * arm.rate
            with session.worker(arm, "leaving", port, folder, events=events, rate=arm.rate) as worker:
                worker.hear(90)
                begun = time.monotonic()
                ended = worker.wait(limit)
                seconds = time.monotonic() - begun
            kept = arrived_after_restart(session, arm, folder, port, sink, events) if arm.durable else 0
            session.figures["exit", arm.name] = seconds
            return [f"{seconds:.1f} s" if ended else f"> {limit} s", f"{events:,}", f"{events - kept:,}"]

    rows = session.each("exit", session.shipping(), measure, at_once=8)
    return Table(
        "Exit with the sink down",
        f"From the program's last line to the end of the process, killed after {limit} s.",
        ("", "exit", "events", "lost"),
        rows,
    )
