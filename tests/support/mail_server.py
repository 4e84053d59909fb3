"""A real mail server on a port of its own, for whoever sends mails or looks whether they could be sent."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"


class Mailbox:
    """Keeps the mails it is sent."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """Keep a mail."""
        self.mails.append(message_from_bytes(envelope.original_content or b"", policy=policy.default))
        return "250 kept"


class AnyPort(Controller):
    """A server on whatever port is free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(behaviour: object, kind: type[AnyPort] = AnyPort, **options: Any) -> Iterator[AnyPort]:
    """Run a server that does what `behaviour` says; its `hostname` and `port` say where."""
    server = kind(behaviour, **{"hostname": HOST, "port": 0, **options})
    server.start()
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server((HOST, 0)) as free:
        port: int = free.getsockname()[1]
        return port
