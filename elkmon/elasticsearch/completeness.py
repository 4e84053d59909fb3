"""
How many of a window's predictions arrived: gaps in the sequence numbers of their handlers, and what these say they dropped.

A number is given to each event before anything can be dropped, per handler and model. Events carry times of the service's
own, so numbers need not come in the order of time: only a number that is nowhere is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.aggregations import between
from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.documents import found, text_of
from elkmon.elasticsearch.indices import Indices
from elkmon.ports import Completeness
from elkmon.windows import Window

Json = Mapping[str, Any]

_PROCESS: Json = {"process": {"terms": {"field": fields.PROCESS, "missing_bucket": True}}}
_EXTREMES: dict[str, Json] = {
    "lowest": {"min": {"field": fields.EVENT_SEQUENCE}},
    "highest": {"max": {"field": fields.EVENT_SEQUENCE}},
    "numbers": {"value_count": {"field": fields.EVENT_SEQUENCE}},
}
_AT_ONCE = 1_000


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
    def missing(self) -> int:
        """
        Numbers that the window lacks, at most: those between its neighbours' and its own, unless they are found beside it.

        >>> Stretch(Numbers(1, 10, 10), None, Numbers(15, 20, 6), Numbers(1, 20, 16)).missing
        4
        >>> Stretch(None, Numbers(1, 9, 8), Numbers(5, 5, 1), Numbers(1, 9, 9)).missing
        0
        """
        inner = self.within
        if inner is None and (self.before is None or self.behind is None):
            return 0
        below = [self.before.highest] if self.before else []
        above = [self.behind.lowest] if self.behind else []
        if inner is not None:
            below, above = [*below, inner.lowest - 1], [*above, inner.highest + 1]
        lacking = max(above) - min(below) - 1 - (inner.count if inner else 0)
        return max(0, min(lacking, self.together.gap))

    @property
    def enclosed(self) -> bool:
        """Whether its numbers are known on both sides, so that what was dropped of it in the window is missing there."""
        first = self.within is not None and self.within.lowest == 1
        return self.behind is not None and (self.before is not None or first)


def completeness(cluster: Cluster, indices: Indices, model: str, window: Window) -> Completeness:
    """Return how many of the predictions of `model`, all versions together, made in `window` arrived."""
    arrived = doubled = 0
    missing: dict[str, int] = {}
    enclosed: set[str] = set()
    for process, rows, stretch in _stretches(cluster, indices, model, window):
        arrived += rows
        if stretch is not None:
            doubled += stretch.within.doubled if stretch.within else 0
            missing[process] = stretch.missing
            if stretch.enclosed:
                enclosed.add(process)
    whole = _whole(cluster, indices, model, [process for process, count in missing.items() if count])
    missing |= {process: min(missing[process], numbers.gap) for process, numbers in whole.items()}
    dropped = _dropped(cluster, indices, model, window)
    dropped |= {process: min(count, missing[process]) for process, count in dropped.items() if process in enclosed}
    return Completeness(arrived, sum(missing.values()), sum(dropped.values()), doubled)


def _stretches(
    cluster: Cluster, indices: Indices, model: str, window: Window
) -> Iterator[tuple[str, int, Stretch | None]]:
    """Yield each handler with its rows in the window, and its numbers if its events have any."""
    before, behind = window.before(1), window.before(-1)
    query = _of_model(model, between(before.start, behind.end))
    asked = {
        name: {"filter": between(each.start, each.end), "aggs": _EXTREMES}
        for name, each in (("before", before), ("within", window), ("behind", behind))
    }
    for bucket in cluster.composite(indices.predictions, query, [_PROCESS], {**asked, **_EXTREMES}):
        rows, process, together = bucket["within"]["doc_count"], bucket["key"]["process"], _numbers(bucket)
        if process is None or together is None:
            yield "", rows, None
            continue
        before_it, within, behind_it = (_numbers(bucket[name]) for name in ("before", "within", "behind"))
        yield process, rows, Stretch(before_it, within, behind_it, together)


def _whole(cluster: Cluster, indices: Indices, model: str, processes: Sequence[str]) -> dict[str, Numbers]:
    """Return all numbers of `processes`, whenever their events happened."""
    result: dict[str, Numbers] = {}
    for start in range(0, len(processes), _AT_ONCE):
        some = {"terms": {fields.PROCESS: processes[start : start + _AT_ONCE]}}
        for bucket in cluster.composite(indices.predictions, _of_model(model, some), [_PROCESS], _EXTREMES):
            numbers = _numbers(bucket)
            if numbers is not None:
                result[bucket["key"]["process"]] = numbers
    return result


def _dropped(cluster: Cluster, indices: Indices, model: str, window: Window) -> dict[str, int]:
    """Return per handler what it says it lost, of those whose losses overlap the window: all of them, at most."""
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
    for bucket in cluster.composite(indices.shipper, query, [_PROCESS], {"latest": latest}):
        (hit,) = bucket["latest"]["hits"]["hits"]
        dropped[bucket["key"]["process"]] = sum(found(hit["_source"], fields.SHIPPER_DROPPED).values())
    return dropped


def _numbers(bucket: Json) -> Numbers | None:
    count = bucket["numbers"]["value"]
    return Numbers(int(bucket["lowest"]["value"]), int(bucket["highest"]["value"]), count) if count else None


def _of_model(model: str, *filters: Json) -> Json:
    return {"bool": {"filter": [{"term": {fields.MODEL_NAME: model}}, *filters]}}
