"""
Verdicts on pairs: whether two subjects still go together as they did, however each of them has moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from elkmon.findings import Finding, Status
from elkmon.judgement.case import Case
from elkmon.judgement.subjects import Judged, pairs
from elkmon.measures.joint import mutual_information
from elkmon.rulers import JointScale


def joint(case: Case) -> Iterator[Finding]:
    """Yield a finding per pair."""
    shapes = {pair.name: pair for pair in case.baseline.ruler.joints}
    for judged in pairs(case.baseline, case.settings):
        yield _finding(case, judged, shapes[judged.subject.field])


def _finding(case: Case, judged: Judged, pair: JointScale) -> Finding:
    subject, gauge, reference = judged.subject, judged.gauge, case.baseline.total
    finding = case.measured(subject, gauge)
    excuse = _excuse(case, finding, judged)
    if excuse is not None:
        return replace(finding, status=excuse[0], reason=excuse[1])
    score = gauge.score(reference, case.current)
    if score is None:
        return replace(finding, reason="none of its rows lies where the reference has some")
    size = case.size(subject, gauge, score, judged.floor)
    return replace(
        finding,
        status=size.status,
        reason=size.rule,
        value=score,
        limit=size.limit,
        critical_limit=size.critical,
        p_value=gauge.p_value(reference, case.current),
        beside={
            "mutual_information": mutual_information(gauge.cells(case.current), pair.shape),
            "reference_mutual_information": mutual_information(gauge.cells(reference), pair.shape),
        },
    )


def _excuse(case: Case, finding: Finding, judged: Judged) -> tuple[Status, str] | None:
    """Return why the pair cannot be judged: nothing to compare with, or too few rows that have both."""
    if not finding.reference_rows:
        return Status.NOT_APPLICABLE, "the reference has no row with both"
    if not case.current.predictions:
        return Status.UNKNOWN, "no predictions in this window"
    reason = case.too_few(judged.gauge)
    return (Status.UNKNOWN, reason) if reason else None
