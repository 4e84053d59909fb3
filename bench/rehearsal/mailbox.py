"""
A mail server, a process of its own, whose mailbox is a folder: what it has taken is there, however it ends.

    python -m bench.rehearsal.mailbox PORT FOLDER
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Keeper:
    """Keeps each mail in a file of its own, named by when it came, before it says that it has it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802  the library's
        """Keep a mail."""
        half = self._folder / f"{time.time_ns()}.half"
        with half.open("wb") as file:
            file.write(envelope.original_content or b"")
            os.fsync(file.fileno())
        half.rename(half.with_suffix(".eml"))
        return "250 kept"


def mails(folder: Path) -> Iterator[EmailMessage]:
    """Yield the mails in a mailbox, in the order they came."""
    for path in sorted(folder.glob("*.eml")):
        yield message_from_bytes(path.read_bytes(), policy=policy.default)


def main(port: str, folder: str) -> None:
    """Serve until killed."""
    Controller(Keeper(Path(folder)), hostname="127.0.0.1", port=int(port)).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
