"""Where the examples ship to: a server that takes bulk requests, or a file."""

import pytest

from support.shipping import Store


@pytest.fixture
def store():
    """A server that takes bulk requests."""
    server = Store().start()
    yield server
    server.stop()
