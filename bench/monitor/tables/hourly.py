"""3: a run over a hundred models of fifty features, an hour after the last one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.monitor import workers
from bench.monitor.session import START, Session
from bench.statistics.session import Table

COLUMNS = (
    "", "seconds", "own processor, s", "the node's, s", "growth, MB", "moved, MB", "requests", "windows", "findings"
)  # fmt: skip
_NOTES = """\
{models} models of 40 numeric and 10 categorical features and two pairs, {rows} predictions an hour each, windows of an hour, and
{history} hours of history that are judged. Each run finds one new hour of each model. *Warm*: the second and later runs of one
process; *fresh*: the first run of a process, its packages imported. Nothing is mailed. *The node's*
processor has the loading of those hours in it."""
_ROWS = 250


def tables(session: Session) -> Iterator[Table]:
    """Prepare, catch up, run."""
    models, history = session.sized(100, 10), session.sized(12, 4)
    fleet = {
        "url": session.node.url, "namespace": "fleet", "models": models, "numeric": 40, "categorical": 10, "rows": _ROWS,
        "start": START.isoformat(),
    }  # fmt: skip
    workers.elkmon("fleet_worker", "prepare", fleet=fleet)
    session.say("catching up")
    before = session.node.processor
    caught = workers.elkmon("fleet_worker", "history", fleet=fleet, first=0, end=history)
    rows = [line("catching up with the history", caught, session.node.processor - before)]
    session.say("running hour by hour")
    runs = workers.elkmon("fleet_worker", "hourly", fleet=fleet, first=history, end=history + 4)["runs"]
    fresh, *warm = runs
    longest = max(warm, key=lambda each: each["wall"])
    rows.append(line("a fresh run", fresh))
    rows.append(line(f"a warm run, the longest of {len(warm)}", longest))
    rows.append(line("a run with nothing new", workers.elkmon("fleet_worker", "idle", fleet=fleet, hour=history + 4)))
    session.figures |= {
        "run warm": longest["wall"],
        "run fresh": fresh["wall"],
        "run processor a model": longest["processor"] / models,
    }
    notes = _NOTES.format(models=models, rows=_ROWS, history=history)
    yield Table(f"3. A run over {models} models × 50 features", notes, COLUMNS, rows)


def line(name: str, found: Mapping[str, Any], node: float | None = None) -> list[str]:
    """Write what one run took."""
    return [
        name, f"{found['wall']:.2f}", f"{found['processor']:.2f}", "–" if node is None else f"{node:.1f}",
        f"{found['growth']:.0f}", f"{found['moved'] / 1e6:.1f}", f"{found['requests']:,}", f"{found['windows']:,}",
        f"{found['findings']:,}",
    ]  # fmt: skip
