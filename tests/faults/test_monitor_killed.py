"""A monitor killed with SIGKILL in the middle of a check, and started again."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect, setup
from elkmon.findings import Finding
from elkmon.reference_windows import baseline_from_window
from elkmon.windows import Window
from support.scenario import END, MODEL, REFERENCE, SETTINGS, START, send


class Mailbox:
    """A real SMTP server's handler that keeps what it accepts."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the server's name
        """Accept the mail."""
        self.ids.append(message_from_bytes(envelope.content or b"")["Message-ID"])  # type: ignore[arg-type]
        return "250 kept"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mailbox and the port it listens on."""
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def check(url: str, namespace: str, port: int, moment: str = "before", fatal: int = 0) -> int:
    """Run a check in a process of its own; return how often it saved, or −9 when it was killed."""
    done = subprocess.run(
        [sys.executable, "-m", "support.killed_check", url, namespace, str(port), moment, str(fatal)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode == -signal.SIGKILL:
        return -signal.SIGKILL
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def prepared(url: str, namespace: str) -> ElasticsearchJournal:
    """Set up the namespace, send the scenario and make its baseline."""
    store = connect([url])
    setup(store, namespace)
    send(url, namespace)
    journal = ElasticsearchJournal(store, namespace)
    event_log = ElasticsearchEventLog(store, namespace)
    journal.save([baseline_from_window(event_log, MODEL, "1", REFERENCE, END, positive_label=SETTINGS.positive_label)])
    return journal


def findings(journal: ElasticsearchJournal) -> tuple[Finding, ...]:
    """Return all findings of the scenario."""
    return tuple(journal.findings(MODEL, Window(START, END)))


@pytest.mark.timeout(600)
def test_killed_anywhere_ends_in_the_same_place(
    elasticsearch_url: str, namespace: str, mailbox: tuple[Mailbox, int]
) -> None:
    """Killed before and after each of its writes in turn, it ends with the same findings and the same mails by Message-ID."""
    box, port = mailbox
    undisturbed, disturbed = namespace + "u", namespace + "d"
    expected = prepared(elasticsearch_url, undisturbed)
    saves = check(elasticsearch_url, undisturbed, port)
    mails = set(box.ids)
    box.ids.clear()

    journal = prepared(elasticsearch_url, disturbed)
    killed = 0
    for moment in ("before", "after"):
        for fatal in range(1, saves + 1):
            killed += check(elasticsearch_url, disturbed, port, moment, fatal) == -signal.SIGKILL
    check(elasticsearch_url, disturbed, port)

    assert saves >= 5
    assert killed >= saves
    assert len(mails) == 1
    assert set(box.ids) == mails
    assert findings(journal) == findings(expected)
