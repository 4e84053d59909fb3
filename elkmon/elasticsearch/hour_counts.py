"""
How many documents an hour holds: cheaply of all models together, and by model and version where that is wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.aggregations import between, in_hours, of_models
from elkmon.elasticsearch.documents import from_milliseconds
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.outcome_counts import CORRECTIONS
from elkmon.elasticsearch.questions import Question, by_hour_of, every_bucket, hours_of, together
from elkmon.ports import HourCounts, Totals
from elkmon.windows import HOUR, Window

Json = Mapping[str, Any]

_MOST_HOURS = 400
"""Hours asked for one by one: each may be a clause, and a query has at most 1,024."""

_COUNTED_AT_ONCE = 120 * HOUR
"""Hours of one search that is to be answered from the index; more than 128 are counted document by document."""

_SOURCES: tuple[Json, ...] = (
    {"hour": {"date_histogram": {"field": fields.TIMESTAMP, "fixed_interval": "1h"}}},
    {"model": {"terms": {"field": fields.MODEL_NAME}}},
    {"version": {"terms": {"field": fields.MODEL_VERSION}}},
)
_CORRECTIONS: Json = {CORRECTIONS: {"sum": {"field": fields.OUTCOME_CORRECTIONS}}}

_Key = tuple[datetime, str, str]


def hour_totals(indices: Indices, span: Window) -> Question[dict[datetime, Totals]]:
    """Ask for the documents of each hour of `span` that has any, all models together."""
    predictions, errors, outcomes, corrections = yield from together(
        documents_by_hour(indices.predictions, span.start, span.end),
        documents_by_hour(indices.errors, span.start, span.end),
        documents_by_hour(indices.outcomes, span.start, span.end),
        _corrections_by_hour(indices.outcomes, span),
    )
    return {
        hour: Totals(predictions[hour], errors[hour], outcomes[hour], corrections[hour])
        for hour in sorted({*predictions, *errors, *outcomes})
    }


def documents_by_hour(index: str, start: datetime, end: datetime) -> Question[Counter[datetime]]:
    """
    Ask for the documents of each hour in [start, end), of all models together.

    Where nothing but a range of time is asked of at most 128 hours, Elasticsearch counts each from the index of times and
    visits no document, however many there are.
    """
    most = _COUNTED_AT_ONCE // HOUR
    counted: Counter[datetime] = Counter()
    for answer in (yield [by_hour_of(index, between(*stretch), {}, most) for stretch in stretches(start, end)]):
        counted.update({hour: bucket["doc_count"] for hour, bucket in hours_of(answer)})
    return counted


def stretches(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield [start, end) in as long stretches as are counted at a time."""
    while start < end:
        until = min(end, start + _COUNTED_AT_ONCE)
        yield start, until
        start = until


def _corrections_by_hour(index: str, span: Window) -> Question[Counter[datetime]]:
    """Ask for the changes of outcomes, of the few that were changed."""
    corrected = [between(span.start, span.end), {"exists": {"field": fields.OUTCOME_CORRECTIONS}}]
    search = by_hour_of(index, {"bool": {"filter": corrected}}, _CORRECTIONS, span.length // HOUR)
    (answer,) = yield (search,)
    return Counter({hour: _corrections(bucket) for hour, bucket in hours_of(answer)})


def hour_counts(
    indices: Indices, span: Window, models: Sequence[str], hours: Sequence[datetime]
) -> Question[tuple[HourCounts, ...]]:
    """
    Ask for the documents per hour, model and version in `span`, in order of hour; only of `models` unless empty.

    With `hours` (sorted, of the span) only those. An outcome that was changed after it was first written is counted once
    more for each change, here and in what a stored profile records: so its hour differs, and is profiled again.
    """
    filters = [between(span.start, span.end), *of_models(models)]
    chunks = [[in_hours(hours[start : start + _MOST_HOURS])] for start in range(0, len(hours), _MOST_HOURS)] or [[]]
    predictions: Counter[_Key] = Counter()
    errors: Counter[_Key] = Counter()
    outcomes: Counter[_Key] = Counter()
    for chunk in chunks:
        query: Json = {"bool": {"filter": [*filters, *chunk]}}
        found = yield from together(
            _per_hour(indices.predictions, query),
            _per_hour(indices.errors, query),
            _per_hour(indices.outcomes, query, _CORRECTIONS),
        )
        for known, more in zip((predictions, errors, outcomes), found, strict=True):
            known.update(more)
    return tuple(
        HourCounts(model, version, hour, predictions[key], errors[key], outcomes[key])
        for key in sorted({*predictions, *errors, *outcomes})
        for hour, model, version in (key,)
    )


def _per_hour(index: str, query: Json, also: Json | None = None) -> Question[Counter[_Key]]:
    counted: Counter[_Key] = Counter()
    for bucket in (yield from every_bucket(index, query, _SOURCES, also)):
        key = bucket["key"]
        changed = _corrections(bucket) if also else 0
        counted[from_milliseconds(key["hour"]), key["model"], key["version"]] = bucket["doc_count"] + changed
    return counted


def _corrections(bucket: Json) -> int:
    return int(bucket[CORRECTIONS]["value"])
