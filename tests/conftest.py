"""
What every folder of tests may ask for: an Elasticsearch, a client of it, and a namespace nobody else uses.
With ELASTICSEARCH_URL set it is that cluster; otherwise one node is started for the session, when first asked for.
"""

import os
import signal
import uuid
from collections.abc import Iterator

import pytest
from elasticsearch import ApiError, Elasticsearch

from elkmon.embedded import DEFAULT_VERSION, EmbeddedElasticsearch
from elkmon.errors import ElkmonError

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background of a shell: what the tests press Ctrl-C on would inherit that, and never end.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def elasticsearch_url() -> Iterator[str]:
    """The URL of the Elasticsearch to test against; without one the test fails, it is never skipped."""
    configured = os.environ.get("ELASTICSEARCH_URL")
    if configured:
        yield configured
        return
    version = os.environ.get("ELKMON_TEST_ELASTICSEARCH_VERSION", DEFAULT_VERSION)
    try:
        node = EmbeddedElasticsearch(version=version)
        url = node.start()
    except ElkmonError as error:
        pytest.fail(f"This test needs Elasticsearch; set ELASTICSEARCH_URL, or mend this: {error}", pytrace=False)
    yield url
    node.stop()


@pytest.fixture(scope="session")
def client(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    """A client of that Elasticsearch."""
    with Elasticsearch(elasticsearch_url, request_timeout=60) as client:
        yield client


@pytest.fixture
def namespace(client: Elasticsearch) -> Iterator[str]:
    """A fresh namespace, lowercase letters and digits; what was stored under it is removed afterwards."""
    name = f"t{uuid.uuid4().hex[:10]}"
    yield name
    _remove_data_streams(client, f"logs-elkmon.*-{name}")
    _remove_indices(client, f"elkmon-*-{name}*")


def _remove_indices(client: Elasticsearch, pattern: str) -> None:
    # Most servers refuse to delete a pattern; all names at once change the cluster's state once.
    if names := list(client.indices.get(index=pattern, expand_wildcards="all")):
        client.indices.delete(index=names)


def _remove_data_streams(client: Elasticsearch, pattern: str) -> None:
    backing = list(client.indices.get(index=pattern, expand_wildcards="all"))
    if not backing:
        return
    try:
        client.indices.delete_data_stream(name=pattern, expand_wildcards="all")
    except ApiError as error:
        if error.meta.status not in {400, 405}:
            raise
        # The embedded server cannot delete them; a closed one costs neither memory nor shards.
        client.indices.close(index=backing)
