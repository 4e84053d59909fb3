"""
`elkmon setup`: index templates and indices, made from `elkmon.fields`. Doing it again changes nothing that is right already,
and doing it with a newer elkmon brings what is there up to date.

What a server cannot do, and what a newer elkmon has written, is left as it is, and said. Roles are in `roles`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from typing import Any

from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.connection import Client
from elkmon.elasticsearch.differences import differences, fields_of, named, summary
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
RESULT_SETTINGS = {"index.number_of_shards": 1, "index.auto_expand_replicas": "0-1"}
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
    """What became of one step; DUE is what a dry run would have done."""

    DONE = "done"
    UNCHANGED = "unchanged"
    DUE = "would be done"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was made, was right already, or was left out; `why` says what is new, or the reason."""

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
        dry_run: nothing is written; what would be done is DUE.

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
        template = {"settings": RESULT_SETTINGS, "mappings": mapping_of(*_TOGETHER.get(document, (document,)))}
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
        """Put a template unless one with the same content is there, which the hash in its `_meta` tells, or a newer one."""
        own = version("elkmon")
        meta = {
            "managed_by": "elkmon",
            "version": own,
            "hash": identity(json.dumps(body, sort_keys=True)),
        }
        found = self._cluster.call(get, name=body["name"]).get(many, [])
        there = next((each[one] for each in found if each["name"] == body["name"]), None)
        written = {} if there is None else there.get("_meta", {})
        if written.get("hash") == meta["hash"]:
            return Step(title, Result.UNCHANGED)
        if is_newer(by := str(written.get("version", "")), own):
            why = f"elkmon {by} has written it and this is {own}: install elkmon {by} or newer here"
            return Step(title, Result.LEFT_OUT, why)
        # Of what a first setup makes only the amounts are of interest.
        why = summary(body) if there is None else "; ".join(differences(there, body))
        if self._dry_run:
            return Step(title, Result.DUE, why)
        self._cluster.call(put, **body, meta=meta)
        return Step(title, Result.DONE, why)

    def _index(self, name: str) -> Step:
        """Make an index, or give one that is there the fields it does not have yet."""
        title = f"index {name}"
        there = self._cluster.call(self._client.indices.get_mapping, index=name, ignore_unavailable=True)
        wanted = mapping_of(*self._documents(name))
        if name not in there:
            if self._dry_run:
                return Step(title, Result.DUE, "is not there")
            self._cluster.call(self._client.indices.create, index=name)
            return Step(title, Result.DONE)
        lacking = _lacking(there[name]["mappings"], wanted)
        if not lacking:
            return Step(title, Result.UNCHANGED)
        if not self._dry_run:
            self._cluster.call(self._client.indices.put_mapping, index=name, **wanted)
        return Step(title, Result.DUE if self._dry_run else Result.DONE, _new(lacking))

    def _months(self, pattern: str) -> Iterator[Step]:
        """Give the months that an earlier version of elkmon began the fields they do not have; later ones have the template's."""
        title = f"index {pattern}"
        wanted = mapping_of(*self._documents(pattern))
        there = self._cluster.call(self._client.indices.get_mapping, index=pattern)
        lacking = {name: fields for name, each in there.items() if (fields := _lacking(each["mappings"], wanted))}
        if there and not lacking:
            yield Step(title, Result.UNCHANGED)
        elif lacking:
            every = tuple(dict.fromkeys(field for fields in lacking.values() for field in fields))
            why = f"{len(lacking)} of {len(there)}: {_new(every)}"
            if not self._dry_run:
                for name in lacking:
                    self._cluster.call(self._client.indices.put_mapping, index=name, **wanted)
            yield Step(title, Result.DUE if self._dry_run else Result.DONE, why)

    def _documents(self, index: str) -> tuple[Document, ...]:
        document = next(each for each, plural in _PLURALS.items() if index.startswith(f"elkmon-{plural}-"))
        return _TOGETHER.get(document, (document,))

    def _retention_of_streams(self, retention: str) -> Step:
        """Streams that are there already do not read templates again."""
        title = f"retention of the streams {self._indices.events}"
        if self._dry_run:
            return Step(title, Result.DUE, retention)
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


def is_newer(theirs: str, own: str) -> bool:
    """
    Whether `theirs` is a later version of elkmon than `own`; an empty one is of an elkmon that did not write it down.

    >>> is_newer("0.10.0", "0.9.1"), is_newer("0.9.1", "0.9.1"), is_newer("", "0.9.1")
    (True, False, False)
    """
    return _numbers(theirs) > _numbers(own)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", text)[:3]]


def _lacking(there: Json, wanted: Json) -> tuple[str, ...]:
    """Return the fields of the mapping `wanted` that are not in the one that is `there`."""
    has = fields_of(there)
    # An open map that holds names already is found by them only.
    return tuple(
        name for name in fields_of(wanted) if not any(each == name or each.startswith(f"{name}.") for each in has)
    )


def _new(fields: tuple[str, ...]) -> str:
    return f"new {'fields' if len(fields) > 1 else 'field'} {named(fields)}"
