"""Verdicts."""

from __future__ import annotations

from datetime import UTC, datetime

from elkmon.findings import Family, Finding, Kind, Status, Subject, worst
from elkmon.windows import DAY, Window

START = datetime(2013, 4, 1, tzinfo=UTC)


def finding(status: Status) -> Finding:
    return Finding("m", "1", Window(START, START + DAY), Subject(Family.DRIFT, Kind.FEATURE, "x"), status, START)


def test_only_warning_and_critical_are_bad():
    """What could not be judged is neither bad nor good."""
    assert {status for status in Status if status.bad} == {Status.WARNING, Status.CRITICAL}


def test_statuses_rank_from_good_to_bad():
    """Unknown outranks OK: it is never fine."""
    assert sorted(Status, key=lambda status: status.rank) == [
        Status.NOT_APPLICABLE,
        Status.OK,
        Status.PENDING,
        Status.UNKNOWN,
        Status.WARNING,
        Status.CRITICAL,
    ]


def test_the_worst_of_findings_counts():
    """Of none, nothing was applicable."""
    assert worst((finding(Status.OK), finding(Status.UNKNOWN))) is Status.UNKNOWN
    assert worst((finding(Status.CRITICAL), finding(Status.UNKNOWN))) is Status.CRITICAL
    assert worst(()) is Status.NOT_APPLICABLE
