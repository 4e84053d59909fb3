"""
Whether Elasticsearch can be reached, is a version the client fits, keeps the same time, has what `elkmon setup` makes, and
lets it be read and written.
"""

from __future__ import annotations

import time
from collections.abc import Generator

from elkmon.config import StoreSettings
from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.doctor.health import examine_health
from elkmon.doctor.installation import version_of
from elkmon.doctor.mappings import examine_field_limits, examine_field_types
from elkmon.doctor.probe import Answer, Probe
from elkmon.doctor.rights import examine_rights
from elkmon.errors import ElkmonError, StoreUnreachable

_OLDEST_SERVER = (8, 19)
_SKEW_WARNING, _SKEW_PROBLEM = 5.0, 60.0
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_BUSY = {429, 500, 502, 503, 504}


def examine_store(settings: StoreSettings) -> Generator[Examination, None, Probe | None]:
    """
    Yield what is found: each host, the pair of versions, the clocks, indices and disks, mappings, templates and rights.

    Return the probe of a host that answers; None where what was found keeps anything more from being asked.
    """
    answering: Probe | None = None
    for host in settings.hosts:
        examination, probe = _reach(host, settings)
        answering = answering or probe
        yield examination
    if answering is None:
        return None
    pair = _versions(server_version(answering))
    yield pair
    yield _clocks(answering)
    yield from examine_health(answering, settings.namespace)
    yield from examine_field_limits(answering, settings.namespace)
    yield from examine_field_types(answering, settings.namespace)
    if pair.verdict is Verdict.PROBLEM:
        return None
    templates = _templates(settings)
    yield templates
    yield examine_rights(answering, settings)
    return None if templates.verdict is Verdict.PROBLEM else answering


def _reach(host: str, settings: StoreSettings) -> tuple[Examination, Probe | None]:
    """Look at one host; the probe comes back when it can be asked more."""
    try:
        probe = Probe(host, settings)
        health = probe.get("_cluster/health")
    except StoreUnreachable as error:
        return _problem("host", f"{host}: {error}", "see that it runs, or correct store.hosts"), None
    if health.status == _UNAUTHORIZED:
        return _problem(
            "host", f"{host} does not accept the login", "check store.api_key_env, or username and password"
        ), None
    if health.status == _FORBIDDEN:
        return _problem("host", f"{host}: the login lacks a right", "give it the cluster privilege `monitor`"), None
    if health.status in _BUSY:
        seen = f"{host} is not able to answer now (HTTP {health.status}): {health.text!r}"
        return _problem(
            "host", seen, "try again later; if it stays so, look into its log and what stands before it"
        ), None
    colour = health.at("status")
    if not health.ok or not isinstance(colour, str):
        seen = f"{host} answered {health.status}, but not as Elasticsearch does: {health.text!r}"
        return _problem("host", seen, "check host and port; is it Kibana, or a proxy?"), None
    name = f"{host}: cluster {health.at('cluster_name')}, {health.at('number_of_nodes')} nodes, health {colour}"
    if colour == "red":
        seen = f"{name}: an index lacks shards"
        return Examination(
            Link.STORE, "host", Verdict.WARNING, seen, "see below whether it is one of elkmon's; then checks of it fail"
        ), probe
    return Examination(Link.STORE, "host", Verdict.OK, name), probe


def server_version(probe: Probe) -> str:
    """Return the server's version; empty when it does not say. `GET /` is tried first, as it needs no right."""
    about = probe.get("").at("version", "number")
    if isinstance(about, str):
        return about
    nodes = probe.get("_nodes/_local/http?filter_path=nodes.*.version").at("nodes")
    found = [Answer(200, node).at("version") for node in nodes.values()] if isinstance(nodes, dict) else []
    return str(found[0]) if found else ""


def _versions(server: str) -> Examination:
    client = version_of("elasticsearch")
    if not server or client is None:
        return Examination(Link.STORE, "versions", Verdict.WARNING, "the server does not say its version")
    seen = f"server {server}, client {client}"
    server_major, client_major = (int(version.partition(".")[0]) for version in (server, client))
    if client_major > server_major:
        return _problem(
            "versions",
            f"{seen}: a client of {client_major}.x asks in a way that a server of {server_major}.x refuses, every time",
            f"pip install 'elasticsearch>=8.19,<{client_major}', or update the server",
        )
    if tuple(int(part) for part in server.split(".")[:2]) < _OLDEST_SERVER:
        return Examination(
            Link.STORE, "versions", Verdict.WARNING, f"{seen}: elkmon is tried with 8.19 and newer", "update the server"
        )
    return Examination(Link.STORE, "versions", Verdict.OK, seen)


def _clocks(probe: Probe) -> Examination:
    """Compare clocks; the server says whole seconds, so less than one is no difference."""
    before = time.time()
    epoch = probe.get("_cat/health?format=json").at(0, "epoch")
    after = time.time()
    if not isinstance(epoch, str) or not epoch.isdecimal():
        return Examination(Link.STORE, "clock", Verdict.WARNING, "the server does not say its time")
    server = int(epoch)
    skew = max(0.0, server - after, before - (server + 1))
    side = "ahead of" if server > after else "behind"
    seen = f"Elasticsearch's clock is {skew:.0f} s {side} this machine's" if skew else "same time here and there"
    if skew < _SKEW_WARNING:
        return Examination(Link.STORE, "clock", Verdict.OK, seen)
    verdict = Verdict.PROBLEM if skew >= _SKEW_PROBLEM else Verdict.WARNING
    return Examination(
        Link.STORE, "clock", verdict, seen, "let both follow a time server (NTP); windows would be cut askew"
    )


def _templates(settings: StoreSettings) -> Examination:
    from elkmon.wiring import set_up

    try:
        steps = set_up(settings, dry_run=True)
    except ElkmonError as error:
        return _problem("templates", str(error), "give elkmon's login the rights that the README lists")
    due = [
        step.name for step in steps if step.result.value == "would be done" and not step.name.startswith("retention")
    ]
    if due:
        seen = f"{len(due)} of what elkmon needs are not there or not up to date: {', '.join(due[:3])}"
        return _problem("templates", seen, "elkmon setup; elkmon setup --dry-run says what would change")
    newer = [step for step in steps if step.result.value == "left out" and "template" in step.name]
    if newer:
        return Examination(
            Link.STORE,
            "templates",
            Verdict.WARNING,
            f"{newer[0].name}: {newer[0].why}",
            "update elkmon on this machine",
        )
    return Examination(
        Link.STORE, "templates", Verdict.OK, "templates and indices are as this version of elkmon makes them"
    )


def _problem(what: str, seen: str, remedy: str) -> Examination:
    return Examination(Link.STORE, what, Verdict.PROBLEM, seen, remedy)
