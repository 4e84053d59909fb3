"""One outcome from one truth and one prediction, and when it replaces another."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from elkmon.elasticsearch.outcome_documents import Predicted, Truth, changed, outcome_document

AT = datetime(2013, 4, 1, tzinfo=UTC)
TRUTH = Truth("m", "p", AT + timedelta(days=1), "e1", label="late")
PREDICTED = Predicted("1", AT, label="late", score=0.25)


def lost(truth: Truth, predicted: Predicted, positive: str | None = "late") -> dict[str, Any]:
    document = outcome_document(truth, predicted, positive)["elkmon"]["outcome"]
    return {name: value for name, value in document.items() if name not in {"label", "value", "known_at"}}


def test_a_score_costs_by_what_it_gave_the_truth() -> None:
    """Log loss and Brier score of the positive class's probability, for both truths."""
    assert lost(TRUTH, PREDICTED) == {"log_loss": pytest.approx(-math.log(0.25)), "brier": 0.75**2}
    other = replace(TRUTH, label="on time")
    assert lost(other, PREDICTED) == {"log_loss": pytest.approx(-math.log(0.75)), "brier": 0.25**2}


def test_what_cannot_be_computed_is_left_out() -> None:
    """Without a positive label, with a score that is no probability, or with an error beyond a double, no figure is made."""
    assert lost(TRUTH, PREDICTED, positive=None) == {}
    assert lost(TRUTH, replace(PREDICTED, score=1.5)) == {}
    vast = lost(Truth("m", "p", AT, "e", value=-1e300), Predicted("1", AT, value=1e300))
    assert vast == {"error": 2e300, "absolute_error": 2e300, "absolute_percentage_error": 2.0}


def test_the_same_word_again_writes_nothing() -> None:
    """Joining the same event anew leaves the outcome as it is."""
    document = outcome_document(TRUTH, PREDICTED, "late")
    assert changed(document, TRUTH, outcome_document(TRUTH, PREDICTED, "late")) is None


def test_an_earlier_word_writes_nothing() -> None:
    """Truth that was known before what is stored does not replace it, by time and then by event."""
    document = outcome_document(TRUTH, PREDICTED, "late")
    for earlier in (replace(TRUTH, known_at=AT, label="x"), replace(TRUTH, event="e0", label="x")):
        assert changed(document, earlier, outcome_document(earlier, PREDICTED, "late")) is None


def test_a_later_word_that_says_the_same_corrects_nothing() -> None:
    """Told again later, the outcome remembers the later time, and its hour need not be profiled again."""
    later = replace(TRUTH, known_at=TRUTH.known_at + timedelta(hours=1), event="e2")
    written = changed(outcome_document(TRUTH, PREDICTED, "late"), later, outcome_document(later, PREDICTED, "late"))
    assert written is not None
    assert "corrections" not in written["elkmon"]["outcome"]
    assert written["elkmon"]["outcome"]["known_at"] == later.known_at.isoformat()


def test_each_change_counts() -> None:
    """Another truth counts one correction, the next another one, and saying it again keeps the count."""
    document = outcome_document(TRUTH, PREDICTED, "late")
    for number, label in enumerate(("on time", "late", "late"), start=1):
        later = replace(TRUTH, known_at=AT + timedelta(days=1 + number), event="e", label=label)
        written = changed(document, later, outcome_document(later, PREDICTED, "late"))
        assert written is not None
        document = written
    assert document["elkmon"]["outcome"]["corrections"] == 2


def test_an_outcome_names_the_segments_of_its_prediction() -> None:
    """One for each feature that has a level, in order of name; of the field itself, whatever else its pattern finds."""
    found = {"features.cat.b=*": ["x"], "features.cat.b=?": ["other"], "features.cat.a": ["."]}
    hit = {"fields": {"@timestamp": [AT.isoformat()], **found}}
    predicted = Predicted.of(hit, ["b=*", "a", "absent"])
    assert predicted.segments == ("a=.", "b=*=x")
    assert outcome_document(TRUTH, predicted, None)["elkmon"]["outcome"]["segments"] == ["a=.", "b=*=x"]
    assert "segments" not in outcome_document(TRUTH, PREDICTED, None)["elkmon"]["outcome"]


def test_other_segments_are_a_correction() -> None:
    """The same word of a prediction that is cut otherwise is written again, and its hour is profiled again."""
    document = outcome_document(TRUTH, PREDICTED, "late")
    cut = replace(PREDICTED, segments=("origin=EWR",))
    written = changed(document, TRUTH, outcome_document(TRUTH, cut, "late"))
    assert written is not None
    assert written["elkmon"]["outcome"]["corrections"] == 1
    assert changed(written, TRUTH, outcome_document(TRUTH, cut, "late")) is None
