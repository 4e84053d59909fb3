"""4: what a run costs by the history behind it."""

from __future__ import annotations

from collections.abc import Iterator

from bench.monitor import workers
from bench.monitor.session import START, Session
from bench.monitor.tables.hourly import COLUMNS, line
from bench.statistics.session import Table

_NOTES = """\
{models} models of 8 numeric and 2 categorical features, {rows} predictions an hour each, windows of an hour, and a horizon of
92 days, so that all of the history is looked at. After so many days of it, three runs with one new hour each: the middle one."""
_ROWS = 100
_DAY = 24


def tables(session: Session) -> Iterator[Table]:
    """Let the history grow, and run at some of its lengths."""
    models = session.sized(2, 1)
    fleet = {
        "url": session.node.url, "namespace": "history", "models": models, "numeric": 8, "categorical": 2, "rows": _ROWS,
        "start": START.isoformat(), "horizon_days": 92,
    }  # fmt: skip
    workers.elkmon("fleet_worker", "prepare", fleet=fleet)
    rows = []
    seconds: dict[int, float] = {}
    done = 0
    for days in (1, 3) if session.quick else (1, 7, 28, 90):
        session.say(f"{days} days of history")
        workers.elkmon("fleet_worker", "history", fleet=fleet, first=done, end=days * _DAY)
        runs = workers.elkmon("fleet_worker", "hourly", fleet=fleet, first=days * _DAY, end=days * _DAY + 4)["runs"]
        done = days * _DAY + 4
        warm = sorted(runs[1:], key=lambda each: each["wall"])[1]
        seconds[days] = warm["wall"]
        rows.append(line(f"{days} days", warm))
    if 90 in seconds:
        session.figures["history ratio"] = seconds[90] / seconds[7]
    yield Table("4. A run by the history behind it", _NOTES.format(models=models, rows=_ROWS), COLUMNS, rows)
