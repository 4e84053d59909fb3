"""
Verdicts on the values themselves: missing, unseen, out of range, of the wrong type, not indexed, all alike.

Every feature gets every kind that can apply to it, good or bad, since an alert ends only when it is seen to be good again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from elkmon.findings import Finding, Status
from elkmon.judgement.case import Case
from elkmon.judgement.subjects import Judged, qualities


def quality(case: Case) -> Iterator[Finding]:
    """Yield a finding per feature and kind of trouble."""
    for judged in qualities(case.baseline, case.settings):
        yield risen(case, judged)


def risen(case: Case, judged: Judged) -> Finding:
    """Return the finding on a share of rows, judged by how far it has risen above the reference's."""
    subject, gauge, reference = judged.subject, judged.gauge, case.baseline.total
    finding = case.measured(subject, gauge)
    excuse = _excuse(case, judged, finding.rows, finding.reference_rows)
    if excuse is not None:
        return replace(finding, status=excuse[0], reason=excuse[1])
    score = gauge.score(reference, case.current)
    if score is None:
        return replace(finding, reason="it is not defined")
    size = case.size(subject, gauge, score, judged.floor)
    before = gauge.level(gauge.cells(reference)) if gauge.level else 0.0
    before = before if gauge.usual is None else gauge.usual
    return replace(
        finding,
        status=size.status,
        reason=size.rule,
        value=gauge.level(gauge.cells(case.current)) if gauge.level else score,
        baseline_value=before if gauge.level else None,
        limit=before + size.limit,
        critical_limit=None if size.critical is None else before + size.critical,
        p_value=gauge.p_value(reference, case.current),
    )


def _excuse(case: Case, judged: Judged, rows: int, reference_rows: int) -> tuple[Status, str] | None:
    if not reference_rows:
        return Status.NOT_APPLICABLE, "the reference has no value of it"
    if not rows:
        return (
            Status.UNKNOWN,
            "no value of it in this window" if case.current.predictions else "no predictions in this window",
        )
    reason = case.too_few(judged.gauge)
    return (Status.UNKNOWN, reason) if reason else None
