"""Performance before there is truth: what it says, when it steps back, and where it cannot be had."""

from __future__ import annotations

from dataclasses import replace

import pytest

from elkmon.findings import Direction, Kind, Status
from elkmon.judgement import Limits, learn
from elkmon.profiles import ALL, Counts, Outcomes
from elkmon.rulers import CategoricalScale, JointScale, Ruler
from elkmon.windows import DAY

ESTIMATED = ("accuracy", "f1", "roc_auc")
SCORE, LABEL = "elkmon.prediction.score", "elkmon.prediction.label"


def test_scores_that_promise_less_are_a_warning_before_any_truth(window, verdicts):
    """Positives that score little above negatives: the estimated AUC falls, and never more is said than a warning."""
    found = verdicts(window(quality=0.0, labelled=0.0))
    finding = found[Kind.ESTIMATE, "roc_auc"]
    assert (finding.status, finding.direction, finding.critical_limit) == (Status.WARNING, Direction.LOWER, None)
    assert finding.value is not None
    assert finding.limit is not None
    assert finding.value < finding.limit < finding.baseline_value
    assert finding.q_value is not None
    assert finding.q_value < 0.01
    assert (finding.rows, finding.coverage) == (1200, 0.0)
    assert found[Kind.METRIC, "roc_auc"].status is not Status.WARNING


def test_unchanged_scores_promise_what_they_did(window, verdicts):
    """Twenty days without truth, near the reference's own figure; nothing to report."""
    for day in range(100, 120):
        found = verdicts(window(day, labelled=0.0))
        for name in ESTIMATED:
            finding = found[Kind.ESTIMATE, name]
            assert finding.status is Status.OK
            assert finding.value == pytest.approx(finding.baseline_value, abs=0.02)
            assert "realised" not in finding.beside


def test_the_estimate_steps_back_once_the_truth_is_known(window, verdicts):
    """The realised value is beside it with the estimate's own error, and only the metric itself is reported."""
    found = verdicts(window(quality=0.0))
    for name in ESTIMATED:
        finding, metric = found[Kind.ESTIMATE, name], found[Kind.METRIC, name]
        assert (finding.status, finding.p_value) == (Status.OK, None)
        assert "truth is known" in finding.reason
        assert finding.beside["realised"] == metric.value
        assert finding.beside["estimate_error"] == pytest.approx(finding.value - metric.value)
        assert metric.status is Status.CRITICAL


def test_the_reference_says_how_far_its_own_estimate_is_off(window, verdicts):
    """Its map was made there, so it is nearly right: what is left is what the map smooths over."""
    for name in ESTIMATED:
        beside = verdicts(window(labelled=0.0))[Kind.ESTIMATE, name].beside
        assert beside["reference_estimate_error"] == pytest.approx(0.0, abs=0.01)


def test_without_learnt_limits_the_tolerance_decides(window, verdicts):
    """A reference without timestamps: still a warning at most, and the finding says which rule."""
    finding = verdicts(window(quality=0.0, labelled=0.0), learnt=Limits())[Kind.ESTIMATE, "f1"]
    assert (finding.status, finding.reason) == (Status.WARNING, "floor")
    assert finding.limit == pytest.approx(finding.baseline_value - 0.03)


def statuses(found) -> dict[str, tuple[Status, str]]:
    return {name: (found[Kind.ESTIMATE, name].status, found[Kind.ESTIMATE, name].reason) for name in ESTIMATED}


@pytest.mark.parametrize(
    ("rows", "reason"), [(4, "96 rows in this window, 200 are needed"), (0, "no predictions in this window")]
)
def test_few_rows_promise_nothing(rows, reason, window, verdicts):
    """UNKNOWN, with a number of neither side."""
    found = verdicts(window(rows=rows, labelled=0.0))
    assert set(statuses(found).values()) == {(Status.UNKNOWN, reason)}
    assert {found[Kind.ESTIMATE, name].value for name in ESTIMATED} == {None}


def test_a_positive_label_that_is_not_named_is_not_guessed(window, verdicts, settings):
    """Whose probability the score is cannot be told from the scores."""
    found = verdicts(window(labelled=0.0), settings=replace(settings, positive_label=None))
    assert {status for status, _ in statuses(found).values()} == {Status.NOT_APPLICABLE}
    assert "set positive_label" in found[Kind.ESTIMATE, "f1"].reason


def test_in_sample_references_promise_too_much(window, verdicts, reference):
    """Their scores are not worth elsewhere what they were worth there."""
    known = reference()
    in_sample = replace(known, source=replace(known.source, out_of_sample=False))
    found = statuses(verdicts(window(labelled=0.0), baseline=in_sample))
    assert {status for status, _ in found.values()} == {Status.NOT_APPLICABLE}
    assert "trained on" in found["accuracy"][1]


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        (Outcomes(), "the truth of 0 of the reference's scores is known, 200 are needed"),
        (Outcomes(500, scores={"yes": (500,)}), "one class only"),
        (Outcomes(500, scores={"no": (500,)}), "one class only"),
    ],
)
def test_a_reference_without_enough_truth_teaches_no_map(outcomes, reason, window, verdicts, reference):
    """None at all, or of one class: what a score is worth is not known."""
    known = reference()
    bins = known.ruler.scales[SCORE].size
    scores = {label: (*rows, *(0,) * (bins - 1)) for label, rows in outcomes.scores.items()}
    without = replace(known, total=replace(known.total, outcomes=replace(outcomes, scores=scores)))
    found = statuses(verdicts(window(labelled=0.0), baseline=without))
    assert {status for status, _ in found.values()} == {Status.NOT_APPLICABLE}
    assert all(reason in said for _, said in found.values())


def relabelled(baseline, labels: CategoricalScale, *, with_pair: bool = True):
    """Return the baseline by a ruler with other labels; the counts of the pair stay as wide as they were."""
    scales = {**baseline.ruler.scales, LABEL: labels}
    score = baseline.ruler.scales[SCORE]
    pairs = (JointScale(SCORE, LABEL, score, labels),) if with_pair else ()
    ruler = Ruler(scales, joints=pairs)
    return replace(baseline, ruler=ruler, hours=(), total=replace(baseline.total, ruler=ruler.id))


@pytest.mark.parametrize(
    ("labels", "with_pair", "reason"),
    [
        (CategoricalScale(("no", "yes", "perhaps")), True, "the model has more than two labels"),
        (CategoricalScale(("no", "late")), True, "the reference never predicted 'yes'"),
        (CategoricalScale(("no", "yes")), False, "scores are not counted by predicted label"),
    ],
)
def test_labels_that_cannot_be_estimated_from_one_score(labels, with_pair, reason, window, verdicts, reference):
    """Only the AUC, which needs no predicted label, is left."""
    known = relabelled(reference(), labels, with_pair=with_pair)
    current = replace(window(labelled=0.0), ruler=known.ruler.id)
    subjects = {**current.subjects, LABEL: Counts((*(600,) * 2, *(0,) * (labels.size - 2)))}
    if with_pair:
        pair = known.ruler.joints[0]
        subjects[pair.name] = Counts((1200, *(0,) * (pair.size - 1)))
        totals = {**known.total.subjects, pair.name: subjects[pair.name]}
        totals[LABEL] = Counts((*(36_000,) * 2, *(0,) * (labels.size - 2)))
        known = replace(known, total=replace(known.total, subjects=totals))
    found = statuses(verdicts(replace(current, subjects=subjects), baseline=known))
    for name in ("accuracy", "f1"):
        assert found[name][0] is Status.NOT_APPLICABLE
        assert reason in found[name][1]
    assert found["roc_auc"][0] is Status.OK


def test_scores_beyond_the_range_are_not_read(window, verdicts):
    """A tenth of them below 0: the map says nothing of those."""
    current = window(labelled=0.0)
    scores = current.subjects[SCORE].bins
    moved = (120, *scores[1:])
    subjects = {**current.subjects, SCORE: Counts(moved)}
    found = verdicts(replace(current, subjects=subjects))
    assert {status for status, _ in statuses(found).values()} == {Status.UNKNOWN}
    assert "out of the reference's range" in found[Kind.ESTIMATE, "roc_auc"].reason
    assert found[Kind.OUT_OF_RANGE, SCORE].status.bad


def test_new_predicted_labels_are_not_taken_for_negatives(window, verdicts):
    """A label set that grows: what the new label is worth is not known."""
    current = window(labelled=0.0)
    subjects = {**current.subjects, LABEL: Counts((500, 500, 200), unseen=200)}
    found = verdicts(replace(current, subjects=subjects))
    assert found[Kind.ESTIMATE, "accuracy"].status is Status.UNKNOWN
    assert found[Kind.ESTIMATE, "accuracy"].reason == "200 of 1200 predicted labels are new"
    assert found[Kind.UNSEEN, LABEL].status.bad


def test_the_estimate_waits_for_labels_that_are_due(window, verdicts):
    """While the metric is pending, the estimate speaks."""
    current = window(labelled=0.0)
    found = verdicts(current, now=current.end + DAY / 2)
    assert found[Kind.METRIC, "accuracy"].status is Status.PENDING
    assert found[Kind.ESTIMATE, "accuracy"].status is Status.OK


def test_the_estimate_steps_back_only_for_a_metric_that_is_judged(window, verdicts, reference, settings):
    """Where the reference's labels were never known beside their truth, nothing else speaks of accuracy."""
    known = reference()
    hours = tuple(replace(hour, outcomes=replace(hour.outcomes, confusion={})) for hour in known.hours)
    whole = replace(known.total, outcomes=replace(known.total.outcomes, confusion={}))
    known = replace(known, total=whole, hours=hours)
    found = verdicts(window(), baseline=known, learnt=learn(known, settings)[ALL])
    assert found[Kind.METRIC, "accuracy"].status is Status.NOT_APPLICABLE
    assert "realised" not in found[Kind.ESTIMATE, "accuracy"].beside
    assert found[Kind.ESTIMATE, "accuracy"].p_value is not None
    assert "realised" in found[Kind.ESTIMATE, "roc_auc"].beside


def test_a_window_without_predicted_positives_has_no_precision_and_says_why(window, verdicts, settings):
    """Its scores promise both classes; it is the threshold that nobody passes."""
    model = replace(settings, metrics=("precision",))
    current = window(labelled=0.0)
    pair = next(name for name in current.subjects if name.startswith("joint: "))
    bins = [
        sum(current.subjects[pair].bins[place : place + 3]) for place in range(0, len(current.subjects[pair].bins), 3)
    ]
    negative = Counts(tuple(count for rows in bins for count in (rows, 0, 0)))
    found = verdicts(replace(current, subjects={**current.subjects, pair: negative}), settings=model)
    finding = found[Kind.ESTIMATE, "precision"]
    assert finding.status is Status.UNKNOWN
    assert finding.reason == "it is not defined for this window: no row is predicted positive"
