"""
What new verdicts on a window do to those that were remembered of it, and which need not be remembered at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from elkmon.findings import BASELINE, Family, Finding, Status, Subject
from elkmon.profiles import ALL


def said_by_absence(finding: Finding) -> bool:
    """
    Whether a finding that nothing was remembered of need not be written: good values, of all traffic where nothing was amiss.

    Five kinds of them for each feature, each fine for years, would be most of what is stored. Within a segment they are left
    out though a share is not quite 0.
    """
    fine = finding.status in {Status.OK, Status.NOT_APPLICABLE}
    return fine and finding.subject.family is Family.QUALITY and (finding.segment != ALL or not finding.value)


def revised(
    before: Iterable[Finding],
    new: Iterable[Finding],
    spoken_of: Callable[[str, Subject], bool] = lambda _segment, _subject: False,
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """
    Return the verdicts that stand after judging again, and those of them that must be written.

    `spoken_of` tells, by segment and subject, of what there is a story: then good values are written, too.

    A finding that says the same as before stays as it was written; one whose status changed says what it was, where it was
    judged by the same settings and baseline; one whose subject is not judged any more says so, and is not left to stand.
    """
    old = {(finding.segment, finding.subject): finding for finding in before}
    standing: list[Finding] = []
    changed: list[Finding] = []
    verdicts = list(new)
    verdicts.extend(_dropped(old, verdicts))
    for finding in sorted(verdicts, key=lambda each: (each.segment, each.subject)):
        previous = old.get((finding.segment, finding.subject))
        if previous is None:
            verdict = finding
        elif previous.status is finding.status:
            was = previous.previous if _alike(previous, finding) else None
            verdict = replace(finding, revision=previous.revision, previous=was, judged_at=previous.judged_at)
        else:
            was = previous.status if _alike(previous, finding) else None
            verdict = replace(finding, revision=previous.revision + 1, previous=was)
        standing.append(verdict)
        if previous is None:
            if not said_by_absence(verdict) or spoken_of(verdict.segment, verdict.subject):
                changed.append(verdict)
        elif replace(verdict, evidence=None) != replace(previous, evidence=None):
            changed.append(verdict)
    return tuple(standing), tuple(changed)


def with_absent(findings: Sequence[Finding], subjects: Mapping[str, Iterable[Subject]]) -> Iterator[Finding]:
    """
    Yield the OK findings of one window that were not remembered, for the quality `subjects` by segment.

    A segment that was not judged in the window says nothing by absence.
    """
    judged: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        unjudged = finding.status is Status.NOT_APPLICABLE or finding.subject == BASELINE
        if not unjudged:
            judged.setdefault((finding.version, finding.segment), finding)
    there = {(finding.version, finding.segment, finding.subject) for finding in findings}
    for (version, segment), finding in judged.items():
        for subject in subjects.get(segment, ()):
            if (version, segment, subject) not in there:
                yield _of(finding, segment, subject, Status.OK, "")


def _alike(previous: Finding, finding: Finding) -> bool:
    """Whether both were judged by the same rule: what another one says is no correction of it."""
    return (previous.settings, previous.baseline) == (finding.settings, finding.baseline)


def _dropped(old: Mapping[tuple[str, Subject], Finding], new: Sequence[Finding]) -> Iterator[Finding]:
    """Yield a NOT APPLICABLE for each old subject that `new` does not judge."""
    judged = {(finding.segment, finding.subject) for finding in new}
    for (segment, subject), finding in old.items():
        if (segment, subject) not in judged:
            dropped = _of(new[0], segment, subject, Status.NOT_APPLICABLE, "not judged any more")
            yield replace(dropped, measure=finding.measure, unit=finding.unit)


def _of(finding: Finding, segment: str, subject: Subject, status: Status, reason: str) -> Finding:
    """Return a finding on another subject of the same window, with a status and no figures."""
    return replace(
        finding,
        segment=segment,
        subject=subject,
        status=status,
        measure="",
        unit="",
        value=None,
        limit=None,
        critical_limit=None,
        baseline_value=None,
        p_value=None,
        q_value=None,
        lower=None,
        upper=None,
        coverage=None,
        beside={},
        evidence=None,
        reason=reason,
    )
