"""What new verdicts on a window do to the old ones, and what need not be written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from elkmon.findings import Family, Status
from elkmon.monitor.revising import revised, said_by_absence, with_absent


@pytest.mark.parametrize("status", [Status.OK, Status.NOT_APPLICABLE])
def test_good_values_are_said_by_absence(finding, status):
    """They stand in the run that judges them; of all traffic only where nothing is amiss, of other families never."""
    quiet = [finding(0, status), replace(finding(0, status, segment=""), value=0.0)]
    others = [replace(finding(0, status, segment=""), value=0.01), finding(0, status, family=Family.DRIFT)]
    standing, written = revised([], [*quiet, *others])
    assert set(map(id, standing)) == set(map(id, [*quiet, *others]))
    assert set(map(id, written)) == set(map(id, others))


@pytest.mark.parametrize("status", [Status.WARNING, Status.CRITICAL, Status.UNKNOWN, Status.PENDING])
def test_what_is_not_good_is_written(finding, status):
    """Bad or unknown values of a segment are remembered."""
    assert not said_by_absence(finding(0, status))
    assert revised([], [finding(0, status)])[1] == (finding(0, status),)


def test_what_was_bad_is_overwritten(finding):
    """A segment's bad values that are good after all are written as OK, with what they were."""
    standing, written = revised([finding(0, Status.WARNING)], [finding(0, Status.OK)])
    assert standing == written
    assert (written[0].status, written[0].previous, written[0].revision) == (Status.OK, Status.WARNING, 1)


def test_what_was_never_written_leaves_no_ghost(finding):
    """Judged again, a window gains no NOT APPLICABLE for findings that were not stored; a dropped one that was says so."""
    drift = finding(0, Status.OK, family=Family.DRIFT)
    gone = finding(0, Status.WARNING, name="age")
    standing, written = revised([drift, gone], [drift, finding(0, Status.OK)])
    assert {(each.subject.name, each.status) for each in written} == {("age", Status.NOT_APPLICABLE)}
    assert len(standing) == 3


def test_the_same_verdict_is_not_written_again(finding):
    """What says the same stays as it was, at the time it was judged."""
    before = finding(0, Status.WARNING)
    later = replace(before, judged_at=before.judged_at.replace(hour=5))
    assert revised([before], [later]) == ((before,), ())


def test_absence_says_ok_where_the_segment_was_judged(finding):
    """A quality subject without a finding was well, if anything else of its segment was judged in that window."""
    subject = finding(0, Status.OK).subject
    drift = finding(0, Status.OK, family=Family.DRIFT)
    (implied,) = with_absent([drift], {"region=north": [subject]})
    assert (implied.subject, implied.segment, implied.status) == (subject, "region=north", Status.OK)
    assert implied.window == drift.window
    assert list(with_absent([drift, finding(0, Status.WARNING)], {"region=north": [subject]})) == []
    assert list(with_absent([drift], {"region=south": [subject]})) == []
    dropped = finding(0, Status.NOT_APPLICABLE, family=Family.DRIFT)
    assert list(with_absent([dropped], {"region=north": [subject]})) == []
