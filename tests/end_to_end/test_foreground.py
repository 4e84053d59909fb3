"""`elkmon run` and `elkmon embedded`: processes that go on until a signal ends them."""

import json
import signal
import socket
from pathlib import Path

import pytest

from support.mail_server import free_port
from support.process import Command, Start, configure, log_days, read_until


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
