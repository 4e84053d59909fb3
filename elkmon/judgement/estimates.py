"""
Verdicts on performance before there is truth: what the scores of the window promise, against what the reference's promised.

An estimate rests on a score meaning what it meant in the reference, so it is never more than a WARNING. Once enough truth is
known the realised value stands beside it and is judged instead, so that no window is reported twice. Days differ: the limit
learnt from the reference's own windows knows; the p-value speaks of rows alone, as for drift.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from elkmon.baselines import Baseline
from elkmon.checks import Floor, ModelSettings
from elkmon.fields import PREDICTION_LABEL, PREDICTION_SCORE
from elkmon.findings import Direction, Family, Finding, Kind, Status, Subject
from elkmon.judgement.case import Case
from elkmon.judgement.performance import judged_metrics, reading
from elkmon.judgement.subjects import SCORE_BY_LABEL, Judged
from elkmon.measures.estimation import ESTIMATES, calibrated
from elkmon.measures.gauges import Gauge, estimate_gauge
from elkmon.measures.performance import METRICS, by_truth, measure, rows_of
from elkmon.measures.quality import out_of_range
from elkmon.profiles import Outcomes
from elkmon.rulers import CategoricalScale, NumericScale

REALISED = "enough truth is known by now, which is judged itself"

_BINARY = 2


def estimates(case: Case) -> Iterator[Finding]:
    """Yield a finding per judged metric that can be estimated from scores and predicted labels."""
    for name in _names(case.baseline, case.settings):
        yield _finding(case, name)


def estimated(baseline: Baseline, settings: ModelSettings) -> Iterator[Judged]:
    """Yield every metric that is estimated, and how."""
    for name in _names(baseline, settings):
        gauge = _gauge(baseline, settings, name)
        if isinstance(gauge, Gauge):
            yield Judged(_subject(name), gauge, settings.tolerance(name))


def _names(baseline: Baseline, settings: ModelSettings) -> tuple[str, ...]:
    return tuple(name for name in judged_metrics(baseline, settings) if name in ESTIMATES)


def _subject(name: str) -> Subject:
    return Subject(Family.PERFORMANCE, Kind.ESTIMATE, name)


def _finding(case: Case, name: str) -> Finding:
    subject, reference = _subject(name), case.baseline.total
    gauge = _gauge(case.baseline, case.settings, name)
    if isinstance(gauge, str):
        return replace(case.finding(subject, Status.NOT_APPLICABLE, gauge), measure=name, direction=Direction.LOWER)
    coverage = case.current.coverage
    finding = replace(
        case.measured(subject, gauge),
        direction=Direction.LOWER,
        coverage=None if math.isnan(coverage) else coverage,
    )
    excuse = _excuse(case, finding, gauge)
    if excuse is not None:
        return replace(finding, status=excuse[0], reason=excuse[1])
    score, before, now = (
        gauge.score(reference, case.current),
        _value(gauge, case, of_reference=True),
        _value(gauge, case),
    )
    if score is None or before is None or now is None:
        return replace(finding, reason=_undefined(name, now))
    tolerance = case.settings.tolerance(name)
    size = case.size(subject, gauge, score, Floor(tolerance.warning, math.inf))
    finding = replace(
        finding,
        value=now,
        baseline_value=before,
        limit=before - size.limit,
        beside=_realised(case, name, before, now),
    )
    if "realised" in finding.beside:
        return replace(finding, status=Status.OK, reason=REALISED)
    return replace(finding, status=size.status, reason=size.rule, p_value=gauge.p_value(reference, case.current))


def _gauge(baseline: Baseline, settings: ModelSettings, name: str) -> Gauge | str:
    """Return how the metric `name` is estimated, or why it cannot be."""
    scores, truth = baseline.ruler.scales.get(PREDICTION_SCORE), baseline.total.outcomes
    if not baseline.source.out_of_sample:
        return "the reference's predictions were made on rows the model was trained on"
    if not isinstance(scores, NumericScale):
        return "the reference has no scores"
    if settings.positive_label is None:
        return "it is not known whose probability the score is; set positive_label for this model"
    positives, negatives = by_truth(truth, settings.positive_label)
    known = sum(positives) + sum(negatives)
    if known < settings.min_rows:
        return f"the truth of {known} of the reference's scores is known, {settings.min_rows} are needed"
    probabilities = calibrated(positives, negatives, scores.points)
    if probabilities is None:
        return "the truth of the reference has one class only"
    if METRICS[name].needs_score:  # it is made from the order of the scores; what label was predicted does not matter
        return estimate_gauge(name, PREDICTION_SCORE, scores.size, probabilities, 0)
    return _by_label(baseline, settings, name, probabilities)


def _by_label(baseline: Baseline, settings: ModelSettings, name: str, probabilities: tuple[float, ...]) -> Gauge | str:
    positive = settings.positive_label
    labels = baseline.ruler.scales.get(PREDICTION_LABEL)
    if not isinstance(labels, CategoricalScale):
        return "the reference has no predicted labels"
    if len(labels.levels) > _BINARY or len(_labels(baseline.total.outcomes)) > _BINARY:
        return "the model has more than two labels"
    if positive not in labels.levels:
        return f"the reference never predicted {positive!r}"
    pair = next((pair for pair in baseline.ruler.joints if pair.name == SCORE_BY_LABEL), None)
    if pair is None or pair.right != labels or pair.left != baseline.ruler.scales[PREDICTION_SCORE]:
        return "scores are not counted by predicted label; make a baseline with --new-ruler"
    return estimate_gauge(name, pair.name, pair.size, probabilities, labels.levels.index(positive))


def _labels(outcomes: Outcomes) -> set[str]:
    """Return the labels that are true of a row or were predicted for one."""
    return {label for pair, rows in outcomes.confusion.items() if rows for label in pair}


def _excuse(case: Case, finding: Finding, gauge: Gauge) -> tuple[Status, str] | None:
    """Return why the window has no estimate: no or few rows, or scores of which the reference says nothing."""
    if not finding.reference_rows:
        return Status.NOT_APPLICABLE, "the reference has no scores by predicted label"
    if not case.current.predictions:
        return Status.UNKNOWN, "no predictions in this window"
    reason = case.too_few(gauge)
    if reason:
        return Status.UNKNOWN, reason
    scale, counts = case.baseline.ruler.scales[PREDICTION_SCORE], case.current.subjects.get(PREDICTION_SCORE)
    if not isinstance(scale, NumericScale) or counts is None:
        return Status.UNKNOWN, "no scores in this window"
    strange = out_of_range(counts.bins, scale)
    if strange > case.settings.floor("out_of_range").critical * counts.present:
        return Status.UNKNOWN, f"{strange} of {counts.present} scores lie out of the reference's range"
    labels = case.current.subjects.get(PREDICTION_LABEL)
    if labels is not None and labels.unseen > case.settings.floor("unseen").critical * labels.present:
        return Status.UNKNOWN, f"{labels.unseen} of {labels.present} predicted labels are new"
    return None


def _value(gauge: Gauge, case: Case, *, of_reference: bool = False) -> float | None:
    """Return the estimate itself; None where it is not defined."""
    if gauge.level is None:
        return None
    value = gauge.level(gauge.cells(case.baseline.total if of_reference else case.current))
    return value if math.isfinite(value) else None


def _undefined(name: str, now: float | None) -> str:
    """Return why there is no estimate of `name`, on which side whatever is the trouble."""
    side = "this window" if now is None else "the reference"
    lacks = "no row is predicted positive" if name == "precision" else "scores promise one class only"
    return f"it is not defined for {side}: {lacks}"


def _realised(case: Case, name: str, before: float, now: float) -> dict[str, float]:
    """Return what the metric turned out to be where that is judged, and how far the estimate was off."""
    read = reading(case.baseline, case.settings)
    found: dict[str, float] = {}
    sides = (("", case.current, now), ("reference_", case.baseline.total, before))
    for prefix, profile, estimate in sides:
        enough = profile.predictions and profile.coverage >= case.settings.min_coverage
        if not enough or rows_of(name, profile.outcomes) < case.settings.min_rows:
            continue
        realised = measure(name, profile.outcomes, read)
        if realised is not None and name in case.limits.metrics:
            found |= {f"{prefix}realised": realised, f"{prefix}estimate_error": estimate - realised}
    return found
