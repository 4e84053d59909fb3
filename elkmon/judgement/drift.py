"""
Verdicts on distributions: every feature, the score, the value and the label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from elkmon.findings import Finding, Status
from elkmon.judgement.case import Case
from elkmon.judgement.subjects import Judged, distributions
from elkmon.measures import drift as distance
from elkmon.measures.gauges import unindexed_gauge
from elkmon.measures.significance import chi_square
from elkmon.rulers import CategoricalScale


def drift(case: Case) -> Iterator[Finding]:
    """Yield a finding per feature and prediction."""
    for judged in distributions(case.baseline, case.settings):
        yield _finding(case, judged)


def _finding(case: Case, judged: Judged) -> Finding:
    finding = case.measured(judged.subject, judged.gauge)
    excuse = _excuse(case, judged)
    if excuse is not None:
        return replace(finding, status=excuse[0], reason=excuse[1])
    found = case.scored(finding, judged.gauge, judged.floor, "its distance is not defined")
    return found if found.value is None else replace(found, beside=_beside(case, judged))


def _excuse(case: Case, judged: Judged) -> tuple[Status, str] | None:
    """Return why the subject cannot be judged: nothing to compare with, not indexed, or too few rows."""
    if not judged.gauge.rows(case.baseline.total):
        return Status.NOT_APPLICABLE, "the reference has no value of it"
    if not case.current.predictions:
        return Status.UNKNOWN, "no predictions in this window"
    unindexed = unindexed_gauge(judged.subject.field)
    lost, rows = unindexed.cells(case.current)[0], unindexed.rows(case.current)
    if lost > case.settings.floor("unindexed").critical * rows:
        return Status.UNKNOWN, f"Elasticsearch did not index {lost} of its {rows} values"
    reason = case.too_few(judged.gauge)
    return (Status.UNKNOWN, reason) if reason else None


def _beside(case: Case, judged: Judged) -> Mapping[str, float]:
    """Return the field's other usual scores, for readers who know them; they do not vote."""
    reference, current = judged.gauge.cells(case.baseline.total), judged.gauge.cells(case.current)
    beside = {
        "psi": distance.population_stability_index(reference, current),
        "jensen_shannon": distance.jensen_shannon(reference, current),
    }
    categorical = isinstance(case.baseline.ruler.scales[judged.subject.field], CategoricalScale)
    statistic, p_value = chi_square(reference, current, other=categorical)
    beside |= {"chi_square": statistic, "chi_square_p_value": p_value}
    if not categorical:
        beside["ks"] = distance.kolmogorov_smirnov(reference, current)
    return beside
