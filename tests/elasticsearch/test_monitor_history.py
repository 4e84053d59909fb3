"""A check over the past: rehearsed, interrupted and continued, after retention, and read in stretches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from elasticsearch import Elasticsearch

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.elasticsearch import ElasticsearchEventLog
from elkmon.monitor import Monitor
from elkmon.monitor.hours import Hours
from elkmon.monitor.rehearsal import Rehearsal
from elkmon.ports import RunStatus
from elkmon.profiles import Profile
from elkmon.reference_windows import baseline_from_window
from elkmon.rulers import Ruler
from elkmon.windows import DAY, HOUR, Window, windows_within
from support.scenario import END, MODEL, POSITIVE_LABELS, REFERENCE, SETTINGS, SHIFT, START, send
from support.whole_line import Line


def test_rehearsal_says_what_a_check_says_and_changes_nothing(line: Line, client: Elasticsearch) -> None:
    """A replayed past has the transitions of the real check over the same windows, and no document differs afterwards."""
    send(line.url, line.namespace)
    line.reference()
    line.event_log.join(END, Window(START, END), [MODEL], POSITIVE_LABELS, {})
    span = Window(REFERENCE.end, END)
    before = line.everything(client)

    report, (rehearsed,) = line.monitor.rehearse(span)

    assert line.everything(client) == before
    assert line.recorder.told == []
    real = line.check(END, since=span.start)
    assert report.transitions == real.transitions
    assert (rehearsed.windows, rehearsed.all_windows) == (8, 8)
    (story,) = (each for each in rehearsed.stories if each.subject.name == "amount")
    assert (story.opened_at, story.resolved_at) == (SHIFT + 2 * DAY, None)
    assert story.worst is not None
    assert story.worst.value is not None
    assert story.worst.limit is not None
    assert story.worst.value > story.worst.limit
    (flagged,) = (each for each in rehearsed.flagged if each.subject == story.subject)
    assert (flagged.bad, flagged.windows) == (5, 8)


def test_long_history_is_continued_where_it_was_interrupted(line: Line) -> None:
    """Ctrl-C in the middle of profiling loses no hour that was saved; the next check does the others, the one after none."""
    send(line.url, line.namespace)
    line.reference()

    def interrupt(what: str, done: int, _all: int) -> None:
        if what.startswith("profiling") and done >= 168:
            raise KeyboardInterrupt

    impatient = ElasticsearchEventLog(line.store, line.namespace, progress=interrupt)
    monitor = Monitor(impatient, line.journal, [], [SETTINGS], horizon=2 * DAY, owner="test")
    with pytest.raises(KeyboardInterrupt):
        monitor.check(END, explicit=True, since=START)
    saved = len(line.journal.profiled(Window(START, END), [MODEL]))
    shown: list[tuple[str, int, int]] = []
    line.monitor = Monitor(
        line.event_log,
        line.journal,
        [line.recorder],
        [SETTINGS],
        horizon=2 * DAY,
        owner="test",
        progress=lambda *step: shown.append(step),
    )

    continued = line.check(END, since=START)
    again = line.check(END, since=START)

    hours = (END - START) // HOUR
    assert 0 < saved < hours
    assert continued.run.hours_profiled == hours - saved
    assert continued.run.windows == 20
    assert shown[:21] == [(f"judging {MODEL}", done, 20) for done in range(21)]
    assert (again.run.hours_profiled, again.run.windows) == (0, 0)
    assert again.findings == tuple(replace(finding, evidence=None) for finding in continued.findings)


def test_verdicts_outlive_their_events(line: Line, client: Elasticsearch) -> None:
    """Where retention has taken events, stored hours and verdicts stand, and a new ruler says what it cannot count."""
    send(line.url, line.namespace, end=START + 15 * DAY)
    line.reference()
    line.check(START + 15 * DAY)
    window = Window(START + 13 * DAY, START + 14 * DAY)
    judged = line.findings(window)
    old = line.journal.baselines(MODEL)[0]
    line.lose(client, window.start + 12 * HOUR)

    line.monitor = line.another()
    after = line.check(START + 15 * DAY)

    assert (after.run.hours_profiled, after.run.windows) == (0, 0)
    assert line.findings(window) == judged

    rest = Window(window.start + 12 * HOUR, START + 15 * DAY)
    new = baseline_from_window(
        line.event_log, MODEL, "1", rest, START + 15 * DAY, positive_labels=POSITIVE_LABELS, segments={}
    )
    line.journal.save([new])
    changed = line.check(START + 15 * DAY)

    assert new.ruler.id != old.ruler.id
    assert changed.run.hours_profiled == rest.length // HOUR
    assert changed.run.windows == 1
    (note,) = changed.notes
    assert note == (
        f"{MODEL}: 324 hours of {MODEL} 1 before 2026-03-15 12:00 UTC were counted by an earlier ruler and their events are "
        f"gone; they are not judged against baseline {new.id}"
    )
    assert changed.status is not RunStatus.UNJUDGED
    assert line.findings(window) == judged
    assert {each.baseline for each in changed.findings} == {new.id}


def test_a_long_span_is_read_in_stretches(line: Line) -> None:
    """Windows of half a year asked for in order, each with nine before it, have the sums of the whole span read at once."""
    ruler = Ruler({})
    total = Profile(MODEL, "1", START, START + DAY, ruler.id)
    baseline = Baseline(MODEL, "1", ruler, Source(SourceKind.WINDOW, "made up"), total, START)
    span = Window(START, START + 180 * DAY)
    stage = Rehearsal(line.journal)
    stage.save(
        Profile(MODEL, "1", hour, hour + HOUR, ruler.id, predictions=place)
        for place, hour in enumerate(span.hours())
        if place % 5
    )
    stretches, whole = Hours(stage, MODEL, span, reach=10 * DAY), Hours(stage, MODEL, span)

    for window in windows_within(span, DAY)[9:]:
        for each in (*(window.before(count) for count in range(9, 0, -1)), window):
            assert stretches.slices(baseline, "1", each) == whole.slices(baseline, "1", each)
    first = Window(START, START + DAY)
    assert whole.profile(baseline, "1", first).predictions == sum(place for place in range(24) if place % 5)
