"""
Which field of another convention's index each field of elkmon's is, as the index's mapping has it, and what it lacks for that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from elkmon import fields
from elkmon.elasticsearch.layout_types import (
    PARENTS,
    Lack,
    Types,
    Want,
    Weight,
    absent,
    is_view,
    kind_of_feature,
    usable,
)
from elkmon.layouts import DOCUMENT_ID, Condition, Layout, Pattern

NOWHERE = "elkmon.nowhere"
"""A field that no document has."""

_INDISPENSABLE = frozenset({fields.TIMESTAMP, fields.MODEL_NAME, fields.MODEL_VERSION})


@dataclass(frozen=True, slots=True)
class Place:
    """A field of theirs; a number in it times `factor` is what elkmon's field holds, or, with `boolean`, 1 is true."""

    field: str
    factor: float = 1.0
    boolean: bool = False


@dataclass(frozen=True, slots=True)
class Stream:
    """
    One kind of event in an index of another convention.

    Attributes:
        index: where it is; empty where there is none of it.
        places: their field, by elkmon's name; what is not in it they do not have.
        constants: what is the same in all of its documents, by elkmon's name.
        maps: for an open map of elkmon's, the pattern of their fields.
        conditions: which documents of the index are meant; `models` of which models, where a field says so.
        present: their fields of which a document must have one.
        lacks: what cannot be used, and why.
    """

    index: str
    places: Mapping[str, Place] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    maps: Mapping[str, Pattern] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    models: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    lacks: tuple[Lack, ...] = ()


def prediction_stream(layout: Layout, models: Sequence[str], types: Types) -> Stream:
    """Return where the predictions of `models` are."""
    found = _Found(types)
    _who(found, layout.model, layout, models)
    found.put(fields.TIMESTAMP, layout.timestamp, Want.DATE)
    found.put(fields.PREDICTION_ID, layout.id, Want.WORD)
    found.put(fields.PREDICTION_SCORE, layout.score, Want.NUMBER)
    found.put(fields.PREDICTION_VALUE, layout.value, Want.NUMBER)
    found.put(fields.PREDICTION_LABEL, layout.label, Want.WORD)
    found.put(fields.EVENT_DURATION, layout.latency, Want.NUMBER, layout.latency_unit.nanoseconds)
    found.put_features(layout)
    maps: dict[str, Pattern] = {fields.PREDICTION_SCORES: Pattern(layout.scores)} if layout.scores else {}
    return found.stream(layout.index, maps, layout.where, models if layout.model else ())


def feedback_stream(layout: Layout, models: Sequence[str], types: Types) -> Stream:
    """Return where the truth of `models` is; `types` are those of the truth's own index."""
    truth = layout.truth
    if truth is None:
        return Stream("")
    same = not truth.index
    model = truth.model or (layout.model if same else "")
    found = _Found(types)
    _who(found, model, None, models)
    found.put(fields.TIMESTAMP, truth.timestamp or layout.timestamp, Want.DATE)
    found.put(fields.PREDICTION_ID, truth.id or layout.id, Want.WORD)
    found.put(fields.OUTCOME_LABEL, truth.label, Want.WORD)
    found.put(fields.OUTCOME_VALUE, truth.value, Want.NUMBER)
    present = [
        found.places[name].field for name in (fields.OUTCOME_LABEL, fields.OUTCOME_VALUE) if name in found.places
    ]
    where = truth.where or (layout.where if same else ())
    return found.stream(truth.index or layout.index, {}, where, models if model else (), present or (NOWHERE,))


def failure_stream(layout: Layout, models: Sequence[str], types: Types) -> Stream:
    """Return where the failed calls of `models` are; `types` are those of the failures' own index."""
    failures = layout.failures
    if failures is None:
        return Stream("")
    found = _Found(types)
    _who(found, layout.model, layout, models)
    found.put(fields.TIMESTAMP, failures.timestamp or layout.timestamp, Want.DATE)
    return found.stream(failures.index or layout.index, {}, failures.where, models if layout.model else ())


def _who(found: _Found, model: str, layout: Layout | None, models: Sequence[str]) -> None:
    """Put the model and, of a layout, its version: a field, or what all documents have."""
    if model:
        found.put(fields.MODEL_NAME, model, Want.WORD)
    else:
        found.constants[fields.MODEL_NAME] = models[0]
    if layout is None:
        return
    if layout.version:
        found.put(fields.MODEL_VERSION, layout.version, Want.WORD)
    else:
        found.constants[fields.MODEL_VERSION] = layout.only_version


class _Found:
    """Collects where things are, and what is in the way."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self.places: dict[str, Place] = {}
        self.constants: dict[str, str] = {}
        self._lacks: list[Lack] = []

    def put(self, name: str, theirs: str, want: Want, factor: float = 1.0) -> None:
        """Look for elkmon's `name` in their field `theirs`, if they have one."""
        if not theirs:
            return
        if theirs == DOCUMENT_ID and want is Want.WORD:
            self.places[name] = Place(DOCUMENT_ID)
            return
        place = usable(theirs, want, self._types)
        if isinstance(place, Lack):
            self._lacks.append(replace(place, weight=Weight.FATAL) if name in _INDISPENSABLE else place)
        else:
            self.places[name] = Place(place, factor, boolean="boolean" in self._types[place])

    def put_features(self, layout: Layout) -> None:
        """Look for every feature that one of the layout's patterns names; an earlier pattern goes before a later one."""
        numeric, categorical = fields.FEATURES_NUMERIC.path, fields.FEATURES_CATEGORICAL.path
        known = frozenset(_named(layout))
        for theirs in sorted(self._types):
            if theirs in known or is_view(theirs, self._types) or self._types[theirs] <= PARENTS:
                continue
            for patterns, want, prefix in (
                (layout.numeric, Want.NUMBER, numeric),
                (layout.categorical, Want.WORD, categorical),
                (layout.features, None, ""),
            ):
                name = next(filter(None, (Pattern(text).feature(theirs) for text in patterns)), None)
                if name is None:
                    continue
                kind = want or kind_of_feature(self._types[theirs])
                if kind is Want.DATE:
                    remedy = "leave it out, or log what matters of it as a number"
                    self._lacks.append(Lack(theirs, "is a date, which is no feature", remedy, Weight.MINOR))
                    break
                place = f"{prefix or (numeric if kind is Want.NUMBER else categorical)}.{name}"
                if place in self.places:
                    self._lacks.append(
                        Lack(theirs, f"is called {name!r}, as {self.places[place].field} is", "name one of them")
                    )
                else:
                    self.put(place, theirs, kind)
                break
        for text in (*layout.numeric, *layout.categorical, *layout.features):
            if not any(Pattern(text).feature(name) for name in self._types):
                self._lacks.append(absent(text, self._types))

    def stream(
        self,
        index: str,
        maps: Mapping[str, Pattern] = MappingProxyType({}),
        where: Sequence[Condition] = (),
        models: Sequence[str] = (),
        present: Sequence[str] = (),
    ) -> Stream:
        """Return what was found."""
        conditions = []
        for theirs, value in where:
            place = usable(theirs, Want.WORD, self._types)
            if isinstance(place, Lack):
                self._lacks.append(replace(place, weight=Weight.FATAL))
                conditions.append((NOWHERE, value))
            else:
                conditions.append((place, value))
        return Stream(
            index,
            self.places,
            self.constants,
            maps,
            tuple(conditions),
            tuple(models),
            tuple(present),
            tuple(self._lacks),
        )


def _named(layout: Layout) -> Iterator[str]:
    """Yield their fields that are something else than a feature."""
    yield from (layout.timestamp, layout.model, layout.version, layout.id, layout.score, layout.label, layout.value)
    yield from (layout.latency, *(theirs for theirs, _ in layout.where))
    if layout.truth is not None and not layout.truth.index:
        truth = layout.truth
        yield from (truth.timestamp, truth.id, truth.model, truth.label, truth.value)
        yield from (theirs for theirs, _ in truth.where)
    if layout.failures is not None and not layout.failures.index:
        yield from (layout.failures.timestamp, *(theirs for theirs, _ in layout.failures.where))
