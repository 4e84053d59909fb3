"""The rows of `scenario`, indexed as other teams index theirs, each with the layout that says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from elasticsearch import Elasticsearch

from elkmon.layouts import Layout, TruthLayout, Unit
from support.scenario import END, MODEL, START, Row, rows

LATENCY = 0.004
INDICES = ("scoring", "requests", "labels")
"""What the names of their indices begin with."""


def flat(name: str) -> Layout:
    """One index for all models, its fields side by side; the truth is put into the prediction's document later."""
    return Layout(
        "flat",
        f"scoring-{name}",
        timestamp="ts",
        model="model_id",
        version="revision",
        id="request",
        score="p_default",
        label="decision",
        latency="took_ms",
        features=("in_*",),
        truth=TruthLayout(label="actual"),
    )


def index_flat(
    client: Elasticsearch, name: str, start: datetime = START, end: datetime = END, *, truth: bool = True
) -> None:
    """Index rows the flat way, with what dynamic mapping makes of them; another model's documents lie between them."""

    def documents() -> Iterator[tuple[str, dict[str, Any]]]:
        for row in rows(start, end):
            document = _flat_document(row, MODEL)
            yield f"{MODEL}-{row.id}", {**document, "actual": row.truth} if truth else document
            yield f"other-{row.id}", {**_flat_document(row, "other"), "in_amount": -1.0, "in_unknown": 1.0}

    numbers = {field: {"type": "double"} for field in ("in_amount", "p_default", "took_ms")}
    client.options(ignore_status=400).indices.create(index=f"scoring-{name}", mappings={"properties": numbers})
    write(client, f"scoring-{name}", documents())


def tell_flat(client: Elasticsearch, name: str, told: Iterable[Row]) -> None:
    """Put the truth of rows into the documents of their predictions."""
    lines: list[Any] = []
    for row in told:
        lines += [{"update": {"_index": f"scoring-{name}", "_id": f"{MODEL}-{row.id}"}}, {"doc": {"actual": row.truth}}]
    assert not client.bulk(operations=lines, refresh=True)["errors"]


def apart(name: str) -> Layout:
    """An index of one model, its fields in objects, and another with the truth, which names the request."""
    return Layout(
        "apart",
        f"requests-{name}",
        only_version="1",
        id="request.id",
        score="output.probability",
        label="output.class",
        latency="seconds",
        latency_unit=Unit.SECONDS,
        numeric=("inputs.n_*",),
        categorical=("inputs.c_*",),
        where=(("kind", "scored"),),
        truth=TruthLayout(f"labels-{name}", timestamp="seen", id="_id", label="truth"),
    )


def index_apart(client: Elasticsearch, name: str, start: datetime = START, end: datetime = END) -> None:
    """Index rows in two indices with mappings of their own; documents that are no predictions lie between them."""
    keyword, number = {"type": "keyword"}, {"type": "double"}
    requests = {
        "@timestamp": {"type": "date_nanos"},
        "kind": keyword,
        "request": {"properties": {"id": keyword}},
        "output": {"properties": {"probability": number, "class": {"type": "text", "fields": {"raw": keyword}}}},
        "inputs": {"properties": {"n_amount": number, "c_region": {"type": "text", "fields": {"raw": keyword}}}},
        "seconds": number,
    }
    labels = {"seen": {"type": "date", "format": "epoch_second"}, "truth": keyword}
    client.indices.create(index=f"requests-{name}", mappings={"properties": requests})
    client.indices.create(index=f"labels-{name}", mappings={"properties": labels})
    found = list(rows(start, end))
    write(client, f"requests-{name}", ((row.id, _apart_document(row)) for row in found))
    write(
        client,
        f"requests-{name}",
        ((f"ping-{row.id}", {"@timestamp": row.at.isoformat(), "kind": "ping"}) for row in found[::7]),
    )
    write(
        client,
        f"labels-{name}",
        ((row.id, {"seen": int(row.known_at.timestamp()), "truth": row.truth}) for row in found),
    )


def _flat_document(row: Row, model: str) -> dict[str, Any]:
    return {
        "ts": row.at.isoformat(),
        "model_id": model,
        "revision": 1,
        "request": row.id,
        "p_default": row.score,
        "decision": row.label,
        "took_ms": LATENCY * 1e3,
        "in_amount": row.amount,
        "in_region": row.region,
    }


def _apart_document(row: Row) -> dict[str, Any]:
    return {
        "@timestamp": row.at.isoformat(),
        "kind": "scored",
        "request": {"id": row.id},
        "output": {"probability": row.score, "class": row.label},
        "inputs": {"n_amount": row.amount, "c_region": row.region},
        "seconds": LATENCY,
    }


def remove(client: Elasticsearch, name: str) -> None:
    """Delete all of these indices that are there."""
    pattern = ",".join(f"{kind}-{name}" for kind in INDICES)
    if there := list(client.indices.get(index=pattern, ignore_unavailable=True)):
        client.indices.delete(index=there)


def write(client: Elasticsearch, index: str, documents: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write documents under their ids, visible at once."""
    lines: list[Any] = []
    for name, document in documents:
        lines += [{"index": {"_index": index, "_id": name}}, document]
    assert not client.bulk(operations=lines, refresh=True)["errors"]
