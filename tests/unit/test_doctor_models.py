"""The doctor on models and their monitor: baselines, deliveries, leases, the last check, and what arrived."""

from datetime import UTC, datetime, timedelta

import pytest

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import ModelSettings
from elkmon.config import Config, StoreSettings
from elkmon.doctor import Verdict
from elkmon.doctor.arrival import examine_completeness, examine_lag
from elkmon.doctor.baselines import examine_baselines
from elkmon.doctor.probe import Probe
from elkmon.doctor.watch import examine_deliveries, examine_last_run, examine_leases
from elkmon.ports import Arrival, Completeness, Delivery, DeliveryState, HourCounts
from elkmon.profiles import Profile
from elkmon.rulers import CategoricalScale, NumericScale, Ruler, Segmentation
from elkmon.windows import DAY, HOUR
from support.answering import json_server

NOW = datetime(2026, 5, 2, 12, 30, tzinfo=UTC)


def probe(url: str) -> Probe:
    return Probe(url, StoreSettings(hosts=(url,)))


def baseline(*, provisional: bool = False) -> Baseline:
    scale = CategoricalScale(levels=("a", "b"))
    ruler = Ruler(
        {
            "features.cat.region": scale,
            "features.cat.kind": scale,
            "features.num.amount": NumericScale((0.0,), (0.0, 0.0)),
        },
        segmentations=(Segmentation("features.cat.region", ("a",)),),
    )
    source = Source(SourceKind.WINDOW, "w", provisional=provisional)
    total = Profile("m", "1", NOW - DAY, NOW, ruler.id, 10)
    return Baseline("m", "1", ruler, source, total, NOW)


def test_names_that_a_baseline_does_not_know_are_told():
    """A misspelt name is told with the one that was meant; a right one that came too late asks for a new baseline."""
    settings = ModelSettings(
        "m", segments=("region", "regoin", "kind"), pairs=(("amount", "kind"), ("amuont", "kind")), ignore=("knd",)
    )
    is_ok, *rest = examine_baselines(settings, [baseline()])

    assert is_ok.verdict is Verdict.OK
    assert {each.verdict for each in rest} == {Verdict.WARNING}
    assert [each.seen for each in rest] == [
        "segments names 'regoin', which is no feature of its baseline, did you mean region?",
        "segments: its baseline is not cut by kind",
        "pairs: its baseline does not count amount with kind",
        "pairs names 'amuont', which is no feature of its baseline, did you mean amount?",
        "ignore names 'knd', which is no feature of its baseline, did you mean kind?",
    ]


def test_a_provisional_baseline_is_told_until_there_is_a_real_one():
    """It is a warning while it stands alone; none at all is a problem."""
    (alone,) = examine_baselines(ModelSettings("m"), [baseline(provisional=True)])
    (beside,) = examine_baselines(ModelSettings("m"), [baseline(provisional=True), baseline()])
    (none,) = examine_baselines(ModelSettings("m"), [])

    assert (alone.verdict, beside.verdict, none.verdict) == (Verdict.WARNING, Verdict.OK, Verdict.PROBLEM)
    assert "elkmon baseline create m" in alone.remedy


def test_deliveries_that_were_not_made_are_told():
    """What is refused for good is a problem of the mail's; what waits a moment is not worth a line yet."""
    old = NOW - HOUR
    found = list(
        examine_deliveries(
            [
                Delivery("team", ("a",), old, DeliveryState.FAILED, 1, "550 no such user"),
                Delivery("team", ("b",), NOW, DeliveryState.FAILED, 1, "552 too big"),
                Delivery("team", ("c",), old, DeliveryState.PENDING, 3, "nobody there"),
                Delivery("other", ("d",), NOW, DeliveryState.PENDING),
                Delivery("other", ("e",), old, DeliveryState.DONE),
            ],
            NOW,
        )
    )

    refused, waiting = found
    assert (refused.verdict, waiting.verdict) == (Verdict.PROBLEM, Verdict.WARNING)
    assert refused.seen.startswith(
        "2 deliveries refused for good, the oldest since 2026-05-02 11:30, tried 1 times: 550"
    )
    assert "nobody there" in waiting.seen


def lease(renewed: datetime, expires: datetime, status: str = "held") -> dict[str, object]:
    packed = {"owner": "host:1:a", "epoch": 3, "expires_at": expires.isoformat(), "share": {"index": 0, "of": 1}}
    source = {"@timestamp": renewed.isoformat(), "elkmon": {"packed": packed}}
    return {"hits": {"hits": [{"_source": source, "fields": {"elkmon.state.status": [status]}}]}}


@pytest.mark.parametrize(
    ("renewed", "expires", "verdict", "said"),
    [
        (-20, 40, Verdict.OK, "held by host:1:a"),
        (-90, -30, Verdict.WARNING, "has run out"),
        (30, 90, Verdict.WARNING, "30 s ahead"),
    ],
)
def test_leases_are_told_with_their_holders_clock(renewed, expires, verdict, said):
    """Who holds it, whether it has run out, and whether that clock is ahead of this one."""
    body = lease(NOW + timedelta(seconds=renewed), NOW + timedelta(seconds=expires))
    with json_server({"/elkmon-state-default/_search": body}) as url:
        (found,) = examine_leases(probe(url), Config(), NOW)

    assert found.verdict is verdict
    assert said in found.seen


def test_a_lease_that_was_given_up_is_no_line():
    """Between checks nobody holds it."""
    with json_server({"/elkmon-state-default/_search": lease(NOW, NOW, "free")}) as url:
        assert list(examine_leases(probe(url), Config(), NOW)) == []


@pytest.mark.parametrize(("age", "verdict"), [(HOUR, Verdict.OK), (5 * DAY, Verdict.WARNING)])
def test_a_check_long_ago_is_told(age, verdict):
    """A scheduler that died does not look like one that is content."""
    hit = {"_source": {"@timestamp": (NOW - age).isoformat()}, "fields": {"elkmon.state.status": ["healthy"]}}
    with json_server({"/elkmon-state-default/_search": {"hits": {"hits": [hit]}}}) as url:
        found = examine_last_run(probe(url), Config(), NOW)

    assert found.verdict is verdict
    assert "healthy" in found.seen


def test_the_newest_event_of_each_stream_is_told():
    """The newest index of a stream counts; only predictions that stopped are worth a warning."""

    def bucket(index: str, age: timedelta) -> dict[str, object]:
        return {"key": index, "newest": {"value": (NOW - age).timestamp() * 1000}}

    buckets = [
        bucket(".ds-logs-elkmon.prediction-n-2026.04.01-000001", 30 * DAY),
        bucket(".ds-logs-elkmon.prediction-n-2026.05.01-000002", timedelta(minutes=3)),
        bucket(".ds-logs-elkmon.prediction.shop-n-2026.05.01-000001", 3 * DAY),
        bucket(".ds-logs-elkmon.error-n-2026.05.01-000001", 9 * DAY),
    ]
    with json_server({"/logs-elkmon.*-n/_search": {"aggregations": {"indices": {"buckets": buckets}}}}) as url:
        found = {each.what: each for each in examine_lag(probe(url), "n", DAY, NOW)}

    assert {name: each.verdict for name, each in found.items()} == {
        "logs-elkmon.prediction-n": Verdict.OK,
        "logs-elkmon.prediction.shop-n": Verdict.WARNING,
        "logs-elkmon.error-n": Verdict.OK,
    }
    assert found["logs-elkmon.prediction-n"].seen == "the newest event is 3 min old"


class Arrivals:
    """An event log that is asked for nothing but arrivals."""

    def __init__(self, *found: Completeness) -> None:
        self._found = found
        self.visits: list[tuple[str, str]] = []

    def arrivals(self, visits):
        visits = list(visits)
        self.visits = [(each.model, each.version) for each in visits]
        return iter([Arrival(completeness=each) for each in self._found])


def test_events_that_did_not_arrive_are_told():
    """Of the last whole day, per version that predicted in it: what is missing, and what came twice."""
    log = Arrivals(Completeness(90, missing=7, dropped=10), Completeness(5, doubled=2), Completeness(1))
    counts = [
        HourCounts("m", "1", NOW.replace(minute=0) - 2 * HOUR, 90),
        HourCounts("m", "2", NOW.replace(minute=0) - 3 * HOUR, 5),
        HourCounts("n", "1", NOW.replace(minute=0) - 3 * HOUR, 1),
        HourCounts("n", "0", NOW.replace(minute=0) - 26 * HOUR, 8),
    ]
    lost, doubled, whole = examine_completeness(log, counts, NOW)

    assert log.visits == [("m", "1"), ("m", "2"), ("n", "1")]
    assert [each.verdict for each in (lost, doubled, whole)] == [Verdict.WARNING, Verdict.WARNING, Verdict.OK]
    assert "up to 10 more were numbered, of which handlers say they dropped 10" in lost.seen
    assert "2 of them twice" in doubled.seen
