"""Many questions in few requests, on a real Elasticsearch: the answers are those of each question asked alone."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import ElasticsearchEventLog, multi_search
from elkmon.elasticsearch import event_log as event_log_module
from elkmon.elasticsearch.calls import Cluster
from elkmon.errors import StoreRefused
from elkmon.ports import Arrival, Completeness, HourCounts, Totals, Visit, Wanted
from elkmon.profiles import ALL, Profile
from elkmon.rulers import NumericScale, Ruler, Segmentation
from elkmon.windows import DAY, HOUR, Window

START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LONG = Window(START, START + 15 * DAY)
NOW = LONG.end - MINUTE
MODELS = ("a", "b", "c", "d")


def ruler(edge: float, *, scored: bool = True) -> Ruler:
    scales: dict[str, Any] = {"features.num.x": NumericScale((edge,), (edge, edge))}
    if scored:
        scales["elkmon.prediction.score"] = NumericScale((0.5,), (0.25, 0.75))
    return Ruler(scales, segmentations=(Segmentation("features.cat.s", ("u", "v")),))


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[list[bytes]]:
    """What each multi-search had: the line of each search in it that says where."""
    requests: list[list[bytes]] = []
    call = Cluster.call

    def watched(cluster: Cluster, method: Callable[..., Any], /, **arguments: Any) -> Any:
        if "searches" in arguments:
            requests.append(arguments["searches"][::2])
        return call(cluster, method, **arguments)

    monkeypatch.setattr(Cluster, "call", watched)
    return requests


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Cut everything small from now on: two searches a request, an hour a stretch, three stretches together."""

    def cut() -> None:
        planned = event_log_module.planned
        monkeypatch.setattr(multi_search, "_MOST_SEARCHES", 2)
        monkeypatch.setattr(event_log_module, "planned", lambda ruler: planned(ruler, 30))
        monkeypatch.setattr(event_log_module, "_BUCKETS_TOGETHER", 1_200)
        monkeypatch.setattr(event_log_module, "_VISITS_TOGETHER", 3)

    return cut


def test_profiles_of_many_come_in_the_order_they_are_wanted(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any, small_pieces: Any, searched: Any
) -> None:
    """Models, versions, rulers and hours in any order: asked together, alone, and in small pieces they are the same."""
    hours = [START + count * HOUR for count in range(4)]
    predictions, truths = [], []
    for number in range(240):
        model, version, hour = MODELS[number % 4], "12"[number % 3 == 0], hours[(number // 4) % 3]
        features = {"num": {"x": float(number % 7)}, "cat": {"s": "uvw"[number % 3]}}
        at = hour + (number % 50) * MINUTE
        predictions.append(
            predict(at, f"{number}", model=model, version=version, score=(number % 10) / 10, label="yn"[number % 2],
                    features=features)
        )  # fmt: skip
        if model in "ab":
            truths.append(tell_truth(at, f"{number}", model=model, label="yn"[number % 5 == 0]))
    send("prediction", predictions)
    send("feedback", truths)
    send("error", [{"@timestamp": START.isoformat(), "elkmon": {"model": {"name": "c", "version": "1"}}}])
    event_log = ElasticsearchEventLog(client, ready)
    event_log.join(NOW, LONG, [], {"a": "y"}, {"a": ["s"]})
    wanted = [
        Wanted("c", "1", hours, ruler(2.0)),
        Wanted("a", "2", [hours[0], hours[3]], ruler(4.0)),
        Wanted("a", "1", hours[1:], ruler(3.0)),
        Wanted("nobody", "1", hours[:1], ruler(3.0)),
        Wanted("b", "1", [], ruler(3.0)),
        Wanted("d", "1", hours[:2], ruler(1.0, scored=False)),
    ]
    searched.clear()
    together = list(event_log.profiles(iter(wanted)))
    assert len(searched) == 3  # all of the first step, the labels of "a", its scores by label
    assert [(each.model, each.version, each.start, each.ruler) for each in together if each.segment == ALL] == [
        (each.model, each.version, hour, each.ruler.id) for each in wanted for hour in each.hours
    ]
    assert together == [profile for each in wanted for profile in event_log.profiles([each])]
    small_pieces()
    for at_once in (1, 3):
        searched.clear()
        assert list(ElasticsearchEventLog(client, ready, at_once=at_once).profiles(wanted)) == together
        assert max(map(len, searched)) == 2
    first = next(each for each in together if (each.model, each.segment, each.start) == ("a", ALL, hours[1]))
    assert first.outcomes.labelled == first.predictions > 0
    assert sum(first.outcomes.confusion.values()) == first.predictions
    assert {label: sum(bins) for label, bins in first.outcomes.scores.items()}.keys() == {"y", "n"}
    assert together[0].errors + together[1].errors + together[2].errors == 1


def test_what_is_wanted_without_end_is_asked_as_profiles_are_taken(
    client: Elasticsearch, ready: str, send: Any, predict: Any, small_pieces: Any
) -> None:
    """Profiles come though the list of what is wanted never ends: no more is asked than is taken, and some ahead."""
    send("prediction", [predict(START, "p", features={"num": {"x": 1.0}})])
    small_pieces()
    endless = (Wanted("m", f"{number}", [START], ruler(0.0)) for number in itertools.count(1))
    event_log = ElasticsearchEventLog(client, ready)
    profiles: Iterator[Profile] = event_log.profiles(endless)
    assert next(profiles).subjects["features.num.x"].bins == (0, 1)
    assert next(profiles).version == "2"


def test_one_search_that_cannot_be_answered_is_its_error(
    client: Elasticsearch, ready: str, send: Any, predict: Any
) -> None:
    """Among others that can, what Elasticsearch will not count is refused as it says, and leaves no hole."""
    send("prediction", [predict(START, model, model=model) for model in MODELS])
    impossible = Ruler({"elkmon.model.name": NumericScale((0.0,), (0.0, 0.0))})
    wanted = [Wanted(model, "1", [START], impossible if model == "c" else ruler(0.0)) for model in MODELS]
    with pytest.raises(StoreRefused, match=r"elkmon\.model\.name.*not supported for aggregation \[range\]"):
        list(ElasticsearchEventLog(client, ready).profiles(wanted))


def test_totals_are_the_sums_of_counts(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """Of each hour of fifteen days, all models together: predictions, errors, outcomes and how often these changed."""
    places = [0, 1, 119, 120, 121, 239, 240, 300, 359]
    hours = [START + place * HOUR for place in places]
    ends = [hour + HOUR - timedelta(milliseconds=1) for hour in hours]
    send("prediction", [predict(at, f"{at}", model=m) for at in (*hours, *ends) for m in ("a", "b")])
    send("prediction", [predict(START - MINUTE, "before"), predict(LONG.end, "behind")])
    send("error", [{"@timestamp": hours[2].isoformat(), "elkmon": {"model": {"name": "c", "version": ""}}}])
    send("feedback", [tell_truth(START, f"{at}", model="a", label="x") for at in hours])
    event_log = ElasticsearchEventLog(client, ready)
    event_log.join(NOW, LONG, [], {}, {})
    for number in range(1, 3):
        send("feedback", [tell_truth(START + number * HOUR, f"{hours[3]}", model="a", label=f"{number}")])
        event_log.join(NOW, LONG, [], {}, {})
    totals = event_log.totals(LONG)
    expected = {hour: Totals(4, 0, 1, 0) for hour in hours}
    expected |= {hours[2]: Totals(4, 1, 1, 0), hours[3]: Totals(4, 0, 1, 2)}
    assert totals == expected
    assert list(totals) == hours
    counts = event_log.counts(LONG, [])
    for hour, total in totals.items():
        here = [each for each in counts if each.hour == hour]
        assert sum(each.predictions for each in here) == total.predictions
        assert sum(each.errors for each in here) == total.errors
        assert sum(each.outcomes for each in here) == total.outcomes + total.corrections
    assert event_log.totals(Window(START - DAY, START - HOUR)) == {}


def test_counts_of_some_hours_are_those_of_all(client: Elasticsearch, ready: str, send: Any, predict: Any) -> None:
    """Hours that are named, more than one query takes, are counted as when all are asked for, and no others."""
    hours = [START + 2 * count * HOUR for count in range(500)]
    span = Window(START, hours[-1] + HOUR)
    send("prediction", [predict(hour, f"{hour}", model=m) for hour in (*hours[::7], START + HOUR) for m in ("b", "a")])
    counts = ElasticsearchEventLog(client, ready).counts
    assert counts(span, [], hours) == tuple(
        HourCounts(model, "1", hour, 1) for hour in hours[::7] for model in ("a", "b")
    )
    assert counts(span, ["a"], hours[:8]) == (HourCounts("a", "1", START, 1), HourCounts("a", "1", hours[7], 1))
    assert counts(span, [], hours[1:2]) == ()


def test_arrivals_come_in_the_order_of_visits(
    client: Elasticsearch, ready: str, send: Any, predict: Any, small_pieces: Any, searched: Any
) -> None:
    """Each visit has the features of its own version and window; completeness is of the model, and asked for once."""
    first, second = Window(START, START + HOUR), Window(START + HOUR, START + 2 * HOUR)
    send(
        "prediction",
        [
            predict(START, "1", model="a", version="1", features={"num": {"x": 1.0}, "cat": {"s": "u"}}),
            predict(START, "2", model="a", version="2", features={"num": {"y": 1.0}}),
            predict(second.start, "3", model="a", version="2", features={"cat": {"t": "v"}}),
            predict(START, "4", model="b", version="1", features={"num": {"x": 2.0}}),
        ],
    )
    visits = [
        Visit("b", "1", first), Visit("a", "2", first), Visit("a", "1", first),
        Visit("a", "1", second), Visit("a", "2", second), Visit("nobody", "", first),
    ]  # fmt: skip
    expected = [
        Arrival(("features.num.x",), Completeness(1)),
        Arrival(("features.num.y",), Completeness(2)),
        Arrival(("features.cat.s", "features.num.x"), Completeness(2)),
        Arrival((), Completeness(1)),
        Arrival(("features.cat.t",), Completeness(1)),
        Arrival((), Completeness()),
    ]
    event_log = ElasticsearchEventLog(client, ready)
    assert list(event_log.arrivals(visits)) == expected
    asked = [b"shipper" in where for (*lines,) in searched for where in lines]
    assert sum(asked) == len({(each.model, each.window) for each in visits}) == 4
    small_pieces()
    assert list(event_log.arrivals(iter(visits))) == expected
    assert list(event_log.arrivals([])) == []


def test_one_model_with_eight_hundred_features(client: Elasticsearch, ready: str, send: Any, predict: Any) -> None:
    """Numbers of thirty-four bins, counted for all traffic and three segments, equal numpy's histogram of the rows."""
    generator = np.random.default_rng(3)
    names = [f"f{number:03}" for number in range(800)]
    rows = generator.normal(size=(90, 800)).round(3)
    edges = tuple(np.linspace(-2, 2, 33).round(4).tolist())
    wide = Ruler(
        {f"features.num.{name}": NumericScale(edges, (*edges, 2.0)) for name in names},
        segmentations=(Segmentation("features.cat.s", ("s0", "s1", "s2")),),
    )
    send(
        "prediction",
        (
            predict(
                START + (number % 2) * HOUR,
                f"{number}",
                features={"num": dict(zip(names, row, strict=True)), "cat": {"s": f"s{number % 3}"}},
            )
            for number, row in enumerate(rows.tolist())
        ),
    )
    profiles = list(ElasticsearchEventLog(client, ready).profiles([Wanted("m", "1", [START, START + HOUR], wide)]))
    assert [(each.start, each.segment) for each in profiles] == [
        (hour, segment) for hour in (START, START + HOUR) for segment in ("s=s0", "s=s1", "s=s2", ALL)
    ]
    for profile in profiles:
        here = np.arange(90) % 2 == (profile.start - START) // HOUR
        if profile.segment != ALL:
            here &= np.arange(90) % 3 == int(profile.segment[-1])
        assert profile.predictions == here.sum()
        for place, name in enumerate(names):
            bins = np.histogram(rows[here, place], [-np.inf, *edges, np.inf])[0]
            assert profile.subjects[f"features.num.{name}"].bins == tuple(bins), name
