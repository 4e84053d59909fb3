"""
A finding, or what changed about it, in one or two sentences, for somebody who did not set the monitor up.

Never says why: the monitor sees that something changed, not what caused it. What could not be judged is never called fine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from elkmon.alerts import Change
from elkmon.digests import Digest, Item
from elkmon.findings import Direction, Finding, Kind, Status
from elkmon.presentation.shift import shift
from elkmon.presentation.words import VERDICTS, figures, part, quantity, subject_name
from elkmon.presentation.writing import capital, clean, count, number, percent

_HEADLINES: Mapping[Kind, str] = {
    Kind.FEATURE: "drifted",
    Kind.PREDICTION: "drifted",
    Kind.CONCEPT: "changed",
    Kind.MISSING: "is missing more often",
    Kind.UNSEEN: "has new levels",
    Kind.OUT_OF_RANGE: "is out of range more often",
    Kind.REJECTED: "has values of the wrong type",
    Kind.UNINDEXED: "was not indexed",
    Kind.CONSTANT: "became constant",
    Kind.NEW: "unknown to the baseline arrived",
    Kind.JOINT: "go together differently",
    Kind.COMPLETENESS: "rose",
}


def sentence(finding: Finding) -> str:
    """
    Return how the subject of `finding` stands, in one or two sentences.

    `distance moved by 0.62 SD (limit 0.31 SD). 18 % of rows are now at 1,600 to 2,100, 4 % were before.`
    """
    name = _named(finding)
    if finding.status is Status.UNKNOWN:
        if finding.subject.name == "baseline" and finding.subject.kind is Kind.FIGURE:
            return f"Nothing could be judged: {_why(finding)}."
        return f"{name} could not be judged: {_why(finding)}."
    if finding.status is Status.PENDING:
        return f"{name} cannot be judged yet: {_why(finding, 'its labels are not due')}."
    if finding.status is Status.NOT_APPLICABLE:
        return f"{name} is not judged: {_why(finding, 'it does not apply here')}."
    if finding.status is Status.OK:
        return _good(finding, name)
    return _BAD.get(finding.subject.kind, _bad_figure)(finding, name)


def told(item: Item) -> str:
    """Return what happened to a story, and how its subject stands now."""
    name = _named(item.finding)
    change = item.transition.change
    if change is Change.RESOLVED:
        if _plainly_good(item.finding):
            return f"{name} is back within its limits{_comparison(item.finding)}."
        return f"{name} is no longer reported. {capital(sentence(item.finding))}"
    if change is Change.WORSENED:
        return f"Worse than reported before: {_within(sentence(item.finding), item.finding)}"
    return sentence(item.finding)


def headline(item: Item) -> str:
    """Return a few words for a subject line: `distance drifted (critical)`."""
    name = clean(subject_name(item.finding.subject), 40) + part(item.finding.segment)
    subject, change = item.finding.subject, item.transition.change
    severity = f" ({VERDICTS[item.transition.status]})" if item.transition.status.bad else ""
    if change is Change.RESOLVED:
        return f"{name} {'are back together as before' if subject.kind is Kind.JOINT else 'is back within its limits'}"
    if change is Change.WORSENED:
        return f"{name} got worse{severity}"
    return f"{name} {_HEADLINES.get(subject.kind) or _fell_or_rose(item.finding)}{severity}"


def mail_subject(digest: Digest) -> str:
    """
    Return the subject line of a digest: what happened to which model, the worst first, and how much more there is.

    It is one line of harmless characters whatever names the data brought.
    """
    if not digest.items:
        return "elkmon: nothing changed"
    worst = max(
        digest.items, key=lambda item: (item.transition.change is not Change.RESOLVED, item.transition.status.rank)
    )
    others = [item for item in digest.items if item is not worst]
    models = {item.finding.model for item in others} - {worst.finding.model}
    elsewhere = f" in {count(len(models) + 1, 'model')}" if models else ""
    more = f", {len(others)} more{elsewhere}" if others else ""
    return f"{clean(worst.finding.model, 50)}: {headline(worst)}{more}"


def _named(finding: Finding) -> str:
    name = subject_name(finding.subject)
    if finding.subject.kind is Kind.JOINT:
        name = f"How {name} go together"
    return name + part(finding.segment)


def _within(words: str, finding: Finding) -> str:
    """Return a sentence as it stands behind a colon; a name from data keeps its letters."""
    ours = finding.subject.kind in {Kind.JOINT, Kind.COMPLETENESS}
    return words[:1].lower() + words[1:] if ours else words


def _bad_drift(finding: Finding, name: str) -> str:
    value, limit, _ = figures(finding)
    moved = f"{value} of its rows changed level" if finding.measure == "total_variation" else f"moved by {value}"
    if finding.measure not in {"wasserstein", "total_variation"}:
        moved = f"differs from the reference by {value}"
    joined = f"{name}: {moved}" if finding.measure == "total_variation" else f"{name} {moved}"
    where = shift(finding.evidence) if finding.evidence else None
    if where is None:
        return f"{joined} (limit {limit})."
    return (
        f"{joined} (limit {limit}). {capital(percent(where.now))} of rows are now {_at(where.place)}, "
        f"{percent(where.before)} were before."
    )


def _bad_concept(finding: Finding, name: str) -> str:
    value, limit, _ = figures(finding)
    now, before = finding.beside.get("gap"), finding.beside.get("reference_gap")
    gaps = ""
    if now is not None and before is not None:
        gaps = f" Predicted minus actual is {number(now)} now, {number(before)} in the reference."
    return f"{name} changed by {value} (limit {limit}).{gaps}"


def _bad_figure(finding: Finding, name: str) -> str:
    value, limit, reference = figures(finding)
    if finding.measure == "silence":
        return f"No predictions arrived: {_why(finding, f'{value} without any')}."
    if "ratio" in finding.unit:
        return f"{name} is {value} what it was in the reference (limit {limit}){_in_seconds(finding)}."
    before = f" from {reference} in the reference" if finding.baseline_value is not None else ""
    return f"{name} {_fell_or_rose(finding)} to {value}{before} (limit {limit})."


def _bad_pair(finding: Finding, name: str) -> str:
    value, limit, _ = figures(finding)
    return f"{name} changed: {value} of rows are in other places than the features alone explain (limit {limit})."


def _bad_estimate(finding: Finding, name: str) -> str:
    """Say that nobody knows yet, and what turned out where somebody does."""
    realised = _turned_out(finding)
    turned_out = "" if realised is None else f"; with labels it turned out as {quantity(realised, finding.unit)}"
    return f"{_bad_figure(finding, name)} It is estimated from the scores, without labels{turned_out}."


def _lost_events(finding: Finding, name: str) -> str:
    value, limit, _ = figures(finding)
    return f"{capital(name)}: {value} of this window's events did not arrive (limit {limit})."


def _in_seconds(finding: Finding) -> str:
    now, before = finding.beside.get("p95_seconds"), finding.beside.get("reference_p95_seconds")
    return "" if now is None or before is None else f": {number(now)} s now, {number(before)} s before"


def _rate(what: str) -> Callable[[Finding, str], str]:
    def say(finding: Finding, name: str) -> str:
        value, limit, reference = figures(finding)
        before = f"; {reference} in the reference" if finding.baseline_value is not None else ""
        return f"{name} {what.format(value=value)} (limit {limit}{before})."

    return say


def _bad_features(finding: Finding, _: str) -> str:
    return f"{capital(count(int(finding.value or 0), 'feature'))} {_why(finding)}."


_BAD: Mapping[Kind, Callable[[Finding, str], str]] = {
    Kind.FEATURE: _bad_drift,
    Kind.PREDICTION: _bad_drift,
    Kind.CONCEPT: _bad_concept,
    Kind.MISSING: _rate("is missing in {value} of rows"),
    Kind.UNSEEN: _rate("has a level the reference never had in {value} of rows"),
    Kind.OUT_OF_RANGE: _rate("lies outside the reference's range in {value} of rows"),
    Kind.REJECTED: _rate("has a value of the wrong type in {value} of rows"),
    Kind.UNINDEXED: _rate("was not indexed in {value} of rows"),
    Kind.CONSTANT: _rate("has hardly more than one value: the fullest bin holds {value} of rows"),
    Kind.NEW: _bad_features,
    Kind.JOINT: _bad_pair,
    Kind.ESTIMATE: _bad_estimate,
    Kind.COMPLETENESS: _lost_events,
}


def _plainly_good(finding: Finding) -> bool:
    """Whether a value within its limit is all that a good verdict rests on."""
    settled = finding.measure == "silence" or _perhaps_chance(finding) or _turned_out(finding) is not None
    return finding.status is Status.OK and not settled


def _turned_out(finding: Finding) -> float | None:
    """Return what an estimated figure was found to be once labels came; None where they have not, or nothing was estimated."""
    return finding.beside.get("realised") if finding.subject.kind is Kind.ESTIMATE else None


def _good(finding: Finding, name: str) -> str:
    realised = _turned_out(finding)
    if realised is not None:
        value, _, _ = figures(finding)
        return f"{name} was {value}; with labels it turned out as {quantity(realised, finding.unit)}, which is judged itself."
    if finding.subject.kind is Kind.NEW:
        return "Every feature that arrived is known to the baseline."
    if finding.measure == "silence":
        return (
            "Predictions arrived."
            if not finding.value
            else f"No predictions arrived, as in the reference: {_why(finding)}."
        )
    if _perhaps_chance(finding):
        value, limit, _ = figures(finding)
        return f"{name} is at {value}, which is beyond the limit of {limit}, but chance may do as much."
    return f"{name} is within its limits{_comparison(finding)}."


def _perhaps_chance(finding: Finding) -> bool:
    """Whether the value is beyond its limit and the verdict is good only because it may be chance."""
    return finding.status is Status.OK and finding.reason.startswith("beyond the limit")


def _comparison(finding: Finding) -> str:
    """Return value, reference and limit behind a verdict that is not bad."""
    if finding.value is None:
        return ""
    value, limit, reference = figures(finding)
    before = f"{reference} in the reference, " if finding.baseline_value is not None else ""
    return f": {value} ({before}limit {limit})" if finding.limit is not None else f": {value}"


def _fell_or_rose(finding: Finding) -> str:
    if finding.value is not None and finding.baseline_value is not None:
        return "fell" if finding.value < finding.baseline_value else "rose"
    return {Direction.LOWER: "fell", Direction.HIGHER: "rose"}.get(finding.direction, "changed")


def _why(finding: Finding, otherwise: str = "the reason was not recorded") -> str:
    return clean(finding.reason, 200).rstrip(".") if finding.reason else otherwise


def _at(place: str) -> str:
    return place if place.startswith(("“", "below", "any")) else f"at {place}"
