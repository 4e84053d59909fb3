"""
A month of hourly profiles becomes one of daily ones, in one step for whoever reads: before it all hours are found, after it
all days, and at no time both or neither.

Days are UTC's. They are written into an index of their own that no reader looks at; then an alias of the month's old name
takes the place of the month's index. What was left by an attempt that did not get so far is thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.calls import Cluster, Write
from elkmon.elasticsearch.mappings import mapping_of
from elkmon.elasticsearch.profile_documents import profile_document, profile_from, profile_id
from elkmon.elasticsearch.templates import RESULT_SETTINGS
from elkmon.errors import StoreRefused
from elkmon.profiles import Profile, total
from elkmon.schema import Document
from elkmon.windows import DAY

Json = Mapping[str, Any]

_PAGE = 500
_SORT = (fields.MODEL_NAME, fields.MODEL_VERSION, fields.SEGMENT, fields.RULER_ID, fields.WINDOW_START)
_SUMS = (fields.PROFILE_PREDICTIONS, fields.PROFILE_ERRORS, fields.PROFILE_OUTCOMES)


def roll_up(cluster: Cluster, hours: str, days: str, require: Callable[[], None]) -> None:
    """
    Replace the index `hours` by the index `days`, which answers to the name `hours` from then on and takes no writes by it.

    `require` is called before each step and raises when it must not be taken.

    Raises:
        StoreRefused: when the sums of both are not the same: then the hours stay.
    """
    require()
    client = cluster.client
    cluster.call(client.options(ignore_status=404).indices.delete, index=days)
    cluster.call(client.indices.create, index=days, settings=RESULT_SETTINGS, mappings=mapping_of(Document.PROFILE))

    def writes() -> Iterator[Write]:
        for day in _days(cluster, hours):
            require()
            yield Write(days, profile_id(day), profile_document(day))

    cluster.write(writes())
    cluster.refresh(hours, days)
    before, after = (_sums(cluster, each) for each in (hours, days))
    if before != after:
        raise StoreRefused(
            f"{hours} was not rolled up: its hours hold {before} predictions, errors and outcomes, the days made of them "
            f"{after}. Was something written to it meanwhile? It is tried again"
        )
    require()
    actions = [
        {"remove_index": {"index": hours}},
        {"add": {"index": days, "alias": hours, "is_write_index": False}},
    ]
    cluster.call(client.indices.update_aliases, actions=actions)


def _days(cluster: Cluster, index: str) -> Iterator[Profile]:
    """Yield the sum of each day of each version, segment and ruler; no more than a page of hours is held."""
    pages = cluster.pages(index, {"match_all": {}}, _SORT, _PAGE)
    hours = (profile_from(hit["_source"]) for hits in pages for hit in hits)
    for _, same in groupby(
        hours, key=lambda each: (each.model, each.version, each.segment, each.ruler, each.start.date())
    ):
        yield _sum(same)


def _sum(hours: Iterator[Profile]) -> Profile:
    """Return the day that holds `hours`, which are some of it."""
    first = next(hours)
    start = first.start.replace(hour=0)
    day = replace(first, start=start, end=start + DAY)
    return total(hours, day)


def _sums(cluster: Cluster, index: str) -> tuple[int, ...]:
    aggregations: Json = {str(field): {"sum": {"field": field}} for field in _SUMS}
    found = cluster.aggregate(index, {"match_all": {}}, aggregations)
    return tuple(round(found[field]["value"]) for field in _SUMS)
