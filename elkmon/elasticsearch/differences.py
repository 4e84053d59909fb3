"""
In what a template or a mapping that is there differs from the one wanted, in words. Nothing is asked of Elasticsearch here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

_MOST_NAMED = 8
_COMPARED = ("index_patterns", "priority", "composed_of", "ignore_missing_component_templates")
"""Elasticsearch adds things of its own to the rest, such as when a template was written."""


def differences(there: Json, wanted: Json) -> tuple[str, ...]:
    """
    Return what putting the template `wanted` in the place of `there` changes; a setting or field at a time, in words.

    >>> differences({"template": {"settings": {"index": {"mode": "standard"}}}}, {"priority": 300, "template": {}})
    ('priority 300', 'without index.mode')
    """
    return (
        *_of_values(
            {key: there[key] for key in _COMPARED if there.get(key)},
            {key: wanted[key] for key in _COMPARED if wanted.get(key)},
        ),
        *_of_contents(there.get("template", {}), wanted.get("template", {})),
    )


def summary(wanted: Json) -> str:
    """Return what the template `wanted` brings where there is none yet."""
    template = wanted.get("template", {})
    fields = len(fields_of(template.get("mappings", {})))
    patterns = wanted.get("index_patterns")
    parts = [
        f"for {named(patterns)}" if patterns else "",
        f"{fields} fields" if fields else "",
        f"{len(settings)} settings" if (settings := template.get("settings")) else "",
    ]
    return ", ".join(filter(None, parts))


def fields_of(mapping: Json, above: str = "") -> dict[str, Json]:
    """
    Return each field of a mapping under its dotted name; objects that only hold others are left out.

    >>> fields_of({"properties": {"a": {"properties": {"b": {"type": "long"}}}}})
    {'a.b': {'type': 'long'}}
    """
    fields: dict[str, Json] = {}
    for name, each in mapping.get("properties", {}).items():
        if "properties" in each:
            fields |= fields_of(each, f"{above}{name}.")
        else:
            fields[above + name] = each
    return fields


def named(names: Sequence[str]) -> str:
    """
    Return `names` as a list, cut where it is long.

    >>> named("abcdefghijk")
    'a, b, c, d, e, f, g, h and 3 more'
    """
    listed = ", ".join(names[:_MOST_NAMED])
    return f"{listed} and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else listed


def _of_contents(there: Json, wanted: Json) -> Iterator[str]:
    yield from _of_values(_flat(there.get("settings", {})), _flat(wanted.get("settings", {})))
    kept, keeps = (each.get("lifecycle", {}).get("data_retention", "without end") for each in (there, wanted))
    if kept != keeps:
        yield f"events kept {keeps} instead of {kept}"
    mappings, its = there.get("mappings", {}), wanted.get("mappings", {})
    yield from _of_fields(fields_of(mappings), fields_of(its))
    rest = ("properties", "dynamic_templates")
    yield from _of_values(
        {key: value for key, value in mappings.items() if key not in rest},
        {key: value for key, value in its.items() if key not in rest},
    )
    if _text(mappings.get("dynamic_templates", [])) != _text(its.get("dynamic_templates", [])):
        maps = [next(iter(each)) for each in its.get("dynamic_templates", [])]
        yield f"other types for names below {named(maps)}" if maps else "no open maps"


def _of_fields(there: Mapping[str, Json], wanted: Mapping[str, Json]) -> Iterator[str]:
    if new := [name for name in wanted if name not in there]:
        yield f"{'new fields' if len(new) > 1 else 'new field'} {named(new)}"
    if gone := [name for name in there if name not in wanted]:
        yield f"without the {'fields' if len(gone) > 1 else 'field'} {named(gone)}"
    for name, mapping in wanted.items():
        if name in there and _text(there[name]) != _text(mapping):
            before, now = there[name].get("type", "object"), mapping.get("type", "object")
            yield f"{name} as {now} instead of {before}" if now != before else f"{name} ({now}) with other options"


def _of_values(there: Json, wanted: Json) -> Iterator[str]:
    for key, value in wanted.items():
        if key not in there:
            yield f"{key} {_shown(value)}"
        elif _text(there[key]) != _text(value):
            yield f"{key} {_shown(value)} instead of {_shown(there[key])}"
    for key in there:
        if key not in wanted:
            yield f"without {key}"


def _flat(settings: Json, above: str = "") -> dict[str, Any]:
    """Return settings under their dotted names, as Elasticsearch takes them either way."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{above}{name}.") if isinstance(value, Mapping) else {above + name: value}
    return flat


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return named(list(map(str, value)))
    return value if isinstance(value, str) else json.dumps(value)


def _text(value: object) -> str:
    """Return `value` so that what Elasticsearch gives back as text (`"300"`, `"false"`) equals what it was given."""
    if isinstance(value, Mapping):
        return json.dumps({str(key): _text(each) for key, each in value.items()}, sort_keys=True)
    if isinstance(value, list | tuple):
        return json.dumps([_text(each) for each in value])
    return value if isinstance(value, str) else json.dumps(value)
