"""
All verdicts on one window: each subject of each segment is measured, then chance is corrected for how many were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.findings import BASELINE, Finding, Status
from elkmon.judgement.case import Case
from elkmon.judgement.concept import concept
from elkmon.judgement.drift import drift
from elkmon.judgement.estimates import estimates
from elkmon.judgement.evidence import evidence
from elkmon.judgement.joint import joint
from elkmon.judgement.performance import performance
from elkmon.judgement.quality import quality
from elkmon.judgement.service import service
from elkmon.measures.learnt import Limits
from elkmon.measures.significance import benjamini_hochberg
from elkmon.ports import Completeness
from elkmon.profiles import Profile, Slices
from elkmon.windows import Window


def judge(
    settings: ModelSettings,
    baseline: Baseline,
    limits: Mapping[str, Limits],
    current: Slices,
    earlier: Sequence[Slices],
    now: datetime,
    completeness: Completeness = Completeness(),  # noqa: B008  a frozen value
) -> tuple[Finding, ...]:
    """
    Return one finding per subject and segment of the window that `current` holds the profiles of.

    Args:
        settings: how the model is judged.
        baseline: what it is compared with, and counted by.
        limits: what `learn` made of that baseline under these settings, by segment.
        current: the window's profiles by segment; with no predictions in it, silence is judged and all else is UNKNOWN.
        earlier: profiles of the windows of the same length right before it, oldest first; fewer than `earlier_windows` or
            empty ones only mean that no run is seen.
        now: the instant of judging, which decides whether labels are due.
        completeness: how many of the window's events arrived.

    Raises:
        ValueError: when a profile was counted by another ruler than the baseline's.
    """
    for profile in (profile for each in (current, *earlier) for profile in each.values()):
        if profile.ruler != baseline.ruler.id:
            raise ValueError(f"the profile was counted by ruler {profile.ruler}, the baseline by {baseline.ruler.id}")
    cases = [
        Case(settings, baseline.of(segment), limits[segment], profile, _of(earlier, segment), now, completeness)
        for segment, profile in current.items()
    ]
    findings = [(case, finding) for case in cases for finding in _judged(case)]
    corrected = _corrected([finding for _, finding in findings], settings.significance)
    return tuple(_with_evidence(case, finding) for (case, _), finding in zip(findings, corrected, strict=True))


def _judged(case: Case) -> Iterator[Finding]:
    """Yield the verdicts on one segment, before chance is corrected for."""
    yield from drift(case)
    yield from joint(case)
    yield from concept(case)
    yield from performance(case)
    yield from estimates(case)
    yield from quality(case)
    yield from service(case)


def _of(earlier: Sequence[Slices], segment: str) -> tuple[Profile, ...]:
    """Return the profiles of `segment`, as far back as there are any without a break."""
    found: list[Profile] = []
    for each in reversed(earlier):
        if segment not in each:
            break
        found.append(each[segment])
    return tuple(reversed(found))


def unjudged(
    settings: ModelSettings, model: str, version: str, window: Window, now: datetime, reason: str
) -> tuple[Finding, ...]:
    """Return the one UNKNOWN finding of a window that cannot be judged at all, with the `reason`."""
    return (Finding(model, version, window, BASELINE, Status.UNKNOWN, now, reason=reason, settings=settings.hash),)


def _corrected(findings: Sequence[Finding], significance: float) -> list[Finding]:
    """Return the findings with q-values over all that were tested; what chance may well do is OK after all."""
    tested = [finding.p_value for finding in findings if finding.p_value is not None]
    values = iter(benjamini_hochberg(tested))
    corrected: list[Finding] = []
    for finding in findings:
        if finding.p_value is None:
            corrected.append(finding)
            continue
        judged = replace(finding, q_value=next(values))
        if judged.status.bad and (judged.q_value is None or judged.q_value >= significance):
            judged = replace(judged, status=Status.OK, reason="beyond the limit, but chance may do as much")
        corrected.append(judged)
    return corrected


def _with_evidence(case: Case, finding: Finding) -> Finding:
    if not finding.status.bad:
        return finding
    return replace(finding, evidence=evidence(case.baseline, case.current, finding.subject))
