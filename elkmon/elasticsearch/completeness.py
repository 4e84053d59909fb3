"""
How many of a window's predictions arrived: gaps in the sequence numbers of their handlers, and what these say they dropped.

A number is given to each event before anything can be dropped, per handler and model. Events carry times of the service's
own, so numbers need not come in the order of time: only a number that is nowhere is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.aggregations import between
from elkmon.elasticsearch.documents import found, text_of
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.questions import Question, every_bucket, together
from elkmon.ports import Completeness
from elkmon.windows import DAY, Window

Json = Mapping[str, Any]

_PROCESS: Json = {"process": {"terms": {"field": fields.PROCESS, "missing_bucket": True}}}
_EXTREMES: dict[str, Json] = {
    "lowest": {"min": {"field": fields.EVENT_SEQUENCE}},
    "highest": {"max": {"field": fields.EVENT_SEQUENCE}},
    "numbers": {"value_count": {"field": fields.EVENT_SEQUENCE}},
}
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Numbers:
    """Sequence numbers of one handler: the lowest, the highest, and how many events have one."""

    lowest: int
    highest: int
    count: int

    @property
    def gap(self) -> int:
        """Numbers between the lowest and the highest that no event has."""
        return max(0, self.highest - self.lowest + 1 - self.count)

    @property
    def doubled(self) -> int:
        """Events more than there are numbers for."""
        return max(0, self.count - (self.highest - self.lowest + 1))


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one handler's numbers are in a window, in as much time before and behind it, and in all three."""

    before: Numbers | None
    within: Numbers | None
    behind: Numbers | None
    together: Numbers

    @property
    def bounds(self) -> tuple[int, int] | None:
        """The numbers between which the window's own lie, neither one of them; None where nothing tells."""
        inner = self.within
        if inner is None and (self.before is None or self.behind is None):
            return None
        below = [self.before.highest] if self.before else []
        above = [self.behind.lowest] if self.behind else []
        if inner is not None:
            below, above = [*below, inner.lowest - 1], [*above, inner.highest + 1]
        return min(below), max(above)

    @property
    def missing(self) -> int:
        """
        Numbers that the window lacks, at most: those between its neighbours' and its own, unless they are found beside it.

        >>> Stretch(Numbers(1, 10, 10), None, Numbers(15, 20, 6), Numbers(1, 20, 16)).missing
        4
        >>> Stretch(None, Numbers(1, 9, 8), Numbers(5, 5, 1), Numbers(1, 9, 9)).missing
        0
        """
        if self.bounds is None:
            return 0
        low, high = self.bounds
        lacking = high - low - 1 - (self.within.count if self.within else 0)
        return max(0, min(lacking, self.together.gap))

    @property
    def enclosed(self) -> bool:
        """Whether its numbers are known on both sides, so that what was dropped of it in the window is missing there."""
        first = self.within is not None and self.within.lowest == 1
        return self.behind is not None and (self.before is not None or first)


def completeness(indices: Indices, model: str, window: Window) -> Question[Completeness]:
    """Ask how many of the predictions of `model`, all versions together, made in `window` arrived."""
    stretches, dropped = yield from together(_stretches(indices, model, window), _dropped(indices, model, window))
    arrived = doubled = 0
    missing: dict[str, int] = {}
    searched: dict[str, tuple[int, int]] = {}
    enclosed: set[str] = set()
    for process, rows, stretch in stretches:
        arrived += rows
        if stretch is not None:
            doubled += stretch.within.doubled if stretch.within else 0
            missing[process] = stretch.missing
            if stretch.missing and stretch.bounds:
                searched[process] = stretch.bounds
            if stretch.enclosed:
                enclosed.add(process)
    nowhere = yield from _nowhere(indices, model, searched)
    missing |= {process: min(missing[process], count) for process, count in nowhere.items()}
    dropped |= {process: min(count, missing[process]) for process, count in dropped.items() if process in enclosed}
    return Completeness(arrived, sum(missing.values()), sum(dropped.values()), doubled)


def _stretches(indices: Indices, model: str, window: Window) -> Question[list[tuple[str, int, Stretch | None]]]:
    """Ask for each handler with its rows in the window, and its numbers if its events have any."""
    before, behind = window.before(1), window.before(-1)
    query = _of_model(model, between(before.start, behind.end))
    each = 4 * max(1, window.length // DAY)  # a longer window takes longer, though it has no more buckets
    asked = {
        name: {"filter": between(each.start, each.end), "aggs": _EXTREMES}
        for name, each in (("before", before), ("within", window), ("behind", behind))
    }
    found = yield from every_bucket(indices.predictions, query, [_PROCESS], {**asked, **_EXTREMES}, each=each)
    return [_stretch(bucket) for bucket in found]


def _stretch(bucket: Json) -> tuple[str, int, Stretch | None]:
    rows, process, every = bucket["within"]["doc_count"], bucket["key"]["process"], _numbers(bucket)
    if process is None or every is None:
        return "", rows, None
    before, within, behind = (_numbers(bucket[name]) for name in ("before", "within", "behind"))
    return process, rows, Stretch(before, within, behind, every)


def _nowhere(indices: Indices, model: str, bounds: Mapping[str, tuple[int, int]]) -> Question[dict[str, int]]:
    """Ask how many numbers between the `bounds` of each handler no event has, whenever it happened."""
    result: dict[str, int] = {}
    handlers = list(bounds.items())
    for start in range(0, len(handlers), _AT_ONCE):
        some = handlers[start : start + _AT_ONCE]
        numbers = {"bool": {"should": [_numbered(*each) for each in some], "minimum_should_match": 1}}
        for bucket in (yield from every_bucket(indices.predictions, _of_model(model, numbers), [_PROCESS])):
            process = bucket["key"]["process"]
            low, high = bounds[process]
            result[process] = max(0, high - low - 1 - bucket["doc_count"])
    return result


def _numbered(process: str, bounds: tuple[int, int]) -> Json:
    low, high = bounds
    within = {"range": {fields.EVENT_SEQUENCE: {"gt": low, "lt": high}}}
    return {"bool": {"filter": [{"term": {fields.PROCESS: process}}, within]}}


def _dropped(indices: Indices, model: str, window: Window) -> Question[dict[str, int]]:
    """Ask per handler what it says it lost, of those whose losses overlap the window: all of them, at most."""
    overlapping: list[Json] = [
        {"wildcard": {fields.SHIPPER_STREAM: indices.predictions}},
        {"range": {fields.SHIPPER_DROPPED_FROM: {"lt": text_of(window.end)}}},
        {"range": {fields.SHIPPER_DROPPED_TO: {"gte": text_of(window.start)}}},
    ]
    # Totals only grow, so the latest are the largest, whatever the handler's clock did.
    sort: list[Json] = [
        {fields.SHIPPER_LOGGED: "desc"},
        {fields.SHIPPER_DELIVERED: "desc"},
        {fields.SHIPPER_PENDING: "asc"},
    ]
    latest = {"top_hits": {"size": 1, "sort": sort, "_source": [fields.SHIPPER_DROPPED.path]}}
    dropped: dict[str, int] = {}
    query = _of_model(model, *overlapping)
    for bucket in (yield from every_bucket(indices.shipper, query, [_PROCESS], {"latest": latest})):
        (hit,) = bucket["latest"]["hits"]["hits"]
        dropped[bucket["key"]["process"]] = sum(found(hit["_source"], fields.SHIPPER_DROPPED).values())
    return dropped


def _numbers(bucket: Json) -> Numbers | None:
    count = bucket["numbers"]["value"]
    return Numbers(int(bucket["lowest"]["value"]), int(bucket["highest"]["value"]), count) if count else None


def _of_model(model: str, *filters: Json) -> Json:
    return {"bool": {"filter": [{"term": {fields.MODEL_NAME: model}}, *filters]}}
