from dataclasses import replace
from datetime import UTC, datetime

import pytest

from elkmon.alerts import Change
from elkmon.digests import Digest
from elkmon.findings import Direction, Kind, Status
from elkmon.presentation.sentences import headline, mail_subject, sentence, told
from elkmon.presentation.words import certainty, figures, label, ongoing, quantity, since


def test_drift_of_a_number_says_how_far_and_where_to(flights):
    """Size, limit, and the stretch of values that stands out, then and now."""
    evidence = flights.Evidence(("below 10", "10 to 20", "20 and above"), (50, 46, 4), (50, 32, 18), (10.0, 20.0))
    finding = flights.finding(
        flights.DISTANCE, Status.WARNING, measure="wasserstein", unit="SD", value=0.618, limit=0.31, evidence=evidence
    )
    assert sentence(finding) == (
        "distance moved by 0.62 SD (limit 0.31 SD). 18 % of rows are now at 20 and above, 4 % were before."
    )


def test_drift_of_levels_says_how_many_rows_changed(flights):
    """A share of rows, and the level that changed most."""
    assert sentence(flights.carriers().finding) == (
        "carrier: 15 % of its rows changed level (limit 8.1 %). 2.6 % of rows are now “EV”, 17 % were before."
    )


def test_performance_says_from_where_to_where(flights):
    """Value now, value in the reference, and the limit, to the third digit."""
    assert sentence(flights.fallen().finding) == "ROC AUC fell to 0.641 from 0.689 in the reference (limit 0.669)."


def test_a_loss_rises(flights):
    """Where higher is worse, the words turn round."""
    finding = flights.finding(
        flights.LOSS, Status.WARNING, measure="log_loss", value=0.55, baseline_value=0.47, limit=0.5
    )
    assert sentence(finding) == "log loss rose to 0.55 from 0.47 in the reference (limit 0.5)."


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Kind.MISSING, "is missing in 5.2 % of rows"),
        (Kind.UNSEEN, "has a level the reference never had in 5.2 % of rows"),
        (Kind.OUT_OF_RANGE, "lies outside the reference's range in 5.2 % of rows"),
        (Kind.REJECTED, "has a value of the wrong type in 5.2 % of rows"),
        (Kind.UNINDEXED, "was not indexed in 5.2 % of rows"),
        (Kind.CONSTANT, "has hardly more than one value: the fullest bin holds 5.2 % of rows"),
    ],
)
def test_quality_says_which_trouble_in_how_many_rows(flights, kind, words):
    """Each kind of trouble has its own words, with the reference beside it."""
    finding = flights.finding(
        replace(flights.MISSING, kind=kind),
        Status.WARNING,
        unit="share of rows",
        value=0.052,
        baseline_value=0.001,
        limit=0.011,
    )
    assert sentence(finding) == f"wind_gust {words} (limit 1.1 %; 0.1 % in the reference)."


def test_latency_is_told_as_a_ratio_and_in_seconds(flights):
    """The verdict is on the ratio; seconds stand beside it."""
    finding = flights.finding(
        flights.LATENCY, Status.CRITICAL, measure="latency_p95", unit="ratio", value=2.1, limit=1.25,
        beside={"p95_seconds": 0.42, "reference_p95_seconds": 0.2},
    )  # fmt: skip
    assert sentence(finding) == (
        "95th percentile of latency is 2.1 times what it was in the reference (limit 1.25 times): 0.42 s now, 0.2 s before."
    )


def test_silence_is_told_as_no_predictions(flights):
    """That nothing arrived is the finding; its reason says for how long."""
    silence = replace(flights.ERRORS, name="silence")
    bad = flights.finding(
        silence, Status.CRITICAL, measure="silence", unit="windows", value=2.0, limit=0.0, reason="two windows"
    )
    good = flights.finding(silence, Status.OK, measure="silence", unit="windows", value=0.0, limit=0.0, reason="")
    assert sentence(bad) == "No predictions arrived: two windows."
    assert sentence(good) == "Predictions arrived."


def test_the_gap_is_told_as_a_change(flights):
    """What changed is the gap; both gaps stand beside it."""
    finding = flights.finding(
        flights.GAP, Status.WARNING, measure="concept_gap", unit="share of rows", value=0.08, limit=0.05,
        beside={"gap": 0.09, "reference_gap": 0.01},
    )  # fmt: skip
    assert sentence(finding) == (
        "gap between predicted and actual changed by 8 % (limit 5 %). Predicted minus actual is 0.09 now, 0.01 in the reference."
    )


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.PENDING, Status.NOT_APPLICABLE])
def test_what_was_not_judged_is_never_called_fine(flights, status):
    """The words say that there is no verdict and why, and nothing that sounds like a good one."""
    words = sentence(
        flights.finding(flights.AUC, status, value=0.7, limit=0.6, reason="12 rows in this window, 200 are needed")
    )
    assert "12 rows in this window, 200 are needed" in words
    assert "judged" in words
    assert "within" not in words


def test_a_missing_baseline_is_said_of_everything(flights):
    """One finding stands for all subjects when there is nothing to compare with."""
    finding = flights.finding(replace(flights.ERRORS, name="baseline"), Status.UNKNOWN, reason="there is no baseline")
    assert sentence(finding) == "Nothing could be judged: there is no baseline."


def test_beyond_the_limit_by_chance_is_not_called_within_limits(flights):
    """A value beyond its limit that chance explains is told as just that."""
    finding = flights.finding(
        flights.DISTANCE, Status.OK, measure="wasserstein", unit="SD", value=0.4, limit=0.31,
        reason="beyond the limit, but chance may do as much",
    )  # fmt: skip
    assert (
        sentence(finding) == "distance is at 0.4 SD, which is beyond the limit of 0.31 SD, but chance may do as much."
    )
    resolved = flights.item(finding, Change.RESOLVED)
    assert "within" not in told(resolved)


def test_value_and_limit_are_told_apart(flights):
    """Digits are added until the two differ."""
    finding = flights.finding(
        flights.DISTANCE, Status.WARNING, unit="SD", value=0.31004, limit=0.31, measure="wasserstein"
    )
    value, limit, _ = figures(finding)
    assert value != limit


def test_no_cause_is_ever_claimed(flights):
    """The words say that something changed, not why."""
    for item in flights.a_digest().items:
        assert not {"because", "due", "caused", "cause"} & set(told(item).split())


def test_subject_line_names_the_worst(flights):
    """Model, what happened and how bad; the others are counted."""
    digest = flights.a_digest()
    assert mail_subject(digest) == "flight-delay: distance drifted (critical), 4 more"
    assert (
        mail_subject(replace(digest, items=(flights.recovered(),)))
        == "flight-delay: wind_gust is back within its limits"
    )
    assert mail_subject(replace(digest, items=(flights.recovered(), flights.fallen()))) == (
        "flight-delay: ROC AUC fell (warning), 1 more"
    )


def test_subject_line_says_when_others_are_elsewhere(flights):
    """Changes of other models are counted with their models."""
    other = flights.fallen()
    other = replace(other, finding=replace(other.finding, model="gate-changes"))
    assert mail_subject(Digest("d", flights.AUGUST.end, (flights.drifted(), other))) == (
        "flight-delay: distance drifted (critical), 1 more in two models"
    )


@pytest.mark.parametrize("name", ["a\nBcc: x@example.com", "\u202e\u200b", "x" * 300, "\ud800", "<b>"])
def test_subject_line_is_one_short_line(flights, name):
    """Whatever names the data brought, no line break, control character or endless text gets into a header."""
    item = flights.drifted()
    hostile = replace(item, finding=replace(item.finding, model=name, subject=replace(item.finding.subject, name=name)))
    line = mail_subject(Digest("d", flights.AUGUST.end, (hostile,)))
    assert line.isprintable()
    assert len(line) < 150


@pytest.mark.parametrize("change", [each for each in Change if each is not Change.CORRECTED])
def test_each_change_has_its_headline(flights, change):
    """Opened, worse and resolved read differently; a correction is no reason for a mail of its own."""
    words = {
        Change.OPENED: "distance drifted (critical)",
        Change.WORSENED: "distance got worse (critical)",
        Change.RESOLVED: "distance is back within its limits",
    }
    item = flights.drifted()
    assert headline(replace(item, transition=replace(item.transition, change=change))) == words[change]


def test_a_figure_falls_or_rises_by_direction(flights):
    """Without a reference the bad direction says which."""
    finding = flights.finding(
        replace(flights.ERRORS, name="throughput"), Status.WARNING, direction=Direction.LOWER, value=0.3
    )
    assert headline(flights.item(finding)) == "number of predictions fell (warning)"


def test_since_counts_the_windows_in_a_row(flights):
    """The first window of the latest streak is named by its start; earlier streaks do not count."""
    item = flights.drifted()
    assert since(flights.AUGUST, item.history) == "beyond its limit since 29 July 2013, two windows in a row"
    assert since(flights.AUGUST, flights.recovered().history) == ""
    once = flights.history([0.9, 0.1, 0.9], 0.5)
    opened = datetime(2013, 7, 29, tzinfo=UTC)
    assert since(flights.AUGUST, once, opened) == "beyond its limit in 5–11 August 2013; reported first on 29 July 2013"


def test_certainty_names_rows_labels_interval_chance_and_rule(flights):
    """All that the verdict rests on, in one line."""
    assert certainty(flights.fallen().finding) == (
        "2,312 rows against 80,789 in the reference; truth known for 93 % of predictions; 95 % interval 0.622 to 0.66; "
        "sampling noise alone would rarely look like this (q = 0.0021); this window alone is beyond the limit"
    )


@pytest.mark.parametrize(
    ("reason", "words"),
    [("run of 3", "3 windows in a row"), ("floor", "fixed floor"), ("something new", "something new")],
)
def test_the_rule_that_decided_is_named(flights, reason, words):
    """Readers learn which rule decided, a rule without words of its own included."""
    assert words in certainty(flights.finding(flights.DISTANCE, Status.WARNING, reason=reason))


def test_ongoing_stories_are_one_sentence(flights):
    """What was told before is only named."""
    assert ongoing(flights.a_digest().ongoing) == (
        "Still beyond their limits, as reported before: predicted score (since 1 July 2013)."
    )
    assert ongoing(()) == ""


def test_units_are_written_for_people():
    """Shares as percentages, standard deviations and ratios with their words."""
    assert quantity(0.052, "share of calls") == "5.2 %"
    assert quantity(3.0, "windows") == "3 windows"
    assert quantity(None, "SD") == "–"


def test_quality_subjects_say_their_aspect(flights):
    """In tables a feature's missing values are not mistaken for its drift, and stored fields have names."""
    assert label(flights.MISSING) == "wind_gust: missing values"
    score = replace(flights.MISSING, name="elkmon.prediction.score", field="elkmon.prediction.score")
    assert label(score) == "predicted score: missing values"
