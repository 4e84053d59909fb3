"""
Whether a mail server takes our connection and login. Nothing is sent.
"""

from __future__ import annotations

import smtplib
import socket
import ssl

from elkmon.config import MailSettings, Security
from elkmon.doctor.examination import Examination, Link, Verdict

_SECONDS = 10.0


def examine_mail(settings: MailSettings) -> Examination:
    """Connect, greet, secure the connection and log in as a mail would, and hang up."""
    where = f"{settings.host}:{settings.port}"
    try:
        with _connected(settings) as server:
            server.ehlo_or_helo_if_needed()
            if settings.security is Security.STARTTLS:
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if settings.password is not None:
                server.login(settings.username, settings.password.reveal())
    except (OSError, smtplib.SMTPException) as error:
        seen, remedy = _obstacle(error, settings)
        return Examination(Link.MAIL, settings.name, Verdict.PROBLEM, f"{where}: {seen}", remedy)
    except ValueError:  # its message would show the secret
        seen, remedy = "the login holds characters that SMTP does not allow", f"check notifiers.{settings.name}"
        return Examination(Link.MAIL, settings.name, Verdict.PROBLEM, f"{where}: {seen}", remedy)
    login = f", logged in as {settings.username}" if settings.password is not None else ", no login"
    protection = "not encrypted" if settings.security is Security.NONE else settings.security.value
    recipients = ", ".join(settings.recipients)
    return Examination(Link.MAIL, settings.name, Verdict.OK, f"{where}: {protection}{login}; writes to {recipients}")


def _connected(settings: MailSettings) -> smtplib.SMTP:
    if settings.security is Security.SSL:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=_SECONDS, context=context)
    return smtplib.SMTP(settings.host, settings.port, timeout=_SECONDS)


def _obstacle(error: Exception, settings: MailSettings) -> tuple[str, str]:
    """Return what was in the way and what to do."""
    key = f"notifiers.{settings.name}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it does not accept the login ({_said(error)})", f"check {key}.username and its password"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return (
            f"it does not offer what is configured: {error}",
            f"check {key}.security, and whether it wants a login at all",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted ({error.verify_message})",
            "have its authority installed on this machine",
        )
    if isinstance(error, ssl.SSLError):
        return (
            f"TLS failed ({error.reason})",
            f"check {key}.security and {key}.port: ssl is usual on 465, starttls on 587",
        )
    if isinstance(error, socket.gaierror):
        return "the host's name is not known", f"check {key}.host"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it refuses: {_said(error)}", f"check {key}.security, and whether it wants a login"
    if isinstance(error, TimeoutError):
        return "no answer in time", f"check {key}.host, {key}.port and firewalls"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return f"it hangs up: {error}", f"check {key}.security and {key}.port: ssl is usual on 465, starttls on 587"
    return str(error), f"check {key}.host and {key}.port; does the server run?"


def _said(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
    return f"{error.smtp_code} {said}"
