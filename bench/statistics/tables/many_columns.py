"""3: 500 unchanged columns, a hundred windows: how often the full verdict raises its voice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.statistics import counting, verdicts
from bench.statistics.samples import LEVELS, NUMBERS, Law
from bench.statistics.session import Session, Table, generator, share
from elkmon.checks import ModelSettings
from elkmon.fields import FEATURES_CATEGORICAL, FEATURES_NUMERIC
from elkmon.judgement import earlier_windows
from elkmon.measures.binning import make_ruler
from elkmon.profiles import Counts, Profile
from elkmon.rulers import Ruler
from elkmon.surveys import LevelSummary, NumericSummary, Survey
from elkmon.windows import DAY, Window

Values = npt.NDArray[Any]
COLUMNS = 500
DAYS = 30
SETTINGS = ModelSettings(counting.MODEL, window=DAY)


@dataclass(frozen=True, slots=True)
class Job:
    """One reference and the windows judged by it: rows of each, and whether the reference has times."""

    place: int
    windows: int
    reference_rows: int
    rows: int
    timed: bool
    columns: int


def tables(session: Session) -> Sequence[Table]:
    """Return the table."""
    columns = session.sized(COLUMNS, 50)
    rows = []
    settings = (
        (f"{DAYS} days of 1,000 rows, limits learnt", 10, DAYS * 1_000, 1_000, True),
        ("10,000 rows without timestamps, floors alone", 1, 10_000, 10_000, False),
        ("10,000 rows without timestamps, floors alone", 1, 10_000, 1_000, False),
        ("1,000 rows without timestamps, floors alone", 1, 1_000, 1_000, False),
    )
    for number, (named, windows, reference_rows, window_rows, timed) in enumerate(settings):
        runs = session.sized(100, 10)
        jobs = [
            Job(1_000 * number + place, windows, reference_rows, window_rows, timed, columns)
            for place in range(runs // windows)
        ]
        found = session.spread(f"3, {named}", _alarms, jobs)
        each = [alarms for answer in found for alarms in answer[0]]
        leg, tested = sum(answer[1] for answer in found), sum(answer[2] for answer in found)
        session.figures[f"3 {named}, {window_rows:,}"] = sum(each)
        rows.append(
            [
                named,
                f"{window_rows:,}",
                f"{len(each)}",
                share(leg, tested, 2),
                f"{sum(each)}",
                f"{sum(alarms > 0 for alarms in each)}",
                ", ".join(sorted({kind for answer in found for kind in answer[3]})) or "–",
            ]
        )
    return (
        Table(
            "3. Many unchanged columns",
            f"{columns} columns of independent rows ({', '.join(law.name for law in (*LEVELS, *NUMBERS))} in turn), judged as "
            "one model: alarms are WARNING or CRITICAL findings about any column's distribution or values. With learnt limits "
            "ten windows share a reference.",
            ("reference", "rows of a window", "runs", "leg, p < 1 %", "false alarms", "runs with any", "of what"),
            rows,
        ),
    )


def _alarms(job: Job) -> tuple[list[int], int, int, list[str]]:
    """Return false alarms per window, columns significant of how many tested, and what the alarms were about."""
    random = generator(3, job.place)
    laws = _laws(job.columns)
    days = DAYS if job.timed else 1
    samples = {name: _sample(law, random, job.reference_rows) for name, law in laws.items()}
    ruler = _ruler(laws, samples)
    reference = Window(counting.hour(0).start, counting.hour(0).start + days * DAY)
    hours = _hours(laws, ruler, samples, days)
    known = verdicts.learnt(counting.baseline_of(hours, reference, ruler, timed=job.timed), SETTINGS)
    alarms, leg, tested = [], 0, 0
    about: list[str] = []
    before = earlier_windows(SETTINGS.window)
    history = list(hours[-before:])
    for number in range(job.windows):
        drawn = {name: _sample(law, random, job.rows) for name, law in laws.items()}
        current = _hours(laws, ruler, drawn, 1, start=days + number)[0]
        found = known.findings(current, history[-before:] if job.timed else ())
        history.append(current)
        columns = verdicts.of_columns(found)
        bad = [each for each in (*columns, *verdicts.of_values(found)) if each.status.bad]
        alarms.append(len(bad))
        about += [f"{each.subject.kind}" for each in bad]
        leg += sum(map(verdicts.significant, columns))
        tested += len(columns)
    return alarms, leg, tested, about


def _laws(columns: int) -> dict[str, Law]:
    """Return a law per stored field."""
    turn = (*LEVELS, *NUMBERS)
    chosen = [turn[number % len(turn)] for number in range(columns)]
    prefixes = [FEATURES_CATEGORICAL.path if law.is_levels else FEATURES_NUMERIC.path for law in chosen]
    return {f"{prefix}.x{number}": law for number, (prefix, law) in enumerate(zip(prefixes, chosen, strict=True))}


def _sample(law: Law, random: np.random.Generator, count: int) -> Values:
    """Draw rows: numbers, or numbers of levels."""
    if law.weights is not None:
        return random.choice(len(law.weights), size=count, p=law.weights)
    assert law.draw is not None
    return law.draw(random, count)


def _ruler(laws: dict[str, Law], samples: dict[str, Values]) -> Ruler:
    numeric: dict[str, NumericSummary] = {}
    levels: dict[str, LevelSummary] = {}
    for name, law in laws.items():
        if law.weights is not None:
            levels[name] = counting.level_summary(np.bincount(samples[name], minlength=len(law.weights)))
        else:
            numeric[name] = counting.numeric_summary(samples[name])
    return make_ruler(Survey(len(next(iter(samples.values()))), numeric, levels))


def _hours(
    laws: dict[str, Law], ruler: Ruler, samples: dict[str, Values], days: int, start: int = 0
) -> tuple[Profile, ...]:
    """Count samples cut into equal days, a profile at the first hour of each."""
    subjects: list[dict[str, Counts]] = [{} for _ in range(days)]
    for name, law in laws.items():
        for day, part in enumerate(np.array_split(samples[name], days)):
            if law.weights is not None:
                bins, unseen = counting.levelled(np.bincount(part, minlength=len(law.weights)), ruler.scales[name])
                subjects[day][name] = Counts(tuple(bins.tolist()), unseen=unseen)
            else:
                subjects[day][name] = Counts(tuple(counting.binned(part, ruler.scales[name]).tolist()))
    return tuple(
        counting.profile(ruler, counting.hour(24 * (start + day)), counts) for day, counts in enumerate(subjects)
    )
