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
    gauge = judged.gauge
    finding = case.measured(judged.subject, gauge)
    excuse = _excuse(case, finding, judged)
    if excuse is not None:
        return replace(finding, status=excuse[0], reason=excuse[1])
    found = case.scored(finding, gauge, judged.floor, "none of its rows lies where the reference has some")
    if found.value is None:
        return found
    return replace(
        found,
        beside={
            "mutual_information": mutual_information(gauge.cells(case.current), pair.shape),
            "reference_mutual_information": mutual_information(gauge.cells(case.baseline.total), pair.shape),
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
