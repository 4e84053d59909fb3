"""Handlers with a journal, a sink in a file and one that answers as it is told."""

from functools import partial

import pytest

import elkmon
from support.shipping import assert_balanced, run_program


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "journal"


@pytest.fixture
def make_handler(directory, path):
    """Make handlers with a journal, which ship to `path` unless told otherwise; their accounts balance at the end."""
    handlers = []

    def make(transport=None, **options):
        transport = transport or elkmon.FileTransport(path)
        handlers.append(elkmon.PredictionHandler(transport, **{"totals_every": 0, "journal": directory, **options}))
        return handlers[-1]

    yield make
    for handler in handlers:
        assert_balanced(handler.stats())
        handler.close(timeout=1)
        assert_balanced(handler.stats())


@pytest.fixture
def run(path, directory):
    """Run programs with a journal, each in a Python of its own."""
    return partial(run_program, path, options=f"journal={str(directory)!r}, ")
