"""
A mail server on this machine that delivers nothing: it speaks real SMTP and keeps each mail as a file.
"""

from __future__ import annotations

import base64
import re
import socket
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it was received: its file, and beside it the same as a page for a browser where it has HTML."""

    subject: str
    path: Path
    page: Path | None


class Mailbox:
    """
    Keeps what it is sent in `folder`, as `01-subject.eml` and `01-subject.html`, while the context lasts.

    What an earlier run kept there is removed. Mails arrive on the server's thread; `mails` only grows.
    """

    def __init__(self, folder: Path) -> None:
        self.mails: list[Mail] = []
        self._folder = folder
        with socket.create_server((HOST, 0)) as free:
            self.port: int = free.getsockname()[1]
        self._controller = Controller(self, hostname=HOST, port=self.port)

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        for earlier in self._folder.glob("[0-9][0-9]-*"):
            earlier.unlink()
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802  aiosmtpd calls it so
        """Take one mail; called by the server."""
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=policy.default)
        subject = " ".join(str(message["Subject"] or "no subject").split())
        name = f"{len(self.mails) + 1:02d}-{_slug(subject)}"
        path = self._folder / f"{name}.eml"
        path.write_bytes(content)
        page = None
        if html := _as_page(message):
            page = path.with_suffix(".html")
            page.write_text(html, encoding="utf-8")
        self.mails.append(Mail(subject, path, page))
        return "250 kept"


def _slug(subject: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")[:60].rstrip("-")


def _as_page(message: EmailMessage) -> str:
    """Return the HTML of a mail with its inline pictures within it; empty where it has none."""
    body = message.get_body(("html",))
    if body is None:
        return ""
    html: str = body.get_content()
    for part in message.walk():
        if part.get_content_maintype() == "image" and (identifier := part["Content-ID"]):
            picture = base64.b64encode(part.get_content()).decode()
            html = html.replace(
                f"cid:{str(identifier).strip('<> ')}", f"data:{part.get_content_type()};base64,{picture}"
            )
    return html
