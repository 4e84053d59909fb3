"""Findings and baselines, made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from elkmon.findings import Family, Finding, Kind, Status, Subject
from elkmon.windows import DAY, Window

START = datetime(2026, 3, 2, tzinfo=UTC)


def finding_of(
    day: int, status: Status, segment: str = "region=north", family: Family = Family.QUALITY, name: str = "amount"
) -> Finding:
    window = Window(START + day * DAY, START + (day + 1) * DAY)
    kind = Kind.MISSING if family is Family.QUALITY else Kind.FEATURE
    subject = Subject(family, kind, name)
    return Finding("lending", "1", window, subject, status, window.end, segment=segment, baseline="b", settings="s")


@pytest.fixture
def finding() -> Callable[..., Finding]:
    """Make the finding of a day; by default on missing values within a segment."""
    return finding_of
