"""A namespace that is set up, events written into it as a service's handler or another team would, and a played server."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import ElasticsearchEventLog, calls, connect, setup
from elkmon.identity import identity
from support import conventions
from support.played_server import SPAN, Server
from support.whole_line import Line

Event = Mapping[str, Any]


@pytest.fixture
def ready(client: Elasticsearch, namespace: str) -> str:
    """A namespace for which `elkmon setup` was run."""
    setup(client, namespace)
    return namespace


@pytest.fixture
def send(client: Elasticsearch, ready: str) -> Callable[[str, Iterable[Event]], None]:
    """Write raw events of a kind (prediction, feedback, error) into the namespace's stream."""

    def written(kind: str, events: Iterable[Event]) -> None:
        lines = []
        for event in events:
            name = event.get("event", {}).get("id") or identity(json.dumps(event, sort_keys=True, ensure_ascii=False))
            document = {**event, "event": {**event.get("event", {}), "id": name}}
            lines += [{"create": {"_index": f"logs-elkmon.{kind}-{ready}", "_id": name}}, document]
        if lines:
            answer = client.bulk(operations=lines, refresh=True)
            refused = [item for item in answer["items"] if item["create"]["status"] not in {201, 409}]
            assert not refused, refused[0]

    return written


@pytest.fixture
def predict() -> Callable[..., dict[str, Any]]:
    """Make the raw document of one prediction."""

    def document(at: datetime, name: str, *, model: str = "m", version: str = "1", **rest: Any) -> dict[str, Any]:
        prediction = {key: rest.pop(key) for key in ("label", "score", "scores", "value") if rest.get(key) is not None}
        own = {"model": {"name": model, "version": version}, "prediction": {"id": name, **prediction}}
        own |= {key: rest.pop(key) for key in ("missing", "rejected", "rejected_names") if key in rest}
        return {"@timestamp": at.isoformat(), "event": {"id": identity(model, version, name)}, "elkmon": own, **rest}

    return document


@pytest.fixture
def tell_truth() -> Callable[..., dict[str, Any]]:
    """Make the raw document of one truth."""

    def document(at: datetime, name: str, *, model: str = "m", **outcome: Any) -> dict[str, Any]:
        own = {"model": {"name": model}, "prediction": {"id": name}, "outcome": outcome}
        return {"@timestamp": at.isoformat(), "elkmon": own}

    return document


@pytest.fixture
def line(elasticsearch_url: str, namespace: str) -> Iterator[Line]:
    """A line on a namespace of its own."""
    line = Line(elasticsearch_url, namespace)
    yield line
    line.store.close()


@pytest.fixture
def theirs(client: Elasticsearch, ready: str) -> Iterator[str]:
    """What another team's indices end in; they are removed afterwards."""
    yield ready
    conventions.remove(client, ready)


@pytest.fixture
def index(client: Elasticsearch, theirs: str) -> Callable[..., str]:
    """Make an index of theirs with a mapping and documents, and return its name."""

    def made(documents: Mapping[str, Mapping[str, Any]], kind: str = "scoring", **properties: Any) -> str:
        name = f"{kind}-{theirs}"
        client.indices.create(index=name, mappings={"properties": properties})
        conventions.write(client, name, documents.items())
        return name

    return made


@pytest.fixture
def server() -> Iterator[Server]:
    """A server whose answers a test plays."""
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(calls, "PAUSES", (0.0, 0.0))


@pytest.fixture
def ask(server: Server) -> Iterator[Callable[[], Any]]:
    """Ask the server for counts."""
    with connect([server.url], timeout=5) as client:
        yield lambda: ElasticsearchEventLog(client, "x").counts(SPAN, [])
