"""The gap between predicted and actual, where only some of what it is made from is there."""

from __future__ import annotations

from dataclasses import replace

from elkmon.findings import Kind, Status
from elkmon.profiles import Outcomes

GAP = (Kind.CONCEPT, "concept_gap")


def test_a_gap_of_labels_is_not_held_against_one_of_scores(window, verdicts):
    """A service that stops sending scores has no concept drift for it: labels lean in a way of their own."""
    current = window()
    finding = verdicts(replace(current, outcomes=replace(current.outcomes, scores={}, sums={})))[GAP]
    assert finding.status is Status.UNKNOWN
    assert "in the reference alone" in finding.reason


def test_rows_of_a_gap_are_those_it_is_made_from(window, verdicts, settings):
    """One score among a thousand labels is a gap of one row, which is too few, and not a critical one of a thousand."""
    current = window()
    bins = len(current.outcomes.scores["yes"])
    one = replace(current.outcomes, scores={"yes": (1, *(0,) * (bins - 1))}, sums={"brier": 1.0, "brier_rows": 1.0})
    finding = verdicts(replace(current, outcomes=one))[GAP]
    assert (finding.status, finding.rows) == (Status.UNKNOWN, 1)
    assert finding.reason == f"1 predictions with known truth, {settings.min_rows} are needed"


def test_without_truth_that_is_said_first(window, verdicts):
    """Whether scores or labels will be known does not matter before any truth is."""
    current = window()
    finding = verdicts(replace(current, outcomes=Outcomes()), now=current.end)[GAP]
    assert finding.status is Status.PENDING
