"""4: power. How often a shift of known size is found, by the significance leg, by the full verdict, and by tests on the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from bench.statistics import counting, verdicts
from bench.statistics.samples import NORMAL, Law, Numbers, drawn, sides, uniform
from bench.statistics.session import Session, Table, generator, share
from elkmon.checks import ModelSettings
from elkmon.windows import HOUR

SIZES = ((1_000, 1_000), (10_000, 10_000), (100_000, 10_000))
LEVELS = 10
SETTINGS = ModelSettings(counting.MODEL, window=HOUR)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of known size: of a normal's mean and scale, or of a share of rows between two of ten levels."""

    name: str
    shift: float = 0.0
    scale: float = 1.0
    moved: float = 0.0

    def draw(self, random: np.random.Generator, reference: int, current: int) -> tuple[Law, Numbers, Numbers]:
        """Draw both sides, as `sides` takes them."""
        if not self.moved:
            return (
                NORMAL,
                random.normal(size=reference),
                self.shift + self.scale * random.normal(size=current),
            )
        before = uniform(LEVELS)
        assert before.weights is not None
        weights = before.weights.copy()
        weights[0] -= self.moved
        weights[-1] += self.moved
        after = Law("moved", weights)
        return before, drawn(before, random, reference), drawn(after, random, current)


CHANGES = (
    *(Change(f"{shift:g} SD", shift=shift) for shift in (0.05, 0.1, 0.2, 0.3)),
    *(Change(f"scale × {scale:g}", scale=scale) for scale in (1.2, 1.3)),
    *(Change(f"{100 * moved:g} % of rows moved", moved=moved) for moved in (0.05, 0.08)),
)


@dataclass(frozen=True, slots=True)
class Job:
    """One cell of the table."""

    place: tuple[int, int]
    sizes: tuple[int, int]
    change: Change
    trials: int


def tables(session: Session) -> Sequence[Table]:
    """Return the table."""
    jobs = [
        Job((row, column), sizes, change, session.sized(1_000 if max(sizes) <= 10_000 else 400, 20))
        for row, sizes in enumerate(SIZES)
        for column, change in enumerate(CHANGES)
    ]
    found = session.spread("4, power", _found, jobs)
    rows = []
    for job, (leg, warning, critical, on_rows) in zip(jobs, found, strict=True):
        key = f"4 {job.change.name}, {job.sizes[0]}/{job.sizes[1]}"
        session.figures[f"{key}, leg"] = leg / max(on_rows, 1)
        session.figures[f"{key}, verdict"] = warning / job.trials
        rows.append(
            [
                job.change.name,
                f"{job.sizes[0]:,} against {job.sizes[1]:,}",
                share(leg, job.trials),
                share(on_rows, job.trials),
                share(warning, job.trials),
                share(critical, job.trials),
            ]
        )
    return (
        Table(
            "4. Power",
            f"Share of trials in which a change is found ({session.sized(1_000, 20):,} a line, {session.sized(400, 20)} with "
            "100,000 rows): significance leg at 1 %, beside scipy's test on the rows at 1 % (two-sample Kolmogorov-Smirnov; "
            "chi-square for levels); full verdict of a one-column model, floors alone (0.1 SD, 5 % of rows), WARNING or "
            "worse. The last column is what the critical floor would say (0.25 SD, 15 % of rows); without learnt limits a "
            "verdict stays a WARNING.",
            (
                "change",
                "reference against window",
                "elkmon, leg",
                "scipy on rows",
                "elkmon, verdict",
                "beyond critical",
            ),
            rows,
        ),
    )


def _found(job: Job) -> tuple[int, int, int, int]:
    """Return how often the leg, the verdict, the critical floor and the test on the rows find the change."""
    random = generator(4, *job.place)
    leg = warning = critical = on_rows = 0
    for _ in range(job.trials):
        law, before, after = job.change.draw(random, *job.sizes)
        pair = sides(law, before, after)
        baseline = counting.baseline_of((pair.reference,), counting.hour(0), pair.ruler, timed=False)
        finding = verdicts.of_columns(verdicts.learnt(baseline, SETTINGS).findings(pair.current))[0]
        leg += verdicts.significant(finding)
        warning += finding.status.bad
        floor = SETTINGS.floor(finding.measure)
        critical += finding.status.bad and finding.value is not None and finding.value > floor.critical
        on_rows += _p_value(law, before, after) < verdicts.NOMINAL
    return leg, warning, critical, on_rows


def _p_value(law: Law, before: Numbers, after: Numbers) -> float:
    if law.is_levels:
        return float(stats.chi2_contingency(np.stack([before, after]), correction=False)[1])
    return float(stats.ks_2samp(before, after, method="asymp").pvalue)
