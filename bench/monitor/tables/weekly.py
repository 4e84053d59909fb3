"""2: the weekly check of the demo, in a process that runs and as a command."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from statistics import median

from bench.monitor import workers
from bench.monitor.session import Session
from bench.monitor.workers import Failed
from bench.statistics.session import Table

_COLUMNS = ("", "seconds", "own processor, s", "growth, MB", "moved, MB", "requests")
_NOTES = """\
The demo's flights, its model and its reference; a check every Monday at noon, by which the week's truth is in: some 2,300
predictions and as many outcomes of 15 features. No mail is written, so nothing is drawn. *Warm*: one process checks week after
week, as `elkmon run` does. *Fresh*: `elkmon check --at …` from the start of the interpreter to its end, of the last week."""


def tables(session: Session) -> Iterator[Table]:
    """Live the weeks, then check the last one by a command."""
    weeks = session.sized(20, 5)
    with tempfile.TemporaryDirectory(prefix="bench-demo-") as folder:
        lived = workers.elkmon("demo_worker", "lived", url=session.node.url, folder=folder, weeks=weeks)
        fresh = workers.command(["check", "-c", lived["configuration"], "--at", lived["at"]])
        nothing = workers.command(["--help"])
    if fresh.code not in {0, 1}:
        raise Failed(f"elkmon check ended with {fresh.code}: {fresh.said[-300:]}")
    first, *later = lived["checks"]
    middle = {name: median(each[name] for each in later) for name in first if name != "at"}
    longest = max(later, key=lambda each: each["wall"])
    rows = [
        [name, f"{each['wall']:.2f}", f"{each['processor']:.2f}", f"{each['growth']:.0f}", f"{each['moved'] / 1e6:.2f}",
         f"{each['requests']:.0f}"]
        for name, each in (
            ("warm, the first week", first), (f"warm, the middle of {len(later)} weeks after it", middle),
            ("warm, the longest of these", longest),
        )
    ]  # fmt: skip
    rows.append(["fresh, the week after", f"{fresh.wall:.2f}", f"{fresh.processor:.2f}"])
    rows.append(["(`elkmon --help`)", f"{nothing.wall:.2f}", f"{nothing.processor:.2f}"])
    session.figures |= {
        "demo warm wall": middle["wall"],
        "demo warm processor": middle["processor"],
        "demo fresh wall": fresh.wall,
    }
    yield Table("2. The weekly check of the demo", _NOTES, _COLUMNS, rows)
