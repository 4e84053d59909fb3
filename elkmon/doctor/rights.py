"""
Whether the login may do what the monitor does, asked of Elasticsearch itself.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from elkmon.config import StoreSettings
from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.doctor.probe import Answer, Probe

_MOST_NAMED = 6
_HERE = {"127.0.0.1", "localhost", "::1"}


def examine_rights(probe: Probe, settings: StoreSettings) -> Examination:
    """Compare the login's rights with the role that `elkmon setup --roles` makes for the monitor."""
    from elkmon.elasticsearch import monitor_role

    role = monitor_role(settings.namespace)
    described = role.descriptor()
    asked = {"cluster": described["cluster"], "index": described["indices"]}
    answer = probe.get("_security/user/_has_privileges", asked)
    if not answer.ok:
        return _without_security(settings)
    lacking = list(_lacking(answer))
    if not lacking:
        return Examination(Link.STORE, "rights", Verdict.OK, f"{answer.at('username')} may do all that {role.name} may")
    more = f" and {len(lacking) - _MOST_NAMED} more" if len(lacking) > _MOST_NAMED else ""
    return Examination(
        Link.STORE,
        "rights",
        Verdict.PROBLEM,
        f"{answer.at('username')} lacks {', '.join(lacking[:_MOST_NAMED])}{more}",
        f"elkmon setup --roles makes the role {role.name}: give it to this login",
    )


def _without_security(settings: StoreSettings) -> Examination:
    local = all(urlsplit(host).hostname in _HERE for host in settings.hosts)
    seen = "this server has no security: whoever reaches it may do anything there"
    if local:
        return Examination(Link.STORE, "rights", Verdict.OK, f"{seen}; it is asked on this machine")
    return Examination(Link.STORE, "rights", Verdict.WARNING, seen, "switch its security on, then elkmon setup --roles")


def _lacking(answer: Answer) -> list[str]:
    cluster, indices = answer.at("cluster"), answer.at("index")
    lacking = [f"{name} on the cluster" for name, has in _items(cluster) if has is False]
    for index, privileges in _items(indices):
        lacking += [f"{name} on {index}" for name, has in _items(privileges) if has is False]
    return lacking


def _items(table: object) -> list[tuple[str, object]]:
    return list(table.items()) if isinstance(table, dict) else []
