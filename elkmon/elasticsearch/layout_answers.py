"""
What an index of another convention answered, in elkmon's field names again: keys, levels as text, numbers in elkmon's unit.

An answer is read along what was asked in elkmon's names, since it does not say itself what its keys are about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.layout_fields import Place, Stream
from elkmon.elasticsearch.layout_requests import IGNORED, by_constant, kind_of, source_field
from elkmon.layouts import DOCUMENT_ID
from elkmon.values import as_text

Json = Mapping[str, Any]

_WORDS = frozenset(field for field in fields.ALL if field.type == "keyword")
_CATEGORIES = fields.FEATURES_CATEGORICAL.path + "."


def answered_aggregations(asked: Json, found: Json, stream: Stream) -> dict[str, Any]:
    """Return `found` as the answer to the aggregations `asked` in elkmon's names."""
    return {name: _aggregation(asked[name], each, stream) if name in asked else each for name, each in found.items()}


def answered_hit(hit: Json, wanted: Sequence[str], stream: Stream) -> dict[str, Any]:
    """Return a document with the fields `wanted` of it; one without an id of its event has its own."""
    found: Json = hit.get("fields", {})
    values: dict[str, list[Any]] = {}
    for name in wanted:
        if name in stream.constants:
            values[name] = [stream.constants[name]]
        elif name in stream.maps:
            prefix = name.removesuffix("*")
            for theirs, each in found.items():
                if (part := stream.maps[name].feature(theirs)) is not None:
                    values[prefix + part] = each
        elif name == fields.EVENT_ID and name not in stream.places:
            values[name] = [hit["_id"]]
        elif name in stream.places:
            place = stream.places[name]
            if place.field == DOCUMENT_ID:
                values[name] = [hit["_id"]]
            elif place.field in found:
                values[name] = [_value(name, each, place) for each in found[place.field]]
    return {**hit, "fields": values}


def _aggregation(asked: Json, found: Json, stream: Stream) -> dict[str, Any]:
    kind, body = kind_of(asked)
    inner = asked.get("aggs") or asked.get("aggregations") or {}
    if by_constant(asked, stream):
        bucket = _bucket(inner, found, stream)
        return {"buckets": [{**bucket, "key": _constant_key(kind, body, stream)}] if found["doc_count"] else []}
    if kind == "filter":
        return _bucket(inner, found, stream)
    if "buckets" in found:
        return {**found, "buckets": _buckets(kind, body, inner, found["buckets"], stream)}
    place = stream.places.get(body["field"]) if isinstance(body, Mapping) else None
    if place is None or place.factor == 1.0 or kind in {"value_count", "cardinality"}:
        return dict(found)
    return {name: _times(each, place.factor) if name != "count" else each for name, each in found.items()}


def _buckets(kind: str, body: Json, inner: Json, buckets: Any, stream: Stream) -> Any:
    if isinstance(buckets, Mapping):
        return {name: _bucket(inner, each, stream) for name, each in buckets.items()}
    result = [_bucket(inner, each, stream) for each in buckets]
    if kind == "composite":
        return [{**each, "key": _composite_key(body, each["key"], stream)} for each in result]
    if kind == "terms" and body["field"] == IGNORED:
        names = {stream.places[name].field: name for name in body["include"] if name in stream.places}
        return [{**each, "key": names.get(each["key"], each["key"])} for each in result]
    if kind == "terms":
        name, place = body["field"], stream.places.get(body["field"])
        return [{**each, "key": _value(name, each["key"], place)} for each in result]
    return result


def _bucket(inner: Json, bucket: Json, stream: Stream) -> dict[str, Any]:
    return answered_aggregations(inner, bucket, stream)


def _constant_key(kind: str, body: Json, stream: Stream) -> Any:
    if kind == "terms":
        return stream.constants[body["field"]]
    return _composite_key(body, {}, stream)


def _composite_key(body: Json, key: Json, stream: Stream) -> dict[str, Any]:
    result = {}
    for source in body["sources"]:
        name, about = next(iter(source)), source_field(source)
        if about in stream.constants:
            result[name] = stream.constants[about]
        else:
            result[name] = _value(about, key[name], stream.places.get(about))
    return result


def _value(name: str, value: Any, place: Place | None) -> Any:
    """Return a value of theirs as elkmon's field has it: a word is text, whatever their mapping makes of it."""
    if value is None:
        return None
    if name in _WORDS or name.startswith(_CATEGORIES):
        if place is not None and place.boolean:
            return as_text(bool(value))
        whole = isinstance(value, int) and not isinstance(value, bool)
        return value if isinstance(value, str) else str(value) if whole else as_text(value)
    return _times(value, place.factor) if place is not None else value


def _times(value: Any, factor: float) -> Any:
    if factor == 1.0:
        return value
    if isinstance(value, list):
        return [_times(each, factor) for each in value]
    if isinstance(value, Mapping):  # a percentile, with the share it stands for beside it
        return {name: _times(each, factor) if name == "value" else each for name, each in value.items()}
    return value * factor if isinstance(value, int | float) else value
