"""Pairs through learning and judging: what no single feature shows, and nothing that single features do show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import ModelSettings
from elkmon.findings import Finding, Kind, Status
from elkmon.judgement import judge, learn
from elkmon.measures.binning import numeric_scale
from elkmon.measures.joint import coarse
from elkmon.ports import Completeness
from elkmon.profiles import ALL, Counts, Profile, Slices, total
from elkmon.rulers import CategoricalScale, JointScale, NumericScale, Ruler, Segmentation
from elkmon.surveys import NumericSummary
from elkmon.windows import DAY, HOUR

START = datetime(2013, 1, 1, tzinfo=UTC)
X, Y, C = "features.num.x", "features.num.y", "features.cat.c"
ROWS = 60
PAIR = (Kind.JOINT, "x × y")


def summary_of(values: np.ndarray) -> NumericSummary:
    probabilities = (0.005, 0.01, *(step / 20 for step in range(1, 20)), 0.99, 0.995)
    quantiles = dict(zip(probabilities, np.quantile(values, probabilities).tolist(), strict=True))
    return NumericSummary(values.size, values.size, (), quantiles, float(values.min()), float(values.max()))


def counted(scale: NumericScale, values: np.ndarray) -> tuple[int, ...]:
    return tuple(np.bincount(places(scale, values), minlength=scale.size).tolist())


def places(scale: NumericScale, values: np.ndarray) -> np.ndarray:
    return np.searchsorted(scale.edges, values, side="right")


NORMAL = np.random.default_rng(0).standard_normal(100_000)
SCALE = numeric_scale(summary_of(NORMAL))
COARSE = coarse(SCALE, counted(SCALE, NORMAL))
LEVELS = CategoricalScale(("a", "b"))
LETTERS = coarse(LEVELS, (50_000, 50_000, 0))
assert isinstance(COARSE, NumericScale)
assert isinstance(LETTERS, CategoricalScale)
RULER = Ruler(
    {X: SCALE, Y: SCALE, C: LEVELS},
    joints=(JointScale(X, Y, COARSE, COARSE), JointScale(X, C, COARSE, LETTERS)),
    segmentations=(Segmentation(C, ("a", "b")),),
)
SETTINGS = ModelSettings("m")


def hour(start: datetime, seed: int, correlation: float, shift: float, *, sorted_out: bool = False) -> list[Profile]:
    """
    Make the hour of all traffic and of each segment.

    `shift` moves x up and y down, which keeps every odds ratio; `sorted_out` gives all low x to one level of c.
    """
    rng = np.random.default_rng([seed, int(start.timestamp())])
    x = rng.standard_normal(ROWS)
    y = correlation * x + np.sqrt(1 - correlation**2) * rng.standard_normal(ROWS) - shift
    x, level = x + shift, (x > 0).astype(int) if sorted_out else rng.integers(0, 2, ROWS)
    made = []
    for segment, chosen in ((ALL, level >= 0), ("c=a", level == 0), ("c=b", level == 1)):
        left, right = places(COARSE, x[chosen]), places(COARSE, y[chosen])
        subjects = {
            X: Counts(counted(SCALE, x[chosen])),
            Y: Counts(counted(SCALE, y[chosen])),
            C: Counts(tuple(np.bincount(level[chosen], minlength=3).tolist())),
            RULER.joints[0].name: Counts(tuple(np.bincount(left * 5 + right, minlength=25).tolist())),
            RULER.joints[1].name: Counts(
                tuple(np.bincount(left * 3 + level[chosen], minlength=RULER.joints[1].size).tolist())
            ),
        }
        made.append(Profile("m", "1", start, start + HOUR, RULER.id, int(chosen.sum()), 0, subjects, segment=segment))
    return made


def summed(hours: Sequence[Profile], start: datetime, end: datetime) -> dict[str, Profile]:
    return {
        segment: total(
            [each for each in hours if each.segment == segment],
            Profile("m", "1", start, end, RULER.id, segment=segment),
        )
        for segment in (ALL, *RULER.segments)
    }


def day(place: int, correlation: float = 0.7, shift: float = 0.0, *, sorted_out: bool = False) -> Slices:
    start = START + place * DAY
    hours = [
        each for step in range(24) for each in hour(start + step * HOUR, 1, correlation, shift, sorted_out=sorted_out)
    ]
    return summed(hours, start, start + DAY)


@cache
def reference() -> Baseline:
    hours = [each for step in range(40 * 24) for each in hour(START + step * HOUR, 0, 0.7, 0.0)]
    sums = summed(hours, START, START + 40 * DAY)
    whole = sums.pop(ALL)
    return Baseline("m", "1", RULER, Source(SourceKind.WINDOW, "reference"), whole, START, tuple(hours), segments=sums)


@cache
def limits():
    return learn(reference(), SETTINGS)


def judged(current: Slices, settings: ModelSettings = SETTINGS, earlier: Sequence[Slices] = ()) -> tuple[Finding, ...]:
    arrived = Completeness(arrived=current[ALL].predictions)
    return judge(settings, reference(), limits(), current, earlier, current[ALL].end + DAY, arrived)


def bad(findings: Sequence[Finding]) -> set[tuple[str, Kind, str]]:
    return {(each.segment, each.subject.kind, each.subject.name) for each in findings if each.status.bad}


def test_a_correlation_that_vanishes_is_found_and_nothing_else_is():
    """Each feature is as it was, in all traffic and in each segment; only the pair has come apart."""
    found = judged(day(50, correlation=0.0))
    assert bad(found) == {(segment, *PAIR) for segment in ("", "c=a", "c=b")}
    finding = next(each for each in found if each.segment == ALL and each.status.bad)
    assert (finding.status, finding.measure, finding.unit) == (Status.CRITICAL, "association", "share of rows")
    assert finding.value is not None
    assert finding.limit is not None
    assert finding.value > finding.limit >= 0.05
    assert finding.rows == 24 * ROWS
    assert finding.beside["reference_mutual_information"] > 0.2 > finding.beside["mutual_information"] + 0.1


def test_features_that_drift_together_are_theirs_to_report():
    """Both margins move by half an SD and every odds ratio stays, so the pair is quiet while both features are not."""
    assert bad(judged(day(51, shift=0.5))) == {
        (segment, Kind.FEATURE, name) for segment in ("", "c=a", "c=b") for name in "xy"
    }


def test_what_moves_within_segments_only_is_found_there():
    """One level of c gets all low x, the other all high: neither x nor c changes in all traffic, but their pair does."""
    found = bad(judged(day(53, sorted_out=True)))
    within = {(segment, Kind.FEATURE, name) for segment in ("c=a", "c=b") for name in "xy"}
    assert found == {("", Kind.JOINT, "x × c")} | within


def test_unchanged_pairs_are_quiet():
    """Thirty days, three segments: nothing, runs included."""
    days = [day(place) for place in range(60, 90)]
    found = [bad(judged(current, earlier=days[max(place - 9, 0) : place])) for place, current in enumerate(days)]
    assert found == [set()] * 30


def test_a_segment_has_no_pair_with_its_own_category():
    """It is the same for all of its rows."""
    pairs = {(each.segment, each.subject.name) for each in judged(day(52)) if each.subject.kind is Kind.JOINT}
    assert pairs == {("", "x × y"), ("", "x × c"), ("c=a", "x × y"), ("c=b", "x × y")}


def test_a_pair_with_an_ignored_feature_is_not_judged():
    """Whatever the other one is."""
    found = judged(day(52), replace(SETTINGS, ignore=("y",)))
    assert {each.subject.name for each in found if each.subject.kind is Kind.JOINT} == {"x × c"}


@pytest.mark.parametrize(
    ("rows", "status", "reason"),
    [(100, Status.UNKNOWN, "100 rows in this window, 200 are needed"), (0, Status.UNKNOWN, "no predictions")],
)
def test_too_few_rows_with_both_are_unknown(rows, status, reason):
    """A pair needs as many as a feature, and says so."""
    current = dict(day(52))
    cells = Counts((rows, *(0,) * 24))
    subjects = {**current[ALL].subjects, RULER.joints[0].name: cells}
    current[ALL] = replace(current[ALL], subjects=subjects, predictions=rows)
    (finding,) = (
        each for each in judged(current) if (each.subject.kind, each.subject.name) == PAIR and not each.segment
    )
    assert (finding.status, finding.value) == (status, None)
    assert finding.reason.startswith(reason)


def test_a_pair_the_reference_never_had_is_not_applicable():
    """There is nothing that it could have come apart from."""
    known = reference()
    subjects = {name: counts for name, counts in known.total.subjects.items() if name != RULER.joints[0].name}
    without = replace(known, total=replace(known.total, subjects=subjects))
    current = day(52)
    found = judge(SETTINGS, without, limits(), current, (), current[ALL].end + DAY)
    (finding,) = (each for each in found if (each.subject.kind, each.subject.name) == PAIR and not each.segment)
    assert (finding.status, finding.reason) == (Status.NOT_APPLICABLE, "the reference has no row with both")
