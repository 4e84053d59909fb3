"""A monitor killed with SIGKILL in the middle of a check, and started again."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect, setup
from elkmon.findings import Finding
from elkmon.reference_windows import baseline_from_window
from elkmon.windows import Window
from support.mail_server import Mailbox, mail_server
from support.scenario import END, MODEL, POSITIVE_LABELS, REFERENCE, START, send


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mailbox and the port it listens on."""
    box = Mailbox()
    with mail_server(box) as server:
        yield box, server.port


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
    journal.save(
        [baseline_from_window(event_log, MODEL, "1", REFERENCE, END, positive_labels=POSITIVE_LABELS, segments={})]
    )
    return journal


def findings(journal: ElasticsearchJournal) -> tuple[Finding, ...]:
    """Return all findings of the scenario."""
    return tuple(journal.findings(MODEL, Window(START, END)))


def identities(box: Mailbox) -> set[str]:
    """Return what the mails are recognised by."""
    return {str(mail["Message-ID"]) for mail in box.mails}


@pytest.mark.timeout(600)
def test_killed_anywhere_ends_in_the_same_place(
    elasticsearch_url: str, namespace: str, mailbox: tuple[Mailbox, int]
) -> None:
    """Killed before and after each of its writes in turn, it ends with the same findings and the same mails by Message-ID."""
    box, port = mailbox
    undisturbed, disturbed = namespace + "u", namespace + "d"
    expected = prepared(elasticsearch_url, undisturbed)
    saves = check(elasticsearch_url, undisturbed, port)
    mails = identities(box)
    box.mails.clear()

    journal = prepared(elasticsearch_url, disturbed)
    killed = 0
    for moment in ("before", "after"):
        for fatal in range(1, saves + 1):
            killed += check(elasticsearch_url, disturbed, port, moment, fatal) == -signal.SIGKILL
    check(elasticsearch_url, disturbed, port)

    assert saves >= 5
    assert killed >= 7  # hours that were saved are not saved again, so later checks have fewer writes to die at
    assert len(mails) == 1
    assert identities(box) == mails
    assert findings(journal) == findings(expected)
