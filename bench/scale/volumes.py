"""One model with 800 features, and one with a million events a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.monitor import workers
from bench.monitor.session import START, Session
from bench.monitor.tables.hourly import COLUMNS, line
from bench.statistics.session import Table

_WIDE = """\
{features} features ({numeric} of them numbers), {rows} predictions an hour, windows of an hour; a reference of seven days, which
the monitor makes a baseline of by asking. *The node's* processor has the loading of the hours in it."""
_BUSY = """\
25 features, {rows:,} predictions an hour, which is {daily:,} a day; windows of an hour. The reference is seven days of {fewer:,}
predictions an hour. A catching up over {hours} hours that nobody has looked at, then runs of one new hour each. *The
node's* processor has the loading of those hours in it."""
_DAY = 24


def wide(session: Session) -> Iterator[Table]:
    """One model with 800 features."""
    numeric, categorical, rows = session.sized(700, 70), session.sized(100, 10), session.sized(120, 110)
    fleet = _fleet(session, "wide", numeric, categorical, rows)
    session.say(f"{numeric + categorical} features")
    prepared = workers.elkmon("fleet_worker", "prepare", fleet=fleet)
    lines = [_prepared(prepared), *_runs(session, fleet, 3)]
    notes = _WIDE.format(features=numeric + categorical, numeric=numeric, rows=rows)
    yield Table("1. One model with 800 features", notes, COLUMNS, lines)


def busy(session: Session) -> Iterator[Table]:
    """One model with a million events a day."""
    rows, hours = session.sized(41_667, 2_000), session.sized(24, 6)
    fewer = session.sized(2_000, 500)
    fleet = _fleet(session, "busy", 20, 5, rows) | {"reference_rows": fewer}
    session.say(f"{rows:,} predictions an hour")
    prepared = workers.elkmon("fleet_worker", "prepare", fleet=fleet)
    lines = [_prepared(prepared), *_runs(session, fleet, hours)]
    notes = _BUSY.format(rows=rows, daily=rows * _DAY, fewer=fewer, hours=hours)
    yield Table("2. A million events a day of one model", notes, COLUMNS, lines)


def _runs(session: Session, fleet: Mapping[str, Any], hours: int) -> Iterator[list[str]]:
    before = session.node.processor
    caught = workers.elkmon("fleet_worker", "history", fleet=fleet, first=0, end=hours)
    yield line(f"catching up over {hours} hours", caught, session.node.processor - before)
    runs = workers.elkmon("fleet_worker", "hourly", fleet=fleet, first=hours, end=hours + 3)["runs"]
    yield line("an hourly run, fresh", runs[0])
    yield line("an hourly run, warm", runs[-1])


def _prepared(found: Mapping[str, Any]) -> list[str]:
    return line("making the baseline from a week", {**found, "windows": 0, "findings": 0})


def _fleet(session: Session, name: str, numeric: int, categorical: int, rows: int) -> dict[str, Any]:
    return {
        "url": session.node.url,
        "namespace": name,
        "models": 1,
        "numeric": numeric,
        "categorical": categorical,
        "rows": rows,
        "start": START.isoformat(),
    }
