"""A check as a whole on a real Elasticsearch: from quiet days to a mail, run again, late events, and two at once."""

from __future__ import annotations

from dataclasses import replace

from elasticsearch import Elasticsearch

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from elkmon.alerts import Change
from elkmon.checks import ModelSettings
from elkmon.findings import Kind, Status
from elkmon.monitor import CheckReport, Monitor
from elkmon.ports import Claim, RunStatus, Turn
from elkmon.reference_windows import baseline_from_window
from elkmon.windows import DAY, HOUR, Window
from support.scenario import END, MODEL, POSITIVE_LABELS, SETTINGS, SHIFT, START, send
from support.whole_line import Line, Recorder


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

    profiles = line.journal.profiles("production", MODEL, "1", line.ruler(), Window(START + 14 * DAY, START + 15 * DAY))
    assert sum(profile.predictions for profile in profiles) == 120
    assert {finding.rows for finding in report.findings if finding.subject.name == "amount"} == {120}


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
    with line.journal.hold("somebody else", Turn()) as held:
        other = Line(line.url, line.namespace)
        report = other.check(END)
        other.store.close()

    assert held.claim is Claim.HELD
    assert report.claim is Claim.BUSY
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


def test_silence_is_noticed_where_the_reference_rests_longer_than_a_run(line: Line) -> None:
    """Hour by hour against a reference that once rested for a day: the day and an hour more are noticed, not the day."""
    for start, end in ((0, 1), (2, 4)):
        send(line.url, line.namespace, START + start * DAY, START + end * DAY, truth=False)
    reference = Window(START, START + 4 * DAY)
    made = baseline_from_window(
        line.event_log, MODEL, "1", reference, reference.end, positive_labels=POSITIVE_LABELS, segments={}
    )
    line.journal.save([made])
    settings = replace(SETTINGS, window=HOUR, min_rows=1)
    monitor = Monitor(line.event_log, line.journal, [line.recorder], [settings], owner="test", horizon=2 * DAY)

    monitor.check(reference.end + 26 * HOUR, explicit=True)

    verdicts = {
        (each.window.end - reference.end) // HOUR: each.status
        for each in line.findings(Window(reference.end, reference.end + 26 * HOUR))
        if each.subject.name == "silence"
    }
    assert (verdicts[24], verdicts[25], verdicts[26]) == (Status.OK, Status.CRITICAL, Status.CRITICAL)


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
