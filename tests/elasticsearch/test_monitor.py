from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from elkmon.alerts import Change
from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import ModelSettings, Season
from elkmon.digests import Digest
from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect, setup
from elkmon.errors import DeliveryError
from elkmon.findings import Family, Finding, Kind, Status
from elkmon.monitor import CheckReport, Monitor
from elkmon.monitor.hours import Hours
from elkmon.monitor.rehearsal import Rehearsal
from elkmon.ports import EventLog, RunStatus
from elkmon.profiles import Profile
from elkmon.reference_windows import baseline_from_window
from elkmon.rulers import Ruler
from elkmon.windows import DAY, HOUR, Window, windows_within
from support.scenario import END, MODEL, POSITIVE_LABELS, REFERENCE, SETTINGS, SHIFT, START, send


class Recorder:
    """A notifier that keeps what it is told, and refuses while `refusing` is set."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.refusing = False
        self.told: list[Digest] = []

    def notify(self, digest: Digest) -> None:
        """Keep the digest or refuse it."""
        if self.refusing:
            raise DeliveryError("the line is dead")
        self.told.append(digest)


class Line:
    """The whole line on one namespace: a monitor with one recording notifier."""

    def __init__(self, url: str, namespace: str) -> None:
        self.url = url
        self.namespace = namespace
        self.store = connect([url])
        setup(self.store, namespace)
        self.event_log = ElasticsearchEventLog(self.store, namespace)
        self.journal = ElasticsearchJournal(self.store, namespace)
        self.recorder = Recorder("recorder")
        self.monitor = self.another()

    def another(self, *notifiers: Recorder) -> Monitor:
        """Return a monitor that starts afresh, as after a restart."""
        return Monitor(self.event_log, self.journal, notifiers or (self.recorder,), [SETTINGS], owner="test")

    def reference(self) -> None:
        """Make the baseline of the first twelve days."""
        baseline = baseline_from_window(
            self.event_log,
            MODEL,
            "1",
            REFERENCE,
            REFERENCE.end + 3 * HOUR,
            positive_labels=POSITIVE_LABELS,
            segments={},
        )
        self.journal.save([baseline])

    def check(self, at: datetime, since: datetime | None = None) -> CheckReport:
        """Check as of `at`."""
        return self.monitor.check(at, explicit=True, since=since)

    def written(self, client: Elasticsearch) -> dict[str, int]:
        """Return the version of every document the monitor wrote, but for the records of its runs and its lease."""
        return self._versions(client, {"bool": {"must_not": {"exists": {"field": "elkmon.state.kind"}}}})

    def everything(self, client: Elasticsearch) -> dict[str, int]:
        """Return the version of every document of the namespace, events and runs included."""
        return self._versions(client, {"match_all": {}})

    def lose(self, client: Elasticsearch, until: datetime) -> None:
        """Delete the predictions and truths logged for instants before `until`, as retention would."""
        before = {"range": {"@timestamp": {"lt": until.isoformat()}}}
        for stream in ("prediction", "feedback"):
            name = f"logs-elkmon.{stream}-{self.namespace}"
            found = scan(client, index=name, query={"query": before}, _source=False)
            deletes = [{"delete": {"_index": hit["_index"], "_id": hit["_id"]}} for hit in found]
            assert not client.bulk(operations=deletes, refresh=True)["errors"]

    def _versions(self, client: Elasticsearch, query: dict[str, object]) -> dict[str, int]:
        found: dict[str, int] = {}
        for index in (f"elkmon-*-{self.namespace}*", f"logs-elkmon.*-{self.namespace}"):
            client.indices.refresh(index=index)
            for hit in scan(client, index=index, query={"query": query, "seq_no_primary_term": True}, _source=False):
                found[f"{hit['_index']}/{hit['_id']}"] = hit["_seq_no"]
        return found


@pytest.fixture
def line(elasticsearch_url: str, namespace: str) -> Iterator[Line]:
    """A line on a namespace of its own."""
    line = Line(elasticsearch_url, namespace)
    yield line
    line.store.close()


def test_story_from_quiet_to_mail(line: Line) -> None:
    """Quiet days tell nothing; a shift that stays is told once, and its digest says what moved, with a picture of it."""
    send(line.url, line.namespace)
    line.reference()

    quiet = [line.check(START + day * DAY) for day in (13, 14, 15)]
    first = line.check(SHIFT + DAY)
    second = line.check(SHIFT + 2 * DAY)
    third = line.check(SHIFT + 3 * DAY)

    assert {report.status for report in quiet} == {RunStatus.HEALTHY}
    assert first.status is RunStatus.ALERTING
    assert first.transitions == ()
    opened = [transition for transition in second.transitions if transition.change is Change.OPENED]
    assert len(line.recorder.told) == 1
    assert opened
    assert third.transitions == ()
    item = line.recorder.told[0].items[0]
    assert (item.finding.subject.name, item.finding.status.bad) == ("amount", True)
    assert item.finding.evidence is not None
    assert sum(item.finding.evidence.current) == item.finding.rows == 120
    assert [point.bad for point in item.history][-2:] == [True, True]


def test_second_run_changes_nothing(line: Line, client: Elasticsearch) -> None:
    """The same check once more writes no document, tells nobody anything, and says the same."""
    send(line.url, line.namespace)
    line.reference()
    before = line.check(END)
    written = line.written(client)

    line.monitor = line.another()
    after = line.check(END)

    assert line.written(client) == written
    assert len(line.recorder.told) == 1
    assert after.findings == tuple(replace(finding, evidence=None) for finding in before.findings)
    assert after.transitions == ()


def test_late_events_are_found(line: Line) -> None:
    """Events that arrive in hours long closed are counted by the next check, without anybody saying so."""
    send(line.url, line.namespace, end=START + 14 * DAY + 12 * HOUR)
    line.reference()
    line.check(START + 15 * DAY)

    send(line.url, line.namespace, start=START + 14 * DAY + 12 * HOUR, end=START + 15 * DAY)
    report = line.check(START + 15 * DAY)

    profiles = line.journal.profiles("production", MODEL, "1", _ruler(line), Window(START + 14 * DAY, START + 15 * DAY))
    assert sum(profile.predictions for profile in profiles) == 120
    assert {finding.rows for finding in report.findings if finding.subject.name == "amount"} == {120}


def test_without_baseline_nothing_is_ok(line: Line) -> None:
    """A model without a baseline is UNKNOWN with the remedy, never OK, and the check says that it could not judge."""
    send(line.url, line.namespace, end=START + DAY)

    report = line.check(START + DAY)

    assert {finding.status for finding in report.findings} == {Status.UNKNOWN}
    assert all("baseline create" in finding.reason for finding in report.findings)
    assert report.status is RunStatus.UNJUDGED


def test_model_nobody_logged(line: Line) -> None:
    """A configured model without a single prediction is a problem that is said, not silence."""
    report = line.check(START + DAY)

    assert report.status is RunStatus.UNJUDGED
    assert any(MODEL in problem for problem in report.problems)


def test_labels_not_due_are_pending(line: Line) -> None:
    """Before the labels of a window are due its performance is PENDING; drift is judged all the same."""
    send(line.url, line.namespace, end=START + 13 * DAY)
    send(line.url, line.namespace, start=START + 13 * DAY, end=START + 14 * DAY, truth=False)
    line.reference()

    early = line.check(START + 14 * DAY)
    late = line.check(START + 14 * DAY + 6 * HOUR)

    def performance(report: CheckReport) -> set[Status]:
        return {each.status for each in report.findings if each.subject.kind is Kind.METRIC}

    assert performance(early) == {Status.PENDING}
    assert performance(late) == {Status.UNKNOWN}
    assert {each.status for each in early.findings if each.subject.name == "amount"} == {Status.OK}


def test_check_of_one_model_leaves_the_others_alone(line: Line, client: Elasticsearch) -> None:
    """Truth is joined for all models, each by its own positive label, whichever of them are checked."""
    send(line.url, line.namespace, end=START + 14 * DAY)
    line.reference()
    line.check(START + 14 * DAY)
    before = line.written(client)

    both = [SETTINGS, ModelSettings("another")]
    monitor = Monitor(line.event_log, line.journal, [], both, owner="test")
    monitor.check(START + 14 * DAY, models=("another",), explicit=True)

    assert line.written(client) == before


def test_two_checks_at_once(line: Line) -> None:
    """While one monitor checks, another one stands back and says so."""
    with line.journal.hold("somebody else", END) as held:
        other = Line(line.url, line.namespace)
        report = other.check(END)
        other.store.close()

    assert held
    assert report.status is RunStatus.UNJUDGED
    assert "another monitor" in report.problems[0]


def test_failed_notifier_is_tried_again(line: Line) -> None:
    """A notifier that fails stops no other, and is told the same under the same id when it works again."""
    send(line.url, line.namespace)
    line.reference()
    broken = Recorder("broken")
    broken.refusing = True
    line.monitor = line.another(broken, line.recorder)
    failed = line.check(END)

    broken.refusing = False
    line.monitor = line.another(broken, line.recorder)
    repaired = line.check(END)

    assert failed.status is RunStatus.UNDELIVERED
    assert [each.notifier for each in failed.undelivered] == ["broken"]
    assert repaired.status is RunStatus.ALERTING
    assert len(line.recorder.told) == 1
    assert len(broken.told) == 1
    assert [item.transition for item in broken.told[0].items] == [
        item.transition for item in line.recorder.told[0].items
    ]


def test_silent_service_is_noticed(line: Line) -> None:
    """A model that stops predicting is found silent, and nothing else is said to be fine."""
    send(line.url, line.namespace, end=START + 14 * DAY)
    line.reference()

    report = line.check(START + 15 * DAY)

    status = {finding.subject.name: finding.status for finding in report.findings}
    assert status["silence"] is Status.CRITICAL
    assert status["amount"] is Status.UNKNOWN


def test_feature_that_changes_type_or_appears_is_named(line: Line) -> None:
    """A number that now arrives as text is missing as a number, and named with what else the baseline does not know."""
    send(line.url, line.namespace, end=START + 12 * DAY)
    line.reference()
    handler = PredictionHandler(ElasticsearchTransport(line.url), namespace=line.namespace)
    log = ModelLog(MODEL, version="1", handler=handler)
    for number in range(120):
        at = START + 12 * DAY + number * HOUR / 6
        log.prediction(
            {"amount": "a lot", "region": "north", "age": 30.0 + number}, score=0.2, label="paid", timestamp=at
        )
    handler.close()

    report = line.check(START + 13 * DAY)

    (new,) = (each for each in report.findings if each.subject.kind is Kind.NEW)
    assert new.status is Status.WARNING
    assert new.value == 2
    assert "age" in new.reason
    assert "amount (a number in the baseline, now text)" in new.reason
    (missing,) = (
        each for each in report.findings if (each.subject.kind, each.subject.name) == (Kind.MISSING, "amount")
    )
    assert (missing.status, missing.value) == (Status.CRITICAL, 1.0)


def test_baseline_made_later_takes_the_place_of_unknown(line: Line) -> None:
    """What was UNKNOWN for want of a baseline is judged once there is one, and the old verdict no longer stands."""
    send(line.url, line.namespace, end=START + 14 * DAY)
    line.check(START + 14 * DAY)
    line.reference()

    line.check(START + 14 * DAY)
    again = line.check(START + 14 * DAY)

    status = {finding.subject.name: finding.status for finding in again.findings}
    assert status["amount"] is Status.OK
    assert status["baseline"] is Status.NOT_APPLICABLE
    assert again.run.windows == 0


def test_rehearsal_says_what_a_check_says_and_changes_nothing(line: Line, client: Elasticsearch) -> None:
    """A replayed past has the transitions of the real check over the same windows, and no document differs afterwards."""
    send(line.url, line.namespace)
    line.reference()
    line.event_log.join(END, Window(START, END), POSITIVE_LABELS, {})
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
    judged = _findings(line, window)
    old = line.journal.baselines(MODEL)[0]
    line.lose(client, window.start + 12 * HOUR)

    line.monitor = line.another()
    after = line.check(START + 15 * DAY)

    assert (after.run.hours_profiled, after.run.windows) == (0, 0)
    assert _findings(line, window) == judged

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
    assert _findings(line, window) == judged
    assert {each.baseline for each in changed.findings} == {new.id}


def test_provisional_baseline_until_there_is_a_real_one(line: Line) -> None:
    """Without a baseline the first days of production serve as soon as they are over, and every verdict says so."""
    send(line.url, line.namespace, end=START + 13 * DAY)
    settings = replace(SETTINGS, provisional=11 * DAY)

    def make(event_log: EventLog, settings: ModelSettings, version: str, window: Window, now: datetime) -> Baseline:
        return baseline_from_window(
            event_log,
            settings.name,
            version,
            window,
            now,
            positive_labels=POSITIVE_LABELS,
            segments={},
            provisional=True,
        )

    line.monitor = Monitor(
        line.event_log, line.journal, [line.recorder], [settings], owner="test", make_provisional=make
    )
    early = line.check(START + 3 * DAY)
    rehearsal, _ = line.monitor.rehearse(Window(START, START + 13 * DAY))
    none = line.journal.baselines(MODEL)
    late = line.check(START + 13 * DAY)
    (provisional,) = line.journal.baselines(MODEL)
    within = _findings(line, Window(START, START + 11 * DAY))
    line.reference()
    real = line.check(START + 13 * DAY)

    assert {(each.status, each.reason.split(";")[0]) for each in early.findings} == {
        (Status.UNKNOWN, "a provisional baseline is made once 11 days of production are there (3 so far)")
    }
    assert early.status is RunStatus.UNJUDGED
    assert none == ()
    assert (provisional.start, provisional.end) == (START, START + 11 * DAY)
    assert provisional.source.provisional
    assert {each.provisional for each in (*late.findings, *rehearsal.findings)} == {True}
    assert Status.OK in {each.status for each in late.findings}
    assert {each.status for each in within} == {Status.UNKNOWN}
    assert len({each.window for each in within}) == 11
    assert {each.provisional for each in real.findings if each.subject.name != "baseline"} == {False}


def test_good_values_of_segments_are_said_by_absence(line: Line, client: Elasticsearch) -> None:
    """Of segments no good quality finding is stored, and nothing is judged or written again for want of them."""
    send(line.url, line.namespace, end=START + 14 * DAY)
    settings = replace(SETTINGS, segments=("region",), min_rows=20)
    baseline = baseline_from_window(
        line.event_log,
        MODEL,
        "1",
        REFERENCE,
        REFERENCE.end + 3 * HOUR,
        positive_labels=POSITIVE_LABELS,
        segments={MODEL: settings.segments},
    )
    line.journal.save([baseline])
    line.monitor = Monitor(line.event_log, line.journal, [line.recorder], [settings], owner="test")
    first = line.check(START + 14 * DAY)
    written = line.written(client)
    line.monitor = Monitor(line.event_log, line.journal, [line.recorder], [settings], owner="test")

    again = line.check(START + 14 * DAY)

    stored = _findings(line, Window(START, START + 14 * DAY))
    qualities = [each for each in stored if each.segment and each.subject.family is Family.QUALITY]
    assert {each.segment for each in stored} == {"", "region=north", "region=south", "region=west"}
    assert not [each for each in qualities if each.status in {Status.OK, Status.NOT_APPLICABLE}]
    assert again.run.windows == 0
    assert line.written(client) == written
    assert again.findings == tuple(replace(finding, evidence=None) for finding in first.findings)


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


def test_what_the_baseline_cannot_give_is_said(line: Line) -> None:
    """Segments it was not cut by, and weekdays it has too few of, are named; the model is judged all the same."""
    send(line.url, line.namespace, end=START + 13 * DAY)
    line.reference()
    settings = replace(SETTINGS, segments=("region",), season=Season.WEEKDAY)
    monitor = Monitor(line.event_log, line.journal, [line.recorder], [settings], owner="test")

    report = monitor.check(START + 13 * DAY, explicit=True, since=START + 11 * DAY)

    baseline = line.journal.baselines(MODEL)[0].id
    assert report.notes == (
        (
            f"{MODEL}: region is configured as a segment, but baseline {baseline} has no segments by it; make a new one with "
            "`elkmon baseline create`"
        ),
        (
            f"{MODEL}: baseline {baseline} has fewer than 8 windows with enough rows of Fridays, Saturdays; these are compared "
            "with all of it"
        ),
    )
    assert report.problems == ()
    assert report.run.problems == report.notes
    assert report.status is RunStatus.HEALTHY


def _findings(line: Line, span: Window) -> tuple[Finding, ...]:
    return tuple(line.journal.findings(MODEL, span))


def _ruler(line: Line) -> str:
    return line.journal.baselines(MODEL)[0].ruler.id
