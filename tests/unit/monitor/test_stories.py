"""Verdicts of windows taken into stories."""

from __future__ import annotations

import pytest

from elkmon.alerts import Change
from elkmon.checks import ModelSettings
from elkmon.elasticsearch import ElasticsearchJournal, connect
from elkmon.findings import Family, Status
from elkmon.monitor.rehearsal import Rehearsal
from elkmon.monitor.stories import advance_alerts

SETTINGS = ModelSettings("lending")
BAD, GOOD = Status.WARNING, Status.OK


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
    assert advance_alerts(stage, SETTINGS, stored) == ()


def test_absent_findings_end_a_story(stage, finding):
    """A segment's story that was opened resolves by windows of which nothing bad is stored."""
    drift = [finding(day, GOOD, family=Family.DRIFT) for day in range(5)]
    opened = advance_alerts(stage, SETTINGS, [*drift[:2], finding(0, BAD), finding(1, BAD)])
    resolved = advance_alerts(stage, SETTINGS, drift[2:])
    assert [each.change for each in opened] == [Change.OPENED]
    assert [each.change for each in resolved] == [Change.RESOLVED]


def test_windows_in_which_a_segment_was_not_judged_are_passed_over(stage, finding):
    """Nothing at all about a segment is not good news."""
    drift = [finding(day, GOOD, family=Family.DRIFT) for day in range(2)]
    advance_alerts(stage, SETTINGS, [*drift, finding(0, BAD), finding(1, BAD)])
    later = [finding(day, GOOD, segment="", family=Family.DRIFT) for day in range(2, 6)]
    assert advance_alerts(stage, SETTINGS, later) == ()
