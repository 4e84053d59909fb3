"""Bad input, one kind a test: each is an UNKNOWN or a quality finding with its reason, never a number that looks sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import ModelSettings
from elkmon.findings import Family, Finding, Kind, Status
from elkmon.judgement import judge, learn, unfamiliar
from elkmon.ports import Completeness
from elkmon.profiles import ALL, Counts, Outcomes, Profile, total
from elkmon.rulers import NumericScale, Ruler, Segmentation
from elkmon.windows import DAY, HOUR, Window

SCORE, LABEL, VALUE = "elkmon.prediction.score", "elkmon.prediction.label", "elkmon.prediction.value"


def with_counts(profile: Profile, field: str, counts: Counts) -> Profile:
    return replace(profile, subjects={**profile.subjects, field: counts})


def without_numbers(finding: Finding) -> bool:
    """Whether it states nothing that could be taken for a result."""
    return (finding.limit, finding.p_value, finding.q_value) == (None, None, None)


def test_scores_outside_of_0_and_1_are_out_of_range(window, verdicts):
    """Half of them above 1."""
    current = window()
    rows = list(current.subjects[SCORE].bins)
    rows[-1], rows[10:60] = sum(rows[10:60]), [0] * 50
    found = verdicts(with_counts(current, SCORE, Counts(tuple(rows))))
    assert found[Kind.OUT_OF_RANGE, SCORE].status is Status.CRITICAL
    assert found[Kind.PREDICTION, "score"].status is Status.CRITICAL


def test_scores_that_are_nan_are_missing(window, verdicts):
    """All of them: the score's quality is critical and its drift is not called fine."""
    current = window()
    bins = len(current.subjects[SCORE].bins)
    found = verdicts(with_counts(current, SCORE, Counts((0,) * bins, missing=1200)))
    assert (found[Kind.MISSING, SCORE].status, found[Kind.MISSING, SCORE].value) == (Status.CRITICAL, 1.0)
    drift = found[Kind.PREDICTION, "score"]
    assert (drift.status, drift.reason) == (Status.UNKNOWN, "0 rows in this window, 200 are needed")
    assert without_numbers(drift)


def test_a_positive_class_that_is_not_named_is_asked_for(window, verdicts, settings):
    """Nothing of the score's performance is judged, and the reason says what to set."""
    found = verdicts(window(), settings=replace(settings, positive_label=None))
    for key in ((Kind.METRIC, "roc_auc"), (Kind.METRIC, "log_loss"), (Kind.ESTIMATE, "roc_auc")):
        assert found[key].status in {Status.UNKNOWN, Status.NOT_APPLICABLE}
        assert "set positive_label" in found[key].reason
        assert without_numbers(found[key])
    assert found[Kind.METRIC, "accuracy"].status is Status.OK


def test_one_class_only_has_no_ranking(window, verdicts):
    """ROC AUC is not defined; accuracy is."""
    current = window()
    scores = current.outcomes.scores
    rows = tuple(map(sum, zip(*scores.values(), strict=True)))
    confusion = {("no", "no"): 700, ("no", "yes"): 500}
    outcomes = replace(current.outcomes, confusion=confusion, scores={"no": rows})
    found = verdicts(replace(current, outcomes=outcomes))
    finding = found[Kind.METRIC, "roc_auc"]
    assert (finding.status, finding.value) == (Status.UNKNOWN, None)
    assert "one class only" in finding.reason
    assert found[Kind.METRIC, "accuracy"].value == pytest.approx(700 / 1200)


def test_truth_for_one_prediction_in_a_thousand_is_no_truth(window, verdicts):
    """The share is said, and no interval is made from two rows."""
    current = window(labelled=0.0)
    scores = {"yes": (1, *(0,) * (len(current.subjects[SCORE].bins) - 1))}
    current = replace(current, outcomes=Outcomes(1, {("yes", "yes"): 1}, scores))
    found = verdicts(current)
    for finding in found.values():
        if finding.subject.kind in {Kind.METRIC, Kind.CONCEPT}:
            assert finding.status is Status.UNKNOWN
            assert "the truth of 0 % of predictions is known, 50 % is needed" in finding.reason
            assert without_numbers(finding)


def test_a_window_of_one_row_is_unknown(window, verdicts):
    """Every subject that needs rows says how many there are."""
    current = window(rows=1)
    one = replace(current, predictions=1)
    for field, counts in current.subjects.items():
        first = next(place for place, rows in enumerate(counts.bins) if rows)
        bins = tuple(int(place == first) for place in range(len(counts.bins)))
        one = with_counts(one, field, Counts(bins))
    one = replace(one, outcomes=Outcomes(1, {("yes", "yes"): 1}))
    found = verdicts(one)
    del found[Kind.FIGURE, "silence"], found[Kind.FIGURE, "throughput"]
    assert {finding.status for finding in found.values()} == {Status.UNKNOWN}
    assert all(finding.reason and without_numbers(finding) for finding in found.values())


def test_a_label_set_that_grows_is_named_and_counts_as_wrong(window, verdicts):
    """A third label, true and predicted: unseen among predictions, and truth that the model cannot hit."""
    current = window()
    outcomes = replace(
        current.outcomes,
        confusion={**current.outcomes.confusion, ("perhaps", "no"): 200, ("perhaps", "maybe"): 100},
        labelled=current.outcomes.labelled + 300,
    )
    found = verdicts(replace(with_counts(current, LABEL, Counts((500, 400, 300), unseen=300)), outcomes=outcomes))
    assert found[Kind.UNSEEN, LABEL].status is Status.CRITICAL
    assert found[Kind.UNSEEN, LABEL].value == pytest.approx(0.25)
    assert found[Kind.METRIC, "accuracy"].status is Status.CRITICAL
    assert found[Kind.ESTIMATE, "accuracy"].status is Status.UNKNOWN


def test_a_number_that_becomes_text_is_missing_and_named(window, verdicts, reference, settings):
    """Its number is gone, which is critical; the text is unknown to the baseline, and said to be the same feature."""
    current = window()
    gone = with_counts(current, "features.num.x", Counts((0,) * len(current.subjects["features.num.x"].bins), 1200))
    found = verdicts(gone)
    assert found[Kind.MISSING, "x"].status is Status.CRITICAL
    assert found[Kind.FEATURE, "x"].status is Status.UNKNOWN
    day = Window(gone.start, gone.end)
    named = unfamiliar(settings, reference(), gone, ["features.cat.x"], gone.end, day)
    assert named.status is Status.WARNING
    assert "x (a number in the baseline, now text)" in named.reason


def test_values_against_their_declared_type_are_rejected(window, verdicts):
    """When the type is declared, the value stays out and is counted."""
    current = window()
    bins = len(current.subjects["features.num.x"].bins)
    found = verdicts(with_counts(current, "features.num.x", Counts((0,) * bins, rejected=1200)))
    assert (found[Kind.REJECTED, "x"].status, found[Kind.REJECTED, "x"].value) == (Status.CRITICAL, 1.0)


def in_segments(known: Baseline, segments: dict[str, Profile], levels: Sequence[str] = ("a", "b")) -> Baseline:
    """Return the baseline by a ruler that cuts it into levels of c, with these parts."""
    ruler = Ruler(known.ruler.scales, known.ruler.joints, (Segmentation("features.cat.c", tuple(levels)),))
    parts = {name: replace(part, ruler=ruler.id, segment=name) for name, part in segments.items()}
    return replace(known, ruler=ruler, hours=(), total=replace(known.total, ruler=ruler.id), segments=parts)


def of_segment(found: Sequence[Finding], segment: str) -> dict[tuple[Kind, str], Finding]:
    return {(each.subject.kind, each.subject.name): each for each in found if each.segment == segment}


def test_a_level_that_vanishes_leaves_its_segment_unknown(window, reference, settings):
    """It is not called fine, and the feature's own drift says that the level is gone."""
    known = in_segments(reference(), {"c=a": reference().total, "c=b": reference().total})
    current = replace(window(share_of_a=1.0), ruler=known.ruler.id)
    empty = Profile("m", "1", current.start, current.end, known.ruler.id)
    slices = {
        ALL: current,
        "c=a": replace(current, segment="c=a"),
        "c=b": replace(empty, segment="c=b"),
    }
    found = judge(settings, known, learn(known, settings), slices, (), current.end + 2 * DAY)
    gone = of_segment(found, "c=b")
    assert {(finding.status, finding.reason) for finding in gone.values()} == {
        (Status.UNKNOWN, "no predictions in this window")
    }
    assert of_segment(found, ALL)[Kind.FEATURE, "c"].status is Status.WARNING
    assert not any(finding.subject.family is Family.SERVICE for finding in gone.values() if finding.value is not None)


def test_a_segment_the_reference_never_had_is_not_applicable(window, reference, settings):
    """There is nothing to compare it with, whatever it holds now."""
    known = in_segments(reference(), {"c=a": reference().total})
    current = replace(window(), ruler=known.ruler.id)
    slices = {ALL: current, "c=b": replace(current, segment="c=b")}
    found = of_segment(judge(settings, known, learn(known, settings), slices, (), current.end + 2 * DAY), "c=b")
    assert {finding.status for finding in found.values()} == {Status.NOT_APPLICABLE}
    assert all(finding.reason and without_numbers(finding) for finding in found.values())


def regression(day: int, start, scale: NumericScale, ruler: Ruler, *, constant: bool) -> Profile:
    rng = np.random.default_rng(day)
    truth = np.full(300, 2.0) if constant else rng.normal(2, 0.7, 300)
    error = rng.normal(0, 0.3, 300)

    def binned(values: np.ndarray) -> tuple[int, ...]:
        return tuple(np.bincount(np.searchsorted(scale.edges, values, side="right"), minlength=scale.size).tolist())

    summed = {
        "absolute_error": np.abs(error),
        "squared_error": error**2,
        "error": error,
        "value": truth,
        "value_squared": truth**2,
    }
    sums = {name: float(values.sum()) for name, values in summed.items()}
    sums |= {f"{name}_rows": 300.0 for name in summed}
    predicted, actual = binned(truth + error), binned(truth)
    outcomes = Outcomes(300, predicted=predicted, actual=actual, sums=sums)
    first = start + day * DAY
    return Profile("m", "1", first, first + DAY, ruler.id, 300, 0, {VALUE: Counts(predicted)}, outcomes)


@pytest.mark.parametrize("constant_reference", [True, False])
def test_a_regression_whose_truth_is_constant_has_no_explained_variance(constant_reference, start):
    """R² is not defined there; the errors are, and stay as they were."""
    scale = NumericScale((0.0, 1.0, 2.0, 3.0, 4.0), (0.0, 0.5, 1.5, 2.5, 3.5, 4.0), lowest=0.0, highest=4.0)
    ruler = Ruler({VALUE: scale})
    hours = tuple(regression(day, start, scale, ruler, constant=constant_reference) for day in range(30))
    whole = total(hours, Profile("m", "1", start, start + 30 * DAY, ruler.id))
    known = Baseline("m", "1", ruler, Source(SourceKind.WINDOW, "reference"), whole, start, hours)
    settings = ModelSettings("m", labels_after=HOUR, metrics=("mae", "rmse", "r2"))
    current = regression(50, start, scale, ruler, constant=True)
    found = of_segment(judge(settings, known, learn(known, settings), {ALL: current}, (), current.end + DAY), ALL)
    assert found[Kind.METRIC, "r2"].status is (Status.NOT_APPLICABLE if constant_reference else Status.UNKNOWN)
    assert found[Kind.METRIC, "r2"].value is None
    assert found[Kind.METRIC, "r2"].reason
    assert found[Kind.METRIC, "mae"].status is Status.OK
    assert found[Kind.CONCEPT, "concept_gap"].status is Status.OK


@pytest.mark.parametrize(
    ("counted", "status", "value"),
    [
        (Completeness(arrived=1200), Status.OK, 0.0),
        (Completeness(arrived=1200, missing=1, doubled=30), Status.OK, 1 / 1201),
        (Completeness(arrived=1200, missing=12, dropped=4), Status.WARNING, 12 / 1212),
        (Completeness(arrived=900, dropped=300), Status.CRITICAL, 0.25),
    ],
)
def test_lost_events_are_counted_and_not_tested(counted, status, value, window, verdicts):
    """What handlers dropped has numbers too, so the larger of both; doubled events are said and are no loss."""
    finding = verdicts(window(), completeness=counted)[Kind.COMPLETENESS, "lost_events"]
    assert (finding.status, finding.p_value, finding.reason) == (status, None, "floor")
    assert finding.value == pytest.approx(value)
    assert (finding.limit, finding.critical_limit) == (0.005, 0.05)
    assert finding.rows == counted.arrived + counted.lost
    assert finding.beside == {
        "missing": counted.missing,
        "dropped": counted.dropped,
        "doubled": counted.doubled,
    }


@pytest.mark.parametrize(
    ("rows", "counted", "status", "reason"),
    [
        (4, Completeness(arrived=96, missing=50), Status.UNKNOWN, "146 events in this window, 200 are needed"),
        (0, Completeness(), Status.UNKNOWN, "no predictions in this window"),
        (50, Completeness(missing=0), Status.NOT_APPLICABLE, "its events were not counted"),
        (0, Completeness(dropped=5000), Status.CRITICAL, "floor"),
    ],
)
def test_few_events_say_nothing_of_loss(rows, counted, status, reason, window, verdicts):
    """But that none arrived of thousands is a loss, whatever else is not known."""
    finding = verdicts(window(rows=rows), completeness=counted)[Kind.COMPLETENESS, "lost_events"]
    assert (finding.status, finding.reason) == (status, reason)


def test_every_finding_says_how_complete_its_window_is(window, verdicts):
    """A twentieth of the events is lost; no other verdict changes for it."""
    found = verdicts(window(), completeness=Completeness(arrived=1200, missing=60))
    assert {finding.completeness for finding in found.values()} == {1200 / 1260}
    assert [key for key, finding in found.items() if finding.status.bad] == [(Kind.COMPLETENESS, "lost_events")]
