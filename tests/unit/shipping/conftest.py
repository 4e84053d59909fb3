"""Handlers that are closed, and whose accounts are balanced, at the end of every test."""

import json

import pytest

from elkmon import FileTransport
from support.shipping import balanced_handlers


@pytest.fixture
def make_handler():
    """Make handlers whose accounts balance."""
    with balanced_handlers() as make:
        yield make


@pytest.fixture
def path(tmp_path):
    """A file to ship to."""
    return tmp_path / "events.ndjson"


@pytest.fixture
def handler(make_handler, path):
    """A handler that ships to `path`."""
    return make_handler(FileTransport(path))


@pytest.fixture
def documents(handler, path):
    """Wait for what was logged, and read it: all documents, or those of one dataset."""

    def read(kind=None):
        assert handler.flush()
        text = path.read_text("utf-8") if path.exists() else ""
        read = [json.loads(line) for line in text.splitlines()]
        return [one for one in read if kind is None or one["data_stream"]["dataset"] == f"elkmon.{kind}"]

    return read
