"""Which windows a check looks at, given how far the model was judged; and which hours it must profile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import ModelSettings
from elkmon.elasticsearch import ElasticsearchJournal, connect
from elkmon.findings import BASELINE, Family, Status
from elkmon.judgement import SILENCE
from elkmon.monitor.docket import Docket, draw_up, sealed
from elkmon.monitor.profiling import Asked, Hour, plan_hours
from elkmon.monitor.rehearsal import Rehearsal
from elkmon.ports import Bookmark, HourCounts
from elkmon.profiles import Profile
from elkmon.rulers import Ruler
from elkmon.windows import DAY, HOUR, Window

START = datetime(2026, 3, 2, tzinfo=UTC)
NOW = START + 10 * DAY
SETTINGS = ModelSettings("lending", labels_after=2 * DAY, min_coverage=0.5)
RULER = Ruler({})


def baseline(version: str) -> Baseline:
    total = Profile("lending", version, START, START + DAY, RULER.id, predictions=100)
    return Baseline("lending", version, RULER, Source(SourceKind.WINDOW, version), total, START)


KNOWN = (baseline("2"), baseline("1"))


def counts(versions: str = "1", days: int = 10, **first: int) -> tuple[HourCounts, ...]:
    """One hour a day and version with ten predictions and no truth; `first` replaces amounts of version 1's first."""
    found = [
        HourCounts("lending", version, START + day * DAY, 10, 0, 0, RULER.id)
        for day in range(days)
        for version in versions
    ]
    return (replace(found[0], **first), *found[1:])


def marked(*recorded: HourCounts, waiting: tuple[tuple[str, Window], ...] = ()) -> Bookmark:
    """Return the bookmark of a model that was judged up to the end by today's settings and baselines."""
    ids = {each.version: each.id for each in KNOWN if each.version in {one.version for one in recorded}}
    return Bookmark("lending", SETTINGS.hash, ids, recorded, NOW, waiting)


@pytest.fixture
def stage() -> Iterator[Rehearsal]:
    """A journal that remembers no verdicts."""
    store = connect(["http://localhost:1"])
    yield Rehearsal(ElasticsearchJournal(store, "nowhere"))
    store.close()


def docket(stage: Rehearsal, now: tuple[HourCounts, ...], mark: Bookmark | None, at: datetime = NOW) -> Docket:
    """Draw up the docket for what is counted `now`."""
    asked = plan_hours("lending", now, mark.counts if mark else (), KNOWN)
    return draw_up(stage, SETTINGS, asked, Window(START, NOW), at, "", mark)


def looked_at(drawn: Docket) -> set[tuple[int, str]]:
    """Return the days and versions on a docket."""
    return {((each.window.start - START) // DAY, each.version) for each in drawn.entries}


def test_nothing_new_is_nothing_to_do(stage):
    """What was judged with the same counts, settings and baselines is not looked at; the last window is named all the same."""
    drawn = docket(stage, counts(), marked(*counts()))
    assert looked_at(drawn) == set()
    assert [version for _, version in drawn.last] == ["1"]


def test_without_a_bookmark_every_window_is_looked_at(stage):
    """And with one of other settings."""
    every = {(day, "1") for day in range(10)}
    assert looked_at(docket(stage, counts(), None)) == every
    assert looked_at(docket(stage, counts(), replace(marked(*counts()), settings="others"))) == every


def test_a_model_without_a_baseline_is_not_looked_at_again_for_want_of_one(stage):
    """That it has none was known when it was judged last; once it has one, every window is looked at."""
    bare = tuple(replace(each, ruler="") for each in counts())
    mark = replace(marked(*bare), baselines={"1": ""})
    asked = plan_hours("lending", bare, bare, ())
    assert looked_at(draw_up(stage, SETTINGS, asked, Window(START, NOW), NOW, "none", mark)) == set()
    provided = plan_hours("lending", bare, bare, KNOWN)
    drawn = draw_up(stage, SETTINGS, provided, Window(START, NOW), NOW, "", mark)
    assert looked_at(drawn) == {(day, "1") for day in range(10)}


def test_all_versions_of_a_window_are_looked_at_together(stage):
    """A story takes the worst of them, so a late event of one must not speak for the other."""
    before = counts("12")
    late = tuple(replace(each, predictions=11) if each == before[1] else each for each in before)
    assert looked_at(docket(stage, late, marked(*before))) == {(0, "1"), (0, "2")}


@pytest.mark.parametrize(("outcomes", "at", "looks"), [(4, 0, False), (5, 0, True), (4, 3, True)])
def test_a_window_that_waits_for_truth_is_left_until_there_is_enough(stage, outcomes, at, looks):
    """Truth alone asks for nothing before half of it is there, or it is due."""
    waits = ("1", Window(START, START + DAY))
    settings = replace(SETTINGS, labels_after=timedelta(days=12))
    mark = replace(marked(*counts(), waiting=(waits,)), settings=settings.hash)
    asked = plan_hours("lending", counts(outcomes=outcomes), mark.counts, KNOWN)
    drawn = draw_up(stage, settings, asked, Window(START, NOW), NOW + at * DAY, "", mark)
    assert looked_at(drawn) == ({(0, "1")} if looks else set())
    assert asked.touched == {Hour(START, "1"): False}


def test_what_was_written_in_part_does_not_stand(stage, finding):
    """A window is whole when the finding that every window has is there: it is written last."""
    part = finding(0, Status.OK, segment="", family=Family.DRIFT)
    assert not sealed([part])
    assert sealed([part, replace(part, subject=SILENCE)])
    assert sealed([replace(part, subject=BASELINE)])
    assert not sealed([part, replace(part, subject=SILENCE, segment="region=north")])


def test_days_that_were_rolled_up_are_not_counted_again():
    """Of a month long past a day stands for its hours, whatever is still there of them."""
    day = HourCounts("lending", "1", START, 240, 0, 0, RULER.id, hours=24)
    there = [HourCounts("lending", "1", START + hour * HOUR, 10) for hour in range(25)]
    asked: Asked = plan_hours("lending", there, [day], KNOWN)
    assert [each.hours for each in asked.wanted] == [(START + DAY,)]
    assert asked.counts[Hour(START, "1")] == day
