"""Segments and pairs of features on a real Elasticsearch, against pandas on the same rows, with odd names and levels."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, Indices, calls
from elkmon.elasticsearch import event_log as event_log_module
from elkmon.elasticsearch.aggregations import between, counted_hour, hour_questions, of_version
from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.plans import planned
from elkmon.ports import Wanted
from elkmon.profiles import ALL, Profile, total
from elkmon.rulers import NumericScale, Ruler, Segmentation
from elkmon.windows import HOUR
from support.odd_rows import HOURS, LEVELS, RULER, SEGMENTATIONS, SPAN, START, documents, expected, in_segment, odd_rows


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """A day of odd predictions."""
    return odd_rows()


def test_counts_of_segments_and_pairs_equal_pandas_on_the_rows(
    client: Elasticsearch, ready: str, send: Any, predict: Any, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each hour's segments that have rows come first, then all traffic, and each count is pandas'; however it is asked."""
    send("prediction", documents(rows, predict))
    send("prediction", [predict(START, "other", version="2", features={"cat": {"o.b": "gone"}})])
    send("error", [{"@timestamp": START.isoformat(), "elkmon": {"model": {"name": "m", "version": "1"}}}])
    event_log = ElasticsearchEventLog(client, ready)
    hours = [*HOURS[:5], HOURS[23]]
    profiles = list(event_log.profiles([Wanted("m", "1", hours, RULER)]))
    asked = []
    for hour in hours:
        here = rows[rows["hour"] == hour]
        asked += [(hour, each) for each in RULER.segments if len(in_segment(here, each))] + [(hour, ALL)]
    assert [(profile.start, profile.segment) for profile in profiles] == asked
    for profile in profiles:
        here = in_segment(rows[rows["hour"] == profile.start], profile.segment)
        assert profile.predictions == len(here)
        assert profile.errors == (profile.start == START and profile.segment == ALL)
        assert profile.subjects == expected(here), (profile.start, profile.segment)
    # The same in many small requests: one hour, few fields, few segments at a time.
    small = planned(RULER, 200)
    assert (len(small.groups) > 1, len(small.parts), small.hours) == (True, 2, 1)
    monkeypatch.setattr(event_log_module, "planned", lambda _ruler: small)
    some = [HOURS[0], HOURS[23]]
    assert list(event_log.profiles([Wanted("m", "1", some, RULER)])) == [
        each for each in profiles if each.start in some
    ]


def test_twenty_four_hours_make_the_day_asked_at_once(
    client: Elasticsearch, ready: str, send: Any, predict: Any, rows: pd.DataFrame
) -> None:
    """The hours of a segment add up to what one question about the whole day counts, for pairs as well."""
    send("prediction", documents(rows, predict))
    sums: dict[str, Profile] = {}
    for profile in ElasticsearchEventLog(client, ready).profiles([Wanted("m", "1", HOURS, RULER)]):
        so_far = sums.get(profile.segment)
        sums[profile.segment] = profile if so_far is None else so_far + profile
    names = tuple(RULER.places())
    questions = {"day": {"filter": {"match_all": {}}, "aggs": hour_questions(names, RULER, SEGMENTATIONS)}}
    query = {"bool": {"filter": [*of_version("m", "1"), between(SPAN.start, SPAN.end)]}}
    answer = Cluster(client).aggregate(Indices(ready).predictions, query, questions)["day"]
    day = {segment: (count, counts) for segment, count, counts in counted_hour(answer, names, RULER, SEGMENTATIONS)}
    assert day == {segment: (each.predictions, each.subjects) for segment, each in sums.items()}
    assert len(day) == 1 + len(LEVELS) + 2


def test_forty_features_in_forty_segments_stay_under_the_limit(
    client: Elasticsearch, ready: str, send: Any, predict: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 40 × 36 buckets in 41 places an hour takes two requests, and none of their answers has more than 50,000 buckets."""
    edges = tuple(map(float, range(32)))
    names = [f"f{number:02}" for number in range(40)]
    scale = NumericScale(edges, (*edges, 31.0))
    ruler = Ruler(
        {f"features.num.{name}": scale for name in names},
        segmentations=(Segmentation("features.cat.s", tuple(f"s{number}" for number in range(40))),),
    )
    send(
        "prediction",
        (
            predict(
                START + (number % 2) * HOUR,
                f"{number}",
                features={"num": {name: float((number + 7 * place) % 33 - 1) for place, name in enumerate(names)}}
                | {"cat": {"s": f"s{number % 40}"}},
            )
            for number in range(160)
        ),
    )
    buckets: list[int] = []
    call = Cluster.call

    def watched(cluster: Cluster, method: Callable[..., Any], /, **arguments: Any) -> Any:
        body = call(cluster, method, **arguments)
        for where, answer in zip(arguments["searches"][::2], body["responses"], strict=True):
            if b"prediction" in where:
                buckets.append(number_of_buckets(answer.get("aggregations", {})))
        return body

    monkeypatch.setattr(Cluster, "call", watched)
    profiles = list(ElasticsearchEventLog(client, ready).profiles([Wanted("m", "1", HOURS[:2], ruler)]))
    assert len(buckets) == 4
    assert max(buckets) <= 50_000
    # An hour holds every second segment: 20 and all traffic, with 33 bins of 40 features each.
    assert sum(buckets) >= 2 * 21 * 33 * 40
    assert len(profiles) == 2 * 21
    for profile in profiles:
        assert {counts.present for counts in profile.subjects.values()} == {80 if profile.segment == ALL else 4}


def number_of_buckets(answer: Any) -> int:
    """Count the buckets of an answer, those within buckets too."""
    if isinstance(answer, Mapping):
        own = len(answer["buckets"]) if "buckets" in answer else 0
        return own + sum(map(number_of_buckets, answer.values()))
    return sum(map(number_of_buckets, answer)) if isinstance(answer, Sequence) and not isinstance(answer, str) else 0


def test_profiling_that_is_interrupted_leaves_whole_hours_and_goes_on(
    client: Elasticsearch, ready: str, send: Any, predict: Any, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is found as profiled after an interrupt has all its segments; what is left is the rest, and ends the same."""
    send("prediction", documents(rows, predict))
    monkeypatch.setattr(calls, "_BULK_DOCUMENTS", 10)  # an hour has up to 18: batches end within hours
    monkeypatch.setattr(event_log_module, "planned", lambda ruler: planned(ruler, 3_000))

    def interrupted(what: str, done: int, whole: int) -> None:
        del what, whole
        if done >= 8:
            raise KeyboardInterrupt

    journal = ElasticsearchJournal(client, ready)
    hours = HOURS[:23]
    begun = ElasticsearchEventLog(client, ready, progress=interrupted)
    with pytest.raises(KeyboardInterrupt):
        journal.save(begun.profiles([Wanted("m", "1", hours, RULER)]))
    client.indices.refresh(index=f"elkmon-profiles-{ready}-*")
    left = {each.hour for each in journal.profiled(SPAN, ["m"])}
    assert 0 < len(left) < 23
    stored = Counter(each.start for each in journal.profiles("production", "m", "1", RULER.id, SPAN))
    for hour in left:
        here = rows[rows["hour"] == hour]
        assert stored[hour] == 1 + sum(1 for each in RULER.segments if len(in_segment(here, each)))
    event_log = ElasticsearchEventLog(client, ready)
    journal.save(event_log.profiles([Wanted("m", "1", [hour for hour in hours if hour not in left], RULER)]))
    found = journal.profiles("production", "m", "1", RULER.id, SPAN)
    nothing = Profile("m", "1", SPAN.start, SPAN.end, RULER.id)
    assert total((each for each in found if each.segment == ALL), nothing).subjects == expected(rows)
    assert len(journal.profiled(SPAN, ["m"])) == 23
