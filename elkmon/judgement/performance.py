"""
Verdicts on performance: each metric against the reference's, as soon as the truth is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from elkmon.baselines import Baseline
from elkmon.checks import CLASSIFICATION_METRICS, REGRESSION_METRICS, Floor, ModelSettings
from elkmon.fields import PREDICTION_LABEL, PREDICTION_SCORE, PREDICTION_VALUE
from elkmon.findings import Direction, Family, Finding, Kind, Status, Subject
from elkmon.judgement.case import FLOOR, SINGLE_WINDOW, Case
from elkmon.measures.confusion import Confusion, f1, per_class, precision, recall
from elkmon.measures.degradation import Degradation, Uncertainty, as_figures, degradation
from elkmon.measures.drift import standard_deviation, wasserstein
from elkmon.measures.limits import run_length
from elkmon.measures.performance import METRICS, Reading, measure, rows_of
from elkmon.measures.rarity import variance_where_rarer
from elkmon.profiles import Outcomes
from elkmon.rulers import CategoricalScale, NumericScale

_RELATIVE = {"mae", "rmse"}
_BESIDE_CLASSIFICATION = (
    "precision",
    "recall",
    "balanced_accuracy",
    "f1_weighted",
    "matthews",
    "average_precision",
    "brier",
    "calibration_error",
    "maximum_calibration_error",
    "calibration_slope",
    "calibration_intercept",
)
_BESIDE_REGRESSION = ("bias", "mape", "r2")
_PER_CLASS = {"precision": precision, "recall": recall, "f1": f1}
_MOST_CLASSES = 10


def judged_metrics(baseline: Baseline, settings: ModelSettings) -> tuple[str, ...]:
    """Return the metrics to judge: those configured, else the usual ones for what the model predicts."""
    if settings.metrics:
        return settings.metrics
    predicted = baseline.ruler.scales
    if PREDICTION_VALUE in predicted:
        return REGRESSION_METRICS
    return tuple(
        name
        for name in CLASSIFICATION_METRICS
        if (PREDICTION_SCORE if METRICS[name].needs_score else PREDICTION_LABEL) in predicted
    )


def reading(baseline: Baseline, settings: ModelSettings) -> Reading:
    """Return how this model's outcomes are read."""
    scale = baseline.ruler.scales.get(PREDICTION_SCORE)
    return Reading(settings.positive_label, scale.points if isinstance(scale, NumericScale) else ())


def performance(case: Case) -> Iterator[Finding]:
    """Yield a finding per metric."""
    beside = _beside(case)
    for name in judged_metrics(case.baseline, case.settings):
        finding = _metric(case, name)
        kept = {other: value for other, value in beside.items() if other != name and finding.value is not None}
        yield replace(finding, beside=kept)


def _metric(case: Case, name: str) -> Finding:
    metric = METRICS[name]
    rows = rows_of(name, case.current.outcomes)
    value = measure(name, case.current.outcomes, reading(case.baseline, case.settings)) if rows else None
    known = case.limits.metrics.get(name)
    finding = replace(
        case.finding(Subject(Family.PERFORMANCE, Kind.METRIC, name)),
        measure=name,
        value=value,
        direction=metric.worse,
        rows=rows,
        reference_rows=rows_of(name, case.baseline.total.outcomes),
        coverage=coverage(case),
    )
    excuse = _needs_label(case, name) or not_comparable(case, known is not None) or no_truth(case)
    if excuse := excuse or too_few(case, rows):
        return replace(finding, status=excuse[0], reason=excuse[1])
    if value is None or known is None:
        lacks = "truth does not vary" if metric.regression else "truth, or what is predicted, has one class only"
        return replace(finding, reason=f"it is not defined for this window: its {lacks}")
    return _compared(case, finding, value, known)


def _compared(case: Case, finding: Finding, value: float, known: Uncertainty) -> Finding:
    """
    Return the verdict on a metric whose value is known on both sides.

    The limit is the least worsening that can be found: the tolerance, and beyond it what windows differ by anyway. A run of
    windows differs less, so a smaller worsening shows when it stays.
    """
    sign = 1.0 if finding.direction is Direction.HIGHER else -1.0
    tolerated = _tolerated(case, finding.measure, known)
    worsening = sign * (value - known.value)
    single = _tested(case, finding, value, case.current.outcomes, known)
    run = _run(case, finding, known) if known.blocks else None
    best, rule, tests = single, SINGLE_WINDOW, 1
    if run is not None:
        tests = 2
        if worsening > tolerated.warning and run.p_value < single.p_value:
            best, rule = run, f"run of {run_length(case.settings.window)}"
    p_value = min(best.p_value * tests, 1.0)
    bad = worsening > tolerated.warning and p_value < case.settings.significance
    if not bad:
        best, rule = single, SINGLE_WINDOW
    critical = max(tolerated.critical, best.least)
    status = Status.CRITICAL if bad and worsening > critical and known.blocks else Status.WARNING if bad else Status.OK
    return replace(
        finding,
        status=status,
        reason=rule if known.blocks else FLOOR,
        baseline_value=known.value,
        limit=known.value + sign * best.least,
        critical_limit=known.value + sign * critical if known.blocks else None,
        p_value=p_value,
        lower=max(single.lower, METRICS[finding.measure].lowest),
        upper=min(single.upper, METRICS[finding.measure].highest),
    )


def _tested(case: Case, finding: Finding, value: float, outcomes: Outcomes, known: Uncertainty) -> Degradation:
    """Return the test of `value`, which `outcomes` have; where positives are rarer by now it knows that they tell less."""
    name, read = finding.measure, reading(case.baseline, case.settings)
    within = variance_where_rarer(name, case.baseline.total.outcomes, outcomes, read)
    return degradation(
        known,
        value,
        rows_of(name, outcomes),
        _tolerated(case, name, known).warning,
        higher_is_worse=finding.direction is Direction.HIGHER,
        significance=case.settings.significance,
        within=within or 0.0,
    )


def _tolerated(case: Case, name: str, known: Uncertainty) -> Floor:
    """Return the tolerated worsening in the metric's own unit."""
    tolerance, unit = case.settings.tolerance(name), known.value if name in _RELATIVE else 1.0
    return Floor(unit * tolerance.warning, unit * tolerance.critical)


def _run(case: Case, finding: Finding, known: Uncertainty) -> Degradation | None:
    """Return the test of the run of windows that ends with this one, taken together; None where truth is lacking."""
    name, length = finding.measure, run_length(case.settings.window)
    before = case.earlier[1 - length :] if len(case.earlier) >= length - 1 else ()
    if not before or any(rows_of(name, each.outcomes) < case.settings.min_rows for each in before):
        return None
    pooled = case.current.outcomes
    for profile in before:
        pooled = pooled + profile.outcomes
    value = measure(name, pooled, reading(case.baseline, case.settings))
    if value is None:
        return None
    return _tested(case, finding, value, pooled, replace(known, windows=known.windows * length))


def _needs_label(case: Case, name: str) -> tuple[Status, str] | None:
    """Return why a metric of the score cannot be made from what is known of the model."""
    scales = case.baseline.ruler.scales
    if METRICS[name].regression:
        return None if PREDICTION_VALUE in scales else (Status.NOT_APPLICABLE, "the model predicts no numbers")
    if not METRICS[name].needs_score:
        return None if PREDICTION_LABEL in scales else (Status.NOT_APPLICABLE, "the reference has no predicted labels")
    if PREDICTION_SCORE not in scales:
        return Status.NOT_APPLICABLE, "the reference has no scores"
    if case.settings.positive_label is not None:
        return None
    labels = scales.get(PREDICTION_LABEL)
    if isinstance(labels, CategoricalScale) and len(labels.levels) > 2:
        return Status.NOT_APPLICABLE, "the model has more than two labels; set positive_label to judge one of them"
    return Status.UNKNOWN, "it is not known whose probability the score is; set positive_label for this model"


def not_comparable(case: Case, has_figure: bool) -> tuple[Status, str] | None:
    """Return why the reference's performance is no measure of this window's."""
    if not case.baseline.source.out_of_sample:
        return Status.NOT_APPLICABLE, "the reference's predictions were made on rows the model was trained on"
    if not case.baseline.total.outcomes.labelled:
        return Status.NOT_APPLICABLE, "the reference has no truth; make a baseline with outcomes to judge performance"
    if not has_figure:
        return Status.NOT_APPLICABLE, "it is not defined in the reference"
    return None


def no_truth(case: Case) -> tuple[Status, str] | None:
    """Return why the truth of this window does not suffice: not expected, not due, or not there."""
    settings, known_share = case.settings, coverage(case)
    if not case.current.predictions:
        return Status.UNKNOWN, "no predictions in this window"
    if settings.labels_after is None and not case.current.outcomes.labelled:
        return Status.NOT_APPLICABLE, "no truth is expected; set labels_after for this model once it is"
    if known_share is not None and known_share >= settings.min_coverage:
        return None
    known = f"the truth of {100 * (known_share or 0.0):.0f} % of predictions is known, "
    known += f"{100 * settings.min_coverage:.0f} % is needed"
    if settings.labels_after is not None and case.now < case.current.end + settings.labels_after:
        due = case.current.end + settings.labels_after
        return Status.PENDING, f"{known}; it is due on {due:%Y-%m-%d %H:%M} UTC"
    return Status.UNKNOWN, known


def too_few(case: Case, rows: int) -> tuple[Status, str] | None:
    """Return why `rows` with known truth are not enough."""
    if rows < case.settings.min_rows:
        return Status.UNKNOWN, f"{rows} predictions with known truth, {case.settings.min_rows} are needed"
    return None


def coverage(case: Case) -> float | None:
    """Return the share of the window's predictions whose truth is known; None without predictions."""
    share = case.current.coverage
    return None if math.isnan(share) else share


def _beside(case: Case) -> Mapping[str, float]:
    """Return the metrics that are shown and not judged, and how unlike all predictions the labelled ones are."""
    regression = PREDICTION_VALUE in case.baseline.ruler.scales
    names = _BESIDE_REGRESSION if regression else _BESIDE_CLASSIFICATION
    figures = dict(as_figures(names, case.current.outcomes, reading(case.baseline, case.settings)))
    figures |= _of_classes(case.current.outcomes.confusion)
    shift = _labelled_shift(case)
    return figures if shift is None else {**figures, "labelled_score_shift": shift}


def _of_classes(confusion: Confusion) -> Mapping[str, float]:
    """Return the scores of the ten most frequent labels, as `recall[late]`."""
    return {
        f"{name}[{label}]": value
        for name, score in _PER_CLASS.items()
        for label, value in islice(per_class(score, confusion).items(), _MOST_CLASSES)
    }


def _labelled_shift(case: Case) -> float | None:
    """Return how far scores of predictions without truth lie from those with it, in SDs; first labels are rarely typical."""
    scale, counts = case.baseline.ruler.scales.get(PREDICTION_SCORE), case.current.subjects.get(PREDICTION_SCORE)
    if not isinstance(scale, NumericScale) or counts is None or not case.current.outcomes.scores:
        return None
    labelled = [sum(column) for column in zip(*case.current.outcomes.scores.values(), strict=True)]
    others = [max(rows - known, 0) for rows, known in zip(counts.bins, labelled, strict=True)]
    if not sum(labelled) or not sum(others) or not standard_deviation(labelled, scale.points):
        return None
    return wasserstein(labelled, others, scale.points)
