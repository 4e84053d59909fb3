"""Index mappings, made from `elkmon.fields` and nothing else: whoever adds a field there adds it here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from elkmon.fields import TIMESTAMP, of
from elkmon.schema import Document, Field

Json = Mapping[str, Any]

_LONGEST_KEYWORD = 8191
"""Characters of a keyword that is still indexed: four bytes each, they stay below what Lucene can hold."""


def mapping_of(*documents: Document) -> dict[str, Any]:
    """
    Return the mapping of an index that holds `documents`.

    Names that users choose lie only below open maps, each of one type whatever the first document says; any other field
    that is not in `elkmon.fields` is stored and not indexed.
    """
    fields = of(*documents)
    return {
        "dynamic": False,
        "date_detection": False,
        "dynamic_templates": [
            {field.path: {"path_match": field, "mapping": _type(field)}} for field in fields if _is_map(field)
        ],
        "properties": _properties(fields),
    }


def _properties(fields: Iterable[Field]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for field in fields:
        *parents, last = field.path.split(".")
        place = properties
        for parent in parents:
            place = place.setdefault(parent, {"properties": {}})["properties"]
        # A map's names may hold dots, so they must not be read as objects within objects.
        place[last] = {"type": "object", "dynamic": True, "subobjects": False} if _is_map(field) else _type(field)
    return properties


def _is_map(field: Field) -> bool:
    """Whether each name below the field is mapped on its own; a flattened field is one mapping for all of them."""
    return field.open and field.type != "flattened"


def _type(field: Field) -> dict[str, Any]:
    if field == TIMESTAMP:
        return {"type": "date", "ignore_malformed": False}  # a data stream insists on it
    if field.type == "object":
        return {"type": "object", "enabled": False}
    if field.type == "keyword":
        return {"type": "keyword", "ignore_above": _LONGEST_KEYWORD}
    if field.type == "flattened":
        return {"type": "flattened", "ignore_above": 1024}
    return {"type": field.type}
