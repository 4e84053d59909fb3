"""`elkmon run` left alone: Elasticsearch goes away and comes back, one of two processes is killed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect, setup
from elkmon.findings import Family
from elkmon.reference_windows import baseline_from_window
from elkmon.windows import DAY, HOUR, Window
from support import scenario
from support.mail_server import Mailbox, free_port, mail_server
from support.tunnel import Break, Tunnel

TESTS = Path(__file__).parents[1]
PATIENCE = 150.0


def wait_for(condition: Callable[[], object], what: object) -> None:
    """Wait until `condition` holds; `what` is shown where it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


class Running:
    """A process that watches, and the lines it has printed so far."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "support.fast_run", *map(str, arguments)]
        self.process = subprocess.Popen(command, cwd=TESTS, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def count(self, text: str) -> int:
        """Return how many lines hold `text`."""
        return sum(text in line for line in list(self.lines))

    def says(self, text: str, times: int = 1) -> None:
        """Wait until so many lines hold `text`."""
        wait_for(lambda: self.count(text) >= times or self.process.poll() is not None, (text, self.lines))
        assert self.process.poll() is None, self.lines

    def end(self, *, kill: bool = False) -> None:
        """End it, in order or at once."""
        (self.process.kill if kill else self.process.terminate)()
        self.process.wait(timeout=60)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def running(*arguments: object) -> Iterator[Running]:
    """Run it; at the end of the block it is ended in order, and had nothing else to say."""
    one = Running(*arguments)
    try:
        yield one
    finally:
        was_killed = one.process.poll() is not None
        one.end()
    assert was_killed or one.process.returncode == 0, one.lines
    assert not one.count("Traceback"), one.lines
    assert not one.count("unexpected"), one.lines


@pytest.fixture
def ready(elasticsearch_url: str, namespace: str) -> None:
    """A namespace in which nothing has been logged yet."""
    setup(connect([elasticsearch_url]), namespace)


@pytest.fixture
def lending(elasticsearch_url: str, namespace: str, ready: None) -> None:
    """The lending model's story, and its baseline."""
    store = connect([elasticsearch_url])
    scenario.send(elasticsearch_url, namespace, truth=False)
    log, journal = ElasticsearchEventLog(store, namespace), ElasticsearchJournal(store, namespace)
    baseline = baseline_from_window(
        log, scenario.MODEL, "1", scenario.REFERENCE, scenario.END, positive_labels={}, segments={}
    )
    journal.save([baseline])


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mailbox and the port it listens on."""
    box = Mailbox()
    with mail_server(box) as server:
        yield box, server.port


def configuration(
    folder: Path, url: str, namespace: str, mail_port: int, unjudged_after: str, schedule: str = "1h"
) -> Path:
    """Write one that checks the lending model by `schedule`."""
    path = folder / "elkmon.toml"
    text = f"""
        [store]
        hosts = ["{url}"]
        namespace = "{namespace}"
        timeout = 5
        [monitor]
        unjudged_after = "{unjudged_after}"
        [notifiers.team]
        kind = "mail"
        host = "127.0.0.1"
        port = {mail_port}
        security = "none"
        sender = "elkmon@example.com"
        recipients = ["team@example.com"]
        [models.{scenario.MODEL}]
        min_rows = 100
        schedule = "{schedule}"
        """
    path.write_text(text, encoding="utf-8")
    return path


def subjects(box: Mailbox) -> list[str]:
    return [str(mail["Subject"]) for mail in box.mails]


def health(port: int) -> tuple[int, Any]:
    """Ask the process how it stands."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def plain(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return " ".join(part.get_content().split())


def test_elasticsearch_away_for_days_and_back(
    elasticsearch_url: str, namespace: str, lending: None, mailbox: tuple[Mailbox, int], tmp_path: Path
) -> None:
    """
    One notice says that nothing can be judged, and one that it can again. In between the model drifts: afterwards the days are
    judged in order, and the one mail about it is the one that would have come without the outage.
    """
    box, mail_port = mailbox
    port, status_file = free_port(), tmp_path / "status.json"
    days_of_an_outage = scenario.SHIFT + 2 * DAY + 2 * HOUR
    with Tunnel(elasticsearch_url) as tunnel:
        config = configuration(tmp_path, tunnel.url, namespace, mail_port, "6h")
        # A day takes six seconds; the clock begins in the night before the last quiet day.
        with running(config, 14400, scenario.SHIFT - 22 * HOUR, status_file, port) as monitor:
            monitor.says("checked lending: healthy")
            wait_for(lambda: health(port)[0] == 200, monitor.lines)
            tunnel.break_at(1, Break.GONE)
            monitor.says("could not check lending")
            monitor.says("told team that nothing could be judged")
            code, said = health(port)
            assert code == 503
            assert "lending: could not be checked" in said["reasons"][0]
            assert said["unjudged_since"] == json.loads(status_file.read_text())["unjudged_since"]
            wait_for(lambda: datetime.fromisoformat(health(port)[1]["alive_at"]) > days_of_an_outage, monitor.lines)
            assert len(box.mails) == 1

            tunnel.mend()
            monitor.says("told team that all is judged again")
            wait_for(lambda: health(port)[0] == 200, monitor.lines)
            assert json.loads(status_file.read_text())["unjudged_since"] is None
            now = datetime.fromisoformat(health(port)[1]["alive_at"])
            wait_for(lambda: datetime.fromisoformat(health(port)[1]["alive_at"]) > now + 12 * HOUR, monitor.lines)

    stopped, drifted, resumed = box.mails
    assert stopped["Subject"].startswith("elkmon: could not check since ")
    assert stopped["Subject"].endswith("(Elasticsearch unreachable)")
    assert "lending: amount drifted" in drifted["Subject"]
    assert resumed["Subject"].startswith("elkmon: checks again since ")
    assert resumed["References"] == stopped["Message-ID"]
    assert "windows judged, which brought" in plain(resumed)
    assert len({mail["Message-ID"] for mail in box.mails}) == 3

    journal = ElasticsearchJournal(connect([elasticsearch_url]), namespace)
    days = [Window(scenario.SHIFT + number * DAY, scenario.SHIFT + (number + 1) * DAY) for number in (-1, 0, 1)]
    findings = journal.findings(scenario.MODEL, Window(days[0].start, days[-1].end))
    drift = [each for each in findings if (each.subject.family, each.subject.name) == (Family.DRIFT, "amount")]
    amount = {each.window: each.status for each in drift}
    assert list(amount) == days
    assert [status.bad for status in amount.values()] == [False, True, True]


def test_of_two_processes_one_checks_one_tells_and_either_goes_on_alone(
    elasticsearch_url: str, namespace: str, ready: None, mailbox: tuple[Mailbox, int], tmp_path: Path
) -> None:
    """The second leaves each check to the first and is silent about an outage; when the first is killed it does them itself."""
    box, mail_port = mailbox
    start = scenario.SHIFT - 12 * HOUR
    with Tunnel(elasticsearch_url) as tunnel:
        config = configuration(tmp_path, tunnel.url, namespace, mail_port, "2h")
        with running(config, 7200, start) as leader:
            leader.says("checked lending")
            # The second one's clock is some hours behind, so whatever it looks at has been done.
            with running(config, 7200, start - 6 * HOUR) as standby:
                standby.says("lending: already checked by ", times=3)
                assert standby.count("checked lending") == 0
                tunnel.break_at(1, Break.GONE)
                leader.says("told team that nothing could be judged")
                standby.says("could not check lending", times=40)  # some hours, by its clock
                tunnel.mend()
                leader.says("told team that all is judged again")
                standby.says("lending: already checked by ", times=6)
                assert standby.count("told team") == 0
                leader.end(kill=True)
                standby.says("checked lending: ")

    assert [subject.partition(" since ")[0] for subject in subjects(box)[:2]] == [
        "elkmon: could not check",
        "elkmon: checks again",
    ]
    assert sum("could not check" in subject for subject in subjects(box)) == 1


def test_mail_away_and_back(elasticsearch_url: str, namespace: str, lending: None, tmp_path: Path) -> None:
    """
    What could not be told waits where the operator looks; once the mail server is back it is told within minutes, though the
    next check is a week away, and once.
    """
    box, mail_port = Mailbox(), free_port()
    config = configuration(tmp_path, elasticsearch_url, namespace, mail_port, "1d", "7d")
    command = [sys.executable, "-m", "elkmon", "alerts", "-c", str(config), "--json"]
    with running(config, 60, scenario.SHIFT + 2 * DAY + 2 * HOUR) as monitor:
        monitor.says("not delivered: team: ", times=2)
        shown = subprocess.run(command, capture_output=True, text=True, check=False)
        assert shown.returncode == 4, shown
        (missing,) = json.loads(shown.stdout)["undelivered"]
        assert (missing["notifier"], missing["state"]) == ("team", "pending")
        assert "lending: amount opened" in missing["changes"]
        assert "cannot be reached" in missing["error"]

        with mail_server(box, port=mail_port):
            wait_for(lambda: box.mails, monitor.lines)
            wait_for(lambda: monitor.count("checked lending") > monitor.count("tried again"), monitor.lines)
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert ["amount drifted" in subject for subject in subjects(box)] == [True]


def test_it_ends_at_once_while_it_waits_to_try_again(tmp_path: Path) -> None:
    """A signal ends the longest pause, and the exit code says that all is in order."""
    config = configuration(tmp_path, f"http://127.0.0.1:{free_port()}", "default", free_port(), "15m")
    with running(config, 1, scenario.START) as monitor:
        monitor.says("could not check lending")
    assert monitor.process.returncode == 0
