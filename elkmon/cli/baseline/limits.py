"""
What can be found with a baseline: per subject the smallest shift beyond its limit, and per metric the reference's value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.cli.output import print_table
from elkmon.presentation.words import quantity, subject_name
from elkmon.presentation.writing import number
from elkmon.windows import format_length

if TYPE_CHECKING:
    from elkmon.judgement import Limits

_HEADINGS = ("subject", "measure", "limit", "from", "largest", "windows", "run limit", "forward check")


@dataclass(frozen=True, slots=True)
class Reach:
    """
    What can be found of one subject.

    Attributes:
        limit: the smallest score of a window that counts as big: the larger of `floor` and what was learnt.
        largest, windows: M and n: the largest score of the reference's own windows, and how many do not overlap.
        run_limit: the smallest score that counts as big when every window of a run reaches it; None where not learnt.
        alarms, checked: forward check: windows of the last third beyond the limits of the first two, of how many.
    """

    subject: str
    kind: str
    measure: str
    unit: str
    limit: float
    floor: float
    learnt: float | None
    largest: float
    windows: int
    run_limit: float | None
    alarms: int
    checked: int


def reaches(baseline: Baseline, settings: ModelSettings, limits: Limits) -> Sequence[Reach]:
    """Return what can be found of each feature and prediction."""
    from elkmon.judgement.subjects import distributions

    found = []
    for judged in distributions(baseline, settings):
        learnt = limits.learnt[judged.subject]
        run_limit = None if learnt.run_limit is None else max(judged.floor.warning, learnt.run_limit)
        found.append(
            Reach(
                subject=subject_name(judged.subject),
                kind=judged.subject.kind.value,
                measure=judged.gauge.measure,
                unit=judged.gauge.unit,
                limit=max(judged.floor.warning, learnt.limit or 0.0),
                floor=judged.floor.warning,
                learnt=learnt.limit,
                largest=learnt.largest,
                windows=learnt.windows,
                run_limit=run_limit,
                alarms=learnt.alarms,
                checked=learnt.checked,
            )
        )
    return found


def print_limits(baseline: Baseline, settings: ModelSettings, limits: Limits) -> None:
    """Print the smallest shift that can be found of each subject, and the reference's performance."""
    print(f"\nThe smallest shift of a {format_length(settings.window)} window that counts as big:")
    print_table(_HEADINGS, [_row(each) for each in reaches(baseline, settings, limits)], indent="  ")
    if limits.metrics:
        print("\nPerformance in the reference:")
        rows = [
            (name, number(each.value), number(settings.tolerance(name).warning))
            for name, each in limits.metrics.items()
        ]
        print_table(("metric", "value", "worse by is tolerated"), rows, indent="  ")
    if limits.windows < 8:
        print(
            f"\nThe reference holds {limits.windows} windows of {format_length(settings.window)}; below 8 nothing is learnt from "
            "how they differ: floors alone hold, and no verdict is worse than a warning."
        )


def _row(reach: Reach) -> tuple[str, ...]:
    return (
        reach.subject,
        reach.measure.replace("_", " "),
        quantity(reach.limit, reach.unit),
        "floor" if reach.learnt is None or reach.learnt <= reach.floor else "its windows",
        quantity(reach.largest, reach.unit) if reach.windows else "",
        str(reach.windows),
        "" if reach.run_limit is None else quantity(reach.run_limit, reach.unit),
        f"{reach.alarms} of {reach.checked}" if reach.checked else "",
    )
