"""
What services sent, asked of Elasticsearch: the port `EventLog`, answered with aggregations, never with rows.

The questions and what their answers mean are in `hour_counts`, `hour_profiles`, `completeness` and `surveys`; how many of
them are asked together in `questions`; the join of late truth in `outcomes`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.completeness import completeness
from elkmon.elasticsearch.connection import Client
from elkmon.elasticsearch.hour_counts import hour_counts, hour_totals
from elkmon.elasticsearch.hour_profiles import hour_profiles
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.multi_search import AT_ONCE
from elkmon.elasticsearch.outcomes import join_truth
from elkmon.elasticsearch.plans import Plan, planned
from elkmon.elasticsearch.questions import ask, batches, together
from elkmon.elasticsearch.surveys import feature_names, features_in, survey
from elkmon.errors import StoreRefused
from elkmon.ports import Arrival, HourCounts, Joined, Totals, Visit, Wanted
from elkmon.profiles import Profile
from elkmon.surveys import Survey
from elkmon.windows import Window

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

_BUCKETS_TOGETHER = 250_000
"""Buckets of the profiles that are asked for together: what they are made of is in memory until they are taken."""

_BUCKETS_BESIDES = 500
"""What a stretch takes besides its own buckets, in buckets: so that many small ones are not asked for together without end."""

_VISITS_TOGETHER = 100


class ElasticsearchEventLog:
    """
    The event log of one `namespace`; `progress` is told how far long work is.

    Searches are asked many in one request, `at_once` such requests at the same time. Every method raises
    `StoreUnreachable`, `StoreRefused` or `PartialAnswer` when Elasticsearch does not answer in full.
    """

    def __init__(
        self, client: Client, namespace: str, *, progress: Progress | None = None, at_once: int = AT_ONCE
    ) -> None:
        self._cluster = Cluster(client)
        self._indices = Indices(namespace)
        self._progress: Progress = progress or (lambda _what, _done, _all: None)
        self._at_once = at_once

    def join(
        self,
        now: datetime,
        span: Window,
        models: Sequence[str],
        positive_labels: Mapping[str, str],
        segments: Mapping[str, Sequence[str]],
    ) -> Joined:
        """Join truth of `models` that has arrived in `span`, up to `now`, to its predictions; see `outcomes`."""
        self._refresh(self._indices.events)
        return join_truth(self._cluster, self._indices, now, span, models, positive_labels, segments, self._progress)

    def totals(self, span: Window) -> Mapping[datetime, Totals]:
        """Return the documents of each hour of `span` that has any, all models together."""
        self._refresh(self._indices.events)
        return ask(self._cluster, hour_totals(self._indices, span), self._at_once)

    def counts(self, span: Window, models: Sequence[str], hours: Sequence[datetime] = ()) -> Sequence[HourCounts]:
        """
        Return the documents per hour, model and version in `span`, in order of hour; only of `models` unless empty.

        With `hours` (sorted, of the span) only those are asked for.
        """
        self._refresh(self._indices.events)
        return ask(self._cluster, hour_counts(self._indices, span, models, hours), self._at_once)

    def profiles(self, wanted: Iterable[Wanted]) -> Iterator[Profile]:
        """
        Yield one profile for each hour of each of `wanted`, in that order; an hour without documents gives an empty one.

        Those of segments that have rows come before the one of all traffic, which therefore says that its hour is whole.
        """
        for batch in batches(_stretches(wanted), lambda each: each.buckets + _BUCKETS_BESIDES, _BUCKETS_TOGETHER):
            asked = together(*(hour_profiles(self._indices, each.wanted, each.plan) for each in batch))
            for stretch, profiles in zip(batch, ask(self._cluster, asked, self._at_once), strict=True):
                self._progress(stretch.name, stretch.start, stretch.whole)
                yield from profiles
                if stretch.end == stretch.whole:
                    self._progress(stretch.name, stretch.end, stretch.whole)

    def arrivals(self, visits: Iterable[Visit]) -> Iterator[Arrival]:
        """Yield what arrived of each of `visits`, in that order; completeness is of all versions of its model together."""
        for batch in batches(visits, lambda _: 1, _VISITS_TOGETHER):
            yield from self._arrivals(batch)

    def survey(self, model: str, version: str, span: Window, quantiles: Sequence[float]) -> Survey:
        """Summarise the features, scores, values and labels of `span`, to make a ruler for them."""
        self._refresh(self._indices.events)
        return survey(self._cluster, self._indices.predictions, model, version, span, quantiles)

    def _arrivals(self, visits: Sequence[Visit]) -> Iterator[Arrival]:
        index = self._indices.predictions
        numeric, categorical = feature_names(self._cluster, index)
        names = [*numeric, *categorical]
        places = list(dict.fromkeys((each.model, each.window) for each in visits))
        features, arrived = ask(
            self._cluster,
            together(
                together(*(features_in(index, each.model, each.version, each.window, names) for each in visits)),
                together(*(completeness(self._indices, model, window) for model, window in places)),
            ),
            self._at_once,
        )
        known = dict(zip(places, arrived, strict=True))
        for each, found in zip(visits, features, strict=True):
            yield Arrival(found, known[each.model, each.window])

    def _refresh(self, index: str) -> None:
        """Make what has just arrived visible. Without the right to do so it is visible a second later."""
        with contextlib.suppress(StoreRefused):
            self._cluster.refresh(index)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """As many hours of one of the wanted as are asked for at a time: from number `start` of its `whole`."""

    wanted: Wanted
    plan: Plan
    start: int
    whole: int

    @property
    def name(self) -> str:
        """What is being done, for people."""
        return f"profiling {self.wanted.model} {self.wanted.version}".rstrip()

    @property
    def end(self) -> int:
        """Number of the hour behind its last one."""
        return self.start + len(self.wanted.hours)

    @property
    def buckets(self) -> int:
        """Buckets of its predictions, at most."""
        return len(self.wanted.hours) * self.plan.buckets * self.plan.requests


def _stretches(wanted: Iterable[Wanted]) -> Iterator[_Stretch]:
    for each in wanted:
        plan = planned(each.ruler)
        for start in range(0, len(each.hours), plan.hours):
            hours = each.hours[start : start + plan.hours]
            yield _Stretch(replace(each, hours=hours), plan, start, len(each.hours))
