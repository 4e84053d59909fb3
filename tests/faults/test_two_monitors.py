"""Monitors side by side: one that is stopped in the middle of a check, and several of which one is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal
from elkmon.monitor import CheckReport, Monitor
from elkmon.ports import Claim
from elkmon.windows import DAY, Window
from support import paused_check, shared_checks, six_models
from support.mail_server import Mailbox, mail_server
from support.shared_checks import Look

TESTS = Path(__file__).parents[1]


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mailbox and the port it listens on."""
    box = Mailbox()
    with mail_server(box) as server:
        yield box, server.port


def program(name: str, *arguments: object, **streams: Any) -> subprocess.Popen[str]:
    """Start a program of `tests/support`."""
    command = [sys.executable, "-m", f"support.{name}", *map(str, arguments)]
    return subprocess.Popen(command, cwd=TESTS, text=True, **streams)


@dataclass(frozen=True)
class Stopped:
    """A process that has stopped itself."""

    process: subprocess.Popen[str]

    def go_on(self) -> str:
        """Continue it, wait for its end, and return what it said."""
        self.process.send_signal(signal.SIGCONT)
        said, _ = self.process.communicate(timeout=120)
        return said


@contextmanager
def stopped(url: str, namespace: str, port: int, moment: str) -> Iterator[Stopped]:
    """Start a check that stops itself, and wait until it has."""
    with program("paused_check", url, namespace, port, moment, stdout=subprocess.PIPE) as process:
        try:
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            yield Stopped(process)
        finally:
            process.kill()


def message_ids(box: Mailbox) -> list[str]:
    return [str(mail["Message-ID"]) for mail in box.mails]


def documents(client: Elasticsearch, namespace: str) -> dict[str, Any]:
    """Return everything a monitor wrote but its lease, each with the version and the place of its last write."""
    client.indices.refresh(index=f"elkmon-*-{namespace}*")
    query = {"query": {"bool": {"must_not": {"term": {"elkmon.state.kind": "lease"}}}}, "version": True}
    hits = scan(client, index=f"elkmon-*-{namespace}*", query={**query, "seq_no_primary_term": True})
    return {f"{hit['_index']}/{hit['_id']}": (hit["_version"], hit["_seq_no"], hit["_source"]) for hit in hits}


def checked_until_held(monitor: Monitor) -> CheckReport:
    """Check as one that stands by does: until the other's lease is no longer in the way."""
    while (report := monitor.check(paused_check.END, explicit=True, turn=paused_check.TURN)).claim is Claim.BUSY:
        assert report.holder == "leader"
        time.sleep(0.2)
    return report


@pytest.fixture
def one_model(elasticsearch_url: str, namespace: str) -> None:
    """A model that shifts on its last day but one, and its baseline."""
    six_models.prepare(elasticsearch_url, namespace, [paused_check.MODEL])


@pytest.mark.parametrize("moment", [paused_check.SAVING, paused_check.TELLING])
def test_a_leader_that_wakes_up_neither_writes_nor_sends(
    client: Elasticsearch,
    elasticsearch_url: str,
    namespace: str,
    one_model: None,
    mailbox: tuple[Mailbox, int],
    moment: str,
) -> None:
    """
    Stopped in the middle of a check, it is overtaken by one that stands by and finishes; continued, it changes no document,
    sends no mail, and says that it was overtaken. The turn stays done by its successor.
    """
    box, port = mailbox
    with stopped(elasticsearch_url, namespace, port, moment) as leader:
        assert not box.mails
        report = checked_until_held(paused_check.monitor(elasticsearch_url, namespace, port, "successor"))
        assert (report.claim, report.problems, report.undelivered) == (Claim.HELD, (), ())
        assert any(note.startswith("took over from leader") for note in report.notes)
        assert len(box.mails) == 1
        before = documents(client, namespace)

        said = leader.go_on()
    assert said.startswith("overtaken: Another monitor has taken over the lease lease in")
    assert "from leader; nothing more is written or told" in said
    assert documents(client, namespace) == before
    assert len(box.mails) == 1
    late = paused_check.monitor(elasticsearch_url, namespace, port, "late")
    report = late.check(paused_check.END, explicit=True, turn=paused_check.TURN)
    assert (report.claim, report.holder) == (Claim.DONE, "successor")


def test_stopped_with_the_mail_in_its_hands_it_sends_the_same_mail(
    client: Elasticsearch, elasticsearch_url: str, namespace: str, one_model: None, mailbox: tuple[Mailbox, int]
) -> None:
    """
    Between the last look at the lease and the wire nothing can hold it back: then the mail comes twice, under one
    `Message-ID`, and still no document is changed.
    """
    box, port = mailbox
    with stopped(elasticsearch_url, namespace, port, paused_check.SENDING) as leader:
        checked_until_held(paused_check.monitor(elasticsearch_url, namespace, port, "successor"))
        before = documents(client, namespace)
        said = leader.go_on()
    assert said.startswith("overtaken:")
    assert documents(client, namespace) == before
    assert len(message_ids(box)) == 2
    assert len(set(message_ids(box))) == 1


def started(
    url: str, namespace: str, port: int, folder: Path, owners: dict[str, tuple[int, int]]
) -> dict[str, subprocess.Popen[str]]:
    """Start one monitor for each of `owners`, and let all begin together."""
    processes = {}
    for owner, (first, fatal) in owners.items():
        arguments = url, namespace, port, owner, first, fatal
        with (folder / f"{owner}.looks").open("w") as output, (folder / f"{owner}.errors").open("w") as errors:
            processes[owner] = program(
                "shared_checks", *arguments, stdin=subprocess.PIPE, stdout=output, stderr=errors
            )  # fmt: skip
    for process in processes.values():
        assert process.stdin is not None
        process.stdin.write("begin\n")
        process.stdin.close()
    return processes


def looks(folder: Path) -> list[Look]:
    """Return what the monitors wrote down, in order of time."""
    lines = [line for path in folder.glob("*.looks") for line in path.read_text().splitlines()]
    return sorted((Look(**json.loads(line)) for line in lines), key=lambda each: each.ended)


def remembered(store: Elasticsearch, namespace: str) -> tuple[Any, Any]:
    """Return the findings of every model and the stories as they stand."""
    journal = ElasticsearchJournal(store, namespace)
    span = Window(six_models.START, six_models.DAYS[-1] + DAY)
    findings = {name: tuple(journal.findings(name, span)) for name in six_models.MODELS}
    return findings, sorted(journal.stories().alerts, key=lambda each: each.id)


def test_three_monitors_share_the_models_and_one_is_killed(
    client: Elasticsearch, elasticsearch_url: str, namespace: str, mailbox: tuple[Mailbox, int], tmp_path: Path
) -> None:
    """
    Three processes look after six shares; one is killed while it holds a share. Every model is judged as of every day by
    exactly one of them, the killed one's share by a successor once its lease has lain still for its length, and what is
    remembered is what one monitor that looks after all of it remembers.
    """
    box, port = mailbox
    alone, together = f"{namespace}a", f"{namespace}t"
    for each in (alone, together):
        six_models.prepare(elasticsearch_url, each)
    journal = ElasticsearchJournal(client, alone)
    one = Monitor(ElasticsearchEventLog(client, alone), journal, [], six_models.settings(), owner="one")
    for due in six_models.DAYS:
        assert not one.check(due, explicit=True).problems

    owners = {"first": (2, shared_checks.NEVER), "second": (4, shared_checks.NEVER), "killed": (0, 2)}
    processes = started(elasticsearch_url, together, port, tmp_path, owners)
    codes = {owner: process.wait(timeout=200) for owner, process in processes.items()}
    errors = [path.read_text() for path in tmp_path.glob("*.errors")]
    assert codes == {"first": 0, "second": 0, "killed": -signal.SIGKILL}, errors

    seen = looks(tmp_path)
    assert not [each for each in seen if each.trouble]
    held = [each for each in seen if each.claim == Claim.HELD]
    every = {(share, day) for share in range(len(six_models.SHARES)) for day in range(len(six_models.DAYS))}
    assert Counter((each.share, each.day) for each in held) == Counter(every)
    for each in held:
        assert set(each.judged) == set(filter(six_models.SHARES[each.share].holds, six_models.MODELS))
    assert remembered(client, together) == remembered(client, alone)
    assert len(set(message_ids(box))) == len(box.mails) == sum(each.transitions > 0 for each in held)

    # Nobody owned the killed one's share for no longer than its lease lay still, as each that stood by saw it; what it had
    # sent when it died had arrived a second later.
    died = float((tmp_path / "killed.errors").read_text())
    for owner in ("first", "second"):
        waited: dict[tuple[int, int], list[Look]] = {}
        for each in seen:
            if each.owner == owner and each.claim == Claim.BUSY and each.began > died + 1.0:
                waited.setdefault((each.share, each.day), []).append(each)
        for turn, busy in waited.items():
            assert busy[-1].began - busy[0].ended < shared_checks.LENGTH.total_seconds(), (owner, turn)
