"""Truth that comes a week late, twice, and against what was said before: windows are judged again, and stories told as of now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from elasticsearch import Elasticsearch

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from elkmon.alerts import Change
from elkmon.findings import Family, Finding, Kind, Status, Subject
from elkmon.presentation.letters import letter
from elkmon.windows import DAY, HOUR, Window
from support.scenario import END, MODEL, START, Row, rows, send
from support.whole_line import Line

KNOWN = START + 13 * DAY
"""Until here truth comes in time; later predictions wait for it."""
LATE = END + 6 * HOUR
ACCURACY = Subject(Family.PERFORMANCE, Kind.METRIC, "accuracy")


def tell(line: Line, start: datetime, end: datetime, said: Callable[[Row], str], at: datetime) -> None:
    """Log the truth of the predictions from `start` to `end`, as known `at` an instant."""
    handler = PredictionHandler(ElasticsearchTransport(line.url), namespace=line.namespace, service="lending")
    log = ModelLog(MODEL, version="1", handler=handler)
    for row in rows(start, end):
        log.outcome(row.id, label=said(row), timestamp=at)
    assert handler.flush(60), handler.stats()
    handler.close()


def as_it_was(row: Row) -> str:
    """The truth."""
    return row.truth


def turned_round(row: Row) -> str:
    """What no score of the model speaks for."""
    return "paid" if row.score > 0.25 else "default"


def accuracy(line: Line, day: int) -> Finding:
    """Return the verdict on one day's accuracy."""
    window = Window(START + day * DAY, START + (day + 1) * DAY)
    (found,) = (each for each in line.findings(window) if each.subject == ACCURACY)
    return found


def results(line: Line, client: Elasticsearch) -> dict[str, int]:
    """Return the version of every document that the monitor wrote; events, the handlers' accounts among them, are not its."""
    return {name: version for name, version in line.written(client).items() if name.startswith("elkmon-")}


def waiting(line: Line) -> None:
    """Send everything, with truth in time up to `KNOWN`, and check as of the end."""
    send(line.url, line.namespace, end=KNOWN)
    send(line.url, line.namespace, start=KNOWN, truth=False)
    line.reference()
    line.check(END)


def test_truth_that_comes_late_opens_a_story_now(line: Line) -> None:
    """Windows that could not be judged are judged with it; the story opens, is told once, and says when that was."""
    waiting(line)
    assert accuracy(line, 16).status is Status.UNKNOWN
    before = len(line.recorder.told)

    tell(line, KNOWN, END, turned_round, LATE)
    report = line.check(LATE)

    judged = accuracy(line, 16)
    assert judged.status is Status.CRITICAL
    assert judged.coverage == 1.0
    opened = [each for each in report.transitions if each.change is Change.OPENED]
    stories = {each.fingerprint: each.subject for each in line.journal.stories().alerts}
    assert "accuracy" in {stories[each.fingerprint].name for each in opened}
    assert {each.said_at for each in opened if stories[each.fingerprint].family is Family.PERFORMANCE} == {LATE}
    assert not [each for each in report.transitions if each.change is Change.CORRECTED]
    (digest,) = line.recorder.told[before:]
    assert "Judged on 22 March 2026" in letter(digest).text


def test_what_was_judged_is_corrected_in_words(line: Line, client: Elasticsearch) -> None:
    """A later word on days that were reported healthy turns them round; that goes with the next mail, and opens nothing there."""
    waiting(line)
    assert accuracy(line, 12).status is Status.OK

    tell(line, KNOWN - DAY, KNOWN, turned_round, LATE)
    alone = line.check(LATE)

    corrected = accuracy(line, 12)
    assert (corrected.status.bad, corrected.previous, corrected.revision) == (True, Status.OK, 1)
    assert {(each.change, each.at) for each in alone.transitions} == {(Change.CORRECTED, KNOWN)}
    told = len(line.recorder.told)
    written = results(line, client)
    tell(line, KNOWN - DAY, KNOWN, turned_round, LATE)  # the same once more
    assert set(line.check(LATE).transitions) == set(alone.transitions)  # they wait for a mail to go with
    assert results(line, client) == written
    assert len(line.recorder.told) == told

    tell(line, KNOWN, END, turned_round, LATE)
    line.check(LATE)

    text = letter(line.recorder.told[-1]).text
    assert "Corrected:" in text
    assert "accuracy was reported healthy and is not" in " ".join(text.split())


def test_truth_out_of_order_is_judged_in_order(line: Line) -> None:
    """The newest days first, the oldest last, and what is said of each day twice: the verdicts are those of truth in time."""
    waiting(line)
    for day in range(19, 12, -1):
        start = START + day * DAY
        tell(line, start, start + DAY, turned_round, LATE - DAY)
        tell(line, start, start + DAY, as_it_was, LATE)
        line.check(LATE)

    assert {accuracy(line, day).status for day in range(13, 20)} == {Status.OK}
    performance = [each for each in line.journal.stories().alerts if each.subject.family is Family.PERFORMANCE]
    assert not [each for each in performance if each.episode]
