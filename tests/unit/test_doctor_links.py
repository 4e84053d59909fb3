"""The doctor on indices, disks, types, rights and Kibana, as real servers answer about them."""

from datetime import UTC, datetime

import pytest

from elkmon.config import Secret, StoreSettings
from elkmon.doctor import Verdict
from elkmon.doctor.health import examine_health
from elkmon.doctor.kibana import examine_kibana
from elkmon.doctor.mappings import examine_field_types
from elkmon.doctor.probe import Probe
from elkmon.doctor.rights import examine_rights
from support.answering import http_server, json_server
from support.mail_server import free_port

NOW = datetime(2026, 5, 2, 12, 30, tzinfo=UTC)
GB = 1_000_000_000


def probe(url: str) -> Probe:
    return Probe(url, StoreSettings(hosts=(url,)))


def disk(total: int, free: int) -> dict[str, object]:
    return {"nodes": {"a": {"name": "one", "fs": {"total": {"total_in_bytes": total, "available_in_bytes": free}}}}}


@pytest.mark.parametrize(
    ("path", "body", "said", "remedy"),
    [
        (
            "/_cluster/health/",
            {"indices": {"elkmon-state-n": {"status": "red"}}},
            "elkmon-state-n lack shards",
            "snapshot",
        ),
        (
            "/logs-elkmon.*-n,",
            {"elkmon-state-n": {"settings": {"index.blocks.read_only_allow_delete": "true"}}},
            "elkmon-state-n: index.blocks.read_only_allow_delete is set",
            "make room",
        ),
        (
            "/logs-elkmon.*-n,",
            {"elkmon-state-n": {"settings": {"index.blocks.write": "true"}}},
            "elkmon-state-n: index.blocks.write is set",
            'PUT INDEX/_settings {"index.blocks.write": null}',
        ),
        (
            "/_cluster/settings",
            {"persistent": {"cluster.blocks.read_only": "true"}},
            "cluster.blocks.read_only is set",
            '{"persistent": {"cluster.blocks.read_only": null}}',
        ),
        ("/_nodes/stats/fs", disk(1000 * GB, 49 * GB), "one: 49.0 of 1,000.0 GB are free", "retention_days"),
    ],
)
def test_what_keeps_from_reading_or_writing_is_a_problem(path, body, said, remedy):
    """Red indices, blocks and a disk that brings them are named, each with what to do."""
    with json_server({path: body}) as url:
        (found,) = examine_health(probe(url), "n")

    assert found.verdict is Verdict.PROBLEM
    assert said in found.seen
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("total", "free", "verdict"),
    [
        (100 * GB, 16 * GB, Verdict.OK),  # 15 % free is Elasticsearch's low mark
        (100 * GB, 15 * GB, Verdict.WARNING),
        (100 * GB, 5 * GB, Verdict.PROBLEM),
        (10_000 * GB, 201 * GB, Verdict.OK),  # of a large disk it keeps 200 GB and 100 GB free
        (10_000 * GB, 200 * GB, Verdict.WARNING),
        (10_000 * GB, 100 * GB, Verdict.PROBLEM),
    ],
)
def test_disks_are_held_against_elasticsearchs_own_marks(total, free, verdict):
    """A disk is told before Elasticsearch makes its indices read-only."""
    with json_server({"/_nodes/stats/fs": disk(total, free)}) as url:
        (found,) = examine_health(probe(url), "n")

    assert found.verdict is verdict


def test_a_field_of_two_types_is_told_with_where():
    """Two indices that differ are named; so is a field that was made before the templates were."""
    fields = {
        "features.num.x": {"double": {"indices": ["second"]}, "keyword": {"indices": ["first", "third"]}},
        "elkmon.model.name": {"text": {}},
        "@timestamp": {"date": {}},
        "_id": {"_id": {}},
    }
    with json_server({"/logs-elkmon.prediction*-n/_field_caps": {"fields": fields}}) as url:
        (found,) = examine_field_types(probe(url), "n")

    assert found.verdict is Verdict.PROBLEM
    assert found.seen == (
        "logs-elkmon.prediction*-n: elkmon.model.name is text, not keyword; "
        "features.num.x is double in second, keyword in first"
    )
    assert "roll the stream over" in found.remedy


def test_rights_that_lack_are_named():
    """Each missing privilege is told with what it is missing on, and which role has them all."""
    answer = {
        "username": "elkmon",
        "has_all_requested": False,
        "cluster": {"monitor": False},
        "index": {"elkmon-state-n": {"read": True, "write": False}},
    }
    with json_server({"/_security/user/_has_privileges": answer}) as url:
        found = examine_rights(probe(url), StoreSettings(hosts=(url,), namespace="n"))

    assert found.verdict is Verdict.PROBLEM
    assert found.seen == "elkmon lacks monitor on the cluster, write on elkmon-state-n"
    assert "elkmon-monitor-n" in found.remedy


@pytest.mark.parametrize(
    ("host", "verdict"), [("http://127.0.0.1:9200", Verdict.OK), ("http://es.example.com:9200", Verdict.WARNING)]
)
def test_a_server_without_security_is_told(host, verdict):
    """On this machine it is what one has; elsewhere it is worth a warning."""
    with http_server(lambda _: (400, "application/json", b'{"error": "no handler found"}')) as url:
        found = examine_rights(probe(url), StoreSettings(hosts=(host,)))

    assert found.verdict is verdict
    assert "no security" in found.seen


@pytest.mark.parametrize(
    ("answer", "verdict", "said"),
    [
        (
            (200, b'{"status": {"overall": {"level": "available"}}, "version": {"number": "9.2.2"}}'),
            Verdict.OK,
            "9.2.2",
        ),
        (
            (200, b'{"status": {"overall": {"level": "available"}}, "version": {"number": "9.1.0"}}'),
            Verdict.WARNING,
            "9.1.0",
        ),
        ((200, b'{"status": {"overall": {"level": "available"}}}'), Verdict.OK, "only to who has a login"),
        ((200, b'{"status": {"overall": {"level": "degraded"}}}'), Verdict.WARNING, "says it is degraded"),
        ((401, b"{}"), Verdict.OK, "wants a login"),
        ((404, b"not found"), Verdict.WARNING, "not as Kibana does"),
    ],
)
def test_kibana_is_asked_how_it_is(answer, verdict, said):
    """Its version is held against Elasticsearch's; what else answers there is recognised."""
    with http_server(lambda _: (answer[0], "application/json", answer[1])) as url:
        found = examine_kibana(url, StoreSettings(), "9.2.2")

    assert found.verdict is verdict
    assert said in found.seen


def test_kibana_does_not_get_elasticsearchs_login():
    """Whoever answers at that address sees no secret; nobody there is said."""
    store = StoreSettings(api_key=Secret("hunter2"))
    sent = Probe("http://127.0.0.1:9", store)._headers
    assert "hunter2" in sent["Authorization"]

    found = examine_kibana(f"http://127.0.0.1:{free_port()}", store, "")

    assert found.verdict is Verdict.WARNING
    assert "nothing listens there" in found.seen
