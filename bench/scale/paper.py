"""Ten thousand models on a cluster, on paper: multiplied from what was measured, with what would break first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from bench.monitor import workers
from bench.monitor.session import START, Session
from bench.statistics.session import Table

MOST_DOCUMENTS = 2_147_483_519
"""Documents of one shard; Lucene takes no more."""

_GOOD_SHARD = 200_000_000
_MODELS = (100, 1_000, 10_000)
_HOUR = 3600.0
_NOTES = """\
Reckoned, not measured: models of 50 features times what one was measured to take. What is kept is table 3's. A run is that of
{models} such models on this machine, each with one new hour: {wall:.2f} s a model, of it {own:.2f} s of one processor of the
monitor; the node took {node:.2f} s, the loading of the hour included. *Monitors*: processes that share the models, so that an
hour's run is done within half the hour. *Memory* (by which one grows in its first run, if it had all models) and *moved* are of
one run. *Of a shard*: the month's one index of findings against the {most:,} documents that Lucene takes."""
_COLUMNS = (
    "", "profiles, GB a month", "findings a month", "findings, GB a month", "of a shard", "monitors", "memory, GB",
    "moved, GB an hour", "monitors, processors", "node, processors",
)  # fmt: skip


def tables(session: Session) -> Iterator[Table]:
    """Measure a run of some models, then multiply."""
    run, node = _run(session)
    models = run["models"]
    own, wall = run["processor"] / models, run["wall"] / models
    rows = []
    for hours in (1, 24):
        for many in _MODELS:
            findings = session.figures.get(f"documents findings {hours}", 0.0) * many
            kept = [session.figures.get(f"megabytes {name} {hours}", 0.0) * many for name in ("profiles", "findings")]
            row = [f"{many:,} models, windows of {'an hour' if hours == 1 else 'a day'}", f"{kept[0] / 1000:,.1f}"]
            row += [f"{findings:,.0f}", f"{kept[1] / 1000:,.1f}", f"{findings / MOST_DOCUMENTS:.1%}"]
            if hours == 1:
                row += [
                    f"{max(1, math.ceil(wall * many / (_HOUR / 2)))}",
                    f"{run['growth'] / models * many / 1000:.1f}",
                ]
                row += [f"{run['moved'] / models * many / 1e9:.2f}"]
                row += [f"{own * many / _HOUR:.2f}", f"{node / models * many / _HOUR:.2f}"]
            rows.append(row)
    notes = _NOTES.format(models=models, wall=wall, own=own, node=node / models, most=MOST_DOCUMENTS)
    yield Table("4. On a cluster, on paper", notes, _COLUMNS, rows, _remarks(session))


def _run(session: Session) -> tuple[Mapping[str, Any], float]:
    models, history = session.sized(20, 3), session.sized(24, 2)
    fleet = {
        "url": session.node.url, "namespace": "paper", "models": models, "numeric": 40, "categorical": 10, "rows": 150,
        "start": START.isoformat(),
    }  # fmt: skip
    workers.elkmon("fleet_worker", "prepare", fleet=fleet)
    workers.elkmon("fleet_worker", "history", fleet=fleet, first=0, end=history)
    before = session.node.processor
    runs = workers.elkmon("fleet_worker", "hourly", fleet=fleet, first=history, end=history + 3)["runs"]
    node = (session.node.processor - before) / len(runs)  # loading the hours included
    middle = sorted(runs, key=lambda each: each["wall"])[1]
    return {**middle, "growth": runs[0]["growth"], "models": models}, node


def _remarks(session: Session) -> list[str]:
    monthly = session.figures.get("documents findings 1")
    if not monthly:
        return []
    full, advised = MOST_DOCUMENTS / monthly, _GOOD_SHARD / monthly
    breaks = "What breaks first is the month's index of findings, of one shard"
    return [
        f"{breaks}: windows of an hour fill it with {full:,.0f} models, and pass what is advised with {advised:,.0f}."
    ]
