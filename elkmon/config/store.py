"""
Reads `[store]`: where Elasticsearch is, who we are there, and how long what is kept.
"""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

from elkmon.config.section import Section, show, url_problem
from elkmon.config.settings import StoreSettings
from elkmon.windows import DAY, format_length

_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9_.]{0,99}")


def read_store(section: Section) -> StoreSettings:
    """Return the settings of the store; problems are left with `section`."""
    default = StoreSettings()
    hosts = section.texts("hosts", default.hosts)
    if not hosts:
        section.complain("hosts", "is empty; name at least one URL")
    for host in hosts:
        if problem := url_problem(host) or _port_problem(host):
            section.complain("hosts", f"= {show(host)} {problem}")
    namespace = section.text("namespace", default.namespace)
    if not _NAMESPACE.fullmatch(namespace):
        section.complain(
            "namespace",
            f"= {show(namespace)} cannot be part of an index name; use small letters, digits, _ and ., at most 100",
        )
    settings = StoreSettings(
        hosts=tuple(host.rstrip("/") for host in hosts),
        namespace=namespace,
        api_key=section.secret("api_key"),
        username=section.text("username"),
        password=section.secret("password"),
        ca_certs=section.file("ca_certs"),
        timeout=section.number("timeout", default.timeout, 1, 600),
        retention_days=section.whole("retention_days", default.retention_days, 1, 3650),
        results_retention_days=section.whole("results_retention_days", default.results_retention_days, 1, 3650),
        roll_up_after_days=section.whole("roll_up_after_days", default.roll_up_after_days, 1, 3650),
    )
    _check_login(section)
    section.close()
    return settings


def kept_too_short(store: StoreSettings, horizon: timedelta) -> list[str]:
    """
    Return a problem for each kind of result that would be gone while it may still be judged again.

    What nobody chose is no problem: it follows a longer horizon.
    """
    default = StoreSettings()
    days = {
        key: getattr(store, key)
        for key in ("results_retention_days", "roll_up_after_days")
        if getattr(store, key) != getattr(default, key)
    }
    return [
        f'store.{key} = {kept} is shorter than the horizon of "{format_length(horizon)}", within which windows are judged '
        f"again; make it {-(-horizon // DAY)} or more, or the horizon shorter"
        for key, kept in days.items()
        if kept * DAY < horizon
    ]


def _check_login(section: Section) -> None:
    has_key = "api_key_env" in section or "api_key_file" in section
    has_password = "password_env" in section or "password_file" in section
    if has_key and ("username" in section or has_password):
        section.complain("username", "goes against api_key; keep one way to log in")
    elif "username" in section and not has_password and "password" not in section:
        section.complain("username", "stands without a password; add password_env or password_file")
    elif has_password and "username" not in section:
        section.complain("password_env", "stands without a username")


def _port_problem(host: str) -> str:
    return "" if urlsplit(host).port else "names no port; write it out, for Elasticsearch usually :9200"
