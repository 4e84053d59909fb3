"""What a window of a season is compared with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import ModelSettings
from elkmon.fields import PREDICTION_LABEL
from elkmon.findings import Family, Kind, Subject
from elkmon.judgement import Limits
from elkmon.measures.degradation import Uncertainty
from elkmon.measures.limits import LearntLimit
from elkmon.monitor.references import Reference, of_phase, shortcomings
from elkmon.profiles import ALL, Profile
from elkmon.rulers import CategoricalScale, Ruler
from elkmon.windows import WEEK

START = datetime(2026, 3, 2, tzinfo=UTC)
DISTANCE = Subject(Family.DRIFT, Kind.FEATURE, "distance")
RULER = Ruler({"features.cat.c": CategoricalScale(("a", "b"))})


def limits(windows: int, accuracy: float) -> Limits:
    return Limits({DISTANCE: LearntLimit(windows)}, {"accuracy": Uncertainty(accuracy, 0.0, 0.1, windows, 100.0)})


def profile(segment: str, predictions: int) -> Profile:
    return Profile("m", "1", START, START + WEEK, RULER.id, predictions, segment=segment)


def test_performance_and_small_segments_are_held_against_all_of_the_reference():
    """Mondays' own limits for what they are enough for; a lasting fall and a rare segment need the whole."""
    baseline = Baseline(
        "m", "1", RULER, Source(SourceKind.WINDOW, "w"), profile(ALL, 900), START,
        segments={name: profile(name, rows) for name, rows in (("c=a", 800), ("c=b", 100))},
    )  # fmt: skip
    mondays = replace(
        baseline,
        total=profile(ALL, 130),
        segments={name: profile(name, rows) for name, rows in (("c=a", 120), ("c=b", 10))},
        part_of=baseline.id,
    )
    whole = Reference(baseline, {ALL: limits(60, 0.9), "c=a": limits(60, 0.8), "c=b": limits(50, 0.7)})
    of_mondays = {ALL: limits(9, 0.5), "c=a": limits(8, 0.4), "c=b": limits(7, 0.3)}

    found = of_phase(whole, mondays, of_mondays)

    assert {name: each.learnt[DISTANCE].windows for name, each in found.limits.items()} == {ALL: 9, "c=a": 8, "c=b": 50}
    assert {name: each.metrics["accuracy"].value for name, each in found.limits.items()} == {
        ALL: 0.9, "c=a": 0.8, "c=b": 0.7,
    }  # fmt: skip
    rows = {name: found.baseline.of(name).total.predictions for name in (ALL, "c=a", "c=b")}
    assert rows == {ALL: 130, "c=a": 120, "c=b": 100}
    assert found.baseline.id == baseline.id


def test_a_positive_label_that_no_prediction_ever_had_is_said():
    """A misspelt one would only make figures of the score vanish."""
    ruler = Ruler({str(PREDICTION_LABEL): CategoricalScale(("keep", "refund"))})
    total = Profile("m", "1", START, START + WEEK, ruler.id, 900)
    baseline = Baseline("m", "1", ruler, Source(SourceKind.WINDOW, "w"), total, START)
    (note,) = shortcomings(ModelSettings("m", positive_label="refnd"), [baseline], {})
    assert note == f"positive_label 'refnd' is none of the labels that baseline {baseline.id} knows: 'keep', 'refund'"
    assert not list(shortcomings(ModelSettings("m", positive_label="refund"), [baseline], {}))
