"""Verdicts that need the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.findings import Family, Kind, Status
from elkmon.judgement import learn
from elkmon.profiles import ALL, Counts, Outcomes, Profile, total
from elkmon.rulers import Ruler
from elkmon.windows import DAY, HOUR


def test_performance_that_falls_is_found(window, verdicts):
    """Scores that say nothing any more: ROC AUC, log loss and accuracy, with interval and coverage."""
    found = verdicts(window(quality=0.0))
    finding = found[Kind.METRIC, "roc_auc"]
    assert finding.status is Status.CRITICAL
    assert finding.value == pytest.approx(0.5, abs=0.05)
    assert finding.lower is not None
    assert finding.upper is not None
    assert finding.lower < finding.value < finding.upper
    assert finding.coverage == 1.0
    assert {"precision", "recall", "brier", "calibration_error"} <= set(finding.beside)
    assert found[Kind.METRIC, "accuracy"].status.bad
    assert found[Kind.METRIC, "log_loss"].status.bad


def test_labels_not_due_are_pending_and_later_unknown(window, verdicts):
    """Before labels_after has passed, and after it with too few labels."""
    early = window(labelled=0.1)
    before = verdicts(early, now=early.end + HOUR)
    assert before[Kind.METRIC, "accuracy"].status is Status.PENDING
    assert before[Kind.CONCEPT, "concept_gap"].status is Status.PENDING
    assert "due on" in before[Kind.METRIC, "accuracy"].reason
    after = verdicts(early, now=early.end + DAY)
    assert after[Kind.METRIC, "accuracy"].status is Status.UNKNOWN
    assert after[Kind.METRIC, "accuracy"].coverage == pytest.approx(0.1, abs=0.03)


def test_enough_labels_are_judged_before_they_are_due(window, verdicts):
    """Coverage decides, not the clock."""
    full = window()
    assert verdicts(full, now=full.end)[Kind.METRIC, "accuracy"].status is Status.OK


def test_without_expected_truth_performance_is_not_applicable(window, verdicts, settings):
    """Nobody sends labels and nobody said they would."""
    silent = replace(settings, labels_after=None)
    found = verdicts(window(labelled=0), settings=silent)
    assert found[Kind.METRIC, "accuracy"].status is Status.NOT_APPLICABLE


def test_in_sample_references_are_no_measure_of_performance(window, reference, verdicts):
    """Said so, and drift is judged all the same."""
    known = reference()
    fitted = replace(known, source=replace(known.source, out_of_sample=False))
    found = verdicts(window(quality=0.0, shift=1), baseline=fitted)
    assert found[Kind.METRIC, "roc_auc"].status is Status.NOT_APPLICABLE
    assert "trained on" in found[Kind.METRIC, "roc_auc"].reason
    assert found[Kind.FEATURE, "x"].status is Status.CRITICAL


def test_a_reference_without_truth_judges_no_performance(window, reference, verdicts, settings):
    """The reason says what to do about it; the value is shown."""
    known = reference()
    bare = replace(known, total=replace(known.total, outcomes=Outcomes()), hours=())
    finding = verdicts(window(), baseline=bare, learnt=learn(bare, settings)[ALL])[Kind.METRIC, "accuracy"]
    assert finding.status is Status.NOT_APPLICABLE
    assert "baseline with outcomes" in finding.reason
    assert finding.value is not None


def test_scores_need_to_know_whose_they_are(window, verdicts, settings):
    """Without a positive label AUC is unknown, with the remedy; accuracy needs none."""
    unnamed = replace(settings, positive_label=None)
    found = verdicts(window(), settings=unnamed)
    assert found[Kind.METRIC, "roc_auc"].status is Status.UNKNOWN
    assert "set positive_label" in found[Kind.METRIC, "roc_auc"].reason
    assert found[Kind.METRIC, "accuracy"].status is Status.OK


def test_a_metric_of_another_task_is_not_applicable(window, verdicts, settings):
    """A classifier has no mean absolute error."""
    found = verdicts(window(), settings=replace(settings, metrics=("mae", "accuracy")))
    assert found[Kind.METRIC, "mae"].status is Status.NOT_APPLICABLE
    assert found[Kind.METRIC, "accuracy"].status is Status.OK
    assert (Kind.METRIC, "roc_auc") not in found


def test_a_changed_gap_between_predicted_and_actual_is_concept_drift(window, verdicts):
    """Scores rise for negatives too; the lesson's own test stands beside it and does not vote."""
    shifted = window()
    bins = shifted.outcomes.scores
    moved = {label: (*((0,) * 30), *rows[:-30]) for label, rows in bins.items()}
    kept = {label: (*rows[:-1], rows[-1] + sum(bins[label]) - sum(rows)) for label, rows in moved.items()}
    drifted = replace(shifted, outcomes=replace(shifted.outcomes, scores=kept))
    found = verdicts(drifted)[Kind.CONCEPT, "concept_gap"]
    assert found.status.bad
    assert found.subject.family is Family.DRIFT
    assert {"gap", "reference_gap", "ks_predicted_actual", "ks_predicted_actual_p_value"} <= set(found.beside)
    assert verdicts(shifted)[Kind.CONCEPT, "concept_gap"].status is Status.OK


def test_a_regression_is_judged_by_its_errors(verdicts, settings, start, ruler):
    """Twice the error is found; the gap is counted in SDs of the truth."""
    scale = ruler.scales["features.num.x"]
    ruler = Ruler({"elkmon.prediction.value": scale})

    def binned(values: np.ndarray) -> tuple[int, ...]:
        return tuple(np.bincount(np.searchsorted(scale.edges, values, side="right"), minlength=scale.size).tolist())

    def day(place: int, error: float, bias: float = 0.0) -> Profile:
        rng = np.random.default_rng(place)
        true = rng.normal(size=1_000)
        guess = true + bias + rng.normal(0, error, 1_000)
        off = guess - true
        sums = {
            name: float(values.sum())
            for name, values in {
                "error": off, "absolute_error": abs(off), "squared_error": off**2, "value": true,
                "value_squared": true**2,
            }.items()
        }  # fmt: skip
        rows = {f"{name}_rows": 1_000.0 for name in sums}
        begin = start + place * DAY
        outcomes = Outcomes(1_000, predicted=binned(guess), actual=binned(true), sums={**sums, **rows})
        counts = {"elkmon.prediction.value": Counts(binned(guess))}
        return Profile("m", "1", begin, begin + DAY, ruler.id, 1_000, 0, counts, outcomes)

    days = [day(place, 0.3) for place in range(30)]
    hours = tuple(replace(each, end=each.start + HOUR) for each in days)
    whole = total(days, Profile("m", "1", start, start + 30 * DAY, ruler.id))
    baseline = Baseline("m", "1", ruler, Source(SourceKind.FILE, "f.csv"), whole, start, hours)
    learnt = learn(baseline, settings)[ALL]
    worse = verdicts(day(40, 0.6, bias=0.5), baseline=baseline, learnt=learnt)
    assert {worse[Kind.METRIC, name].status for name in ("mae", "rmse")} == {Status.CRITICAL}
    assert worse[Kind.CONCEPT, "concept_gap"].status is Status.CRITICAL
    assert worse[Kind.CONCEPT, "concept_gap"].value == pytest.approx(0.5, abs=0.08)
    assert {"bias", "r2"} <= set(worse[Kind.METRIC, "mae"].beside)
    same = verdicts(day(41, 0.3), baseline=baseline, learnt=learnt)
    assert {same[Kind.METRIC, "mae"].status, same[Kind.CONCEPT, "concept_gap"].status} == {Status.OK}


def test_performance_that_stays_a_little_worse_is_found_by_a_run(window, verdicts):
    """Four hundredths of ROC AUC (0.88 to 0.84) may be one day's chance, not ten days'."""
    days = [window(90 + place, quality=0.21) for place in range(10)]
    alone = verdicts(days[-1])[Kind.METRIC, "roc_auc"]
    together = verdicts(days[-1], days[:-1])[Kind.METRIC, "roc_auc"]
    assert alone.status is Status.OK
    assert together.status.bad
    assert together.reason == "run of 10"
    assert together.limit is not None
    assert alone.limit is not None
    assert together.limit > alone.limit
