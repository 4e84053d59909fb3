"""Stores that answer anything but what was asked, mail servers that refuse, two checks at once, Ctrl-C."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from elasticsearch import Elasticsearch

from elkmon import ModelLog, PredictionHandler
from elkmon.elasticsearch import calls
from support.shop import REFERENCE_DAYS, ROWS_A_DAY, Command, FickleMailbox, configure, instant, log_days

REFERENCE = ("--from-window", instant(0), instant(REFERENCE_DAYS))
NOW = instant(REFERENCE_DAYS + 3)
BASELINE = ("baseline", "create", "shop", *REFERENCE)
ASKING = (("check",), ("setup",), ("alerts",), ("report",), ("baseline", "list"), BASELINE)


@contextmanager
def server(status: int, body: str, kind: str) -> Iterator[tuple[str, Event]]:
    """A server that gives every request the same answer, with status 0 none before its end; and that it was asked."""
    asked, end = Event(), Event()

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("content-length", 0)))
            asked.set()
            if not status:
                end.wait()
                return
            self.send_response(status)
            self.send_header("content-type", kind)
            if "json" in kind:
                self.send_header("x-elastic-product", "Elasticsearch")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body.encode())

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815 names of the standard library

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}", asked
        end.set()
        http.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, "<html>Please log in</html>", "is not Elasticsearch. Check the address"),
        (502, "<html>Bad gateway</html>", "something that stands before it cannot reach it"),
        (
            401,
            '{"error": {"type": "security_exception", "reason": "bad key"}}',
            "Check the API key or user and password",
        ),
        (
            403,
            '{"error": {"type": "security_exception", "reason": "not you"}}',
            "Give it to the API key or user of elkmon",
        ),
        (429, '{"error": {"type": "es_rejected_execution_exception", "reason": "full"}}', "is not able to answer now"),
        (503, '{"error": {"type": "unavailable", "reason": "no master"}}', "is not able to answer now (HTTP 503)"),
        (0, "", "did not answer in time"),
    ],
)
def test_a_store_that_answers_something_else_is_exit_code_three(
    command: Command, monkeypatch: pytest.MonkeyPatch, status: int, body: str, said: str
):
    """Every command says what answered and what to do, and makes no figure of it."""
    monkeypatch.setattr(calls, "PAUSES", (0.0, 0.0))
    with server(status, body, "text/html" if body.startswith("<") else "application/json") as (url, _):
        configure(url, "default", "shop", timeout=1)
        for each in ASKING if status else ASKING[:1]:
            done = command(*each)
            assert done.code == 3, each
            assert said in done.err
            assert done.out == ""
        assert command("doctor").code == 3


def test_a_read_only_store_keeps_events_waiting_and_checks_from_judging(
    command: Command, elasticsearch_url: str, namespace: str, handler: PredictionHandler, client: Elasticsearch
):
    """The disk is full: the handler holds what it was given, the monitor says so; with room again all of it is done."""

    def read_only(index: str, value: bool | None) -> None:
        block = {"index.blocks.read_only_allow_delete": value}
        client.indices.put_settings(index=index, settings=block, expand_wildcards="all")

    configure(elasticsearch_url, namespace, "shop")
    command("setup")
    log_days(handler, "shop", days=REFERENCE_DAYS)
    assert handler.flush(60)
    stream = f"logs-elkmon.prediction-{namespace}"

    read_only(stream, value=True)
    ModelLog("shop", version="1", handler=handler).prediction(features={"amount": 1.0}, timestamp=instant(0.5))
    assert not handler.flush(1)
    assert handler.stats().pending == 1
    read_only(stream, value=None)
    assert handler.flush(30)
    client.indices.refresh(index=stream)
    assert client.count(index=stream)["count"] == REFERENCE_DAYS * ROWS_A_DAY + 1

    monitor = f"elkmon-*-{namespace}*"
    read_only(monitor, value=True)
    for arguments in (("check", "--at", NOW), BASELINE):
        done = command(*arguments)
        assert done.code == 3
        assert "The index is read-only" in done.err
        assert "Its disk is full: make room" in done.err
    read_only(monitor, value=None)
    assert command(*BASELINE).code == 0
    assert command("check", "--at", instant(REFERENCE_DAYS)).code == 0


def test_a_mail_is_sent_again_until_it_is_taken_and_never_twice_to_those_who_have_it(
    command: Command, elasticsearch_url: str, namespace: str, handler: PredictionHandler, fickle: FickleMailbox
):
    """A server that hangs up is tried again by the next check; a recipient it does not know is told, and is final."""
    configure(elasticsearch_url, namespace, "shop", mail_port=fickle.port)
    command("setup")
    log_days(handler, "shop")
    assert handler.flush(60)
    assert command(*BASELINE).code == 0

    fickle.hang_up = 1
    dropped = command("check", "--at", NOW)
    fickle.unknown = {"bob@example.com"}
    refused = command("check", "--at", NOW)
    after = command("check", "--at", NOW)

    assert (dropped.code, refused.code, after.code) == (4, 4, 1)
    assert "it is tried again with the next check" in dropped.out
    assert "bob@example.com" in refused.out
    assert "it is not tried again" in refused.out
    assert fickle.recipients == [("ann@example.com",)]


def test_two_checks_at_once_say_the_same_and_send_one_mail(
    command: Command, elasticsearch_url: str, namespace: str, handler: PredictionHandler, fickle: FickleMailbox
):
    """Of two processes one checks; the other comes after it, or says that another one is checking."""
    configure(elasticsearch_url, namespace, "shop", mail_port=fickle.port)
    command("setup")
    log_days(handler, "shop")
    assert handler.flush(60)
    assert command(*BASELINE).code == 0

    check = [sys.executable, "-m", "elkmon", "check", "--at", NOW, "--json"]
    both = [subprocess.Popen(check, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    printed = [each.communicate(timeout=120) for each in both]

    assert [error for _, error in printed] == ["", ""]
    ends = sorted(each.returncode for each in both)
    assert ends in ([1, 1], [1, 3])
    for (out, _), process in zip(printed, both, strict=True):
        if process.returncode == 3:
            (problem,) = json.loads(out)["problems"]
            assert problem.startswith("another monitor is checking at this moment: ")  # and who
    assert len(fickle.mails) == 1


def test_a_model_nobody_logged_is_not_healthy(command: Command, elasticsearch_url: str, namespace: str):
    """It could not be judged, and the doctor says where to look."""
    configure(elasticsearch_url, namespace, "shop")
    command("setup")

    check = command("check")

    assert check.code == 3
    assert "not judged: shop: no predictions" in check.out
    assert "shop: logged nothing within 5w; no model did" in command("doctor").out


@pytest.mark.parametrize("arguments", [("check",), BASELINE], ids=lambda each: each[0])
def test_ctrl_c_ends_a_command_at_once(command: Command, arguments: tuple[str, ...]):
    """Also while it waits for a store that does not answer: no traceback, and the shell's exit code for it."""
    del command  # for its folder
    with server(0, "", "") as (url, asked):
        configure(url, "default", "shop")
        process = subprocess.Popen(
            [sys.executable, "-m", "elkmon", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert asked.wait(60)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=10)

    assert process.returncode == 130
    assert "Traceback" not in error
