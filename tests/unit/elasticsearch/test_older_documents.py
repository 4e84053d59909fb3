"""Documents as the first elkmon wrote them, read by this one: nothing is missed, and every identity is still the same."""

from datetime import UTC, datetime, timedelta

from elkmon.alerts import Change, State
from elkmon.elasticsearch.finding_documents import finding_from, finding_id
from elkmon.elasticsearch.lease_documents import lease_from
from elkmon.elasticsearch.profile_documents import baseline_from, profile_from, profile_id, ruler_from
from elkmon.elasticsearch.story_documents import alert_from, delivery_from
from elkmon.findings import Direction, Family, Kind, Status, Subject
from elkmon.identity import identity
from elkmon.ports import DeliveryState, Share
from elkmon.profiles import Counts, Outcomes, Profile
from elkmon.rulers import CategoricalScale, NumericScale, Ruler
from elkmon.windows import DAY, HOUR, Window

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
TUESDAY = MONDAY + DAY

RULER = {
    "scales": [
        {
            "field": "features.num.x",
            "edges": [0.0, 1.0],
            "points": [0.1, 0.5, 1.5],
            "discrete": False,
            "lowest": 0.0,
            "highest": 2.0,
        },
        {"field": "features.cat.c", "levels": ["a", "b"], "known": ["a", "b", "z"], "open_ended": False},
    ]
}
PROFILE = {
    "@timestamp": "2026-03-02T01:00:00+00:00",
    "elkmon": {
        "model": {"name": "m", "version": "1"},
        "segment": "",
        "source": "production",
        "window": {"start": "2026-03-02T00:00:00+00:00", "end": "2026-03-02T01:00:00+00:00"},
        "ruler": {"id": "r"},
        "profile": {"predictions": 3, "errors": 1, "outcomes": 2},
        "packed": {
            "subjects": [["features.num.x", [0, 2, 0, 0, 0], 1, 0, 0, 0]],
            "outcomes": {
                "labelled": 2,
                "confusion": [["a", "b", 2]],
                "scores": [["a", [0, 0, 2]]],
                "predicted": [],
                "actual": [],
                "sums": [["brier", 0.5], ["brier_rows", 2]],
            },
        },
    },
}
FINDING = {
    "@timestamp": "2026-03-03T00:00:00+00:00",
    "elkmon": {
        "model": {"name": "m", "version": "1"},
        "segment": "",
        "window": {"start": "2026-03-02T00:00:00+00:00", "end": "2026-03-03T00:00:00+00:00"},
        "finding": {
            "family": "drift",
            "kind": "feature",
            "subject": "x",
            "status": "warning",
            "revision": 0,
            "judged_at": "2026-03-03T00:10:00+00:00",
            "measure": "wasserstein",
            "rows": 300,
            "reference_rows": 3000,
            "value": 0.2,
            "limit": 0.1,
            "coverage": 0.5,
            "beside": {"psi": 0.3},
        },
        "baseline": {"id": "b"},
        "settings": {"hash": "s"},
        "packed": {
            "unit": "sd",
            "direction": "higher",
            "field": "features.num.x",
            "not_finite": {"p_value": "nan", "beside.kl": "inf"},
        },
    },
}
ALERT = {
    "@timestamp": "2026-03-03T00:00:00+00:00",
    "elkmon": {
        "model": {"name": "m"},
        "segment": "",
        "window": {"end": "2026-03-03T00:00:00+00:00"},
        "finding": {"family": "drift", "kind": "feature", "subject": "x"},
        "alert": {
            "fingerprint": identity("m", "", "drift", "feature", "x"),
            "episode": 1,
            "state": "open",
            "severity": "critical",
            "opened_at": "2026-03-03T00:00:00+00:00",
        },
        "packed": {
            "field": "features.num.x",
            "recent": ["ok", "critical", "critical"],
            "versions": ["1"],
            "timeline": [
                {
                    "change": "opened",
                    "episode": 1,
                    "at": "2026-03-03T00:00:00+00:00",
                    "status": "critical",
                    "versions": ["1"],
                    "note": "",
                }
            ],
        },
    },
}


def test_a_finding_without_what_came_later() -> None:
    """It has no completeness and is not provisional; numbers no index can hold are there again; its identity is the same."""
    found = finding_from(FINDING)

    assert found.window == Window(MONDAY, TUESDAY)
    assert found.subject == Subject(Family.DRIFT, Kind.FEATURE, "x", "features.num.x")
    assert (found.status, found.value, found.limit, found.coverage) == (Status.WARNING, 0.2, 0.1, 0.5)
    assert (found.completeness, found.provisional, found.previous) == (None, False, None)
    assert found.direction is Direction.HIGHER
    assert found.p_value != found.p_value
    assert found.beside == {"psi": 0.3, "kl": float("inf")}
    start, end = "2026-03-02T00:00:00+00:00", "2026-03-03T00:00:00+00:00"
    assert finding_id(found) == identity("finding", "m", "1", "", "drift", "feature", "x", start, end)


def test_a_profile_with_every_bin_written_out() -> None:
    """Bins were lists, however many were empty."""
    found = profile_from(PROFILE)

    outcomes = Outcomes(2, {("a", "b"): 2}, {"a": (0, 0, 2)}, sums={"brier": 0.5, "brier_rows": 2})
    counts = {"features.num.x": Counts((0, 2, 0, 0, 0), missing=1)}
    assert found == Profile("m", "1", MONDAY, MONDAY + HOUR, "r", 3, 1, counts, outcomes)
    assert profile_id(found) == identity("profile", "production", "m", "1", "", "2026-03-02T00:00:00+00:00", "r")


def test_a_ruler_and_a_baseline_without_segments_and_pairs() -> None:
    """They have none, and the ids they had, by which profiles and findings name them."""
    ruler = ruler_from({"elkmon": {"ruler": {"id": "r"}, "packed": RULER}})
    numeric = NumericScale((0.0, 1.0), (0.1, 0.5, 1.5), discrete=False, lowest=0.0, highest=2.0)
    assert ruler == Ruler(
        {"features.num.x": numeric, "features.cat.c": CategoricalScale(("a", "b"), ("a", "b", "z"), False)}
    )
    assert (ruler.joints, ruler.segmentations) == ((), ())
    canonical = (
        '{"features.cat.c":{"known":["a","b","z"],"levels":["a","b"],"open_ended":false},'
        '"features.num.x":{"discrete":false,"edges":[0.0,1.0],"highest":2.0,"lowest":0.0,"points":[0.1,0.5,1.5]}}'
    )
    assert ruler.id == identity(canonical)

    source = {"kind": "window", "name": "w", "digest": "", "has_timestamps": True, "out_of_sample": True}
    packed = {"source": source, "notes": ["few rows"], "total": PROFILE}
    document = {"@timestamp": "2026-03-03T00:00:00+00:00", "elkmon": {**PROFILE["elkmon"], "packed": packed}}
    found = baseline_from(document, ruler)

    assert (found.source.provisional, found.segments, found.importances) == (False, {}, {})
    assert (found.total.predictions, found.notes, found.created_at) == (3, ("few rows",), TUESDAY)
    assert found.id == identity("m", "1", ruler.id, "window", "w", "", "True", "3", "2")


def test_a_story_that_goes_on() -> None:
    """Its verdicts keep their order, and its transitions the ids under which they were told: nobody is told twice."""
    found = alert_from(ALERT)

    assert (found.state, found.severity, found.last_window) == (State.OPEN, Status.CRITICAL, TUESDAY)
    assert [each.status for each in found.recent] == [Status.OK, Status.CRITICAL, Status.CRITICAL]
    assert sorted(found.recent) == list(found.recent)
    assert found.recent[-1].at == TUESDAY
    (opened,) = found.timeline
    assert (opened.change, opened.versions) == (Change.OPENED, ("1",))
    assert opened.id == identity(found.fingerprint, "1", "opened", "2026-03-03T00:00:00+00:00", "critical")
    assert found.id == identity(found.fingerprint, "1")


def test_a_delivery_that_waits() -> None:
    """It is still to be made, under the id it had."""
    packed = {"notifier": "team", "transitions": ["t"], "attempts": 2, "last_error": "nobody there"}
    document = {
        "@timestamp": "2026-03-03T00:00:00+00:00",
        "elkmon": {"state": {"kind": "delivery", "status": "pending"}, "packed": packed},
    }
    found = delivery_from(document)

    assert (found.state, found.attempts, found.last_error) == (DeliveryState.PENDING, 2, "nobody there")
    assert found.id == identity("team", "t")


def test_a_lease_from_before_there_were_shares() -> None:
    """It is the lease of everything, and its epoch goes on from where it was."""
    packed = {"owner": "host:1:a", "epoch": 7, "expires_at": "2026-03-03T00:01:00+00:00"}
    document = {
        "@timestamp": "2026-03-03T00:00:00+00:00",
        "elkmon": {"state": {"kind": "lease", "status": "held"}, "packed": packed},
    }
    found = lease_from(document)

    assert (found.share, found.owner, found.epoch, found.held) == (Share(), "host:1:a", 7, True)
    assert found.length == timedelta(minutes=1)
    assert found.turns == ()
