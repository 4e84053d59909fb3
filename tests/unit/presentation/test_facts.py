from dataclasses import replace
from datetime import UTC, datetime

import pytest

from elkmon.alerts import Change
from elkmon.digests import Explanation, Importance
from elkmon.findings import Direction, Evidence, Family, Kind, Status, Subject
from elkmon.measures.changes import ChangePoint
from elkmon.presentation import charts
from elkmon.presentation.facts import began, facts, together
from elkmon.presentation.glossary import explanations
from elkmon.presentation.letters import letter
from elkmon.presentation.links import events_behind
from elkmon.presentation.sentences import headline, sentence, told
from elkmon.presentation.shift import moved
from elkmon.presentation.words import label
from support.pages import Page

PAIR = Subject(
    Family.DRIFT, Kind.JOINT, "distance × score", "joint: features.num.distance × elkmon.prediction.score"
)  # fmt: skip
CELLS = Evidence(
    ("distance: below 10 · score: below 0.5", "distance: 10 and above · score: below 0.5"), (50, 50), (20, 80)
)


def at(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2013, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (ChangePoint(at(8, 5), at(8, 4), at(8, 6)), "it began on 5 August 2013 (between 4 and 6 August)"),
        (ChangePoint(at(5, 7), at(4, 30), at(5, 16)), "it began on 7 May 2013 (between 30 April and 16 May)"),
        (ChangePoint(at(8, 5), at(8, 5), at(8, 5)), "it began on 5 August 2013"),
        (
            ChangePoint(at(8, 5, 9), at(8, 5, 9), at(8, 5, 9), daily=False),
            "it began on 5 August 2013 at about 09:00 UTC",
        ),
        (
            ChangePoint(at(8, 5, 1), at(8, 4, 22), at(8, 5, 3), daily=False),
            "it began on 5 August 2013 at about 01:00 UTC (between 22:00 on 4 August and 03:00 on 5 August)",
        ),
        (
            ChangePoint(at(8, 5, 9), at(8, 3), at(8, 6), daily=False),
            "it began on 5 August 2013 (between 3 and 6 August)",
        ),
    ],
)
def test_since_when_is_told_no_more_exactly_than_it_is_known(change, words):
    """Days where days differ or the interval is longer than one; hours only where hours are meant."""
    assert began(change) == words


def test_the_beginning_stands_first_and_only_with_what_is_bad(flights):
    """Since when is the first thing below a bad sentence; what is well has not begun."""
    item = flights.drifted()
    explanation = Explanation(ChangePoint(at(8, 3), at(8, 2), at(8, 5)))
    said = facts(item.finding, item.history, explanation)
    assert said[0] == (
        "It began on 3 August 2013 (between 2 and 5 August). Beyond its limit since 29 July 2013, two windows in a row."
    )
    well = facts(replace(item.finding, status=Status.OK), (), explanation)
    assert not [fact for fact in well if "began" in fact]


def test_a_step_after_the_limit_was_passed_is_not_called_the_beginning(flights):
    """What was beyond its limit before grew by a step; it did not begin with it."""
    item = flights.drifted()
    said = facts(item.finding, item.history, Explanation(ChangePoint(at(8, 7), at(8, 6), at(8, 7))))
    assert said[0].startswith(
        "Its clearest step came on 7 August 2013 (between 6 and 7 August). Beyond its limit since 29 July"
    )


def test_what_moved_is_told_in_ranges_of_neighbouring_bins(flights):
    """Two bins that lost rows are one range, with its shares then and now."""
    evidence = Evidence(
        ("below 700", "700 to 1000", "1000 to 1400", "1400 and above"),
        (3000, 2000, 1800, 3200), (2980, 700, 500, 5820), (700.0, 1000.0, 1400.0),
    )  # fmt: skip
    finding = flights.finding(flights.DISTANCE, Status.WARNING, measure="wasserstein", unit="SD", evidence=evidence)
    words = moved(finding)
    assert words.startswith("values are higher than in the reference; ")
    assert "1,400 and above: 32 % of rows then, 58 % now; " in words
    assert words.endswith("700 to 1,400: 38 % then, 12 % now")


def test_a_range_is_open_where_no_rows_lie_beyond(flights):
    """Outer bins that hold nothing do not lend their edges; values of their own keep their names."""
    evidence = Evidence(
        ("below -5", "-5 to 10", "10 to 20", "20 to 99", "99 and above"),
        (0, 5000, 5000, 0, 0), (0, 2000, 6000, 2000, 0), (-5.0, 10.0, 20.0, 99.0),
    )  # fmt: skip
    words = moved(flights.finding(flights.DISTANCE, Status.WARNING, evidence=evidence))
    assert words.endswith("; 10 and above: 50 % of rows then, 80 % now; below 10: 50 % then, 20 % now")
    own = Evidence(("below 0.5", "1", "2", "2.5 and above"), (0, 500, 500, 0), (0, 200, 800, 0), (0.5, 1.5, 2.5))
    assert "; 1: 50 %" in moved(flights.finding(flights.DISTANCE, Status.WARNING, evidence=own))


def test_coinciding_drift_claims_no_cause(flights):
    """The features are named in their order, and that counts cannot tell a cause is said."""
    said = together((flights.drifted().finding, flights.warmer().finding))
    assert said == (
        "in the same windows these features drifted as well: distance and temp. "
        "Whether one caused the other cannot be told from counts"
    )
    item = replace(flights.fallen(), explanation=Explanation(None, (flights.drifted().finding,)))
    words = Page(letter(flights.Digest("d", flights.AUGUST.end, (item,))).html).words()
    assert "In the same windows this feature drifted as well: distance. Whether one caused" in words


def test_segments_that_show_the_same_are_named_with_the_whole(flights):
    """Each with its own figure, in the order given."""
    finding = flights.drifted().finding
    segments = tuple(
        replace(finding, segment=f"origin={name}", value=value) for name, value in (("EWR", 1.4), ("LGA", 0.31))
    )
    said = facts(finding, (), Explanation(segments=segments))
    assert "Of the segments, origin=EWR (1.4 SD) and origin=LGA (0.31 SD) are beyond the limit as well." in said


def test_an_important_feature_is_said_to_be(flights):
    """The rank among the model's features stands with the finding."""
    item = flights.drifted()
    said = facts(item.finding, item.history, Explanation(importance=Importance(3, 12, 1.7)))
    assert "Third most important of 12 features." in said


def test_missing_events_and_a_provisional_baseline_are_said(flights):
    """What speaks against a figure stands with it; of a complete window nothing is said."""
    finding = replace(flights.drifted().finding, completeness=0.988, provisional=True)
    said = facts(finding, (), Explanation())
    assert "1.2 % of this window's events did not arrive, so these figures are of those that did." in said
    assert "Compared with a provisional baseline, made from the first days of production." in said
    assert any("Provisional baseline" in each for each in explanations([finding]))
    complete = facts(replace(finding, completeness=1.0, provisional=False), (), Explanation())
    assert not [fact for fact in complete if "arrive" in fact or "provisional" in fact]


def test_a_segment_is_named_wherever_its_subject_is(flights):
    """Sentence, subject line, tables and the events' address say whose figure it is."""
    item = flights.fallen()
    item = replace(item, finding=replace(item.finding, segment="carrier=UA"))
    assert sentence(item.finding).startswith("ROC AUC for carrier=UA fell to 0.641")
    assert headline(item) == "ROC AUC for carrier=UA fell (warning)"
    assert label(item.finding.subject, "carrier=UA") == "ROC AUC for carrier=UA"
    assert "features.cat.carrier%60%20%3D%3D%20%22UA%22" in events_behind("https://k.example.com", item.finding)


def test_a_pair_is_told_as_how_two_go_together(flights):
    """Names without their stored prefixes, the cells that moved in words, and no plot of cells."""
    finding = flights.finding(
        PAIR, Status.CRITICAL, measure="association", unit="share of rows", value=0.21, limit=0.05, evidence=CELLS
    )
    assert sentence(finding) == (
        "How distance and predicted score go together changed: 21 % of rows are in other places than the features alone "
        "explain (limit 5 %)."
    )
    assert label(PAIR) == "distance and predicted score: together"
    assert headline(flights.item(finding)) == "distance and predicted score go together differently (critical)"
    assert told(flights.item(finding, Change.WORSENED)).startswith("Worse than reported before: how distance and")
    assert told(flights.item(replace(finding, status=Status.OK), Change.RESOLVED)).startswith(
        "How distance and predicted score go together is back within its limits"
    )
    assert together((finding,)).startswith(
        "in the same windows this feature drifted as well: how distance and predicted score go together."
    )
    assert charts.distribution(finding) is None
    many = replace(finding, evidence=Evidence((*CELLS.labels, "c"), (500, 480, 20), (200, 780, 20)))
    assert "distance: 10 and above · score: below 0.5: 48 % of rows then, 78 % now" in " ".join(
        facts(many, (), Explanation())
    )
    assert letter(flights.Digest("d", flights.AUGUST.end, (flights.item(finding),)), kibana_url="https://k").html


def test_an_estimate_says_that_it_is_one(flights):
    """An estimated figure is never told like a measured one, and the measured one stands beside it."""
    subject = Subject(Family.PERFORMANCE, Kind.ESTIMATE, "roc_auc")
    finding = flights.finding(
        subject, Status.WARNING, measure="roc_auc", value=0.63, baseline_value=0.69, limit=0.67,
        direction=Direction.LOWER, beside={"realised": 0.64},
    )  # fmt: skip
    assert sentence(finding) == (
        "estimated ROC AUC fell to 0.63 from 0.69 in the reference (limit 0.67). "
        "It is estimated from the scores, without labels; with labels it turned out as 0.64."
    )
    assert any(each.startswith("Estimated:") for each in explanations([finding]))
    overtaken = replace(finding, status=Status.OK, reason="enough truth is known by now, which is judged itself")
    words = "estimated ROC AUC was 0.63; with labels it turned out as 0.64, which is judged itself."
    assert sentence(overtaken) == words
    assert told(flights.item(overtaken, Change.RESOLVED)) == (
        "estimated ROC AUC is no longer reported. Estimated ROC AUC was 0.63; with labels it turned out as 0.64, which is "
        "judged itself."
    )


def test_lost_events_are_told_once(flights):
    """The finding on completeness says how many are lost, and does not say it again of its own figure."""
    subject = Subject(Family.SERVICE, Kind.COMPLETENESS, "lost_events")
    finding = flights.finding(
        subject, Status.CRITICAL, measure="lost_events", unit="share of events", value=0.031, limit=0.001,
        completeness=0.969,
    )  # fmt: skip
    assert sentence(finding) == "Lost events: 3.1 % of this window's events did not arrive (limit 0.1 %)."
    assert headline(flights.item(finding)) == "lost events rose (critical)"
    assert not [fact for fact in facts(finding, (), Explanation()) if "arrive" in fact]
