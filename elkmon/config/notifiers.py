"""
Reads `[notifiers.NAME]`: who is told. Which class delivers is said in `elkmon.wiring`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from elkmon.config.section import Section, show, suggestion
from elkmon.config.settings import MailSettings, Security

_ADDRESS = re.compile(r"(?:[^<>@\r\n]*<)?[^\s<>@,;]+@[^\s<>@,;]+>?")


def read_notifier(name: str, section: Section) -> MailSettings | None:
    """Return the settings of one notifier; None, with a problem left with `section`, when its kind is not known."""
    kind = section.required("kind", f"what it is, one of {', '.join(_KINDS)}")
    if kind in _KINDS:
        return _KINDS[kind](name, section)
    if kind:
        section.complain("kind", f"= {show(kind)} is none of {', '.join(_KINDS)}{suggestion(kind, list(_KINDS))}")
    return None


def _read_mail(name: str, section: Section) -> MailSettings:
    security = section.choice("security", Security.STARTTLS)
    settings = MailSettings(
        name=name,
        host=section.required("host", "the mail server, for example smtp.example.com"),
        port=section.whole("port", security.port, 1, 65_535),
        security=security,
        username=section.text("username"),
        password=section.secret("password"),
        sender=section.required("sender", "the address mails come from"),
        recipients=section.texts("recipients"),
    )
    if not settings.recipients:
        section.complain("recipients", 'is missing: who is written to, for example ["team@example.com"]')
    for key, addresses in (("sender", (settings.sender,)), ("recipients", settings.recipients)):
        for address in addresses:
            if address and not _ADDRESS.fullmatch(address):
                section.complain(key, f"= {show(address)} is not a mail address such as team@example.com")
    has_password = any(f"password{suffix}" in section for suffix in ("", "_env", "_file"))
    if has_password != ("username" in section):
        section.complain("username", "and password_env (or password_file) are needed together, or neither")
    section.close()
    return settings


_KINDS: Mapping[str, Callable[[str, Section], MailSettings]] = {"mail": _read_mail}
