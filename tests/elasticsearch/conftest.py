"""A namespace that is set up, and events written into it as a service's handler would write them."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import setup
from elkmon.identity import identity
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
