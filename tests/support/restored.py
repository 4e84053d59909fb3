"""A namespace as it is at one moment: read once, laid down under other names, put back as often as wanted, and compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from elkmon.elasticsearch import setup

_BULK = 2_000
_GAP = "<namespace>"


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its index and its content with the namespace taken out, its id, its version, and its place in time."""

    index: str
    id: str
    content: str
    version: int
    written: int

    @property
    def is_event(self) -> bool:
        """Whether a service wrote it."""
        return self.index.startswith("logs-")

    def lines(self, namespace: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Return it as a bulk request that writes it under `namespace` has it."""
        target: dict[str, Any] = {"_index": self.index.replace(_GAP, namespace), "_id": self.id}
        if self.is_event:
            return {"create": target}, json.loads(self.content.replace(_GAP, namespace))
        target |= {"version": self.version, "version_type": "external_gte"}
        return {"index": target}, json.loads(self.content.replace(_GAP, namespace))


Contents = dict[str, Document]
"""Documents by index and id."""


def contents(client: Elasticsearch, namespace: str, *, events: bool = False) -> Contents:
    """Return every document that the monitor wrote in the namespace; with `events` those of services, too."""
    patterns = [f"elkmon-*-{namespace}*", *([f"logs-elkmon.*-{namespace}"] if events else [])]
    client.indices.refresh(index=patterns)
    return {f"{each.index}/{each.id}": each for pattern in patterns for each in _read(client, pattern, namespace)}


def remembered(documents: Contents) -> dict[str, str]:
    """Return the content of all documents but those that differ from run to run; of a delivery not how it was tried."""
    kept = {}
    for name, each in documents.items():
        if not of_each_run(each):
            document = json.loads(each.content)
            for trial in ("attempts", "last_error"):
                document["elkmon"].get("packed", {}).pop(trial, None)
            kept[name] = json.dumps(document, sort_keys=True)
    return kept


def of_each_run(document: Document) -> bool:
    """Whether a document says something of one run, or is the lease."""
    return json.loads(document.content)["elkmon"].get("state", {}).get("kind") in {"lease", "run"}


class Stage:
    """A namespace that holds `documents`, and is put back to that."""

    def __init__(self, client: Elasticsearch, namespace: str, documents: Contents) -> None:
        self.namespace = namespace
        self._client = client
        self._remembered = [each for each in documents.values() if not each.is_event]
        setup(client, namespace)
        self._write(documents.values())
        self._indices = set(self._there())

    def restore(self) -> None:
        """Put back what the monitor wrote; what services wrote is as it was."""
        self._client.indices.delete(index=self._there())
        self._write(self._remembered)
        for empty in self._indices.difference(self._there()):
            self._client.indices.create(index=empty)

    def _there(self) -> list[str]:
        return list(self._client.indices.get(index=f"elkmon-*-{self.namespace}*"))

    def _write(self, documents: Iterable[Document]) -> None:
        lines = [line for each in documents for line in each.lines(self.namespace)]
        for start in range(0, len(lines), _BULK):
            answer = self._client.bulk(operations=lines[start : start + _BULK], refresh=True)
            assert not answer["errors"], answer


def _read(client: Elasticsearch, pattern: str, namespace: str) -> Iterator[Document]:
    query = {"query": {"match_all": {}}, "version": True, "seq_no_primary_term": True}
    for hit in scan(client, index=pattern, query=query, size=5_000):
        index = hit["_index"]
        if index.startswith(".ds-"):  # of a data stream's backing index the stream's name is wanted
            index = index.removeprefix(".ds-").rsplit("-", 2)[0]
        content = json.dumps(hit["_source"], sort_keys=True).replace(namespace, _GAP)
        yield Document(index.replace(namespace, _GAP), hit["_id"], content, hit["_version"], hit["_seq_no"])
