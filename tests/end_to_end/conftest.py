"""What tests of the commands share: the commands run in this process, a mail server, a real handler."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from elkmon import ElasticsearchTransport, PredictionHandler
from elkmon.cli import main
from support.mail_server import mail_server
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
