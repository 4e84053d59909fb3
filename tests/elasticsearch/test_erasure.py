"""Erasure: what goes, what is counted again, what stays, and that it can be killed anywhere and repeated."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal
from elkmon.elasticsearch.calls import Cluster, Write
from elkmon.elasticsearch.erased_hours import Kept, Why
from elkmon.elasticsearch.erasure import Amount, Eraser, Subject
from elkmon.elasticsearch.erasure_notes import Place
from elkmon.ports import Claim, HourCounts, Share, Turn, Wanted
from elkmon.profiles import PRODUCTION
from elkmon.rulers import CategoricalScale, Ruler, Segmentation
from elkmon.schema import Document
from elkmon.windows import DAY, HOUR, Window, hour_of
from support.erasing import bookmarked, documents, eraser, held, hour_window, profiled, send_again
from support.scenario import END, MODEL, START, Row, rows, send
from support.whole_line import Line

NOW = START + 15 * DAY
JUDGED = Window(START + 12 * DAY, NOW)


class Killed(Exception):
    """The process ends here."""


@pytest.fixture(scope="module")
def judged(elasticsearch_url: str, client: Elasticsearch) -> Iterator[Line]:
    """Fifteen days of a model, judged. Each test has an hour of its own there: it is `subject`'s."""
    line = Line(elasticsearch_url, f"t{uuid.uuid4().hex[:10]}")
    send(line.url, line.namespace, end=NOW)
    line.reference()
    line.check(NOW)
    yield line
    line.store.close()
    client.indices.delete(index=list(client.indices.get(index=f"elkmon-*-{line.namespace}*")))
    # The embedded server cannot delete streams.
    client.indices.close(index=list(client.indices.get(index=f"logs-elkmon.*-{line.namespace}")))


@pytest.fixture(scope="module")
def subjects() -> Iterator[Row]:
    """The first row of each hour."""
    return iter(list(rows(JUDGED.start, JUDGED.end))[::5])


@pytest.fixture
def subject(subjects: Iterator[Row]) -> Row:
    """A row whose hour no other test touches."""
    return next(subjects)


def test_a_prediction_goes_with_all_that_was_made_of_it(judged: Line, client: Elasticsearch, subject: Row) -> None:
    """Its event, its truth and its outcome are removed; the five of its hour become four in the counts and the bookmark."""
    assert documents(client, judged, subject.id) == 3
    assert held(judged, subject) == [(5, 0, 5)]

    erased = eraser(judged).erase(Subject(subject.id))

    assert erased.removed == (
        Amount(MODEL, Document.FEEDBACK, 1),
        Amount(MODEL, Document.OUTCOME, 1),
        Amount(MODEL, Document.PREDICTION, 1),
    )
    assert erased.counted == (HourCounts(MODEL, "1", hour_of(subject.at), 4, 0, 4, judged.ruler()),)
    assert erased.kept == ()
    assert documents(client, judged, subject.id) == 0
    assert held(judged, subject) == profiled(judged, subject) == bookmarked(judged, subject) == [(4, 0, 4)]


def test_what_is_counted_again_is_what_is_there(judged: Line, subject: Row) -> None:
    """The regions in the hour's profile are those of its other four applications."""
    eraser(judged).erase(Subject(subject.id))

    hour = hour_window(subject)
    (profile,) = judged.journal.profiles(PRODUCTION, MODEL, "1", judged.ruler(), hour)
    others = [row for row in rows(hour.start, hour.end) if row.id != subject.id]
    field = "features.cat.region"
    scale = judged.journal.baselines(MODEL)[0].ruler.scales[field]
    assert isinstance(scale, CategoricalScale)
    expected = [sum(row.region == level for row in others) for level in scale.levels]
    assert list(profile.subjects[field].bins) == [*expected, 0]


def test_the_next_check_judges_nothing_again_and_says_nothing(
    judged: Line, client: Elasticsearch, subject: Row
) -> None:
    """The recorded counts agree with what is there, so verdicts stay and nobody is told."""
    eraser(judged).erase(Subject(subject.id))
    before = judged.written(client)

    report = judged.check(NOW)

    assert judged.written(client) == before
    assert (report.transitions, report.run.hours_profiled) == ((), 0)


def test_a_late_event_of_the_hour_is_still_seen(judged: Line, subject: Row) -> None:
    """One event goes and another one arrives: the totals are what they were, and yet the hour is counted again."""
    eraser(judged).erase(Subject(subject.id))
    send_again(judged, replace(subject, id=f"{subject.id}-late"))

    judged.check(NOW)

    assert profiled(judged, subject) == bookmarked(judged, subject) == [(5, 0, 4)]


def test_a_late_event_before_the_erasure_is_judged_after_it(judged: Line, subject: Row) -> None:
    """An hour that held one event more than was counted is left for the next check to judge, though five were five again."""
    send_again(judged, replace(subject, id=f"{subject.id}-late"))

    eraser(judged).erase(Subject(subject.id))

    assert bookmarked(judged, subject) == [(0, 0, 0)]
    report = judged.check(NOW)
    assert profiled(judged, subject) == bookmarked(judged, subject) == [(5, 0, 4)]
    assert report.run.hours_profiled == 1


def test_a_second_time_there_is_nothing(judged: Line, client: Elasticsearch, subject: Row) -> None:
    """Repeated, it finds nothing, counts nothing and changes nothing."""
    eraser(judged).erase(Subject(subject.id))
    before = judged.written(client)

    again = eraser(judged).erase(Subject(subject.id))

    assert (again.claim, again.removed, again.counted, again.kept) == (Claim.HELD, (), (), ())
    assert judged.written(client) == before


def test_finding_changes_nothing(judged: Line, client: Elasticsearch, subject: Row) -> None:
    """What would be removed is said without a write, not even of the lease."""
    before = judged.everything(client)

    there = eraser(judged).find(Subject(subject.id))

    assert {each.kind for each in there.removed} == {Document.PREDICTION, Document.FEEDBACK, Document.OUTCOME}
    assert judged.everything(client) == before


def test_waiting_truth_goes_and_later_truth_waits(judged: Line, client: Elasticsearch, subject: Row) -> None:
    """Truth that arrives after the erasure waits until that is repeated."""
    eraser(judged).erase(Subject(subject.id))
    send_again(judged, subject, prediction=False)
    judged.check(NOW)
    waiting = {"term": {"elkmon.prediction.id": subject.id}}
    assert client.count(index=f"elkmon-pending-{judged.namespace}", query=waiting)["count"] == 1

    again = eraser(judged).erase(Subject(subject.id))

    assert again.removed == (Amount(MODEL, Document.FEEDBACK, 1), Amount(MODEL, Document.PENDING, 1))
    assert documents(client, judged, subject.id) == 0


def test_joined_hours_are_not_joined_again(judged: Line, subject: Row) -> None:
    """The ledger follows what was removed: the next join reads no page of truth."""
    eraser(judged).erase(Subject(subject.id))

    joined = judged.event_log.join(NOW, Window(START, END), [MODEL], {MODEL: "default"}, {})

    assert (joined.pages, joined.outcomes) == (0, 0)


def test_an_hour_that_retention_has_begun_to_eat_keeps_its_counts(
    judged: Line, client: Elasticsearch, subject: Row
) -> None:
    """Of five events one is gone by age; the hour's counts outlive it, and that is said."""
    hour = hour_window(subject)
    eldest, *_, last = rows(hour.start, hour.end)
    stream = f"logs-elkmon.prediction-{judged.namespace}"
    (hit,) = client.search(index=stream, query={"term": {"elkmon.prediction.id": eldest.id}})["hits"]["hits"]
    client.delete(index=hit["_index"], id=hit["_id"], refresh=True)

    erased = eraser(judged).erase(Subject(last.id))

    assert erased.kept == (Kept(Place(MODEL, "1", hour.start), Why.EATEN),)
    assert erased.counted == ()
    assert held(judged, subject) == [(3, 0, 4)]
    assert profiled(judged, subject) == bookmarked(judged, subject) == [(5, 0, 5)]


def test_while_somebody_checks_nothing_is_touched(judged: Line, client: Elasticsearch, subject: Row) -> None:
    """Whatever share of the models is being checked, the erasure stands back and says who checks."""
    for share in (Share(), Share(1, 3)):
        with judged.journal.hold("somebody else", Turn(share)):
            erased = eraser(judged).erase(Subject(subject.id))

        assert (erased.claim, erased.holder, erased.removed) == (Claim.BUSY, "somebody else", ())
    assert documents(client, judged, subject.id) == 3


class _Mortal(Cluster):
    """The real cluster, under which the process dies before write number `fatal`; -1 never."""

    fatal = -1
    done = 0

    def write(self, writes: Any) -> tuple[Write, ...]:
        """Write each document by itself, so that every step is one."""
        for each in writes:
            if _Mortal.done == _Mortal.fatal:
                raise Killed
            _Mortal.done += 1
            super().write([each])
        return ()


@pytest.fixture
def mortal(monkeypatch: pytest.MonkeyPatch) -> type[_Mortal]:
    """Let every write of the erasure, and of the journal it saves by, be one that it may be killed before."""
    monkeypatch.setattr("elkmon.elasticsearch.erasure.Cluster", _Mortal)
    monkeypatch.setattr("elkmon.elasticsearch.journal.Cluster", _Mortal)
    return _Mortal


def test_killed_before_any_write_and_repeated_it_ends_the_same(
    judged: Line, client: Elasticsearch, subjects: Iterator[Row], mortal: type[_Mortal]
) -> None:
    """Whichever write it does not get to, the second run leaves nothing of the subject, and counts that agree."""
    for fatal in itertools.count():
        subject = next(subjects)
        mortal.done, mortal.fatal = 0, fatal
        try:
            eraser(judged).erase(Subject(subject.id))
            break
        except Killed:
            mortal.fatal = -1
        eraser(judged).erase(Subject(subject.id))
        judged.check(NOW)

        assert documents(client, judged, subject.id) == 0, fatal
        assert held(judged, subject) == profiled(judged, subject) == bookmarked(judged, subject) == [(4, 0, 4)], fatal
        noted = {"term": {"elkmon.state.kind": "erasure"}}
        assert client.count(index=f"elkmon-state-{judged.namespace}", query=noted)["count"] == 0, fatal
    # The note, two kinds of totals, three documents, the ledger, the profile, the bookmark, and the note's end.
    assert mortal.done == 10


def test_every_ruler_that_counted_an_hour_counts_it_again(
    client: Elasticsearch, ready: str, send: Callable[..., None], predict: Callable[..., dict[str, Any]]
) -> None:
    """Two rulers counted three rows; after it both count two, and a segment that has no row any more is gone."""
    regions = {"a": "north", "b": "south", "c": "north"}
    send("prediction", [predict(START, name, features={"cat": {"r": region}}) for name, region in regions.items()])
    whole = Ruler({"features.cat.r": CategoricalScale(("north", "south"))})
    cut = replace(whole, segmentations=(Segmentation("features.cat.r", ("north", "south")),))
    journal, event_log = ElasticsearchJournal(client, ready), ElasticsearchEventLog(client, ready)
    profiles = list(event_log.profiles([Wanted("m", "1", (START,), each) for each in (whole, cut)]))
    journal.save([whole, cut, *profiles])

    def rows_of(ruler: Ruler) -> dict[str, int]:
        hour = Window(START, START + HOUR)
        return {each.segment: each.predictions for each in journal.profiles(PRODUCTION, "m", "1", ruler.id, hour)}

    assert (rows_of(whole), rows_of(cut)) == ({"": 3}, {"": 3, "r=north": 2, "r=south": 1})

    erased = Eraser(client, ready, event_log, journal, "eraser").erase(Subject("b"))

    assert {(each.ruler, each.predictions) for each in erased.counted} == {(whole.id, 2), (cut.id, 2)}
    assert (rows_of(whole), rows_of(cut)) == ({"": 2}, {"": 2, "r=north": 2})
