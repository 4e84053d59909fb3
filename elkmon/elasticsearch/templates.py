"""
`elkmon setup`: index templates and indices, made from `elkmon.fields`. Doing it again changes nothing that is right already.

What a server cannot do is left out, and said. Roles and API keys are not made here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.connection import Client
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.mappings import mapping_of
from elkmon.errors import ConfigurationError, StoreRefused
from elkmon.identity import identity
from elkmon.schema import EVENTS, RESULTS, Document

Json = Mapping[str, Any]

PRIORITY = 300
"""Above the stack's own `logs-*-*`, which has 100."""

_MAPPINGS, _SETTINGS, _CUSTOM = "elkmon@mappings", "elkmon@settings", "elkmon@custom"
_EVENT_SETTINGS = {
    "index.mode": "standard",
    "index.auto_expand_replicas": "0-1",
    "index.mapping.total_fields.limit": 2000,
    "index.mapping.total_fields.ignore_dynamic_beyond_limit": True,
    "index.mapping.ignore_malformed": True,
    "index.max_docvalue_fields_search": 2000,  # the join reads the score of each class
}
_RESULT_SETTINGS = {"index.number_of_shards": 1, "index.auto_expand_replicas": "0-1"}
_TOGETHER = {
    Document.BASELINE: (Document.BASELINE, Document.PROFILE),  # a baseline's hours lie beside it
}
_PLURALS = {
    Document.OUTCOME: "outcomes",
    Document.PENDING: "pending",
    Document.PROFILE: "profiles",
    Document.FINDING: "findings",
    Document.RULER: "rulers",
    Document.BASELINE: "baselines",
    Document.ALERT: "alerts",
    Document.STATE: "state",
}


class Result(StrEnum):
    """What became of one step."""

    DONE = "done"
    UNCHANGED = "unchanged"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was made, was right already, or was left out; `why` says the reason where there is one."""

    name: str
    result: Result
    why: str = ""


def setup(
    client: Client, namespace: str, *, retention_days: int | None = None, dry_run: bool = False
) -> tuple[Step, ...]:
    """
    Make what elkmon needs in Elasticsearch, and say what was done.

    Args:
        client: of the cluster.
        namespace: whose indices are made; the templates serve every namespace.
        retention_days: events of this namespace are deleted after so many days; None keeps them.
        dry_run: nothing is written; what would be done is LEFT_OUT.

    Raises:
        ConfigurationError: when the namespace or the retention is not possible.
        StoreError: when Elasticsearch cannot be reached or refuses.
    """
    if retention_days is not None and retention_days < 1:
        raise ConfigurationError(
            f"events cannot be kept for {retention_days} days; give 1 or more, or nothing to keep them"
        )
    return tuple(_Setup(Cluster(client), Indices(namespace), dry_run).steps(retention_days))


def require_setup(cluster: Cluster, indices: Indices) -> None:
    """
    Do nothing where `setup` was run for this namespace.

    Raises:
        StoreRefused: where it was not: indices that Elasticsearch makes by itself would have other types.
    """
    cluster.call(cluster.client.count, index=indices.state)


class _Setup:
    def __init__(self, cluster: Cluster, indices: Indices, dry_run: bool) -> None:
        self._cluster = cluster
        self._client = cluster.client
        self._indices = indices
        self._dry_run = dry_run

    def steps(self, retention_days: int | None) -> Iterator[Step]:
        yield self._component(_MAPPINGS, {"mappings": mapping_of(*EVENTS)})
        yield self._component(_SETTINGS, {"settings": _EVENT_SETTINGS})
        yield from self._events("elkmon-events", "logs-elkmon.*-*", PRIORITY, {"enabled": True})
        namespace = self._indices.namespace
        if retention_days is not None:
            lifecycle = {"data_retention": f"{retention_days}d"}
            yield from self._events(f"elkmon-events-{namespace}", self._indices.events, PRIORITY + 10, lifecycle)
            yield self._retention_of_streams(f"{retention_days}d")
        for document in RESULTS:
            yield self._results(document)
        for index in self._indices.lasting:
            yield self._index(index)
        for pattern in self._indices.monthly:
            yield from self._months(pattern)

    def _component(self, name: str, template: Json) -> Step:
        return self._template(
            f"component template {name}",
            {"name": name, "template": template},
            self._client.options(ignore_status=404).cluster.get_component_template,
            self._client.cluster.put_component_template,
            "component_templates",
            "component_template",
        )

    def _events(self, name: str, pattern: str, priority: int, lifecycle: Json) -> Iterator[Step]:
        body = {
            "name": name,
            "index_patterns": [pattern],
            "priority": priority,
            "data_stream": {},
            "composed_of": [_MAPPINGS, _SETTINGS, _CUSTOM],
            "ignore_missing_component_templates": [_CUSTOM],
        }
        try:
            yield self._index_template(name, {**body, "template": {"lifecycle": lifecycle}})
        except StoreRefused as error:
            if "lifecycle" not in str(error):
                raise
            yield self._index_template(name, body)
            yield Step(f"lifecycle of {pattern}", Result.LEFT_OUT, f"this server does not take it: {error}")

    def _results(self, document: Document) -> Step:
        name = f"elkmon-{_PLURALS[document]}"
        template = {"settings": _RESULT_SETTINGS, "mappings": mapping_of(*_TOGETHER.get(document, (document,)))}
        body = {"name": name, "index_patterns": [f"{name}-*"], "priority": PRIORITY, "template": template}
        return self._index_template(name, body)

    def _index_template(self, name: str, body: Json) -> Step:
        return self._template(
            f"index template {name}",
            body,
            self._client.options(ignore_status=404).indices.get_index_template,
            self._client.indices.put_index_template,
            "index_templates",
            "index_template",
        )

    def _template(
        self, title: str, body: Json, get: Callable[..., Any], put: Callable[..., Any], many: str, one: str
    ) -> Step:
        """Put a template unless one with the same content is there, which the hash in its `_meta` tells."""
        meta = {"managed_by": "elkmon", "hash": identity(json.dumps(body, sort_keys=True))}
        found = self._cluster.call(get, name=body["name"]).get(many, [])
        if any(each[one].get("_meta") == meta for each in found):
            return Step(title, Result.UNCHANGED)
        if self._dry_run:
            return Step(title, Result.LEFT_OUT, "dry run: it would be written")
        self._cluster.call(put, **body, meta=meta)
        return Step(title, Result.DONE)

    def _index(self, name: str) -> Step:
        """Make an index, or give one that is there the fields it does not have yet."""
        title = f"index {name}"
        there = self._cluster.call(self._client.indices.get_mapping, index=f"{name}*")
        wanted = mapping_of(*self._documents(name))
        if name in there:
            if _covers(there[name]["mappings"].get("properties", {}), wanted["properties"]):
                return Step(title, Result.UNCHANGED)
            if self._dry_run:
                return Step(title, Result.LEFT_OUT, "dry run: it would get new fields")
            self._cluster.call(self._client.indices.put_mapping, index=name, **wanted)
            return Step(title, Result.DONE, "new fields")
        if self._dry_run:
            return Step(title, Result.LEFT_OUT, "dry run: it would be made")
        self._cluster.call(self._client.indices.create, index=name)
        return Step(title, Result.DONE)

    def _months(self, pattern: str) -> Iterator[Step]:
        """Give the months that an earlier version of elkmon began the fields they do not have; later ones have the template's."""
        title = f"index {pattern}"
        wanted = mapping_of(*self._documents(pattern))
        there = self._cluster.call(self._client.indices.get_mapping, index=pattern)
        lacking = [
            name
            for name, each in there.items()
            if not _covers(each["mappings"].get("properties", {}), wanted["properties"])
        ]
        if there and not lacking:
            yield Step(title, Result.UNCHANGED)
        elif lacking and self._dry_run:
            yield Step(title, Result.LEFT_OUT, f"dry run: {len(lacking)} of {len(there)} would get new fields")
        elif lacking:
            for name in lacking:
                self._cluster.call(self._client.indices.put_mapping, index=name, **wanted)
            yield Step(title, Result.DONE, f"new fields in {len(lacking)} of {len(there)}")

    def _documents(self, index: str) -> tuple[Document, ...]:
        document = next(each for each, plural in _PLURALS.items() if index.startswith(f"elkmon-{plural}-"))
        return _TOGETHER.get(document, (document,))

    def _retention_of_streams(self, retention: str) -> Step:
        """Streams that are there already do not read templates again."""
        title = f"retention of the streams {self._indices.events}"
        if self._dry_run:
            return Step(title, Result.LEFT_OUT, f"dry run: it would be {retention}")
        try:
            self._cluster.call(
                self._client.indices.put_data_lifecycle, name=self._indices.events, data_retention=retention
            )
        except StoreRefused as error:
            if "no handler found" in str(error):  # Elasticsearch without that module, such as the embedded node
                why = "this server has no data stream lifecycle: it deletes nothing by age"
                return Step(title, Result.LEFT_OUT, why)
            return Step(title, Result.LEFT_OUT, f"streams that are there were not changed: {error}")
        return Step(title, Result.DONE, retention)


def _covers(there: Json, wanted: Json) -> bool:
    """Whether every field of `wanted` is among those that are `there`."""
    for name, mapping in wanted.items():
        if name not in there:
            return False
        if "properties" in mapping and not _covers(there[name].get("properties", {}), mapping["properties"]):
            return False
    return True
