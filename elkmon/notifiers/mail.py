"""
Sends a digest as one mail over SMTP: plain text and HTML, pictures inline. What it says is made in `elkmon.presentation`.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from elkmon.digests import Digest
from elkmon.errors import ConfigurationError, DeliveryError
from elkmon.presentation.letters import Picture, letter
from elkmon.presentation.links import checked
from elkmon.presentation.notices import notice_letter
from elkmon.presentation.writing import clean, listing

_SECURITIES = ("starttls", "ssl", "none")
_LONGEST_NAMESPACE = 12
_LONGEST_DOMAIN = 48
"""Beyond it a single id fills a header's line, which the standard library would then encode as words."""


class Mail:
    """
    A mail server, and who is written to through it.

    Every recipient gets the same mail. Its `Message-ID` is made from the digest's id, so a mail sent twice is recognised; its
    `Date` is when it was sent, which mail clients sort by, while the text says what was checked and when; `References` holds
    an id per story, so that mails about one story make a thread; that of a notice's end holds its beginning's id.

    Args:
        name: its name in the configuration.
        host, port: the mail server.
        sender: the address it comes from, such as `elkmon <elkmon@example.com>`.
        recipients: the addresses it goes to.
        security: `starttls` (plain, then encrypted; refused when the server cannot), `ssl` (encrypted from the start) or
            `none`, which sends a password in the clear too.
        username, password: for a server that wants a login.
        timeout: seconds to wait for each answer.
        kibana_url: adds links to the events in Kibana.
        context: how certificates are verified; by the system's authorities unless given.
        namespace: whose models it tells of; part of the ids of mails, so that two installations' are told apart.

    Raises:
        ConfigurationError: when an address, the security or the Kibana URL cannot be used.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        sender: str,
        recipients: Sequence[str],
        *,
        security: str = "starttls",
        username: str | None = None,
        password: str | None = None,
        timeout: float = 30,
        kibana_url: str | None = None,
        context: ssl.SSLContext | None = None,
        namespace: str = "",
    ) -> None:
        if security not in _SECURITIES:
            raise ConfigurationError(f"{name}: security {security!r} is none of {', '.join(_SECURITIES)}")
        if not recipients:
            raise ConfigurationError(f"{name}: there are no recipients; name at least one address")
        if bool(username) != bool(password):
            raise ConfigurationError(f"{name}: username and password are needed together, or neither")
        self._name = name
        self._host = host
        self._port = port
        self._sender = _address(name, "sender", sender)
        self._recipients = tuple(_address(name, "recipient", recipient) for recipient in recipients)
        self._security = security
        self._login = (username, password) if username and password else None
        self._timeout = timeout
        self._kibana_url = checked(kibana_url)
        self._context = context
        self._namespace = namespace

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self._name

    def __repr__(self) -> str:
        return f"Mail({self._name!r}, {self._host!r}, {self._port}, to={[each.addr_spec for each in self._recipients]})"

    def notify(self, digest: Digest) -> None:
        """
        Send `digest`; one without changes or a notice is not sent, as there is nothing to tell.

        Raises:
            DeliveryError: the mail did not go out; permanent where the server said a final no (5xx) to the sender, the
                content or every recipient, not where a corrected setting lets a later try succeed. Where it took the mail
                for some recipients and not for others, those have it, and the error (permanent, since a repeat would reach
                the others twice) names who was refused.
        """
        if not digest.items and digest.notice is None:
            return
        message = self.compose(digest)
        try:
            refused = self._send(message)
        except ssl.SSLError as error:
            raise self._failed(f"no encrypted connection: {error.reason or error}") from error
        except smtplib.SMTPRecipientsRefused as error:
            final = all(code >= 500 for code, _ in error.recipients.values())
            raise self._failed(f"it refused {_refusals(error.recipients)}", permanent=final) from error
        except smtplib.SMTPResponseException as error:
            final = error.smtp_code >= 500 and not isinstance(error, smtplib.SMTPAuthenticationError)
            raise self._failed(
                f"{_task(error)}: {_answer(error.smtp_code, error.smtp_error)}", permanent=final
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            raise self._failed(f"it cannot do what was asked: {_plain(str(error))}") from error
        except UnicodeEncodeError as error:
            raise self._failed("the user name or the password has characters that a login cannot carry") from error
        except smtplib.SMTPServerDisconnected as error:
            if isinstance(error.__context__, TimeoutError):
                raise self._failed(f"it did not answer within {self._timeout:g} s") from error
            raise self._failed(f"it closed the connection ({_plain(str(error))})") from error
        except TimeoutError as error:
            raise self._failed(f"it did not answer within {self._timeout:g} s") from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._failed(f"it cannot be reached: {_plain(str(error) or type(error).__name__)}") from error
        if refused:
            reached = len(self._recipients) - len(refused)
            raise self._failed(
                f"the mail was delivered to {reached} of {len(self._recipients)} recipients; refused: {_refusals(refused)}",
                permanent=True,
            )

    def compose(self, digest: Digest) -> EmailMessage:
        """Return the mail that `notify` sends."""
        tag = _tag(digest.id)
        domain = _ascii(self._sender.domain)
        listed = domain if len(domain) <= _LONGEST_DOMAIN else "elkmon.invalid"
        whose = f"{self._namespace[:_LONGEST_NAMESPACE].rstrip('.')}." if self._namespace else ""

        def place(picture: Picture) -> str:
            return f"{picture.name}.{tag}@{domain}"

        recipients = listing([each.addr_spec for each in self._recipients], most=3)
        reason = f"elkmon's notifier {clean(self._name)} is configured to write to {recipients}"
        if digest.notice is not None:
            content = notice_letter(digest.notice, digest.at, reason)
            references = [f"<{_tag(digest.notice.follows)}@{whose}{domain}>"] if digest.notice.follows else []
        else:
            content = letter(
                digest, kibana_url=self._kibana_url, reason=reason, address=lambda picture: f"cid:{place(picture)}"
            )
            stories = dict.fromkeys(item.alert.id for item in digest.items)
            references = [f"<{story[:16]}@{whose}{listed}>" for story in list(stories)[:20]]
        message = EmailMessage(policy=SMTP)
        message["Subject"] = content.subject
        message["From"] = self._sender
        message["To"] = self._recipients
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = f"<{tag}@{whose}{domain}>"
        if references:
            message["References"] = " ".join(references)
        message["List-Id"] = f"elkmon <elkmon.{listed}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(content.text, cte="quoted-printable")
        message.add_alternative(content.html, subtype="html", cte="quoted-printable")
        _, html = message.iter_parts()
        assert isinstance(html, EmailMessage)
        for picture in content.pictures:
            html.add_related(
                picture.png,
                "image",
                "png",
                cid=f"<{place(picture)}>",
                disposition="inline",
                filename=f"{picture.name}.png",
            )
        return message

    def _send(self, message: EmailMessage) -> Mapping[str, tuple[int, bytes]]:
        """Send, and return who was refused while others were not."""
        context = self._context or ssl.create_default_context()
        if self._security == "ssl":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            if self._security == "starttls":
                server.starttls(context=context)
            if self._login:
                server.login(*self._login)
            refused = server.send_message(message)
            with suppress(smtplib.SMTPException, OSError):  # it has the mail; how it says goodbye changes nothing
                server.quit()
            return refused
        finally:
            server.close()

    def _failed(self, what: str, *, permanent: bool = False) -> DeliveryError:
        return DeliveryError(f"mail server {self._host}:{self._port} ({self._name}): {what}", permanent=permanent)


def _address(name: str, role: str, text: str) -> Address:
    display, plain = parseaddr(text)
    try:
        if text.splitlines() != [text] or "@" not in plain:
            raise ValueError
        address = Address(display, addr_spec=plain)
    except (ValueError, MessageError) as error:
        raise ConfigurationError(f"{name}: {role} {text!r} is not a mail address such as team@example.com") from error
    return address


def _tag(digest: str) -> str:
    """Return a digest's id as ids of mails may carry it."""
    return "".join(character for character in digest if character.isascii() and character.isalnum()) or "digest"


def _ascii(domain: str) -> str:
    """Return `domain` as ids of mails may carry it."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return "elkmon.invalid"


def _task(error: smtplib.SMTPResponseException) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "it did not accept the login; check username and password"
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"it refused the sender {_plain(error.sender)}"
    return "it did not take the mail" if isinstance(error, smtplib.SMTPDataError) else "it answered"


def _refusals(recipients: Mapping[str, tuple[int, bytes]]) -> str:
    return listing(
        [f"{_plain(address)} ({_answer(code, text)})" for address, (code, text) in recipients.items()], most=5
    )


def _answer(code: int, text: bytes | str) -> str:
    return f"{code} {_plain(text.decode(errors='replace') if isinstance(text, bytes) else text)}"


def _plain(text: str) -> str:
    return clean(text, 200)
