"""Verdicts of windows taken into stories."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from elkmon.alerts import Change
from elkmon.checks import ModelSettings
from elkmon.elasticsearch import ElasticsearchJournal, connect
from elkmon.findings import Family, Status
from elkmon.monitor.rehearsal import Rehearsal
from elkmon.monitor.stories import advance_alerts

SETTINGS = ModelSettings("lending")
BAD, GOOD = Status.WARNING, Status.OK
NOW = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture
def stage():
    """A journal that keeps stories in memory; the one behind it is never asked for any."""
    store = connect(["http://localhost:1"])
    yield Rehearsal(ElasticsearchJournal(store, "nowhere"))
    store.close()


def test_two_bad_windows_far_apart_open_nothing(stage, finding):
    """Good windows between them are not stored in a segment, and count all the same."""
    drift = [finding(day, GOOD, family=Family.DRIFT) for day in range(4)]
    stored = [*drift, finding(0, BAD), finding(3, BAD)]
    assert advance_alerts(stage, SETTINGS, (), stored, NOW).transitions == ()


def test_what_is_watched_opens_later(stage, finding):
    """A story that has not opened is handed back, saved nowhere, and opens when it is handed in with the next bad window."""
    first = advance_alerts(stage, SETTINGS, (), [finding(0, BAD, segment="")], NOW)
    assert (first.transitions, stage.stories().alerts) == ((), ())
    second = advance_alerts(stage, SETTINGS, first.watching, [finding(1, BAD, segment="")], NOW)
    assert [each.change for each in second.transitions] == [Change.OPENED]
    assert second.watching == ()


def test_absent_findings_end_a_story(stage, finding):
    """A segment's story that was opened resolves by windows of which nothing bad is stored."""
    drift = [finding(day, GOOD, family=Family.DRIFT) for day in range(5)]
    opened = advance_alerts(stage, SETTINGS, (), [*drift[:2], finding(0, BAD), finding(1, BAD)], NOW)
    known = (*stage.stories().alerts, *opened.watching)
    resolved = advance_alerts(stage, SETTINGS, known, drift[2:], NOW)
    assert [each.change for each in opened.transitions] == [Change.OPENED]
    assert [each.change for each in resolved.transitions] == [Change.RESOLVED]


def test_windows_in_which_a_segment_was_not_judged_are_passed_over(stage, finding):
    """Nothing at all about a segment is not good news."""
    drift = [finding(day, GOOD, family=Family.DRIFT) for day in range(2)]
    advance_alerts(stage, SETTINGS, (), [*drift, finding(0, BAD), finding(1, BAD)], NOW)
    later = [finding(day, GOOD, segment="", family=Family.DRIFT) for day in range(2, 6)]
    assert advance_alerts(stage, SETTINGS, stage.stories().alerts, later, NOW).transitions == ()
