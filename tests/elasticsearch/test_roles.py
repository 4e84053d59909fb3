"""
Roles against what elkmon really asks.

Security itself is not to be had on the node the tests run on. So every request is recorded, and held against a table of which
action it is and which privilege allows it, made by hand from Elasticsearch's sources.
"""

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from elkmon.__main__ import main
from elkmon.doctor import examine
from elkmon.elasticsearch import Indices, Keeping, Role, connect, grant, housekeeping, roles_of, setup
from elkmon.errors import StoreRefused
from elkmon.windows import DAY, HOUR
from support.requests import Request, allowed, recorded
from support.scenario import START, send
from support.whole_line import Line


def role(name: str, namespace: str) -> Role:
    return next(each for each in roles_of(namespace) if each.name == f"elkmon-{name}-{namespace}")


def forbidden(requests: list[Request], role: Role) -> set[tuple[str, str]]:
    return {need for request in requests for need in request.needs() if not allowed(role, *need)}


def test_the_shipper_asks_for_nothing_it_is_not_allowed(elasticsearch_url: str, ready: str) -> None:
    """Sending needs no more than its role has."""
    with recorded() as requests:
        send(elasticsearch_url, ready, START, START + 2 * HOUR)

    assert {request.path for request in requests} == {"/_bulk"}
    assert forbidden(requests, role("shipper", ready)) == set()
    assert forbidden(requests, role("reader", ready))


def test_the_monitor_asks_for_nothing_it_is_not_allowed(line: Line, tmp_path: Path) -> None:
    """A baseline, checks with alerts, reading them, housekeeping and the doctor need no more than its role has."""
    send(line.url, line.namespace, START, START + 14 * DAY)
    configured = tmp_path / "elkmon.toml"
    configured.write_text(f'[store]\nhosts = ["{line.url}"]\nnamespace = "{line.namespace}"\n[models.lending]\n')
    month = Indices.month(Indices(line.namespace).profiles, datetime(2024, 1, 1, tzinfo=UTC))
    line.store.indices.create(index=month)
    with recorded() as requests:
        line.reference()
        line.check(START + 13 * DAY)
        line.check(START + 14 * DAY)
        keeping = Keeping(events=60 * DAY, results=9000 * DAY, hours=60 * DAY)
        chores = housekeeping(line.store, line.namespace, datetime.now(UTC), keeping)
        list(examine(configured, START + 14 * DAY))

    assert month in {each.what for each in chores}
    assert {"/_bulk", "/_aliases", "/_cat/health"} <= {request.path for request in requests}
    # Templates are only looked at, as a dry run of `elkmon setup` does.
    assert forbidden(requests, role("monitor", line.namespace)) == set()
    assert forbidden(requests, role("reader", line.namespace))


def test_setup_asks_for_nothing_it_is_not_allowed(elasticsearch_url: str, namespace: str) -> None:
    """Making templates and indices, and doing it again, needs no more than its role has."""
    with Elasticsearch(elasticsearch_url) as client, recorded() as requests:
        setup(client, namespace, retention_days=30)
        setup(client, namespace, retention_days=40)
        client.indices.delete_index_template(name=f"elkmon-events-{namespace}")

    requests = [each for each in requests if each.method != "DELETE"]
    assert forbidden(requests, role("setup", namespace)) == set()
    assert forbidden(requests, role("monitor", namespace))


def test_roles_are_as_small_as_can_be() -> None:
    """Nobody but setup may change templates; a shipper cannot change or delete, a reader cannot write, what is there."""
    shipper, monitor, eraser, reader, administrator = roles_of("n")

    parts = ("shipper", "monitor", "eraser", "reader", "setup")
    assert [each.name for each in roles_of("n")] == [f"elkmon-{part}-n" for part in parts]
    assert allowed(eraser, "indices:data/write/delete", "logs-elkmon.prediction-n")
    assert not allowed(eraser, "indices:data/write/index:op_type/create", "logs-elkmon.prediction-n")
    for action in ("write/delete", "write/index:op_type/index", "write/update"):
        assert not allowed(shipper, f"indices:data/{action}", "logs-elkmon.prediction-n")
        assert not allowed(monitor, f"indices:data/{action}", "logs-elkmon.prediction-n")
        assert not allowed(reader, f"indices:data/{action}", "elkmon-state-n")
    assert not allowed(shipper, "indices:data/read/search", "elkmon-findings-n-2026.01")
    assert not allowed(shipper, "indices:data/read/search", "logs-elkmon.prediction-m")
    assert not allowed(monitor, "indices:admin/delete", "elkmon-baselines-n")
    assert not allowed(monitor, "indices:admin/delete", "elkmon-state-n")
    assert not allowed(monitor, "indices:admin/index_template/put", "")
    assert allowed(administrator, "indices:admin/index_template/put", "")


def test_events_of_another_layout_are_read_and_not_written() -> None:
    """A team's own index is named beside the streams."""
    _, monitor, _, reader, _ = roles_of("n", events_elsewhere=["scores-*"])

    for each in (monitor, reader):
        assert allowed(each, "indices:data/read/search", "scores-2026")
        assert not allowed(each, "indices:data/write/index:op_type/create", "scores-2026")


@contextlib.contextmanager
def secured(status: int = 200) -> Iterator[tuple[str, list[tuple[str, str, dict]]]]:
    """Run a server that answers like an Elasticsearch with security, and yield its URL and what it was asked."""
    asked: list[tuple[str, str, dict]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append((self.command, self.path, json.loads(body or b"{}")))
            content = json.dumps({"encoded": f"secret-{len(asked)}"}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = answer  # noqa: N815  the names it is called by

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_with_security_roles_are_made_and_keys_where_they_are_asked_for() -> None:
    """Every role is put; keys are made for what runs unattended, and no secret shows unless it is looked for."""
    with secured() as (url, asked), connect([url]) as client:
        dry = grant(client, roles_of("n"), keys=True, dry_run=True)
        assert (dry.security, dry.keys, len(asked)) == (True, {}, 1)
        granted = grant(client, roles_of("n"), keys=True)

    put = [(path, body) for method, path, body in asked if path.startswith("/_security/role/")]
    assert [path.rpartition("/")[2] for path, _ in put] == [each.name for each in roles_of("n")]
    assert all(
        body["indices"] == each.descriptor()["indices"] for (_, body), each in zip(put, roles_of("n"), strict=True)
    )
    keys = [body for _, path, body in asked if path == "/_security/api_key"]
    assert keys == [each.key_request() for each in roles_of("n") if each.keyed]
    assert set(granted.keys) == {"elkmon-shipper-n", "elkmon-monitor-n", "elkmon-reader-n"}
    assert "secret" not in repr(granted)


def test_a_login_that_is_not_known_is_no_server_without_security() -> None:
    """It is refused, rather than taken for a server on which everything is allowed."""
    with secured(401) as (url, _), connect([url]) as client, pytest.raises(StoreRefused, match="does not know who"):
        grant(client, roles_of("n"))


def test_a_server_without_security_is_told_and_the_roles_are_shown(
    elasticsearch_url: str, client: Elasticsearch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written, no key is made, and what could be used elsewhere is printed, also as JSON."""
    path = tmp_path / "elkmon.toml"
    path.write_text(f'[store]\nhosts = ["{elasticsearch_url}"]\nnamespace = "n"\n')

    assert grant(client, roles_of("n"), keys=True).keys == {}
    assert main(["setup", "-c", str(path), "--roles"]) == 0
    text = capsys.readouterr().out
    assert main(["setup", "-c", str(path), "--roles", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)

    assert "This server has no security" in text
    assert "PUT /_security/role/elkmon-shipper-n" in text
    assert printed["security"] is False
    shipper = printed["roles"][0]
    assert shipper["descriptor"]["indices"] == [
        {"names": ["logs-elkmon.*-n"], "privileges": ["create_doc", "auto_configure", "read", "maintenance"]}
    ]
    assert shipper["api_key_request"]["role_descriptors"] == {"elkmon-shipper-n": shipper["descriptor"]}
    assert shipper["api_key"] is None
