"""
What elkmon remembers and no longer needs is deleted, whole months at a time, and hourly profiles become daily ones.

Baselines, rulers and alerts are kept. Events are deleted by Elasticsearch itself, as `templates` tells it to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.calls import Cluster, Write
from elkmon.elasticsearch.connection import Client
from elkmon.elasticsearch.documents import from_milliseconds, text_of
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.ledger import LEDGER
from elkmon.elasticsearch.rolling_up import roll_up
from elkmon.elasticsearch.story_documents import DELIVERY, RUN, alert_from, delivery_from
from elkmon.elasticsearch.templates import require_setup
from elkmon.ports import DeliveryState

Json = Mapping[str, Any]

_PAGE = 1_000


class Deed(StrEnum):
    """What is done with something."""

    DELETED = "deleted"
    ROLLED_UP = "rolled up"


@dataclass(frozen=True, slots=True)
class Size:
    """Documents, and bytes on disk; 0 bytes where Elasticsearch frees them in its own time."""

    documents: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Chore:
    """
    One thing that housekeeping did, or would do.

    Attributes:
        what: the index, or the documents in it.
        deed: what became of it.
        before, after: its size; `after` is None where only doing it tells.
    """

    what: str
    deed: Deed
    before: Size
    after: Size | None = Size()


@dataclass(frozen=True, slots=True)
class Keeping:
    """
    How long what is kept, from its end.

    Attributes:
        events: months of outcomes, and what the monitor noted of events, truth and runs.
        results: months of profiles and findings.
        hours: months of hourly profiles, before they are made daily ones.
    """

    events: timedelta
    results: timedelta
    hours: timedelta


def housekeeping(
    client: Client,
    namespace: str,
    now: datetime,
    keeping: Keeping,
    *,
    dry_run: bool = False,
    require: Callable[[], None] = lambda: None,
) -> tuple[Chore, ...]:
    """
    Do what is due at `now`, and return it; a second time there is nothing left to do.

    Args:
        client: of the cluster.
        namespace: whose results are looked after.
        now: this instant; where Elasticsearch's clock is behind it, that one counts, as what is deleted is gone.
        keeping: how long what is kept.
        dry_run: nothing is written or deleted; what would be is returned.
        require: called before each step; raises when it must not be taken, such as when a lease is lost.

    Raises:
        StoreError: when Elasticsearch does not answer in full or refuses. What was done until then stays done.
    """
    cluster = Cluster(client)
    indices = Indices(namespace)
    require_setup(cluster, indices)
    keeper = _Keeper(cluster, indices, min(now, _its_clock(cluster)), keeping, dry_run, require)
    return tuple(keeper.chores())


class _Keeper:
    def __init__(
        self,
        cluster: Cluster,
        indices: Indices,
        now: datetime,
        keeping: Keeping,
        dry_run: bool,
        require: Callable[[], None],
    ) -> None:
        self._cluster = cluster
        self._client = cluster.client
        self._indices = indices
        self._now = now
        self._keeping = keeping
        self._dry_run = dry_run
        self._require = require

    def chores(self) -> Iterator[Chore]:
        indices, keeping = self._indices, self._keeping
        yield from self._expired(indices.outcomes, keeping.events)
        for pattern in (indices.profiles, indices.days, indices.findings):
            yield from self._expired(pattern, keeping.results)
        yield from self._rolled_up()
        before = {"range": {fields.TIMESTAMP: {"lt": text_of(self._now - keeping.events)}}}
        for what, kind in (("runs", RUN), ("hours of truth joined", LEDGER)):
            yield from self._forgotten(what, indices.state, self._ids(indices.state, [before, _of_kind(kind)]))
        yield from self._forgotten("deliveries", indices.state, self._finished_deliveries(before))
        yield from self._forgotten(
            "truth without its prediction", indices.pending, self._ids(indices.pending, [before])
        )

    def _expired(self, pattern: str, kept: timedelta) -> Iterator[Chore]:
        """Delete the months of `pattern` that ended longer ago than `kept`."""
        for index in self._months(pattern):
            if _end_of(index) > self._now - kept:
                continue
            size = self._size(index)
            if not self._dry_run:
                self._require()
                self._cluster.call(self._client.indices.delete, index=index)
            yield Chore(index, Deed.DELETED, size)

    def _rolled_up(self) -> Iterator[Chore]:
        """Make daily profiles of the months of hourly ones that are old enough."""
        indices = self._indices
        for hours in self._months(indices.profiles):
            end = _end_of(hours)
            if not self._now - self._keeping.results < end <= self._now - self._keeping.hours:
                continue
            before = self._size(hours)
            if self._dry_run:
                yield Chore(hours, Deed.ROLLED_UP, before, None)
                continue
            days = indices.days.removesuffix("*") + hours.removeprefix(indices.profiles.removesuffix("*"))
            roll_up(self._cluster, hours, days, self._require)
            yield Chore(hours, Deed.ROLLED_UP, before, self._size(days))

    def _forgotten(self, what: str, index: str, ids: Sequence[str]) -> Iterator[Chore]:
        if not ids:
            return
        if not self._dry_run:
            for start in range(0, len(ids), _PAGE):
                self._require()
                self._cluster.write(Write(index, each, None) for each in ids[start : start + _PAGE])
            self._cluster.refresh(index)
        yield Chore(f"{what} in {index}", Deed.DELETED, Size(len(ids)))

    def _ids(self, index: str, filters: Sequence[Json]) -> list[str]:
        query = {"bool": {"filter": list(filters)}}
        pages = self._cluster.pages(index, query, [fields.TIMESTAMP], _PAGE, source=False)
        return [hit["_id"] for hits in pages for hit in hits]

    def _finished_deliveries(self, before: Json) -> list[str]:
        """Return the ids of deliveries over and done with, but for those that a story still refers to."""
        sort = [fields.TIMESTAMP]
        alerts = (
            hit for hits in self._cluster.pages(self._indices.alerts, {"match_all": {}}, sort, _PAGE) for hit in hits
        )
        told = {transition.id for hit in alerts for transition in alert_from(hit["_source"]).timeline}
        finished = [
            before,
            _of_kind(DELIVERY),
            {"terms": {fields.STATE_STATUS: [DeliveryState.DONE, DeliveryState.FAILED]}},
        ]
        pages = self._cluster.pages(self._indices.state, {"bool": {"filter": finished}}, sort, _PAGE)
        return [
            hit["_id"] for hits in pages for hit in hits if told.isdisjoint(delivery_from(hit["_source"]).transitions)
        ]

    def _months(self, pattern: str) -> list[str]:
        """Return the indices of `pattern`, in order of month; days that stand for a month of hours are not among its hours."""
        prefix = pattern.removesuffix("*")
        there = self._cluster.call(self._client.indices.get_alias, index=pattern)
        return sorted(index for index in there if index.startswith(prefix) and _month_of(index) is not None)

    def _size(self, index: str) -> Size:
        answer = self._cluster.call(self._client.indices.stats, index=index, metric=["docs", "store"])
        every = answer["_all"]["primaries"]
        return Size(every["docs"]["count"], every["store"]["size_in_bytes"])


def _of_kind(kind: str) -> Json:
    return {"term": {fields.STATE_KIND: kind}}


def _its_clock(cluster: Cluster) -> datetime:
    """Return Elasticsearch's time, rounded up to the second it says."""
    health = cluster.call(cluster.client.cat.health, format="json", h="epoch")
    return from_milliseconds((int(health[0]["epoch"]) + 1) * 1000)


def _month_of(index: str) -> datetime | None:
    """Return the start of the month that the name of `index` ends with; None when it does not."""
    try:
        return datetime.strptime(index.rpartition("-")[2], "%Y.%m").replace(tzinfo=UTC)
    except ValueError:
        return None


def _end_of(index: str) -> datetime:
    month = _month_of(index)
    assert month is not None, index
    return (month + timedelta(days=31)).replace(day=1)
