"""What tests of the commands share: commands in this process or in their own, mail servers, a real handler."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from elkmon import ElasticsearchTransport, PredictionHandler
from elkmon.cli import main
from support import process
from support.mail_server import Mailbox, mail_server
from support.shop import Command, Done, FickleMailbox


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command of elkmon in an empty folder; whatever is wrong, no traceback is printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ELKMON_CONFIG", raising=False)
    monkeypatch.delenv("ELKMON_DEBUG", raising=False)

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as end:  # the parser's own complaint
            code = int(end.code or 0)
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        assert "unexpected" not in printed.err
        return Done(code, printed.out, printed.err)

    return run


@pytest.fixture
def fickle() -> Iterator[FickleMailbox]:
    """A mail server that misbehaves when told to."""
    box = FickleMailbox()
    with mail_server(box) as server:
        box.port = server.port
        yield box


@pytest.fixture
def handler(elasticsearch_url: str, namespace: str) -> Iterator[PredictionHandler]:
    """A real handler; whatever happened to it, its account balances in the end."""
    handler = PredictionHandler(ElasticsearchTransport(elasticsearch_url), namespace=namespace)
    yield handler
    handler.close()
    stats = handler.stats()
    assert stats.logged == stats.delivered


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mailbox and the port of its server."""
    box = Mailbox()
    with mail_server(box) as server:
        yield box, server.port


@pytest.fixture
def elkmon(tmp_path: Path) -> process.Command:
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
            child = subprocess.Popen(
                [sys.executable, "-m", "elkmon", *arguments],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
            stack.enter_context(child)
            stack.callback(child.kill)
            return child

        yield begin
