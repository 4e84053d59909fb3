"""What must hold of every verdict whatever the counts: none raises, none is made of NaN, and what is not known says why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import TOLERANCES, ModelSettings
from elkmon.findings import Finding, Status
from elkmon.judgement import judge, learn
from elkmon.measures.binning import latency_scale
from elkmon.ports import Completeness
from elkmon.profiles import ALL, Counts, Outcomes, Profile, total
from elkmon.rulers import CategoricalScale, JointScale, NumericScale, Ruler, Segmentation
from elkmon.windows import DAY, HOUR

START = datetime(2013, 4, 1, tzinfo=UTC)
SCORE, VALUE, LABEL = "elkmon.prediction.score", "elkmon.prediction.value", "elkmon.prediction.label"
X, C = "features.num.x", "features.cat.c"
NUMBER = NumericScale((-1.0, 0.0, 1.0, 1e300), (-1.0, -0.5, 0.5, 5e299, 1e300), lowest=-1.0, highest=1e300)
SCORES = NumericScale((0.0, 0.3, 0.6, 1.0), (0.0, 0.15, 0.45, 0.8, 1.0), lowest=0.0, highest=1.0)
LEVELS = CategoricalScale(("a", "b"), known=("c",))
LABELS = CategoricalScale(("no", "yes"))
FEATURES = {X: NUMBER, "features.num.one": NumericScale((), (0.0,)), C: LEVELS, "event.duration": latency_scale()}
PAIRS = (
    JointScale(X, C, NumericScale((0.0, 1.0), (0.0, 0.5, 1.0)), LEVELS),
    JointScale(X, SCORE, NumericScale((0.0,), (0.0, 0.0)), NumericScale((0.3,), (0.3, 0.3))),
    JointScale(SCORE, LABEL, SCORES, LABELS),
)
SEGMENTS = (Segmentation(C, ("a", "b")),)
CLASSIFIER = Ruler({**FEATURES, SCORE: SCORES, LABEL: LABELS}, PAIRS, SEGMENTS)
REGRESSOR = Ruler({**FEATURES, VALUE: NUMBER}, PAIRS[:1], SEGMENTS)
LOSSES = ("log_loss", "brier", "absolute_error", "squared_error", "value_squared", "absolute_percentage_error")


def rows_of(rng: np.random.Generator, size: int, most: int) -> tuple[int, ...]:
    """Return counts of which some, all or all but one are empty."""
    kept = rng.random(size) < rng.choice([0.0, 0.3, 0.9, 1.0])
    return tuple(int(count) for count in rng.integers(0, most + 1, size) * kept)


def outcomes_of(rng: np.random.Generator, ruler: Ruler, most: int) -> Outcomes:
    if not most or rng.random() < 0.2:
        return Outcomes()
    names = [name for name in ("no", "yes", "new") if rng.random() < 0.6]
    cells = {(true, guess): int(rng.integers(0, most + 1)) for true in names for guess in names}
    summed = float(rng.integers(1, most + 1))
    sums = {name: float(rng.random() * summed) * float(rng.choice([0.0, 1.0, 1e6, 1e200])) for name in LOSSES}
    sums |= {name: float(rng.normal() * summed * rng.choice([1.0, 1e200])) for name in ("error", "value")}
    sums |= {f"{name}_rows": summed for name in tuple(sums)}
    if ruler is REGRESSOR:
        sides = rows_of(rng, NUMBER.size, most), rows_of(rng, NUMBER.size, most)
        return Outcomes(int(summed), predicted=sides[0], actual=sides[1], sums=sums)
    scores = {name: rows_of(rng, SCORES.size, most) for name in names}
    return Outcomes(sum(cells.values()), cells, scores, sums=sums if names else {})


def profile_of(rng: np.random.Generator, ruler: Ruler, start: datetime, segment: str) -> Profile:
    """Return counts of any size that need not fit together, as hours cut off half-way or resent do not."""
    most = int(rng.choice([0, 1, 5, 300, 100_000]))
    subjects = {}
    for name, scale in ruler.places().items():
        if rng.random() < 0.1:
            continue
        bins = rows_of(rng, scale.size, most)
        odd = rows_of(rng, 3, most)
        unseen = int(rng.integers(0, bins[-1] + 1)) if isinstance(scale, CategoricalScale) else 0
        subjects[name] = Counts(bins, odd[0], unseen, odd[1], odd[2])
    predictions, errors = (int(count) for count in rng.integers(0, 5 * most + 1, 2))
    return Profile(
        "m", "1", start, start + HOUR, ruler.id, predictions, errors, subjects, outcomes_of(rng, ruler, most),
        segment=segment,
    )  # fmt: skip


def window_of(rng: np.random.Generator, ruler: Ruler, start: datetime) -> dict[str, Profile]:
    segments = [ALL, *(segment for segment in ruler.segments if rng.random() < 0.8)]
    return {segment: replace(profile_of(rng, ruler, start, segment), end=start + DAY) for segment in segments}


def baseline_of(rng: np.random.Generator, ruler: Ruler, days: int) -> Baseline:
    hours = [
        profile_of(rng, ruler, START + day * DAY + int(rng.integers(0, 24)) * HOUR, segment)
        for day in range(days)
        for segment in (ALL, *ruler.segments)
        if rng.random() < 0.9
    ]
    sums = {
        segment: total(
            [hour for hour in hours if hour.segment == segment],
            Profile("m", "1", START, START + days * DAY, ruler.id, segment=segment),
        )
        for segment in (ALL, *ruler.segments)
    }
    kind = SourceKind.WINDOW if rng.random() < 0.7 else SourceKind.FILE
    source = Source(kind, "any", has_timestamps=bool(rng.random() < 0.8), out_of_sample=bool(rng.random() < 0.8))
    whole = sums.pop(ALL)
    return Baseline("m", "1", ruler, source, whole, START, tuple(hours), segments=sums)


@st.composite
def models(draw: st.DrawFn) -> ModelSettings:
    """How a model may be judged, sensibly or not."""
    return ModelSettings(
        "m",
        window=draw(st.sampled_from((timedelta(hours=6), DAY, 7 * DAY))),
        min_rows=draw(st.sampled_from((1, 50, 200))),
        positive_label=draw(st.sampled_from((None, "yes", "never heard of"))),
        labels_after=draw(st.sampled_from((None, timedelta(0), DAY))),
        min_coverage=draw(st.sampled_from((0.0, 0.5))),
        metrics=draw(st.sampled_from(((), tuple(TOLERANCES)))),
        ignore=draw(st.sampled_from(((), ("x",)))),
    )


def figures(finding: Finding) -> Mapping[str, float | None]:
    names = ("value", "baseline_value", "limit", "critical_limit", "p_value", "q_value", "lower", "upper", "coverage")
    return {name: getattr(finding, name) for name in (*names, "completeness")} | dict(finding.beside)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from((CLASSIFIER, REGRESSOR)),
    st.integers(1, 24),
    models(),
    st.builds(Completeness, *[st.integers(0, 500)] * 4),
)
def test_any_counts_are_judged_and_what_cannot_be_says_why(seed, ruler, days, model, completeness):
    """Any profiles, any mix of segments, any settings."""
    rng = np.random.default_rng(seed)
    baseline = baseline_of(rng, ruler, days)
    earlier = [window_of(rng, ruler, START + (100 + place) * DAY) for place in range(int(rng.integers(0, 11)))]
    current = window_of(rng, ruler, START + 120 * DAY)
    found = judge(
        model, baseline, learn(baseline, model), current, earlier, START + 121 * DAY + timedelta(hours=1), completeness
    )
    assert {finding.segment for finding in found} == set(current)
    assert len({(finding.segment, finding.subject) for finding in found}) == len(found)
    for finding in found:
        odd = {
            name: figure
            for name, figure in figures(finding).items()
            if figure is not None and not math.isfinite(figure)
        }
        assert odd == {}, finding
        if finding.status in {Status.UNKNOWN, Status.PENDING, Status.NOT_APPLICABLE}:
            assert finding.reason, finding
        if finding.status.bad:
            assert finding.value is not None, finding
            assert finding.limit is not None, finding
            assert finding.rows >= model.min_rows or finding.measure in {"silence", "throughput"}, finding
        if finding.p_value is not None:
            assert finding.q_value is not None
            assert 0 <= finding.p_value <= finding.q_value <= 1
