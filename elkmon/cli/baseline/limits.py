"""
What can be found with a baseline: per subject the smallest shift beyond its limit, and per metric the reference's value.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.cli.output import print_table
from elkmon.presentation.words import quantity, subject_name
from elkmon.presentation.writing import clean, listing, number
from elkmon.profiles import ALL
from elkmon.windows import format_length

if TYPE_CHECKING:
    from elkmon.judgement import Limits

_SEGMENT_HEADINGS = ("segment", "rows", "learnt", "widest limit", "forward check")
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


def add_segments(parser: argparse.ArgumentParser) -> None:
    """Add `--segments`."""
    parser.add_argument("--segments", action="store_true", help="print the limits of each segment's subjects as well")


def reaches(baseline: Baseline, settings: ModelSettings, limits: Limits) -> Sequence[Reach]:
    """Return what can be found of each feature, prediction and pair of `baseline`, a whole one or a segment's part."""
    from elkmon.judgement.subjects import distributions, pairs

    found = []
    for judged in (*distributions(baseline, settings), *pairs(baseline, settings)):
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


def reaches_by_segment(
    baseline: Baseline, settings: ModelSettings, limits: Mapping[str, Limits]
) -> Mapping[str, object]:
    """Return, for JSON, what can be found of all traffic as `limits`, and of each segment under `segment_limits`."""
    by_segment = {name: reaches(baseline.of(name), settings, limits[name]) for name in limits}
    whole = by_segment.pop(ALL)
    return {"limits": whole, "segment_limits": by_segment}


def print_limits(
    baseline: Baseline, settings: ModelSettings, limits: Mapping[str, Limits], *, each_segment: bool = False
) -> None:
    """Print the smallest shift that can be found of each subject, of segments in short, and the reference's performance."""
    from elkmon.measures.limits import LEAST_WINDOWS

    whole = limits[ALL]
    length = format_length(settings.window)
    print(f"\nThe smallest shift of a {length} window that counts as big:")
    found = reaches(baseline.of(ALL), settings, whole)
    print_table(_HEADINGS, [_row(each) for each in found], indent="  ")
    beyond = [each.subject for each in found if "share" in each.unit and each.limit >= 1]
    if settings.season is not None:
        print(
            f"  season = {settings.season.value}: windows of one kind have limits of their own, where there are enough of them"
        )
    elif beyond:
        print(
            f"  No shift of {listing(beyond)} can be found: the reference's own windows differ as much as windows can;"
        )
        print("  give the model a season, or longer windows.")
    if baseline.ruler.segments:
        print(f"\nThe same within segments{'' if each_segment else ', in short (--segments prints it in full)'}:")
        print_table(_SEGMENT_HEADINGS, list(_segment_rows(baseline, settings, limits)), indent="  ")
    if each_segment:
        for segment in baseline.ruler.segments:
            print(f"\n{clean(segment)}:")
            found = reaches(baseline.of(segment), settings, limits[segment])
            print_table(_HEADINGS, [_row(each) for each in found], indent="  ")
    if whole.metrics:
        print("\nPerformance in the reference:")
        rows = [
            (name, number(each.value), number(settings.tolerance(name).warning)) for name, each in whole.metrics.items()
        ]
        print_table(("metric", "value", "worse by is tolerated"), rows, indent="  ")
    if whole.windows < LEAST_WINDOWS:
        print(
            f"\nThe reference holds {whole.windows} windows of {length}; below {LEAST_WINDOWS} nothing is learnt from how "
            "they differ: floors alone hold, and no verdict is worse than a warning."
        )


def _segment_rows(
    baseline: Baseline, settings: ModelSettings, limits: Mapping[str, Limits]
) -> Iterator[tuple[str, ...]]:
    for segment in baseline.ruler.segments:
        part = baseline.of(segment)
        found = reaches(part, settings, limits[segment])
        learnt = [each for each in found if each.learnt is not None]
        widest = max(found, key=lambda each: each.limit / each.floor, default=None)
        alarms, checked = sum(each.alarms for each in found), sum(each.checked for each in found)
        yield (
            segment,
            f"{part.total.predictions:,}",
            f"{len(learnt)} of {len(found)}",
            f"{widest.subject} {quantity(widest.limit, widest.unit)}" if widest else "",
            f"{alarms} of {checked}" if checked else "",
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
