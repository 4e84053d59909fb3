"""
Whether Kibana answers where mails and reports link to, and is of the server's version. It is asked without a login.
"""

from __future__ import annotations

from dataclasses import replace

from elkmon.config import StoreSettings
from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.doctor.probe import Probe
from elkmon.errors import StoreUnreachable

_LOGIN_WANTED = {401, 403}


def examine_kibana(url: str, settings: StoreSettings, server: str) -> Examination:
    """Ask Kibana at `url` how it is; `server` is Elasticsearch's version, empty where it is not known."""
    try:
        # Its address may be anybody's, so it does not get Elasticsearch's login.
        answer = Probe(url, replace(settings, api_key=None, username="", password=None)).get("api/status")
    except StoreUnreachable as error:
        return _finding(Verdict.WARNING, f"{url}: {error}", "see that it runs, or correct kibana_url")
    if answer.status in _LOGIN_WANTED or answer.headers.get("location", "").count("login"):
        return _finding(Verdict.OK, f"{url} wants a login; more is not looked at")
    level = answer.at("status", "overall", "level")
    if not answer.ok or not isinstance(level, str):
        seen = f"{url} answered {answer.status}, but not as Kibana does: {answer.text[:100]!r}"
        return _finding(Verdict.WARNING, seen, "check kibana_url, with server.basePath where Kibana has one")
    if level != "available":
        return _finding(Verdict.WARNING, f"{url} says it is {level}", "look at its log")
    version = answer.at("version", "number")
    if not isinstance(version, str):
        return _finding(Verdict.OK, f"{url} is available; it tells its version only to who has a login")
    if server and version != server:
        seen = f"{url} is {version}, Elasticsearch {server}: they are meant to be of one version"
        return _finding(Verdict.WARNING, seen, "update Kibana after Elasticsearch, to the same version")
    return _finding(Verdict.OK, f"{url} is available, version {version}")


def _finding(verdict: Verdict, seen: str, remedy: str = "") -> Examination:
    return Examination(Link.KIBANA, "status", verdict, seen, remedy)
