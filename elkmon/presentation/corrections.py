"""
What was said of the past and is not so, in words: verdicts that later truth or later events have turned round.
"""

from __future__ import annotations

from collections.abc import Sequence

from elkmon.alerts import Transition
from elkmon.digests import Item
from elkmon.findings import Finding, Kind
from elkmon.presentation.words import VERDICTS, figures, label
from elkmon.presentation.writing import clean, count, moment, percent, period

MOST_CORRECTIONS = 12


def corrections(items: Sequence[Item]) -> tuple[str, ...]:
    """Return one sentence per correction, and one for those that there is no room for."""
    told = [correction(item) for item in items[:MOST_CORRECTIONS]]
    left_out = len(items) - len(told)
    if left_out:
        told.append(
            f"{count(left_out, 'further verdict')} of the past changed; `elkmon alerts --all` lists the stories."
        )
    return tuple(told)


def correction(item: Item) -> str:
    """Return what was said of a window, what is so, and what is known now that was not then."""
    finding = item.finding
    value, limit, _ = figures(finding)
    was = "healthy" if item.transition.was is None or not item.transition.was.bad else VERDICTS[item.transition.was]
    now = "is not" if item.transition.status.bad else "is within its limits"
    figure = f" ({value}, limit {limit})" if value and limit else ""
    name = label(finding.subject, finding.segment)
    model = clean(finding.model, 50)
    return f"{model}, {period(finding.window)}: {name} was reported {was} and {now}{figure}, {_since(finding)}."


def judged_late(transition: Transition, finding: Finding) -> str:
    """Return when a figure that needs truth was judged, where that was more than a window later; empty otherwise."""
    said_at, needs_truth = transition.said_at, finding.subject.kind in {Kind.METRIC, Kind.CONCEPT}
    if said_at is None or not needs_truth or said_at - finding.window.end <= finding.window.length:
        return ""
    return f"Judged on {moment(said_at)}: truth about a window comes after it has ended."


def _since(finding: Finding) -> str:
    if finding.coverage is None:
        return "now that events which came late are counted"
    return f"now that the truth is known for {percent(finding.coverage)} of its predictions"
