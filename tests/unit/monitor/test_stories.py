"""Verdicts of windows taken into stories."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from elkmon.alerts import Alert, Change
from elkmon.checks import ModelSettings
from elkmon.findings import Family, Finding, Status
from elkmon.monitor.stories import Storybook

SETTINGS = ModelSettings("lending")
BAD, GOOD = Status.WARNING, Status.OK
NOW = datetime(2026, 4, 1, tzinfo=UTC)


def taken(findings: Iterable[Finding], known: Iterable[Alert] = ()) -> Storybook:
    """Return the book after the windows of `findings`, in order."""
    book, found = Storybook(SETTINGS, known, NOW), list(findings)
    for window in sorted({each.window for each in found}):
        book.take([each for each in found if each.window == window])
    return book


def test_two_bad_windows_far_apart_open_nothing(finding):
    """Good windows between them are not stored in a segment, and count all the same."""
    drift = [finding(day, GOOD, family=Family.DRIFT) for day in range(4)]
    assert taken([*drift, finding(0, BAD), finding(3, BAD)]).transitions == ()


def test_what_is_watched_opens_later(finding):
    """A story that has not opened is handed back, and opens when it is handed in with the next bad window."""
    first = taken([finding(0, BAD, segment="")])
    assert (first.transitions, first.stories) == ((), ())
    second = taken([finding(1, BAD, segment="")], first.watching)
    assert [each.change for each in second.transitions] == [Change.OPENED]
    assert second.watching == ()
    assert second.changed == second.stories


def test_what_was_saved_after_the_bookmark_stands(finding):
    """Of one story handed in twice, watched and saved, the latter counts: it is the later one."""
    watched = taken([finding(0, BAD, segment="")]).watching
    saved = taken([finding(1, BAD, segment="")], watched).stories
    book = taken([finding(1, BAD, segment="")], [*watched, *saved])
    assert book.transitions == ()
    assert book.stories == saved


def test_absent_findings_end_a_story(finding):
    """A segment's story that was opened resolves by windows of which nothing bad is stored."""
    drift = [finding(day, GOOD, family=Family.DRIFT) for day in range(5)]
    opened = taken([*drift[:2], finding(0, BAD), finding(1, BAD)])
    resolved = taken(drift[2:], [*opened.stories, *opened.watching])
    assert [each.change for each in opened.transitions] == [Change.OPENED]
    assert [each.change for each in resolved.transitions] == [Change.RESOLVED]


def test_windows_in_which_a_segment_was_not_judged_are_passed_over(finding):
    """Nothing at all about a segment is not good news."""
    drift = [finding(day, GOOD, family=Family.DRIFT) for day in range(2)]
    opened = taken([*drift, finding(0, BAD), finding(1, BAD)])
    later = [finding(day, GOOD, segment="", family=Family.DRIFT) for day in range(2, 6)]
    assert taken(later, opened.stories).transitions == ()


def test_good_values_are_worth_a_word_while_there_is_a_story(finding):
    """From the first bad window until three good ones have followed; for good, once it has been told."""
    bad = finding(0, BAD)
    book = taken([bad])
    spoken = []
    for day in range(1, 5):
        spoken.append(book.spoken_of(bad.segment, bad.subject))
        book.take([finding(day, GOOD)])
    assert spoken == [True, True, True, False]
    told = taken([finding(0, BAD), finding(1, BAD), *(finding(day, GOOD) for day in range(2, 9))])
    assert told.spoken_of(bad.segment, bad.subject)
    assert not Storybook(SETTINGS, (), NOW).spoken_of(bad.segment, bad.subject)
