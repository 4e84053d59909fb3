"""What most tests of faults ask for: a file to ship to, a server that answers as it is told, handlers, programs."""

from functools import partial

import pytest

from support.shipping import Store, balanced_handlers, run_program


@pytest.fixture
def store():
    """A server that takes bulk requests, and can be told how to answer."""
    server = Store().start()
    yield server
    server.stop()


@pytest.fixture
def path(tmp_path):
    """A file to ship to."""
    return tmp_path / "events.ndjson"


@pytest.fixture
def make_handler():
    """Make handlers whose accounts balance."""
    with balanced_handlers() as make:
        yield make


@pytest.fixture
def run(path):
    """Run programs that ship to `path`, each in a Python of its own."""
    return partial(run_program, path)
