"""The commands as a user runs them, each a process of its own, against a real Elasticsearch and a real mail server."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from support.mail_server import Mailbox, free_port, mail_server

START = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=20)
REFERENCE_DAYS, GOOD_DAYS, BAD_DAYS = 12, 3, 3
ROWS_A_DAY = 300
SHIFT = 1.5


def instant(days: float) -> str:
    return (START + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mailbox and the port of its server."""
    box = Mailbox()
    with mail_server(box) as server:
        yield box, server.port


Command = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def elkmon(tmp_path: Path) -> Command:
    """Run `elkmon` with the given arguments in a folder of its own."""

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "elkmon", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `elkmon` with the given arguments and go on; what still runs when the test ends is killed."""
    with contextlib.ExitStack() as stack:

        def begin(*arguments: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-m", "elkmon", *arguments],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield begin


def configure(folder: Path, url: str, namespace: str, mail_port: int | None = None, model: str = "shop") -> None:
    mail = "" if mail_port is None else f"""
        [notifiers.team]
        kind = "mail"
        host = "127.0.0.1"
        port = {mail_port}
        security = "none"
        sender = "elkmon@example.com"
        recipients = ["team@example.com"]
        """  # fmt: skip
    text = f"""
        [store]
        hosts = ["{url}"]
        namespace = "{namespace}"
        {mail}
        [models.{model}]
        window = "1d"
        positive_label = "yes"
        """
    (folder / "elkmon.toml").write_text(text, encoding="utf-8")


def log_days(url: str, namespace: str, first: int, days: int, shift: float = 0.0) -> None:
    """Log `days` days of predictions through the real handler; `shift` moves the feature `basket` by so many deviations."""
    chance = random.Random(first)
    handler = PredictionHandler(ElasticsearchTransport(url), namespace=namespace)
    log = ModelLog("shop", "1", handler=handler)
    for row in range(days * ROWS_A_DAY):
        at = START + timedelta(days=first + row / ROWS_A_DAY)
        score = chance.random()
        log.prediction(
            features={
                "basket": chance.gauss(shift, 1.0),
                "age": chance.gauss(40.0, 9.0),
                "country": chance.choice(["de", "fr", "it"]),
            },
            score=score,
            label="yes" if score > 0.5 else "no",
            timestamp=at,
            duration=0.004 + chance.random() / 1000,
        )
    assert handler.flush(60)
    stats = handler.stats()
    handler.close()
    assert stats.delivered >= days * ROWS_A_DAY, stats


def test_from_setup_to_a_mail_that_names_what_drifted(
    elkmon: Command, elasticsearch_url: str, namespace: str, mailbox: tuple[Mailbox, int], tmp_path: Path
):
    """The commands of the quick start, in their order, find a planted shift, mail it, list it and report it."""
    box, port = mailbox
    configure(tmp_path, elasticsearch_url, namespace, port)

    before = elkmon("doctor", code=3)
    assert "→ elkmon setup" in before.stdout
    assert "setup" in elkmon("check", code=3).stderr

    steps = json.loads(elkmon("setup", "--json").stdout)
    assert {"done"} <= {step["result"] for step in steps}
    assert "unchanged" in elkmon("setup").stdout

    log_days(elasticsearch_url, namespace, 0, REFERENCE_DAYS + GOOD_DAYS)
    assert "elkmon baseline create shop" in elkmon("doctor", code=3).stdout
    unjudged = elkmon("check", "--at", instant(REFERENCE_DAYS), code=3)
    assert "no baseline" in unjudged.stdout

    window = ("--from-window", instant(0), instant(REFERENCE_DAYS))
    created = json.loads(elkmon("baseline", "create", "shop", *window, "--json").stdout)
    assert created["predictions"] == REFERENCE_DAYS * ROWS_A_DAY
    reach = {each["subject"]: each for each in created["limits"]}
    assert reach["basket"]["windows"] == REFERENCE_DAYS
    assert reach["basket"]["unit"] == "SD"
    assert 0.1 <= reach["basket"]["limit"] < SHIFT
    (listed,) = json.loads(elkmon("baseline", "list", "--json").stdout)
    assert listed["id"] == created["id"]
    shown = elkmon("baseline", "show", created["id"][:6]).stdout
    assert "basket" in shown
    assert f"{REFERENCE_DAYS * ROWS_A_DAY:,} predictions" in shown

    again = json.loads(elkmon("baseline", "create", "shop", "--from-window", instant(1), instant(9), "--json").stdout)
    assert again["ruler"] == created["ruler"]
    new = elkmon("baseline", "create", "shop", "--from-window", instant(2), instant(8), "--new-ruler", "--json")
    assert json.loads(new.stdout)["ruler"] != created["ruler"]
    elkmon("baseline", "create", "shop", *window, "--ruler-of", created["id"])

    good = elkmon("check", "--at", instant(REFERENCE_DAYS + GOOD_DAYS), "--all")
    assert "basket" in good.stdout
    assert box.mails == []
    assert "No alert is open" in elkmon("alerts").stdout

    log_days(elasticsearch_url, namespace, REFERENCE_DAYS + GOOD_DAYS, BAD_DAYS, shift=SHIFT)
    end = instant(REFERENCE_DAYS + GOOD_DAYS + BAD_DAYS)
    bad = elkmon("check", "--at", end, code=1)
    assert re.search(r"critical +basket", bad.stdout)
    assert "age" not in bad.stdout
    assert re.search(r"opened +shop: basket", bad.stdout)
    (mail,) = box.mails
    assert "shop: basket drifted" in str(mail["Subject"])

    same = json.loads(elkmon("check", "--at", end, "--json", code=1).stdout)
    assert same["exit_code"] == 1
    assert same["transitions"] == []
    assert len(box.mails) == 1

    (alert,) = json.loads(elkmon("alerts", "--json").stdout)
    assert (alert["model"], alert["subject"]["name"], alert["state"]) == ("shop", "basket", "open")
    period = ("--from", instant(0), "--to", end)
    assert "basket" in elkmon("report", *period).stdout
    page = tmp_path / "report.html"
    elkmon("report", *period, "--html", str(page))
    assert "basket" in page.read_text(encoding="utf-8")
    assert any(row["subject"] == "basket" for row in json.loads(elkmon("report", *period, "--json").stdout))

    after = elkmon("doctor", "--json").stdout
    assert {each["verdict"] for each in json.loads(after)} <= {"ok", "warning"}
    assert len(box.mails) == 1


def test_a_mistake_in_naming_is_answered_with_what_there_is(
    elkmon: Command, elasticsearch_url: str, namespace: str, tmp_path: Path
):
    """A model nobody logged, a baseline that is not there, an empty window: each error names what there is instead."""
    configure(tmp_path, elasticsearch_url, namespace, model="shopp")
    elkmon("setup")
    log_days(elasticsearch_url, namespace, 0, 1)

    doctor = elkmon("doctor", code=3).stdout
    assert "models that did: shop, did you mean shop?" in doctor
    assert "shop: logs, but is not watched" in doctor
    assert "lies in the future" in elkmon("check", "--at", "2999-01-01", code=2).stderr
    assert "did you mean shopp?" in elkmon("check", "shop", code=2).stderr
    assert "no baseline has an id that begins so" in elkmon("baseline", "show", "abc", code=2).stderr
    empty = elkmon("baseline", "create", "shop", "--from-window", instant(3), instant(4), code=2)
    assert "no predictions" in empty.stderr
    assert (
        "whole UTC hour"
        in elkmon("baseline", "create", "shop", "--from-window", instant(0.01), instant(1), code=2).stderr
    )
    assert "--version V is needed" in elkmon("baseline", "create", "shop", "--from-file", "x.csv", code=2).stderr
    assert "--from-file only" in elkmon(
        "baseline", "create", "shop", "--in-sample", "--from-window", instant(0), instant(1), code=2
    ).stderr  # fmt: skip


def test_a_file_of_past_predictions_becomes_a_baseline(
    elkmon: Command, elasticsearch_url: str, namespace: str, tmp_path: Path
):
    """A CSV with columns named as the user likes is counted, and its truth with it."""
    configure(tmp_path, elasticsearch_url, namespace)
    elkmon("setup")
    chance = random.Random(1)
    lines = ["when,basket,shelf,p,truth"]
    for row in range(2000):
        p = chance.random()
        at = START + timedelta(minutes=10 * row)
        truth = "yes" if chance.random() < p else "no"
        lines.append(f"{at.isoformat()},{chance.gauss(0, 1):.4f},{chance.randrange(5)},{p:.4f},{truth}")
    (tmp_path / "past.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    made = elkmon(
        "baseline", "create", "shop", "--from-file", "past.csv", "--version", "1", "--categorical", "shelf",
        "--column", "timestamp=when", "--column", "score=p", "--column", "actual_label=truth", "--json",
    )  # fmt: skip

    baseline = json.loads(made.stdout)
    assert (baseline["predictions"], baseline["labelled"]) == (2000, 2000)
    measures = {each["subject"]: each["measure"] for each in baseline["limits"]}
    assert measures["basket"] == "wasserstein"
    assert measures["shelf"] == "total_variation"
    wrong = elkmon(
        "baseline", "create", "shop", "--from-file", "past.csv", "--version", "1", "--column", "scor=p", code=2
    )
    assert "did you mean score?" in wrong.stderr


def test_a_store_that_is_not_there_is_exit_code_three(elkmon: Command, tmp_path: Path):
    """Could not check is not the same as failed the check."""
    configure(tmp_path, f"http://127.0.0.1:{free_port()}", "default")

    for command in (("check",), ("alerts",), ("setup",), ("report",), ("baseline", "list")):
        assert "cannot be reached" in elkmon(*command, code=3).stderr
    assert "nothing listens there" in elkmon("doctor", code=3).stdout


def test_a_mail_server_that_is_not_there_is_exit_code_four_and_the_mail_comes_later(
    elkmon: Command, elasticsearch_url: str, namespace: str, mailbox: tuple[Mailbox, int], tmp_path: Path
):
    """What could not be told is told by the next check, once."""
    box, port = mailbox
    configure(tmp_path, elasticsearch_url, namespace, free_port())
    elkmon("setup")
    log_days(elasticsearch_url, namespace, 0, REFERENCE_DAYS)
    log_days(elasticsearch_url, namespace, REFERENCE_DAYS, BAD_DAYS, shift=SHIFT)
    elkmon("baseline", "create", "shop", "--from-window", instant(0), instant(REFERENCE_DAYS))
    end = instant(REFERENCE_DAYS + BAD_DAYS)

    undelivered = elkmon("check", "--at", end, code=4)
    assert "not delivered: team:" in undelivered.stdout
    configure(tmp_path, elasticsearch_url, namespace, port)
    elkmon("check", "--at", end, code=1)
    elkmon("check", "--at", end, code=1)

    assert len(box.mails) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_survives_a_store_that_is_not_there_and_ends_in_order(start: Start, tmp_path: Path, number: signal.Signals):
    """It says so in a line, goes on, and a signal ends it with exit code 0."""
    configure(tmp_path, f"http://127.0.0.1:{free_port()}", "default")
    process = start("run")

    lines = read_until(process, "could not check shop")
    assert any("watching shop: cron 10 * * * * UTC" in line for line in lines)
    assert process.poll() is None
    process.send_signal(number)

    assert process.wait(timeout=30) == 0
    assert process.stdout is not None
    assert "stopped" in process.stdout.read()
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_run_checks_when_it_starts(
    elasticsearch_url: str, namespace: str, elkmon: Command, start: Start, tmp_path: Path
):
    """A check is made at once, and its record is found by the doctor."""
    configure(tmp_path, elasticsearch_url, namespace)
    elkmon("setup")
    log_days(elasticsearch_url, namespace, 18, 1)

    process = start("run")
    read_until(process, "checked shop: unjudged")
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=30) == 0
    found = {each["what"]: each for each in json.loads(elkmon("doctor", "--json", code=3).stdout)}
    assert found["last check"]["verdict"] == "ok", found


def test_embedded_runs_a_node_until_it_is_told_to_stop(start: Start, tmp_path: Path):
    """It prints its URL alone on standard output, keeps data where asked, and leaves nothing running."""
    port = free_port()
    process = start("embedded", "--port", str(port), "--data", "kept")

    (url,) = read_until(process, "http://")
    assert url.strip() == f"http://127.0.0.1:{port}"
    with socket.create_connection(("127.0.0.1", port), timeout=10):
        pass
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=60) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)
    assert any((tmp_path / "kept").iterdir())


def test_embedded_says_what_is_wrong_with_its_arguments(elkmon: Command):
    """A version that cannot be had, and a port that does not exist."""
    assert "choose from" in elkmon("embedded", "--version", "1.0.0", code=2).stderr
    assert "does not exist" in elkmon("embedded", "--port", "70000", code=2).stderr


def read_until(process: subprocess.Popen[str], text: str) -> list[str]:
    """Read lines until one holds `text`; the process's end without it fails the test."""
    assert process.stdout is not None
    lines = []
    deadline = time.monotonic() + 120
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return lines
        assert time.monotonic() < deadline, lines
    assert process.stderr is not None
    pytest.fail(f"{text!r} did not come: {lines}, {process.stderr.read()}")
