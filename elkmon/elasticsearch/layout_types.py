"""
What fields of somebody else's mapping can do for elkmon, and why others cannot. Pure: types come as `_field_caps` tells them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

Types = Mapping[str, frozenset[str]]
"""The types of each field, over all indices of a pattern."""

_NUMBERS = frozenset(
    {"byte", "short", "integer", "long", "unsigned_long", "half_float", "float", "double", "scaled_float"}
)
_WORDS = frozenset({"keyword", "constant_keyword", "wildcard"})
_OTHER_WORDS = frozenset({"boolean", "ip", "version"})
_DATES = frozenset({"date", "date_nanos"})
_TEXTS = frozenset({"text", "match_only_text"})
PARENTS = frozenset({"object", "nested"})


class Want(Enum):
    """What a field must be able to do."""

    DATE = "a date"
    NUMBER = "a number"
    WORD = "a keyword"


# Levels of one field are counted together over all indices, which takes types of one family.
_ALLOWED: Mapping[Want, tuple[frozenset[str], ...]] = {
    Want.DATE: (_DATES,),
    Want.NUMBER: (_NUMBERS,),
    Want.WORD: (_WORDS, _NUMBERS, *(frozenset({each}) for each in _OTHER_WORDS)),
}


class Weight(StrEnum):
    """What follows of a lack: nothing can be counted, or what the field was to say is not known, or nothing much."""

    FATAL = "fatal"
    LOSS = "loss"
    MINOR = "minor"


@dataclass(frozen=True, slots=True)
class Lack:
    """What a field cannot do: which field, what is in the way, the remedy, and what follows of it."""

    field: str
    seen: str
    remedy: str
    weight: Weight = Weight.LOSS


def types_in(answer: Mapping[str, Any]) -> Types:
    """Return the types of each field in the answer of `_field_caps`; the fields Elasticsearch makes itself are left out."""
    return {
        name: frozenset(kinds)
        for name, kinds in answer["fields"].items()
        if not any(each.get("metadata_field") for each in kinds.values())
    }


def usable(theirs: str, want: Want, types: Types) -> str | Lack:
    """Return the field that can do what is wanted: theirs, or the keyword that lies beside a text; else why there is none."""
    nested = next((parent for parent in _parents(theirs) if "nested" in types.get(parent, ())), None)
    if nested is not None:
        return Lack(
            theirs,
            f"lies in {nested}, which is nested: such documents are stored apart, and no count reaches them",
            f"map {nested} with include_in_parent: true, or as an object, and index anew",
        )
    kinds = types.get(theirs, frozenset())
    if not kinds:
        return absent(theirs, types)
    if any(kinds <= family for family in _ALLOWED[want]):
        return theirs
    if want is Want.WORD:
        beside = [name for name in sorted(types) if name.rpartition(".")[0] == theirs and types[name] <= _WORDS]
        if beside and kinds <= _TEXTS | _WORDS:
            return beside[0]
    seen = f"is {' in one index and '.join(sorted(kinds))}{' in another' if len(kinds) > 1 else ''}, not {want.value}"
    return Lack(theirs, seen, _remedy(theirs, want, kinds))


def absent(theirs: str, types: Types) -> Lack:
    """Return why a field, or every field of a pattern, is not there."""
    flattened = next((parent for parent in _parents(theirs) if "flattened" in types.get(parent, ())), None)
    if flattened is not None:
        return Lack(
            theirs,
            f"lies in {flattened}, which is flattened: its numbers are text and its names are not known",
            f"map the fields of {flattened} that matter each by itself",
        )
    seen = "matches no field of the mapping" if "*" in theirs else "is not in the mapping"
    return Lack(theirs, seen, "see that it is spelt as in the mapping, with dots between its parts")


def _remedy(theirs: str, want: Want, kinds: frozenset[str]) -> str:
    if len(kinds) > 1:
        return "its type differs between the indices of the pattern: name those that agree, or index the others anew"
    if want is Want.DATE and kinds <= _NUMBERS:
        return (
            "map it as date, with format epoch_millis or epoch_second, in the index template, and index anew; or add such "
            "a field and name it"
        )
    if want is Want.WORD and kinds <= _TEXTS:
        return f"add a sub-field of type keyword to {theirs} in the index template, and index anew"
    return f"map it as {'double' if want is Want.NUMBER else want.value.rpartition(' ')[2]}, or name another field"


def kind_of_feature(kinds: frozenset[str]) -> Want:
    """Return what a feature in a field of these types is."""
    if kinds <= _NUMBERS:
        return Want.NUMBER
    return Want.DATE if kinds <= _DATES else Want.WORD


def is_view(theirs: str, types: Types) -> bool:
    """Whether it is a sub-field: what it lies below is itself a value."""
    return any(parent in types and not types[parent] & PARENTS for parent in _parents(theirs))


def _parents(theirs: str) -> Iterator[str]:
    place = theirs.rpartition(".")[0]
    while place:
        yield place
        place = place.rpartition(".")[0]
