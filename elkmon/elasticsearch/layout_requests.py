"""
A request in elkmon's field names, as the index of another convention understands it.

Only names are changed, and numbers kept in another unit: a value that reads like a field's name stays as it is. What is not
known here is refused, never sent half translated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.layout_fields import NOWHERE, Stream
from elkmon.layouts import DOCUMENT_ID

Json = Mapping[str, Any]

_ALL: Json = {"match_all": {}}
_NONE: Json = {"match_none": {}}
_OF_ONE_FIELD = frozenset(
    {"avg", "cardinality", "date_histogram", "max", "min", "percentiles", "stats", "sum", "value_count"}
)
_INSTANT = "strict_date_optional_time"
IGNORED = "_ignored"
"""The field with the names of fields that were not indexed."""


def asked_query(query: Json, stream: Stream) -> Json:
    """Return `query` as it finds the same documents of `stream`, and no others of its index."""
    filters = [*_own(stream), _query(query, stream)]
    return {"bool": {"filter": filters}}


def asked_aggregations(aggregations: Json, stream: Stream) -> dict[str, Json]:
    """Return `aggregations` in their names; the answer is read by `layout_answers`."""
    return {name: _aggregation(each, stream) for name, each in aggregations.items()}


def asked_sort(sort: Sequence[Any], stream: Stream) -> list[Any]:
    """Return the order in their names, without what is the same in all documents or has no order."""
    result: list[Any] = []
    for each in sort:
        name, rest = (each, None) if isinstance(each, str) else next(iter(each.items()))
        place = stream.places.get(name)
        if place is not None and place.field != DOCUMENT_ID:
            result.append(place.field if rest is None else {place.field: rest})
    return result


def asked_fields(names: Sequence[str], stream: Stream) -> list[Json]:
    """Return what is read of each document in their names, instants as ISO 8601."""
    wanted: list[Json] = []
    for name in names:
        if name in stream.maps:
            wanted.append({"field": stream.maps[name].text})
        elif name in stream.places and stream.places[name].field != DOCUMENT_ID:
            instant = {"format": _INSTANT} if name == fields.TIMESTAMP else {}
            wanted.append({"field": stream.places[name].field, **instant})
    return wanted


def by_constant(aggregation: Json, stream: Stream) -> bool:
    """Whether an aggregation makes buckets only by what is the same in all documents of `stream`."""
    kind, body = kind_of(aggregation)
    if kind == "terms":
        return body["field"] in stream.constants
    return kind == "composite" and not _sources(body, stream)


def kind_of(clause: Json) -> tuple[str, Any]:
    """Return what a query or an aggregation is, and its body."""
    ((kind, body),) = ((name, each) for name, each in clause.items() if name not in {"aggs", "aggregations", "meta"})
    return kind, body


def _own(stream: Stream) -> list[Json]:
    """Return the filters for the stream's documents among those of its index."""
    filters: list[Json] = []
    if stream.models:
        place = stream.places.get(fields.MODEL_NAME)
        filters.append({"terms": {place.field: list(stream.models)}} if place else _NONE)
    values: dict[str, list[str]] = {}
    for theirs, value in stream.conditions:
        values.setdefault(theirs, []).append(value)
    filters += [{"terms": {theirs: some}} for theirs, some in values.items()]
    if stream.present:
        filters.append(_any([{"exists": {"field": theirs}} for theirs in stream.present]))
    return filters


def _query(query: Json, stream: Stream) -> Json:
    kind, body = kind_of(query)
    if kind in {"match_all", "match_none"}:
        return query
    if kind == "bool":
        return {"bool": {name: _clauses(each, stream) for name, each in body.items()}}
    if kind == "exists":
        return _of_field(kind, body["field"], None, stream)
    if kind in {"term", "terms", "range"}:
        ((name, value),) = body.items()
        return _of_field(kind, name, value, stream)
    raise NotImplementedError(f"a query of kind {kind!r} cannot be asked of another convention's index")


def _clauses(clauses: Any, stream: Stream) -> Any:
    if isinstance(clauses, Mapping):
        return _query(clauses, stream)
    return [_query(each, stream) for each in clauses] if isinstance(clauses, list) else clauses


def _of_field(kind: str, name: str, value: Any, stream: Stream) -> Json:
    if name in stream.constants:
        wanted = {"term": [value], "terms": value, "exists": [stream.constants[name]]}[kind]
        return _ALL if stream.constants[name] in wanted else _NONE
    place = stream.places.get(name)
    if place is None:
        return _NONE
    if kind == "exists":
        return _ALL if place.field == DOCUMENT_ID else {"exists": {"field": place.field}}
    if kind == "range":
        value = {key: _scaled(each, place.factor) for key, each in value.items()}
        if name == fields.TIMESTAMP:
            value = {"format": _INSTANT, **value}  # else instants are read in whatever format their mapping has
    return {kind: {place.field: value}}


def _aggregation(aggregation: Json, stream: Stream) -> Json:
    kind, body = kind_of(aggregation)
    inner = aggregation.get("aggs") or aggregation.get("aggregations")
    below = {"aggs": asked_aggregations(inner, stream)} if inner else {}
    if by_constant(aggregation, stream):
        return {"filter": _ALL, **below}
    if kind == "filter":
        return {"filter": _query(body, stream), **below}
    if kind == "filters":
        return {"filters": {**body, "filters": _filters(body["filters"], stream)}, **below}
    if kind == "composite":
        return {"composite": _composite(body, stream), **below}
    if kind == "terms":
        return {"terms": _terms(body, stream), **below}
    if kind == "range":
        place = stream.places.get(body["field"])
        factor = place.factor if place else 1.0
        ranges = [{key: _scaled(each, factor) for key, each in one.items()} for one in body["ranges"]]
        return {"range": {**body, "field": place.field if place else NOWHERE, "ranges": ranges}, **below}
    if kind in _OF_ONE_FIELD:
        return {kind: {**body, "field": _field(body["field"], stream)}, **below}
    raise NotImplementedError(f"an aggregation of kind {kind!r} cannot be asked of another convention's index")


def _terms(body: Json, stream: Stream) -> Json:
    if body["field"] != IGNORED:
        return {**body, "field": _field(body["field"], stream)}
    # Here values are names of fields.
    return {**body, "include": [_field(name, stream) for name in body["include"]]}


def _composite(body: Json, stream: Stream) -> Json:
    sources = []
    for source in _sources(body, stream):
        ((name, each),) = source.items()
        kind, inner = kind_of(each)
        sources.append({name: {kind: {**inner, "field": _field(inner["field"], stream)}}})
    names = {next(iter(source)) for source in sources}
    after = {name: each for name, each in body.get("after", {}).items() if name in names}
    return {**body, "sources": sources, **({"after": after} if after else {})}


def _sources(body: Json, stream: Stream) -> list[Json]:
    return [source for source in body["sources"] if source_field(source) not in stream.constants]


def source_field(source: Json) -> str:
    """Return elkmon's name of what a source of a composite aggregation is about."""
    ((_, each),) = source.items()
    name: str = kind_of(each)[1]["field"]
    return name


def _filters(filters: Any, stream: Stream) -> Any:
    if isinstance(filters, Mapping):
        return {name: _query(each, stream) for name, each in filters.items()}
    return [_query(each, stream) for each in filters]


def _field(name: str, stream: Stream) -> str:
    if name in stream.constants:
        raise NotImplementedError(f"{name} is the same in all documents of {stream.index}, so nothing is counted by it")
    place = stream.places.get(name)
    return place.field if place else NOWHERE


def _scaled(value: Any, factor: float) -> Any:
    return value / factor if factor != 1.0 and isinstance(value, int | float) else value


def _any(clauses: Sequence[Json]) -> Json:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}
