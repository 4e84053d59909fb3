"""Alerts open, go on and resolve over windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from elkmon.alerts import Alert, Change, Policy, State, advance, told_with_the_whole
from elkmon.findings import Family, Finding, Kind, Status, Subject
from elkmon.windows import DAY, Window

START = datetime(2013, 4, 1, tzinfo=UTC)
SUBJECT = Subject(Family.DRIFT, Kind.FEATURE, "x")
SIGNS = {"o": Status.OK, "w": Status.WARNING, "c": Status.CRITICAL, "?": Status.UNKNOWN, "p": Status.PENDING}


NOW = START + 30 * DAY


def finding(day: int, status: Status, version: str = "1", previous: Status | None = None) -> Finding:
    start = START + day * DAY
    judged = Finding("m", version, Window(start, start + DAY), SUBJECT, status, start + DAY)
    return replace(judged, previous=previous, revision=1) if previous else judged


def story(verdicts: str, policy: Policy = Policy()) -> Alert:  # noqa: B008  a frozen value
    alert = Alert("m", SUBJECT)
    for day, sign in enumerate(verdicts):
        alert = advance(alert, [finding(day, SIGNS[sign])], policy, NOW)
    return alert


def changes(alert: Alert) -> list[tuple[Change, int]]:
    return [(each.change, (each.at - START).days) for each in alert.timeline]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ("oow", []),
        ("wow", [(Change.OPENED, 3)]),
        ("ww", [(Change.OPENED, 2)]),
        ("woow", []),
        ("wwooo", [(Change.OPENED, 2), (Change.RESOLVED, 5)]),
        ("wwoowoo", [(Change.OPENED, 2)]),
        ("wwooowow", [(Change.OPENED, 2), (Change.RESOLVED, 5), (Change.OPENED, 8)]),
        ("w?w", [(Change.OPENED, 3)]),
        ("ww???", [(Change.OPENED, 2)]),
        ("wwo?o?o", [(Change.OPENED, 2), (Change.RESOLVED, 7)]),
        ("wwp", [(Change.OPENED, 2)]),
    ],
)
def test_two_of_three_open_and_three_good_ones_resolve(verdicts, expected):
    """Windows that could not be judged neither open nor resolve: they are passed over."""
    assert changes(story(verdicts)) == expected


def segments_untold(whole: str, part: str) -> list[tuple[Change, int]]:
    """Return those transitions of a segment with the verdicts `part` that are not told, given those of all traffic."""
    alert = replace(story(part), segment="c=a")
    # What it went through belongs to the segment's fingerprint.
    own = replace(alert, timeline=tuple(replace(each, fingerprint=alert.fingerprint) for each in alert.timeline))
    covered = told_with_the_whole([own, story(whole)])
    return [(each.change, (each.at - START).days) for each in own.timeline if each.id in covered]


@pytest.mark.parametrize(
    ("whole", "part", "untold"),
    [
        ("wwooo", "wwooo", [(Change.OPENED, 2), (Change.RESOLVED, 5)]),
        ("ooooo", "wwooo", []),
        ("owwww", "wwwoo", []),
        ("wwwooo", "owwooo", [(Change.OPENED, 3), (Change.RESOLVED, 6)]),
        ("wwooooo", "wwwwwcc", [(Change.OPENED, 2)]),
    ],
)
def test_a_segment_is_told_of_where_all_traffic_is_not(whole, part, untold):
    """What opened with the whole story ends untold, what opened before is told to its end, what gets worse alone is news."""
    assert segments_untold(whole, part) == untold


def test_a_story_gets_worse_as_cautiously_as_it_opens():
    """One critical window is not yet a worse story; two of three are, and it is told once."""
    assert changes(story("wwc")) == [(Change.OPENED, 2)]
    told = story("wwcccc")
    assert changes(told) == [(Change.OPENED, 2), (Change.WORSENED, 4)]
    assert told.severity is Status.CRITICAL


def test_a_story_opens_with_its_worst_verdict():
    """Of the windows that opened it."""
    assert story("cw").severity is Status.CRITICAL
    assert story("ww").severity is Status.WARNING


def test_a_policy_can_open_at_once():
    """One of one: every bad window is told, every good one resolves."""
    assert changes(story("wow", Policy(1, 1))) == [(Change.OPENED, 1), (Change.RESOLVED, 2), (Change.OPENED, 3)]


@pytest.mark.parametrize("numbers", [(0, 3), (4, 3), (-1, 1)])
def test_policies_that_cannot_be_are_refused(numbers):
    """With what is valid."""
    with pytest.raises(ValueError, match="between 1 and of_windows"):
        Policy(*numbers)


def late(alert: Alert, day: int, status: Status, previous: Status | None = None) -> Alert:
    """Return the alert after an older window was judged, for the first time or, with `previous`, again."""
    return advance(alert, [finding(day, status, previous=previous)], Policy(), NOW)


def test_a_verdict_is_taken_once():
    """A check that runs again over the same windows changes nothing."""
    alert = story("wwo")
    for day, sign in enumerate("wwo"):
        assert late(alert, day, SIGNS[sign]) == alert


def test_a_window_judged_late_opens_a_story_as_of_now():
    """Truth came late: the window between is bad too, so two of three are; it names that window, and was said now."""
    alert = late(story("w?"), 1, Status.WARNING)
    assert changes(alert) == [(Change.OPENED, 2)]
    assert changes(late(story("p?w"), 0, Status.WARNING)) == [(Change.OPENED, 3)]
    assert changes(late(story("wpo"), 1, Status.WARNING)) == [(Change.OPENED, 2)]
    assert alert.timeline[0].said_at == NOW


def test_a_window_judged_late_resolves_a_story():
    """Three good ones in a row, of which the middle one waited for its truth."""
    assert changes(late(story("wwopo"), 3, Status.OK)) == [(Change.OPENED, 2), (Change.RESOLVED, 5)]


@pytest.mark.parametrize("verdicts", ["pooo", "ppwoo", "pwooowooo"])
def test_what_lies_before_the_last_windows_opens_nothing(verdicts):
    """A window older than the last three that were judged is history."""
    alert = story(verdicts)
    assert late(alert, 0, Status.CRITICAL) == alert


def test_a_corrected_window_says_so_and_counts_as_it_is_now():
    """Reported healthy, and is not: among the last windows it opens the story now, before them it is only told."""
    recent = late(story("wo"), 1, Status.WARNING, previous=Status.OK)
    assert changes(recent) == [(Change.CORRECTED, 2), (Change.OPENED, 2)]
    assert (recent.timeline[0].was, recent.timeline[0].status) == (Status.OK, Status.WARNING)
    old = late(story("ooooo"), 0, Status.CRITICAL, previous=Status.OK)
    assert changes(old) == [(Change.CORRECTED, 1)]
    assert old.state is State.WATCHING
    assert old.recent == story("ooooo").recent


def test_a_correction_is_said_once():
    """However often the window is taken again."""
    alert = late(story("ooooo"), 0, Status.CRITICAL, previous=Status.OK)
    assert late(alert, 0, Status.CRITICAL, previous=Status.OK) == alert


@pytest.mark.parametrize(
    ("was", "now"), [(Status.WARNING, Status.CRITICAL), (Status.PENDING, Status.WARNING), (Status.UNKNOWN, Status.OK)]
)
def test_only_good_turned_bad_or_bad_turned_good_is_a_correction(was, now):
    """Not what got a shade worse, nor what could not be judged before."""
    alert = late(story("ooooo"), 0, now, previous=was)
    assert changes(alert) == []


def test_a_correction_does_not_open_a_story_nor_end_it():
    """For who asks whether it was open at some time."""
    alert = late(story("wwooo"), 1, Status.OK, previous=Status.WARNING)
    assert [each.change for each in alert.timeline] == [Change.OPENED, Change.RESOLVED, Change.CORRECTED]
    assert not alert.open_at(START + 20 * DAY)


def test_the_worst_version_counts_and_is_named():
    """Two live versions, of which one drifts."""
    alert = story("w")
    alert = advance(alert, [finding(1, Status.OK, "1"), finding(1, Status.CRITICAL, "2")], Policy(), NOW)
    assert alert.state is State.OPEN
    assert alert.versions == ("2",)
    assert alert.timeline[-1].versions == ("2",)


def test_episodes_are_counted_and_told_apart():
    """The same story, another occurrence, another id; the fingerprint stays."""
    first, second = story("ww"), story("wwooowow")
    assert (first.episode, second.episode) == (1, 2)
    assert first.fingerprint == second.fingerprint
    assert first.id != second.id
    assert len({each.id for each in second.timeline}) == 3


def test_a_transition_found_twice_is_the_same():
    """Its id follows from what it says, not from when or by whom it was found."""
    assert story("ww").timeline[0].id == story("ww").timeline[0].id
    told = story("ww").timeline[0]
    assert replace(told, versions=("2",)).id == told.id
    assert replace(told, at=told.at + DAY).id != told.id


def test_fingerprints_tell_subjects_apart_and_not_fields():
    """A feature stored as number or as level keeps its story; another model, segment, kind or name has its own."""
    alert = Alert("m", SUBJECT)
    assert replace(alert, subject=replace(SUBJECT, field="features.num.x")).fingerprint == alert.fingerprint
    others = [
        replace(alert, model="n"),
        replace(alert, segment="s"),
        replace(alert, subject=replace(SUBJECT, kind=Kind.PREDICTION)),
        replace(alert, subject=replace(SUBJECT, name="y")),
        replace(alert, subject=replace(SUBJECT, family=Family.QUALITY)),
    ]
    assert len({each.fingerprint for each in (alert, *others)}) == 6
