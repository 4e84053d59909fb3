"""
What services sent, asked of Elasticsearch: the port `EventLog`, answered with aggregations, never with rows.

The questions and their answers are in `aggregations`, `outcome_counts` and `surveys`; the join of late truth in `outcomes`.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import product
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.aggregations import (
    between,
    by_hour,
    counted_hour,
    hour_questions,
    in_hours,
    no_rows,
    of_version,
)
from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.completeness import completeness
from elkmon.elasticsearch.connection import Client
from elkmon.elasticsearch.documents import from_milliseconds
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.outcome_counts import CORRECTIONS, outcomes_by_hour
from elkmon.elasticsearch.outcomes import join_truth
from elkmon.elasticsearch.plans import Plan, planned
from elkmon.elasticsearch.surveys import features_in, survey
from elkmon.errors import StoreRefused
from elkmon.ports import Completeness, HourCounts, Joined
from elkmon.profiles import ALL, Counts, Outcomes, Profile
from elkmon.rulers import Ruler
from elkmon.surveys import Survey
from elkmon.windows import HOUR, Window

Json = Mapping[str, Any]
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

_Key = tuple[datetime, str, str]


class ElasticsearchEventLog:
    """
    The event log of one `namespace`; `progress` is told how far long work is.

    Every method raises `StoreUnreachable`, `StoreRefused` or `PartialAnswer` when Elasticsearch does not answer in full.
    """

    def __init__(self, client: Client, namespace: str, *, progress: Progress | None = None) -> None:
        self._cluster = Cluster(client)
        self._indices = Indices(namespace)
        self._progress: Progress = progress or (lambda _what, _done, _all: None)

    def join(
        self,
        now: datetime,
        span: Window,
        positive_labels: Mapping[str, str],
        segments: Mapping[str, Sequence[str]],
    ) -> Joined:
        """Join truth that has arrived in `span`, up to `now`, to its predictions; see `outcomes`."""
        self._refresh(self._indices.events)
        return join_truth(self._cluster, self._indices, now, span, positive_labels, segments, self._progress)

    def counts(self, span: Window, models: Sequence[str]) -> Sequence[HourCounts]:
        """
        Return the documents per hour, model and version in `span`, in order of hour; only of `models` unless empty.

        An outcome that was changed after it was first written is counted once more for each change, here and in what a
        stored profile records: so its hour differs, and is profiled again.
        """
        self._refresh(self._indices.events)
        filters = [between(span.start, span.end)]
        if models:
            filters.append({"terms": {fields.MODEL_NAME: list(models)}})
        query: Json = {"bool": {"filter": filters}}
        predictions = self._per_hour(self._indices.predictions, query)
        errors = self._per_hour(self._indices.errors, query)
        outcomes = self._per_hour(self._indices.outcomes, query, corrections=True)
        return tuple(
            HourCounts(model, version, hour, predictions[key], errors[key], outcomes[key])
            for key in sorted({*predictions, *errors, *outcomes})
            for hour, model, version in (key,)
        )

    def profiles(self, model: str, version: str, hours: Sequence[datetime], ruler: Ruler) -> Iterator[Profile]:
        """
        Yield one profile for each of `hours` (sorted), counted by `ruler`; an hour without documents gives an empty one.

        Those of segments that have rows come before the one of all traffic, which therefore says that its hour is whole.
        """
        plan = planned(ruler)
        for start in range(0, len(hours), plan.hours):
            self._progress(f"profiling {model} {version}".rstrip(), start, len(hours))
            yield from self._profiles(model, version, hours[start : start + plan.hours], ruler, plan)
        self._progress(f"profiling {model} {version}".rstrip(), len(hours), len(hours))

    def features(self, model: str, version: str, span: Window) -> Sequence[str]:
        """Return the stored field names of the features that have a value in `span`."""
        return features_in(self._cluster, self._indices.predictions, model, version, span)

    def completeness(self, model: str, window: Window) -> Completeness:
        """Return how many of the predictions of `model`, all versions together, made in `window` arrived."""
        return completeness(self._cluster, self._indices, model, window)

    def survey(self, model: str, version: str, span: Window, quantiles: Sequence[float]) -> Survey:
        """Summarise the features, scores, values and labels of `span`, to make a ruler for them."""
        self._refresh(self._indices.events)
        return survey(self._cluster, self._indices.predictions, model, version, span, quantiles)

    def _profiles(
        self, model: str, version: str, hours: Sequence[datetime], ruler: Ruler, plan: Plan
    ) -> Iterator[Profile]:
        query: Json = {"bool": {"filter": [*of_version(model, version), in_hours(hours)]}}
        predictions: Counter[tuple[datetime, str]] = Counter()
        subjects: dict[tuple[datetime, str], dict[str, Counts]] = {}
        for part, group in product(plan.parts, plan.groups):
            questions = hour_questions(group, ruler, part)
            for hour, bucket in self._by_hour(self._indices.predictions, query, questions):
                for segment, rows, counts in counted_hour(bucket, group, ruler, part):
                    predictions[hour, segment] = rows
                    subjects.setdefault((hour, segment), {}).update(counts)
        errors = {hour: bucket["doc_count"] for hour, bucket in self._by_hour(self._indices.errors, query, {})}
        outcomes = outcomes_by_hour(self._cluster, self._indices.outcomes, model, version, hours, ruler)
        for hour, segment in product(hours, (*ruler.segments, ALL)):
            place = hour, segment
            if segment == ALL or place in subjects or place in outcomes:
                yield Profile(
                    model,
                    version,
                    hour,
                    hour + HOUR,
                    ruler.id,
                    predictions[place],
                    errors.get(hour, 0) if segment == ALL else 0,
                    subjects.get(place) or no_rows(ruler),
                    outcomes.get(place, Outcomes()),
                    segment=segment,
                )

    def _by_hour(self, index: str, query: Json, questions: Json) -> Iterator[tuple[datetime, Json]]:
        answer = self._cluster.aggregate(index, query, {"hours": by_hour(questions)})
        for bucket in answer.get("hours", {"buckets": []})["buckets"]:
            yield from_milliseconds(bucket["key"]), bucket

    def _per_hour(self, index: str, query: Json, *, corrections: bool = False) -> Counter[_Key]:
        sources: list[Json] = [
            {"hour": {"date_histogram": {"field": fields.TIMESTAMP, "fixed_interval": "1h"}}},
            {"model": {"terms": {"field": fields.MODEL_NAME}}},
            {"version": {"terms": {"field": fields.MODEL_VERSION}}},
        ]
        also: Json | None = {CORRECTIONS: {"sum": {"field": fields.OUTCOME_CORRECTIONS}}} if corrections else None
        counted: Counter[_Key] = Counter()
        for bucket in self._cluster.composite(index, query, sources, also):
            key = bucket["key"]
            changed = int(bucket[CORRECTIONS]["value"]) if corrections else 0
            counted[from_milliseconds(key["hour"]), key["model"], key["version"]] = bucket["doc_count"] + changed
        return counted

    def _refresh(self, index: str) -> None:
        """Make what has just arrived visible. Without the right to do so it is visible a second later."""
        with contextlib.suppress(StoreRefused):
            self._cluster.refresh(index)
