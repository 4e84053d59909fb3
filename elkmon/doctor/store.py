"""
Whether Elasticsearch can be reached, is a version the client fits, keeps the same time, and has what `elkmon setup` makes.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

from elkmon.config import StoreSettings
from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.doctor.installation import version_of
from elkmon.doctor.probe import Answer, Probe
from elkmon.errors import ElkmonError, StoreUnreachable

_OLDEST_SERVER = (8, 19)
_SKEW_WARNING, _SKEW_PROBLEM = 5.0, 60.0
_FULL = 0.7
_USUAL_FIELD_LIMIT = 1000
_MADE_BY_SETUP = ("component template", "index ")
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_BUSY = {429, 500, 502, 503, 504}


def examine_store(settings: StoreSettings) -> Generator[Examination, None, Probe | None]:
    """
    Yield what is found: each host, the pair of versions, the clocks, the templates, and how full the mappings are.

    Return the probe of a host that answers; None where what was found keeps anything more from being asked.
    """
    answering: Probe | None = None
    for host in settings.hosts:
        examination, probe = _reach(host, settings)
        answering = answering or probe
        yield examination
    if answering is None:
        return None
    pair = _versions(_server_version(answering))
    yield pair
    yield _clocks(answering)
    yield from _field_limits(answering, settings.namespace)
    if pair.verdict is Verdict.PROBLEM:
        return None
    templates = _templates(settings)
    yield templates
    return answering if templates.verdict is Verdict.OK else None


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
        return _problem(
            "host", name, "some shards are missing; counts would be wrong, so checks fail until it heals"
        ), probe
    return Examination(Link.STORE, "host", Verdict.OK, name), probe


def _server_version(probe: Probe) -> str:
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
    missing = [step.name for step in steps if step.result.value == "left out" and step.name.startswith(_MADE_BY_SETUP)]
    if missing:
        seen = f"{len(missing)} of what elkmon needs are not there or not up to date: {', '.join(missing[:3])}"
        return _problem("templates", seen, "elkmon setup")
    return Examination(
        Link.STORE, "templates", Verdict.OK, "templates and indices are as this version of elkmon makes them"
    )


def _field_limits(probe: Probe, namespace: str) -> Iterator[Examination]:
    """Yield one line per stream of predictions: how many fields its mapping holds of those allowed."""
    pattern = f"logs-elkmon.prediction*-{namespace}"
    mappings = probe.get(f"{pattern}/_mapping").body
    limits = probe.get(f"{pattern}/_settings?flat_settings=true")
    for index, described in sorted(mappings.items()) if isinstance(mappings, dict) else ():
        used = _fields(Answer(200, described).at("mappings"))
        allowed = limits.at(index, "settings", "index.mapping.total_fields.limit")
        limit = int(allowed) if isinstance(allowed, str) and allowed.isdecimal() else _USUAL_FIELD_LIMIT
        seen = f"{index}: {used} of {limit} fields"
        if used < _FULL * limit:
            yield Examination(Link.STORE, "fields", Verdict.OK, seen)
        else:
            yield Examination(
                Link.STORE,
                "fields",
                Verdict.WARNING,
                f"{seen}; beyond the limit further features are not indexed",
                "log fewer features, or raise index.mapping.total_fields.limit of that template",
            )


def _fields(mapping: object) -> int:
    """Count the fields of a mapping as Elasticsearch does: objects and multi-fields count as well."""
    if not isinstance(mapping, dict):
        return 0
    below = [*_values(mapping.get("properties")), *_values(mapping.get("fields"))]
    return len(below) + sum(map(_fields, below))


def _values(table: object) -> list[object]:
    return list(table.values()) if isinstance(table, dict) else []


def _problem(what: str, seen: str, remedy: str) -> Examination:
    return Examination(Link.STORE, what, Verdict.PROBLEM, seen, remedy)
