"""
Whether fields are indexed as elkmon asks for them: of one type in all indices, of the right one, and not too many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.doctor.probe import Answer, Probe
from elkmon.fields import of
from elkmon.schema import Document

_FULL = 0.7
_USUAL_FIELD_LIMIT = 1000
_MOST_NAMED = 5
_EVENTS: Mapping[str, Document] = {
    "logs-elkmon.prediction*": Document.PREDICTION,
    "logs-elkmon.feedback*": Document.FEEDBACK,
    "logs-elkmon.error*": Document.ERROR,
}
_SEARCHED_AS_TEXT = {"text", "match_only_text"}


def examine_field_limits(probe: Probe, namespace: str) -> Iterator[Examination]:
    """Yield one line per index of predictions: how many fields its mapping holds of those allowed."""
    pattern = f"logs-elkmon.prediction*-{namespace}"
    mappings = probe.get(f"{pattern}/_mapping").body
    limits = probe.get(f"{pattern}/_settings?flat_settings=true")
    for index, described in sorted(mappings.items()) if isinstance(mappings, dict) else ():
        used = fields_in(Answer(200, described).at("mappings"))
        allowed = limits.at(index, "settings", "index.mapping.total_fields.limit")
        limit = int(allowed) if isinstance(allowed, str) and allowed.isdecimal() else _USUAL_FIELD_LIMIT
        seen = f"{index}: {used} of {limit} fields"
        if used < _FULL * limit:
            yield Examination(Link.STORE, "fields", Verdict.OK, seen)
        else:
            yield Examination(
                Link.STORE,
                "fields",
                Verdict.WARNING,
                f"{seen}; beyond the limit further features are not indexed",
                "log fewer features, or raise index.mapping.total_fields.limit of that template",
            )


def examine_field_types(probe: Probe, namespace: str) -> Iterator[Examination]:
    """Yield a problem per kind of events whose fields have several types, or another than elkmon asks by; else one line."""
    problems = [
        _problem(f"{stream}-{namespace}", wrong)
        for stream, document in _EVENTS.items()
        if (wrong := list(_wrong_types(probe, f"{stream}-{namespace}", document)))
    ]
    yield from problems
    if not problems:
        yield Examination(Link.STORE, "types", Verdict.OK, "every field of events has one type, the one it is asked by")


def _problem(pattern: str, wrong: list[str]) -> Examination:
    more = f"; and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
    return Examination(
        Link.STORE,
        "types",
        Verdict.PROBLEM,
        f"{pattern}: {'; '.join(wrong[:_MOST_NAMED])}{more}",
        "elkmon setup, then roll the stream over (POST STREAM/_rollover); counts of the older index stay wrong until it is gone",
    )


def _wrong_types(probe: Probe, pattern: str, document: Document) -> Iterator[str]:
    wanted = {str(field): field.type for field in of(document) if not field.open and field.type != "object"}
    answer = probe.get(f"{pattern}/_field_caps?fields=*&ignore_unavailable=true&allow_no_indices=true")
    fields = answer.at("fields")
    for name, types in sorted(fields.items()) if isinstance(fields, dict) else ():
        if name.startswith("_"):
            continue
        found = sorted(types)
        if len(found) > 1:
            yield f"{name} is {', '.join(_where(kind, types[kind]) for kind in found)}"
        elif name in wanted and found[0] != wanted[name] and not {found[0], wanted[name]} <= _SEARCHED_AS_TEXT:
            yield f"{name} is {found[0]}, not {wanted[name]}"


def _where(kind: str, described: object) -> str:
    """Return a type and the first index that has it, where indices differ."""
    index = Answer(200, described).at("indices", 0)
    return f"{kind} in {index}" if isinstance(index, str) else kind


def fields_in(mapping: object) -> int:
    """Count the fields of a mapping as Elasticsearch does: objects and multi-fields count as well."""
    if not isinstance(mapping, dict):
        return 0
    below = [*_values(mapping.get("properties")), *_values(mapping.get("fields"))]
    return len(below) + sum(map(fields_in, below))


def _values(table: object) -> list[object]:
    return list(table.values()) if isinstance(table, dict) else []
