"""Events whose call has returned are in Elasticsearch once, although the service was killed before they were sent."""

import random
import warnings

import pytest
from elasticsearch.helpers import scan

import elkmon
from support.mortal import killed_service


@pytest.fixture
def ids(client, namespace):
    """Read the ids of all predictions that are stored, one for each document."""

    def read():
        index = f"logs-elkmon.prediction-{namespace}"
        client.indices.refresh(index=index)
        found = scan(client, index=index, query={"_source": ["elkmon.prediction.id"]}, size=5000)
        return [hit["_source"]["elkmon"]["prediction"]["id"] for hit in found]

    return read


@pytest.fixture
def make_transport(elasticsearch_url):
    return lambda: elkmon.ElasticsearchTransport(elasticsearch_url)


@pytest.fixture(autouse=True)
def _forks():
    """The node's client has threads of its own, of which Python 3.12 and later warn; the children never use them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def drain(transport, namespace, directory, id_="last"):
    """Be the next service: log one event, and thereby send what the others have left."""
    handler = elkmon.PredictionHandler(transport, namespace=namespace, journal=directory, totals_every=0)
    elkmon.ModelLog("m", handler=handler).prediction({}, id=id_)
    handler.close(timeout=60)
    stats = handler.stats()
    assert stats.pending == 0
    assert stats.logged == stats.delivered


@pytest.mark.timeout(600)
def test_killed_two_hundred_times(ready, make_transport, ids, tmp_path):
    """Of services killed at random moments every event whose call had returned is stored, and none twice."""
    directory = tmp_path / "journal"
    dice = random.Random(20130101)
    returned = {
        f"{life}": killed_service(
            make_transport(), directory, f"{life}", seconds=dice.uniform(0, 0.06), namespace=ready, events=150
        )
        for life in range(200)
    }
    drain(make_transport(), ready, directory)
    expected = {f"{life}-{number}" for life, count in returned.items() for number in range(count)}
    stored = ids()
    assert len(expected) > 2000
    assert expected <= set(stored)
    assert len(set(stored)) == len(stored)
    assert list(directory.iterdir()) == []


def test_stream_that_rolled_over_between_crash_and_restart(ready, client, make_transport, ids, tmp_path):
    """Ids are unique within a backing index only: what was sent before the crash is looked for, and not doubled."""
    directory = tmp_path / "journal"
    expected = {"first", "last"}
    drain(make_transport(), ready, directory, "first")  # makes the stream
    for life in range(8):
        count = killed_service(make_transport(), directory, f"{life}", seconds=0.15, namespace=ready, events=300)
        expected |= {f"{life}-{number}" for number in range(count)}
        client.indices.rollover(alias=f"logs-elkmon.prediction-{ready}")
    drain(make_transport(), ready, directory)
    stored = ids()
    assert expected <= set(stored)
    assert len(set(stored)) == len(stored)
