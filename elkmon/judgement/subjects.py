"""
What is judged of a model, and how each is measured: distributions and data quality by stored field, figures of the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from elkmon.baselines import Baseline
from elkmon.checks import Floor, ModelSettings
from elkmon.fields import EVENT_DURATION, PREDICTION_LABEL, PREDICTION_SCORE, PREDICTION_VALUE
from elkmon.findings import Family, Kind, Subject
from elkmon.measures.gauges import (
    Gauge,
    association_gauge,
    constant_gauge,
    drift_gauge,
    error_gauge,
    latency_gauge,
    missing_gauge,
    out_of_range_gauge,
    rejected_gauge,
    throughput_gauge,
    unindexed_gauge,
    unseen_gauge,
)
from elkmon.rulers import CategoricalScale, NumericScale, Ruler, feature_of, joint_name

SCORE_BY_LABEL = joint_name(PREDICTION_SCORE, PREDICTION_LABEL)
"""The pair that performance is estimated from; what a score and its label have in common is no news."""
PREDICTIONS = {str(PREDICTION_SCORE): "score", str(PREDICTION_VALUE): "value", str(PREDICTION_LABEL): "label"}
ERROR_RATE = Subject(Family.SERVICE, Kind.FIGURE, "error_rate")
LATENCY = Subject(Family.SERVICE, Kind.FIGURE, "latency_p95", str(EVENT_DURATION))
THROUGHPUT = Subject(Family.SERVICE, Kind.FIGURE, "throughput")
SILENCE = Subject(Family.SERVICE, Kind.FIGURE, "silence")
CONCEPT = Subject(Family.DRIFT, Kind.CONCEPT, "concept_gap")
LOST_EVENTS = Subject(Family.SERVICE, Kind.COMPLETENESS, "lost_events")


@dataclass(frozen=True, slots=True)
class Judged:
    """A subject with what measures it and the least of it that counts as big."""

    subject: Subject
    gauge: Gauge
    floor: Floor


def distributions(baseline: Baseline, settings: ModelSettings) -> Iterator[Judged]:
    """Yield every feature and prediction whose drift is judged."""
    for field in judged_fields(baseline, settings):
        gauge = drift_gauge(field, baseline.ruler.scales[field], baseline.total)
        name = PREDICTIONS.get(field) or feature_of(field)
        kind = Kind.PREDICTION if field in PREDICTIONS else Kind.FEATURE
        floor = settings.floor(gauge.measure, feature_of(field))
        yield Judged(Subject(Family.DRIFT, kind, name, field), gauge, floor)


def pairs(baseline: Baseline, settings: ModelSettings) -> Iterator[Judged]:
    """Yield every pair that is watched together; in a segment none with its own category, which is the same for all rows."""
    own = _category_of(baseline)
    for pair in baseline.ruler.joints:
        fields = (pair.left_field, pair.right_field)
        ignored = any(field not in PREDICTIONS and feature_of(field) in settings.ignore for field in fields)
        if pair.name == SCORE_BY_LABEL or ignored or own in fields:
            continue
        name = " × ".join(PREDICTIONS.get(field) or feature_of(field) for field in fields)
        gauge = association_gauge(pair)
        yield Judged(Subject(Family.DRIFT, Kind.JOINT, name, pair.name), gauge, settings.floor(gauge.measure, name))


def qualities(baseline: Baseline, settings: ModelSettings) -> Iterator[Judged]:
    """Yield every way in which the values of a feature or prediction can be bad."""
    for field in judged_fields(baseline, settings):
        scale = baseline.ruler.scales[field]
        gauges = [
            missing_gauge(field),
            rejected_gauge(field),
            unindexed_gauge(field),
            constant_gauge(field, scale, baseline.total),
        ]
        if isinstance(scale, CategoricalScale) and not scale.open_ended:
            gauges.append(unseen_gauge(field, scale, baseline.total))
        if isinstance(scale, NumericScale) and (scale.lowest is not None or scale.highest is not None):
            gauges.append(out_of_range_gauge(field, scale))
        for gauge in gauges:
            subject = Subject(Family.QUALITY, Kind(gauge.measure), feature_of(field), field)
            yield Judged(subject, gauge, settings.floor(gauge.measure, feature_of(field)))


def error_rate(settings: ModelSettings) -> Judged:
    """Return how the error rate is judged."""
    return Judged(ERROR_RATE, error_gauge(), settings.floor("error_rate"))


def latency(ruler: Ruler, settings: ModelSettings) -> Judged | None:
    """Return how latency is judged; None where the ruler has no scale for it."""
    scale = ruler.scales.get(EVENT_DURATION)
    return (
        Judged(LATENCY, latency_gauge(scale), settings.floor("latency_p95"))
        if isinstance(scale, NumericScale)
        else None
    )


def throughput(baseline: Baseline, settings: ModelSettings, left_out: int = 0) -> Judged:
    """
    Return how throughput is judged: as scarcity, whose floors are the configured ratios turned round.

    `left_out` windows of the reference are not among what is compared with, as where it is learnt from itself.
    """
    floor = settings.floor("throughput")
    turned = Floor(1 / max(floor.warning, 1e-9), 1 / max(floor.critical, 1e-9))
    windows = baseline.share * (baseline.end - baseline.start) / settings.window
    return Judged(THROUGHPUT, throughput_gauge(windows - left_out), turned)


def judged_fields(baseline: Baseline, settings: ModelSettings) -> Iterator[str]:
    """
    Yield the stored fields of features and predictions that are judged.

    A feature seen both as number and as level has one story, so it is judged as what it is more often in the reference. A
    segment's own category is the same for all of its rows and is not judged there.
    """
    chosen: dict[str, str] = {}
    own = _category_of(baseline)
    for field in baseline.ruler.scales:
        name = feature_of(field)
        if field in {EVENT_DURATION, own} or (field not in PREDICTIONS and name in settings.ignore):
            continue
        if name not in chosen or _present(baseline, field) > _present(baseline, chosen[name]):
            chosen[name] = field
    yield from chosen.values()


def _category_of(baseline: Baseline) -> str:
    """Return the stored field that the baseline's segment is a level of; empty for all traffic."""
    segment = baseline.total.segment
    found = (each.field for each in baseline.ruler.segmentations if segment in each.segments)
    return next(found, "") if segment else ""


def _present(baseline: Baseline, field: str) -> int:
    counts = baseline.total.subjects.get(field)
    return counts.present if counts else 0
