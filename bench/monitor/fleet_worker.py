"""
The process in which elkmon checks many models: sets them up, catches up with their history, and runs hour by hour.

One model's reference is made from its documents and given to the others, which differ from
it by their names only; what is measured does not know that.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.monitor.elkmon_worker import Answer, Line, measured
from bench.monitor.gauge import gauged
from bench.monitor.traffic import POSITIVE, VERSION, Load, Shape, load
from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.elasticsearch import setup
from elkmon.monitor import CheckReport
from elkmon.ports import Usage
from elkmon.reference_windows import baseline_from_window
from elkmon.windows import HOUR, Window

REFERENCE_HOURS = 168
_MOST_PAIRS = 2
_MINIMUM = 100


@dataclass(frozen=True, slots=True)
class Fleet:
    """
    So many `models` of one shape, each with so many `rows` an hour.

    Their history begins at `start`. The reference, with `reference_rows` an hour where that is given, lies further back than
    any check looks.
    """

    url: str
    namespace: str
    models: int
    numeric: int
    categorical: int
    rows: int
    start: str
    horizon_days: int = 35
    window_hours: int = 1
    truth: bool = False
    reference_rows: int = 0

    @property
    def names(self) -> list[str]:
        """The models' names."""
        return [f"m{place:03}" for place in range(self.models)]

    @property
    def begins(self) -> datetime:
        """When their history does."""
        return datetime.fromisoformat(self.start)

    @property
    def reference(self) -> Window:
        """A week before the history's horizon."""
        end = self.begins - timedelta(days=self.horizon_days)
        return Window(end - REFERENCE_HOURS * HOUR, end)

    def hours(self, first: int, end: int) -> Window:
        """Return the stretch from one hour of the history to the start of another."""
        return Window(self.begins + first * HOUR, self.begins + end * HOUR)

    def loads(self, window: Window, names: Sequence[str]) -> list[Load]:
        """Return what these models log in `window`."""
        hours = window.length // HOUR
        rows = self.reference_rows or self.rows if window.end <= self.begins else self.rows
        shape = Shape(self.numeric, self.categorical)
        return [Load(name, shape, window, rows * hours, place=1 + place) for place, name in enumerate(names)]

    def load(self, window: Window, names: Sequence[str], what: str) -> None:
        """Load what these models log in `window`, and what turned out true of it."""
        for truth in (False, True)[: 1 + self.truth]:
            load(self.url, self.namespace, self.loads(window, names), what, truth=truth)

    def line(self) -> Line:
        """Return a monitor of them all."""
        window, after = self.window_hours * HOUR, HOUR if self.truth else None
        settings = [
            ModelSettings(
                name,
                window=window,
                labels_after=after,
                min_rows=_MINIMUM,
                positive_label=POSITIVE,
                strongest_pairs=_MOST_PAIRS,
            )
            for name in self.names
        ]
        return Line(
            self.url, self.namespace, self.namespace, settings, horizon=timedelta(days=self.horizon_days), owner="bench"
        )


def prepare(fleet: Fleet) -> Answer:
    """Set up, load the reference of the first model, and give each model a baseline."""
    line = fleet.line()
    setup(line.client, fleet.namespace)
    reference = fleet.reference
    first, *others = fleet.names
    fleet.load(reference, [first], "the reference")
    with gauged() as taken:
        made = baseline_from_window(
            line.event_log, first, VERSION, reference, reference.end,
            positive_labels={first: POSITIVE}, segments={}, strongest_pairs=_MOST_PAIRS,
        )  # fmt: skip
    line.journal.save([made])
    for name in others:
        line.journal.save([_of(name, made)])
    return measured(taken, line.usage())


def history(fleet: Fleet, first: int, end: int) -> Answer:
    """Load hours of the history and check them: the catching up of a monitor that comes late."""
    line = fleet.line()
    window = fleet.hours(first, end)
    fleet.load(window, fleet.names, f"{window.length // HOUR} hours of history")
    before = line.usage()
    with gauged() as taken:
        report = line.monitor.check(window.end, explicit=True)
    return _of_run(measured(taken, line.usage(), before), report)


def hourly(fleet: Fleet, first: int, end: int, profile: str = "") -> Answer:
    """Run once for each hour, after it was loaded: the first run of the process, and those after it."""
    line = fleet.line()
    runs = []
    for hour in range(first, end):
        window = fleet.hours(hour, hour + 1)
        fleet.load(window, fleet.names, "an hour")
        before = line.usage()
        with _profiled(profile), gauged() as taken:
            report = line.monitor.check(window.end, explicit=True)
        runs.append(_of_run(measured(taken, line.usage(), before), report))
    return {"runs": runs}


def idle(fleet: Fleet, hour: int) -> Answer:
    """Run again as of the start of an hour that was judged: there is nothing new."""
    line = fleet.line()
    before: Usage = line.usage()
    with gauged() as taken:
        report = line.monitor.check(fleet.hours(0, hour).end, explicit=True)
    return _of_run(measured(taken, line.usage(), before), report)


def _of(name: str, made: Baseline) -> Baseline:
    hours = tuple(replace(each, model=name) for each in made.hours)
    return replace(made, model=name, total=replace(made.total, model=name), hours=hours)


def _of_run(measured: Answer, report: CheckReport) -> Answer:
    if report.problems:
        raise RuntimeError(f"{len(report.problems)} problems, the first: {report.problems[0]}")
    bad = sum(each.status.bad for each in report.findings)
    run = report.run
    return {**measured, "windows": run.windows, "hours": run.hours_profiled, "findings": run.findings, "bad": bad}


@contextmanager
def _profiled(path: str) -> Iterator[None]:
    """Write where the time goes to `path`; empty for no such thing."""
    if not path:
        yield
        return
    with cProfile.Profile() as profile:
        yield
    with Path(path).open("w", encoding="utf-8") as out:
        pstats.Stats(profile, stream=out).sort_stats("cumulative").print_stats(70)
        pstats.Stats(profile, stream=out).sort_stats("tottime").print_stats(30)


WORKS: Mapping[str, Callable[..., Answer]] = {"prepare": prepare, "history": history, "hourly": hourly, "idle": idle}


def main() -> None:
    """Read which work from the command line, and how it is to be done."""
    work, options = sys.argv[1], json.loads(sys.argv[2])
    fleet: dict[str, Any] = options.pop("fleet")
    print(json.dumps(WORKS[work](Fleet(**fleet), **options)), flush=True)


if __name__ == "__main__":
    main()
