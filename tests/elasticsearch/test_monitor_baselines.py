"""What a check does without a baseline, with a provisional one, and with one that cannot give all that is configured."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from elasticsearch import Elasticsearch

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings, Season
from elkmon.findings import Family, Status
from elkmon.monitor import Monitor
from elkmon.ports import EventLog, RunStatus
from elkmon.reference_windows import baseline_from_window
from elkmon.windows import DAY, HOUR, Window
from support.scenario import MODEL, POSITIVE_LABELS, REFERENCE, SETTINGS, START, send
from support.whole_line import Line


def test_without_baseline_nothing_is_ok(line: Line) -> None:
    """A model without a baseline is UNKNOWN with the remedy, never OK, and the check says that it could not judge."""
    send(line.url, line.namespace, end=START + DAY)

    report = line.check(START + DAY)

    assert {finding.status for finding in report.findings} == {Status.UNKNOWN}
    assert all("baseline create" in finding.reason for finding in report.findings)
    assert report.status is RunStatus.UNJUDGED


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
    within = line.findings(Window(START, START + 11 * DAY))
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

    stored = line.findings(Window(START, START + 14 * DAY))
    qualities = [each for each in stored if each.segment and each.subject.family is Family.QUALITY]
    assert {each.segment for each in stored} == {"", "region=north", "region=south", "region=west"}
    assert not [each for each in qualities if each.status in {Status.OK, Status.NOT_APPLICABLE}]
    assert again.run.windows == 0
    assert line.written(client) == written
    assert again.findings == tuple(replace(finding, evidence=None) for finding in first.findings)


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


def test_segments_that_are_configured_no_more_keep_their_truth(line: Line, client: Elasticsearch) -> None:
    """While a baseline was cut by a feature, truth is joined by it, whoever joins: no figure of a segment turns."""
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
    no_more = replace(settings, segments=())
    line.monitor = Monitor(line.event_log, line.journal, [line.recorder], [no_more], owner="test")

    again = line.check(START + 14 * DAY)

    accuracy = [each for each in first.findings if each.segment and each.subject.name == "accuracy"]
    assert {(each.segment, each.status) for each in accuracy} == {
        (f"region={name}", Status.OK) for name in ("north", "south", "west")
    }
    assert line.written(client) == written
    assert again.findings == tuple(replace(finding, evidence=None) for finding in first.findings)
