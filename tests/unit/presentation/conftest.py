"""The made-up flights, for every test of what is told about them."""

from types import SimpleNamespace

import pytest

from elkmon.digests import Digest, Report
from support import flights_digest, flights_report


@pytest.fixture
def flights() -> SimpleNamespace:
    """All the builders."""
    return SimpleNamespace(**vars(flights_digest))


@pytest.fixture
def digest() -> Digest:
    """A week in August."""
    return flights_digest.a_digest()


@pytest.fixture
def report() -> Report:
    """Half a year."""
    return flights_report.a_report()
