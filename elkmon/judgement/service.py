"""
Verdicts on the service: failed calls, latency, how much it is asked, and silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from elkmon.baselines import SourceKind
from elkmon.fields import EVENT_DURATION
from elkmon.findings import Direction, Finding, Status
from elkmon.judgement import subjects
from elkmon.judgement.case import FLOOR, Case
from elkmon.judgement.quality import risen
from elkmon.measures.gauges import Gauge
from elkmon.measures.traffic import NANOSECONDS, P95, error_rate, percentile
from elkmon.measures.traffic import throughput as rate
from elkmon.profiles import ALL
from elkmon.rulers import NumericScale
from elkmon.windows import HOUR


def service(case: Case) -> Iterator[Finding]:
    """Yield a finding per figure of the service; of a segment only its latency, as failed calls do not say where they belong."""
    yield latency(case)
    if case.current.segment != ALL:
        return
    yield silence(case)
    yield errors(case)
    yield throughput(case)
    yield lost_events(case)


def silence(case: Case) -> Finding:
    """
    Return whether the service has fallen silent for longer than it ever did in the reference.

    It needs no rows: that there are none is the finding. A model that rests at weekends is not silent on Sunday.
    """
    if not case.baseline.total.predictions:
        return case.finding(subjects.SILENCE, Status.NOT_APPLICABLE, "the reference has no predictions")
    silent = 0
    for profile in (case.current, *reversed(case.earlier)):
        if profile.predictions:
            break
        silent += 1
    usual = case.limits.longest_silence
    many = f"{silent} windows in a row" if silent != 1 else "a window"
    return replace(
        case.finding(subjects.SILENCE, Status.CRITICAL if silent > usual else Status.OK),
        reason=f"{many} without predictions; the reference has at most {usual} in a row" if silent else "",
        measure="silence",
        unit="windows",
        value=float(silent),
        baseline_value=float(usual),
        limit=float(usual),
        critical_limit=float(usual),
        rows=case.current.predictions,
        reference_rows=case.baseline.total.predictions,
    )


def errors(case: Case) -> Finding:
    """
    Return whether more calls fail than in the reference.

    A file knows of no failed calls, so against one the floor alone decides, and never makes more than a WARNING.
    """
    judged = subjects.error_rate(case.settings)
    finding = case.measured(judged.subject, judged.gauge)
    if not case.settings.failures:
        return replace(finding, status=Status.NOT_APPLICABLE, reason="failed calls are not logged")
    if finding.rows < max(case.settings.min_rows, 1):
        return replace(finding, reason=f"{finding.rows} calls in this window, {case.settings.min_rows} are needed")
    if case.baseline.source.kind is SourceKind.WINDOW:
        return risen(case, judged)
    value, floor = error_rate(case.current.errors, case.current.predictions), judged.floor.warning
    status = Status.WARNING if value > floor else Status.OK
    return replace(finding, status=status, reason=FLOOR, value=value, limit=floor, reference_rows=0)


def latency(case: Case) -> Finding:
    """Return whether the slowest twentieth of calls has become slower than in the reference."""
    judged = subjects.latency(case.baseline.ruler, case.settings)
    scale = case.baseline.ruler.scales.get(EVENT_DURATION)
    if judged is None or not isinstance(scale, NumericScale):
        return case.finding(subjects.LATENCY, Status.NOT_APPLICABLE, "the ruler has no scale for latency")
    gauge = judged.gauge
    finding = replace(case.measured(judged.subject, gauge), beside=_percentiles(case, gauge, scale))
    excuse = _no_latency(case, finding.rows, finding.reference_rows)
    if excuse is not None:
        return replace(finding, status=excuse[0], reason=excuse[1])
    return case.scored(finding, gauge, judged.floor, "it is not defined")


def throughput(case: Case) -> Finding:
    """
    Return whether the service is asked much less than in the reference.

    A file's rows may be a sample, so only a window of production says how much is usual.
    """
    judged = subjects.throughput(case.baseline, case.settings)
    now = rate(case.current.predictions, (case.current.end - case.current.start) / HOUR)
    finding = replace(
        case.measured(judged.subject, judged.gauge),
        direction=Direction.LOWER,
        beside={"predictions_per_hour": now},
    )
    if case.baseline.source.kind is not SourceKind.WINDOW:
        reason = "a file does not say how many predictions are usual"
        return replace(finding, status=Status.NOT_APPLICABLE, reason=reason)
    if not finding.reference_rows:
        return replace(finding, status=Status.NOT_APPLICABLE, reason="the reference has no predictions")
    if not finding.rows:
        return replace(finding, reason="no predictions in this window")
    usual = rate(finding.reference_rows, case.baseline.share * ((case.baseline.end - case.baseline.start) / HOUR))
    size = case.size(judged.subject, judged.gauge, usual / now, judged.floor)
    return replace(
        finding,
        status=size.status,
        reason=size.rule,
        value=now / usual,
        limit=1 / size.limit,
        critical_limit=None if size.critical is None else 1 / size.critical,
        beside={"predictions_per_hour": now, "reference_predictions_per_hour": usual},
    )


def lost_events(case: Case) -> Finding:
    """
    Return whether events of the window were lost on their way, as far as sequence numbers and handlers' own accounts tell.

    What is lost is counted and no sample, so it needs no test; it is what handlers admit to, so it is never too little.
    """
    counted, floor = case.completeness, case.settings.floor("lost_events")
    events, needed = counted.arrived + counted.lost, case.settings.min_rows
    finding = replace(case.finding(subjects.LOST_EVENTS), measure="lost_events", unit="share of events", rows=events)
    if not events and not case.current.predictions:
        return replace(finding, reason="no predictions in this window")
    if not events:
        return replace(finding, status=Status.NOT_APPLICABLE, reason="its events were not counted")
    if events < needed:
        return replace(finding, reason=f"{events} events in this window, {needed} are needed")
    lost = counted.lost / events
    status = Status.CRITICAL if lost > floor.critical else Status.WARNING if lost > floor.warning else Status.OK
    return replace(
        finding,
        status=status,
        reason=FLOOR,
        value=lost,
        limit=floor.warning,
        critical_limit=floor.critical,
        beside={
            "missing": float(counted.missing),
            "dropped": float(counted.dropped),
            "doubled": float(counted.doubled),
        },
    )


def _percentiles(case: Case, gauge: Gauge, scale: NumericScale) -> dict[str, float]:
    """Return the usual percentiles in seconds, then and now, as far as there are latencies."""
    found: dict[str, float] = {}
    for name, probability in (("p50", 0.5), ("p95", P95), ("p99", 0.99)):
        for prefix, profile in (("", case.current), ("reference_", case.baseline.total)):
            nanoseconds = percentile(gauge.cells(profile), scale.edges, probability)
            if nanoseconds is not None:
                found[f"{prefix}{name}_seconds"] = nanoseconds / NANOSECONDS
    return found


def _no_latency(case: Case, rows: int, reference_rows: int) -> tuple[Status, str] | None:
    if not reference_rows:
        return Status.NOT_APPLICABLE, "the reference has no latencies"
    if not case.current.predictions:
        return Status.UNKNOWN, "no predictions in this window"
    if rows < case.settings.min_rows:
        return Status.UNKNOWN, f"{rows} latencies in this window, {case.settings.min_rows} are needed"
    if reference_rows < case.settings.min_rows:
        return Status.UNKNOWN, f"{reference_rows} latencies in the reference, {case.settings.min_rows} are needed"
    return None
