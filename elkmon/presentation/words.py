"""
The words of a finding: what its subject and verdict are called, its figures with units, how sure it is and since when.

Whole sentences are in `elkmon.presentation.sentences`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from elkmon.alerts import Alert
from elkmon.digests import Point
from elkmon.fields import PREDICTION_LABEL, PREDICTION_SCORE, PREDICTION_VALUE
from elkmon.findings import Finding, Kind, Status, Subject
from elkmon.presentation.writing import NOTHING, clean, count, day, listing, moment, number, percent, period
from elkmon.rulers import feature_of
from elkmon.windows import Window

VERDICTS: Mapping[Status, str] = {
    Status.OK: "within limits",
    Status.WARNING: "warning",
    Status.CRITICAL: "critical",
    Status.UNKNOWN: "not judged",
    Status.PENDING: "labels not due",
    Status.NOT_APPLICABLE: "not applicable",
}

TONES: Mapping[Status, str] = {
    Status.CRITICAL: "critical",
    Status.WARNING: "warning",
    Status.OK: "ok",
    Status.UNKNOWN: "unknown",
    Status.PENDING: "unknown",
    Status.NOT_APPLICABLE: "unknown",
}
"""Which colour of the style sheets goes with a verdict; the word always stands beside it."""

_FIGURES: Mapping[str, str] = {
    "accuracy": "accuracy",
    "f1": "F1",
    "roc_auc": "ROC AUC",
    "log_loss": "log loss",
    "brier": "Brier score",
    "precision": "precision",
    "recall": "recall",
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "mape": "mean absolute percentage error",
    "bias": "bias",
    "r2": "R²",
    "error_rate": "error rate",
    "latency_p95": "95th percentile of latency",
    "throughput": "number of predictions",
    "silence": "silence",
    "baseline": "everything",
    "concept_gap": "gap between predicted and actual",
}

_PREDICTED: Mapping[str, str] = {
    PREDICTION_SCORE: "predicted score",
    PREDICTION_LABEL: "predicted label",
    PREDICTION_VALUE: "predicted value",
}

_ASPECTS: Mapping[Kind, str] = {
    Kind.MISSING: "missing values",
    Kind.UNSEEN: "new levels",
    Kind.OUT_OF_RANGE: "out of range",
    Kind.REJECTED: "wrong type",
    Kind.UNINDEXED: "not indexed",
    Kind.CONSTANT: "constant",
    Kind.NEW: "unknown to the baseline",
    Kind.JOINT: "together",
}
_JOINT = "joint: "

_NEARLY_ALL = 0.9995


def label(subject: Subject, segment: str = "") -> str:
    """
    Return what is judged where no sentence says it: `distance`, `wind_gust: missing values`, `ROC AUC for carrier=UA`.
    """
    aspect = _ASPECTS.get(subject.kind)
    name = f"{subject_name(subject)}: {aspect}" if aspect else subject_name(subject)
    return name + part(segment)


def part(segment: str) -> str:
    """Return the words that say which part of the traffic is meant, behind a name; nothing for all of it."""
    return f" for {clean(segment, 40)}" if segment else ""


def subject_name(subject: Subject) -> str:
    """Return what is judged, for people: a feature's own name, `predicted score`, `ROC AUC`."""
    if subject.field in _PREDICTED:
        return _PREDICTED[subject.field]
    if subject.kind is Kind.CONCEPT:
        return "gap between predicted and actual"
    if subject.kind is Kind.COMPLETENESS:
        return "lost events"
    if subject.kind is Kind.JOINT:
        return pair(subject)
    if subject.kind in {Kind.METRIC, Kind.FIGURE, Kind.ESTIMATE}:
        figure = _FIGURES.get(subject.name) or clean(subject.name)
        return f"estimated {figure}" if subject.kind is Kind.ESTIMATE else figure
    return clean(subject.name)


def pair(subject: Subject) -> str:
    """Return the names of two subjects that are counted together: `distance and air_time`."""
    counted = next((name for name in (subject.field, subject.name) if name.startswith(_JOINT)), "")
    if not counted:
        return clean(subject.name)
    fields = counted.removeprefix(_JOINT).split(" × ", 1)
    return " and ".join(_PREDICTED.get(field) or clean(feature_of(field), 40) for field in fields)


def quantity(value: float | None, unit: str, digits: int = 3) -> str:
    """
    Return `value` with its unit.

    >>> quantity(0.6234, "SD", 2), quantity(0.18, "share"), quantity(1.84, "ratio"), quantity(0.66, "")
    ('0.62 SD', '18 %', '1.84 times', '0.66')
    """
    if value is None:
        return NOTHING
    kind = unit.casefold()
    if "sd" in kind.split() or "standard deviation" in kind:
        return f"{number(value, digits)} SD"
    if "share" in kind:
        return percent(value, digits)
    if "ratio" in kind or "times" in kind:
        return f"{number(value, digits)} times"
    return f"{number(value, digits)} {clean(unit, 20)}" if unit else number(value, digits)


def figures(finding: Finding) -> tuple[str, str, str]:
    """Return value, limit and the reference's value with units, with as many digits as tell value and limit apart."""
    value = limit = ""
    for digits in (2, 3, 4, 5):
        value = quantity(finding.value, finding.unit, digits)
        limit = quantity(finding.limit, finding.unit, digits)
        if value != limit or finding.value == finding.limit:
            break
    metric = finding.subject.kind in {Kind.METRIC, Kind.FIGURE, Kind.ESTIMATE}
    if metric and digits == 2:
        value, limit = quantity(finding.value, finding.unit), quantity(finding.limit, finding.unit)
    return value, limit, quantity(finding.baseline_value, finding.unit, max(digits, 3))


def basis(finding: Finding) -> str:
    """Return what the value rests on: rows on both sides, label coverage and interval."""
    parts = [
        f"{finding.rows:,} rows"
        + (f" against {finding.reference_rows:,} in the reference" if finding.reference_rows else "")
    ]
    if finding.coverage is not None:
        parts.append(f"truth known for {percent(finding.coverage)} of predictions")
    if finding.lower is not None and finding.upper is not None:
        interval = f"{quantity(finding.lower, finding.unit)} to {quantity(finding.upper, finding.unit)}"
        parts.append(f"95 % interval {interval}")
    return "; ".join(parts)


def certainty(finding: Finding) -> str:
    """Return how sure the verdict is: what it rests on, how likely chance is, and the rule that decided."""
    parts = [basis(finding)]
    if finding.status.bad and (chance := _chance(finding)):
        parts.append(chance)
    if finding.status.bad and finding.reason:
        counted = finding.subject.kind is Kind.COMPLETENESS  # what is counted and no sample needs no learnt limit
        parts.append("decided by a fixed floor" if counted else _rule(finding.reason))
    if finding.previous is not None and finding.previous is not finding.status:
        parts.append(f"judged anew; the verdict before was: {VERDICTS[finding.previous]}")
    return "; ".join(parts)


def since(window: Window, points: Sequence[Point], opened_at: datetime | None = None) -> str:
    """Return since when a subject has been beyond its limit, from its history up to `window`; empty where it is not."""
    bad = streak(window, points)
    if not bad:
        return ""
    if len(bad) > 1:
        begun = moment(bad[-1].at - window.length)
        words = f"beyond its limit since {begun}, {count(len(bad), 'window')} in a row"
    else:
        words = f"beyond its limit in {period(window)}"
    return f"{words}; reported first on {moment(opened_at)}" if opened_at and opened_at < window.end else words


def streak(window: Window, points: Sequence[Point]) -> list[Point]:
    """Return the windows in a row up to `window` that were beyond the limit, the latest first."""
    bad: list[Point] = []
    for point in sorted((each for each in points if each.at <= window.end), key=lambda each: each.at, reverse=True):
        if not point.bad:
            break
        bad.append(point)
    return bad


def ongoing(alerts: Sequence[Alert]) -> str:
    """Return one sentence about stories that were open before and still are; empty where there are none."""
    if not alerts:
        return ""
    by_age = sorted(alerts, key=lambda alert: (-alert.severity.rank, alert.opened_at is None, alert.opened_at))
    models = {alert.model for alert in alerts}
    stories = [
        (f"{clean(alert.model, 40)}: " if len(models) > 1 else "")
        + label(alert.subject, alert.segment)
        + (f" (since {day(alert.opened_at)})" if alert.opened_at else "")
        for alert in by_age
    ]
    return f"Still beyond their limits, as reported before: {listing(stories, most=8)}."


def _chance(finding: Finding) -> str:
    chance, letter = (finding.q_value, "q") if finding.q_value is not None else (finding.p_value, "p")
    if chance is None:
        return ""
    if chance < 1e-6:
        return f"sampling noise alone would practically never look like this ({letter} < 10⁻⁶)"
    return f"sampling noise alone would rarely look like this ({letter} = {number(chance, 2)})"


def _rule(reason: str) -> str:
    """Return which rule decided, in words."""
    if reason == "single window":
        return "this window alone is beyond the limit"
    if reason.startswith("run of "):
        return f"decided by a run: {clean(reason.removeprefix('run of '), 20)} windows in a row are beyond the limit for runs"
    if reason == "floor":
        return "decided by the fixed floor, since the reference is too short to learn a limit from"
    return clean(reason, 200)


def completeness(share: float | None) -> str:
    """
    Return how many of the window's events are missing from the figures; empty where nearly all of them arrived.

    >>> completeness(0.988), completeness(1.0), completeness(None)
    ("1.2 % of this window's events did not arrive, so these figures are of those that did", '', '')
    """
    if share is None or share >= _NEARLY_ALL:
        return ""
    return f"{percent(1 - share)} of this window's events did not arrive, so these figures are of those that did"
