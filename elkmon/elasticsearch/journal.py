"""
What the monitor remembers, in Elasticsearch: the port `Journal`.

Documents are whole, their ids follow from what they say, and their version is the epoch of the lease they were written under:
writing again changes nothing, and a monitor that was overtaken overwrites nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from elkmon import fields
from elkmon.baselines import Baseline
from elkmon.elasticsearch.aggregations import of_version
from elkmon.elasticsearch.bookmark_documents import (
    BOOKMARK,
    bookmark_from,
    tally_from,
    tally_id,
)
from elkmon.elasticsearch.calls import Cluster, Write
from elkmon.elasticsearch.connection import Client
from elkmon.elasticsearch.documents import text_of
from elkmon.elasticsearch.finding_documents import finding_from
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.lease import LENGTH, Lease
from elkmon.elasticsearch.lease_claims import Leases
from elkmon.elasticsearch.lease_documents import epoch_of, read_leases
from elkmon.elasticsearch.lease_sightings import Clocks
from elkmon.elasticsearch.lesson_documents import LESSON, lesson_from
from elkmon.elasticsearch.places import places
from elkmon.elasticsearch.profile_documents import (
    RECORDED,
    baseline_from,
    profile_from,
    recorded_counts,
    ruler_from,
)
from elkmon.elasticsearch.story_documents import (
    DELIVERY,
    alert_from,
    delivery_from,
)
from elkmon.errors import StaleWriter, StoreRefused
from elkmon.findings import Finding
from elkmon.ports import DeliveryState, Hold, HourCounts, Record, Stories, Tally, Turn
from elkmon.profiles import PRODUCTION, Profile
from elkmon.rulers import Ruler
from elkmon.windows import Window

Json = Mapping[str, Any]

_PAGE = 1_000


class ElasticsearchJournal:
    """
    The journal of one `namespace`.

    `lease` is how long a killed monitor's lease is respected. For leases alone, `clock` says what time it is (UTC), and `steady`
    how many seconds have passed.
    Every method raises `StoreUnreachable`, `StoreRefused` or `PartialAnswer` when Elasticsearch does not answer in full.
    """

    def __init__(
        self,
        client: Client,
        namespace: str,
        *,
        lease: timedelta = LENGTH,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster = Cluster(client)
        self._indices = Indices(namespace)
        self._leases = Leases(self._cluster, self._indices.state, lease, Clocks(clock, steady))
        self._lease: Lease | None = None
        self._set_up = False
        self._unseen: dict[str, None] = {}

    @contextmanager
    def hold(self, owner: str, turn: Turn) -> Iterator[Hold]:
        """
        Hold the lease of the turn's share while the context lasts, if it can be had.

        Who asks again and again, of one journal, takes over from a monitor that was killed by what it saw of it; `lease_claims`
        says how soon. The lease runs by this machine's clocks, whenever the turn was due.
        """
        hold, lease = self._leases.claim(owner, turn)
        if lease is None:
            yield hold
            return
        self._lease = lease
        try:
            yield hold
        finally:
            self._lease = None
            try:
                self._show()  # who holds the lease next reads what was written under this one
            finally:
                lease.release()

    def save(self, records: Iterable[Record]) -> None:
        """
        Write whole documents; when it returns they are found by the reads below.

        To others they are visible a second later, or once the lease is given up. Outside of `hold` they carry the epoch of
        whoever looks after their model, or did so last.

        Raises:
            StaleWriter: when another monitor has taken over; what it wrote is not overwritten.
        """
        lease = self._lease
        leases = () if lease else read_leases(self._cluster, self._indices.state)
        touched: dict[str, None] = {}

        def writes() -> Iterator[Write]:
            for record in records:
                epoch = lease.epoch if lease else epoch_of(leases, getattr(record, "model", ""))
                for index, name, document in places(record, self._indices):
                    if lease:
                        lease.require()
                    touched[index] = None
                    yield Write(index, name, document, epoch)

        # A ruler is known by its content: another share's monitor that wrote it wrote the same.
        overtaken = [each for each in self._cluster.write(writes()) if each.index != self._indices.rulers]
        self._unseen |= touched
        if not lease:
            self._show()
        if overtaken:
            raise StaleWriter(
                f"{len(overtaken)} documents were not written to {overtaken[0].index}: a monitor that has taken over "
                f"since epoch {overtaken[0].version} wrote them"
            )

    def baselines(self, model: str) -> Sequence[Baseline]:
        """Return the baselines of `model` (of all models when empty), newest first, with their rulers, without their hours."""
        self._require_setup()
        filters: list[Json] = [{"exists": {"field": fields.BASELINE_ID}}]
        if model:
            filters.append({"term": {fields.MODEL_NAME: model}})
        sort = [fields.TIMESTAMP, fields.BASELINE_ID]
        documents = list(self._documents(self._indices.baselines, filters, sort))
        rulers = self._rulers({document["elkmon"]["ruler"]["id"] for document in documents})
        baselines = [baseline_from(each, rulers[each["elkmon"]["ruler"]["id"]]) for each in documents]
        return tuple(sorted(baselines, key=lambda each: (each.created_at, each.id), reverse=True))

    def profiles(self, source: str, model: str, version: str, ruler: str, span: Window) -> Sequence[Profile]:
        """Return stored hourly profiles of `source` (`production` or a baseline's id) in `span`, in order of hour."""
        filters = [
            *of_version(model, version),
            {"term": {fields.SOURCE: source}},
            {"term": {fields.RULER_ID: ruler}},
            _starting_in(span),
        ]
        index = self._indices.profiles if source == PRODUCTION else self._indices.baselines
        return tuple(map(profile_from, self._documents(index, filters, [fields.WINDOW_START, fields.SEGMENT])))

    def profiled(self, span: Window, models: Sequence[str]) -> Sequence[HourCounts]:
        """Return what stored production profiles recorded of `span`, without their counts."""
        filters: list[Json] = [
            {"term": {fields.SOURCE: PRODUCTION}},
            {"term": {fields.SEGMENT: ""}},
            _starting_in(span),
        ]
        if models:
            filters.append({"terms": {fields.MODEL_NAME: list(models)}})
        sort = [fields.WINDOW_START, fields.MODEL_NAME, fields.MODEL_VERSION]
        self._show(self._indices.profiles)
        pages = self._cluster.pages(
            self._indices.profiles,
            {"bool": {"filter": filters}},
            sort,
            10_000,
            source=False,
            docvalue_fields=list(RECORDED),
        )
        return tuple(recorded_counts(hit["fields"]) for hits in pages for hit in hits)

    def findings(self, model: str, span: Window) -> Sequence[Finding]:
        """Return findings of `model` whose window ends within `span` or at its end, in order of window."""
        self._require_setup()
        ends = {"gt": text_of(span.start), "lte": text_of(span.end)}
        filters: list[Json] = [{"term": {fields.MODEL_NAME: model}}, {"range": {fields.WINDOW_END: ends}}]
        sort = [fields.WINDOW_END, fields.WINDOW_START, fields.MODEL_VERSION]
        findings = map(finding_from, self._documents(self._indices.findings, filters, sort))
        return tuple(
            sorted(findings, key=lambda each: (each.window.end, each.window.start, each.version, each.subject))
        )

    def stories(self, models: Sequence[str] = ()) -> Stories:
        """Return each story as it stands, the deliveries that are not done or tell of one, the bookmarks and the tally."""
        self._require_setup()
        of_models: list[Json] = [{"terms": {fields.MODEL_NAME: list(models)}}] if models else []
        sort = [fields.ALERT_FINGERPRINT, fields.ALERT_EPISODE]
        found = self._documents(self._indices.alerts, of_models, sort)
        # Of several episodes the last one stands; its timeline holds those before.
        latest = {each.fingerprint: each for each in map(alert_from, found)}
        told = {transition.id for alert in latest.values() for transition in alert.timeline}
        kind: list[Json] = [{"term": {fields.STATE_KIND: DELIVERY}}]
        deliveries = map(delivery_from, self._documents(self._indices.state, kind, [fields.TIMESTAMP]))
        mattering = (
            each
            for each in deliveries
            if (not models and each.state is not DeliveryState.DONE) or not told.isdisjoint(each.transitions)
        )
        bookmarks = self._documents(
            self._indices.state, [{"term": {fields.STATE_KIND: BOOKMARK}}, *of_models], [fields.MODEL_NAME]
        )
        lessons = self._documents(
            self._indices.state, [{"term": {fields.STATE_KIND: LESSON}}, *of_models], [fields.MODEL_NAME]
        )
        return Stories(
            tuple(latest.values()),
            tuple(mattering),
            {each.model: each for each in map(bookmark_from, bookmarks)},
            tuple(map(lesson_from, lessons)),
            self._tally(models),
        )

    def _tally(self, models: Sequence[str]) -> Tally | None:
        client = self._cluster.client.options(ignore_status=404)
        answer = self._cluster.call(client.get, index=self._indices.state, id=tally_id(models))
        return tally_from(answer["_source"], models) if answer.get("found") else None

    def _require_setup(self) -> None:
        """Refuse to read where nothing was ever set up: a misspelt namespace must not look like one without trouble."""
        if self._set_up:
            return
        if not self._cluster.search(index=self._indices.state, size=0)["_shards"]["total"]:
            raise StoreRefused(
                f"Nothing is set up in the namespace {self._indices.namespace!r}; correct the namespace, or run `elkmon setup`"
            )
        self._set_up = True

    def _show(self, index: str = "*") -> None:
        """Make what was written to `index`, which may be a pattern, visible to searches."""
        names = [name for name in self._unseen if fnmatchcase(name, index)]
        self._cluster.refresh(*names)
        for name in names:
            del self._unseen[name]

    def _documents(self, index: str, filters: Sequence[Json], sort: Sequence[str]) -> Iterator[Json]:
        self._show(index)
        for hits in self._cluster.pages(index, {"bool": {"filter": list(filters)}}, sort, _PAGE):
            yield from (hit["_source"] for hit in hits)

    def _rulers(self, ids: set[str]) -> dict[str, Ruler]:
        if not ids:
            return {}
        answer = self._cluster.call(self._cluster.client.mget, index=self._indices.rulers, ids=sorted(ids))
        missing = [each["_id"] for each in answer["docs"] if not each.get("found")]
        if missing:
            raise StoreRefused(f"{self._indices.rulers} lacks the rulers {', '.join(missing)} that baselines name")
        return {each["_id"]: ruler_from(each["_source"]) for each in answer["docs"]}


def _starting_in(span: Window) -> Json:
    return {"range": {fields.WINDOW_START: {"gte": text_of(span.start), "lt": text_of(span.end)}}}
