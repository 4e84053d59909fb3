"""
Verdicts on concept drift: whether the gap between predicted and actual is still the reference's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from elkmon.fields import PREDICTION_VALUE
from elkmon.findings import Finding, Status
from elkmon.judgement.case import FLOOR, SINGLE_WINDOW, Case
from elkmon.judgement.performance import coverage, judged_metrics, no_truth, not_comparable, reading, too_few
from elkmon.judgement.subjects import CONCEPT
from elkmon.measures.concept import by_score, gap_change, gap_rows, gaps, predicted_against_actual, truth_deviation
from elkmon.measures.degradation import change_p_value, least_change
from elkmon.profiles import Outcomes


def concept(case: Case) -> Iterator[Finding]:
    """Yield the finding on the gap between predicted and actual, where the model's predictions can have one."""
    if not judged_metrics(case.baseline, case.settings):
        return
    current, reference = case.current.outcomes, case.baseline.total.outcomes
    read = reading(case.baseline, case.settings)
    before, now, rows = gaps(reference, read), gaps(current, read), gap_rows(current, read)
    finding = replace(
        case.finding(CONCEPT),
        measure="concept_gap",
        unit="SD" if PREDICTION_VALUE in case.baseline.ruler.scales else "share of rows",
        rows=rows,
        reference_rows=gap_rows(reference, read),
        coverage=coverage(case),
    )
    excuse = not_comparable(case, bool(before)) or no_truth(case) or too_few(case, rows)
    if excuse is not None:
        yield replace(finding, status=excuse[0], reason=excuse[1])
        return
    if now and by_score(reference, read) != by_score(current, read):
        which = "the reference" if by_score(reference, read) else "this window"
        yield replace(finding, reason=f"scores are known with their truth in {which} alone, and labels lean otherwise")
        return
    scale = truth_deviation(reference)
    value = gap_change(before, now) / scale
    floor = case.settings.floor("concept_gap")
    known = {label: gap for label, gap in case.limits.gaps.items() if label in before}
    chances = [change_p_value(gap, now.get(label, 0.0), rows) for label, gap in known.items()]
    least = max((least_change(gap, rows, case.settings.significance) / scale for gap in known.values()), default=0.0)
    limit, critical = max(floor.warning, least), max(floor.critical, least)
    status = Status.WARNING if value > limit else Status.OK
    yield replace(
        finding,
        status=Status.CRITICAL if value > critical and chances else status,
        reason=SINGLE_WINDOW if chances else FLOOR,
        value=value,
        limit=limit,
        critical_limit=critical if chances else None,
        p_value=min(min(chances) * len(chances), 1.0) if chances else None,
        beside=_gap_details(current, before, now),
    )


def _gap_details(current: Outcomes, before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """Return the gaps where there is one label only to speak of, and the plain test of predicted against actual."""
    details = {
        name: next(iter(found.values())) for name, found in (("reference_gap", before), ("gap", now)) if len(found) == 1
    }
    against = predicted_against_actual(current)
    if against is not None:
        details |= {"ks_predicted_actual": against[0], "ks_predicted_actual_p_value": against[1]}
    return details
