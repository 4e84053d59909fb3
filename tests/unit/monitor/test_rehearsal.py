"""What a rehearsal makes of verdicts and stories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from elkmon.checks import ModelSettings
from elkmon.elasticsearch import ElasticsearchJournal, connect
from elkmon.findings import Direction, Family, Finding, Kind, Status, Subject
from elkmon.monitor.rehearsal import Rehearsal
from elkmon.monitor.stories import Storybook
from elkmon.windows import DAY, HOUR

BAD, WORSE, GOOD = Status.WARNING, Status.CRITICAL, Status.OK
SETTINGS = ModelSettings("lending", labels_after=30 * HOUR)


@pytest.fixture
def stage() -> Iterator[Rehearsal]:
    """A rehearsal; the journal behind it is never asked for verdicts or stories."""
    store = connect(["http://localhost:1"])
    yield Rehearsal(ElasticsearchJournal(store, "nowhere"))
    store.close()


def play(stage: Rehearsal, findings: list[Finding]) -> None:
    stage.save(findings)
    book = Storybook(SETTINGS, stage.stories().alerts, datetime(2026, 5, 1, tzinfo=UTC))
    for window in sorted({each.window for each in findings}):
        book.take([each for each in findings if each.window == window])
    stage.save(book.changed)


def story(finding, *days: Status, **others) -> list[Finding]:
    return [
        replace(finding(day, status, segment="", family=Family.DRIFT), value=0.1 * (day + 1), limit=0.15, **others)
        for day, status in enumerate(days)
    ]


def test_a_story_is_told_from_its_opening_to_its_end(stage, finding):
    """Opened on the second bad window, worsened on the second critical one, resolved after three good ones: three mails."""
    days = story(finding, GOOD, BAD, BAD, WORSE, WORSE, GOOD, GOOD, GOOD)
    play(stage, days)

    told = stage.told(SETTINGS, windows=9)

    (only,) = told.stories
    ends = [each.window.end for each in days]
    assert (only.opened_at, only.worsened_at, only.resolved_at) == (ends[2], ends[4], ends[7])
    assert only.severity is WORSE
    assert only.worst == days[4]
    assert (told.windows, told.all_windows, told.mails) == (8, 9, 3)
    (flagged,) = told.flagged
    assert (flagged.bad, flagged.windows) == (4, 8)


def test_a_segment_is_counted_where_all_traffic_does_not_tell_the_same(stage, finding):
    """The same story within a segment is no story and no mail of its own; one that all traffic does not have is both."""
    whole = story(finding, BAD, BAD, GOOD, GOOD, GOOD)
    within = [replace(each, segment="region=north") for each in whole]
    apart = [
        replace(each, segment="region=north", subject=replace(each.subject, name="age"))
        for each in story(finding, GOOD, BAD, BAD, BAD, BAD)
    ]
    play(stage, [*whole, *within, *apart])

    told = stage.told(SETTINGS, windows=5)

    assert [(each.segment, each.subject.name) for each in told.stories] == [("", "amount"), ("region=north", "age")]
    assert told.mails == 3


def test_what_changes_at_once_is_one_mail(stage, finding):
    """Two features that begin to drift in the same window are told together."""
    play(
        stage,
        [
            *story(finding, BAD, BAD),
            *[replace(each, subject=replace(each.subject, name="age")) for each in story(finding, BAD, BAD)],
        ],
    )
    told = stage.told(SETTINGS, windows=2)
    assert (len(told.stories), told.mails) == (2, 1)


def test_what_needs_truth_is_told_when_truth_is_due(stage, finding):
    """Accuracy of the same window is known thirty hours later, so it comes two windows after the drift: a mail of its own."""
    subject = Subject(Family.PERFORMANCE, Kind.METRIC, "accuracy")
    play(stage, [*story(finding, BAD, BAD), *story(finding, BAD, BAD, subject=subject)])
    assert stage.told(SETTINGS, windows=2).mails == 2
    assert stage.told(replace(SETTINGS, labels_after=timedelta(0)), windows=2).mails == 1


def test_the_worst_of_what_should_be_high_is_the_lowest(stage, finding):
    """Where less is worse, the finding furthest below its limit is the worst."""
    days = [
        replace(each, direction=Direction.LOWER, value=value, limit=0.8)
        for each, value in zip(story(finding, BAD, BAD, BAD), (0.7, 0.5, 0.6), strict=True)
    ]
    play(stage, days)
    (only,) = stage.told(SETTINGS, windows=3).stories
    assert only.worst == days[1]


def test_good_values_of_segments_count_as_judged(stage, finding):
    """Of a segment's quality only bad windows are kept; it was judged in every window that could be."""
    bad = finding(1, BAD)
    play(stage, [*story(finding, GOOD, GOOD, GOOD, GOOD), bad])
    (flagged,) = stage.told(SETTINGS, windows=4).flagged
    assert (flagged.segment, flagged.bad, flagged.windows) == ("region=north", 1, 4)


def test_findings_are_those_of_the_asked_span(stage, finding):
    """What was saved is found again by its window's end, in order."""
    days = story(finding, GOOD, BAD, GOOD)
    stage.save(reversed(days))
    span = replace(days[1].window, end=days[1].window.end + DAY)
    assert list(stage.findings("lending", span)) == days[1:]
    assert list(stage.findings("another", span)) == []
