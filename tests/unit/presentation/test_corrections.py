"""What was said of the past and is not so, in words."""

from dataclasses import replace

import pytest

from elkmon.alerts import Change
from elkmon.digests import Digest
from elkmon.findings import Status
from elkmon.presentation.corrections import MOST_CORRECTIONS, corrections, judged_late
from elkmon.presentation.letters import letter
from elkmon.windows import DAY


def corrected(flights, was, now, coverage=None):
    """Return a correction of a feature's verdict from `was` to `now`."""
    item = flights.drifted()
    transition = replace(item.transition, change=Change.CORRECTED, was=was, status=now)
    return replace(item, transition=transition, finding=replace(item.finding, status=now, coverage=coverage))


@pytest.mark.parametrize(
    ("was", "now", "coverage", "words"),
    [
        (Status.OK, Status.WARNING, None, ("was reported healthy and is not", "events which came late are counted")),
        (
            Status.CRITICAL,
            Status.OK,
            0.931,
            ("was reported critical and is within its limits", "known for 93 % of its predictions"),
        ),
    ],
)
def test_both_ways_are_said_with_their_reason(flights, was, now, coverage, words):
    """Healthy that is not, bad that is not; and what is known now that was not then."""
    (sentence,) = corrections([corrected(flights, was, now, coverage)])
    assert all(each in sentence for each in words), sentence


def test_corrections_go_with_the_mail(flights):
    """In a part of their own, as text and as HTML; what there is no room for is counted."""
    item = corrected(flights, Status.OK, Status.WARNING)
    digest = Digest("d", flights.AUGUST.end, (flights.drifted(),), corrections=(item,) * (MOST_CORRECTIONS + 2))
    content = letter(digest)
    for shown in (" ".join(content.text.split()), content.html):
        assert "Corrected" in shown
        assert "was reported healthy and is not" in shown
        assert "two further verdicts of the past changed" in shown
    assert "Corrected" not in letter(replace(digest, corrections=())).text


def test_what_needs_truth_says_when_it_was_judged(flights):
    """Where that was more than a window after the window's end; drift needs no truth, and says nothing."""
    item = flights.drifted()
    late = replace(item.transition, said_at=item.finding.window.end + 20 * DAY)
    assert judged_late(late, item.finding) == ""
