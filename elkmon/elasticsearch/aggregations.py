"""
What is asked of Elasticsearch about features, scores, labels and latency, and what its answers count.

One aggregation per scale of a ruler, each within the hours of a `date_histogram`. Nothing is sent from here, and every
figure is exact: edges and levels are given, never estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from elkmon.elasticsearch.documents import milliseconds
from elkmon.fields import (
    FEATURES_CATEGORICAL,
    FEATURES_NUMERIC,
    MODEL_NAME,
    MODEL_VERSION,
    REJECTED_NAMES,
    TIMESTAMP,
)
from elkmon.profiles import Counts
from elkmon.rulers import CategoricalScale, NumericScale, Ruler, Scale, feature_of
from elkmon.windows import HOUR

Json = Mapping[str, Any]

MOST_BUCKETS = 50_000
"""Buckets of one answer; Elasticsearch refuses above 65,536."""

_MOST_HOURS = 168
_FEATURES = (FEATURES_NUMERIC.path + ".", FEATURES_CATEGORICAL.path + ".")


@dataclass(frozen=True, slots=True)
class Plan:
    """How a ruler's questions are cut into requests: `groups` of fields, each asked for `hours` hours at a time."""

    groups: tuple[tuple[str, ...], ...]
    hours: int


def planned(ruler: Ruler, most_buckets: int = MOST_BUCKETS) -> Plan:
    """
    Return a plan in which no answer has more than `most_buckets` buckets.

    >>> planned(Ruler({"features.num.x": NumericScale((0.0,), (0.0, 0.0))}), most_buckets=12).hours
    2
    """
    costs = {name: _cost(scale) for name, scale in ruler.scales.items()}
    for name, cost in costs.items():
        if cost + 1 > most_buckets:
            raise ValueError(f"{name} has {cost} bins; one request counts at most {most_buckets}")
    groups: list[list[str]] = [[]]
    taken = heaviest = 1
    for name, cost in costs.items():
        if taken + cost > most_buckets:
            groups.append([])
            taken = 1
        groups[-1].append(name)
        taken += cost
        heaviest = max(heaviest, taken)
    return Plan(tuple(map(tuple, groups)), min(_MOST_HOURS, max(1, most_buckets // heaviest)))


def _cost(scale: Scale) -> int:
    """Bins or levels, and one bucket each for known levels, rejected and unindexed values."""
    return scale.size + 3


def of_version(model: str, version: str) -> list[Json]:
    """Return the filters for the documents of one model version."""
    return [{"term": {MODEL_NAME: model}}, {"term": {MODEL_VERSION: version}}]


def in_hours(hours: Sequence[datetime]) -> Json:
    """Return the filter for documents within any of `hours` (sorted); hours in a row make one range."""
    ranges: list[tuple[datetime, datetime]] = []
    for hour in hours:
        if ranges and ranges[-1][1] == hour:
            ranges[-1] = (ranges[-1][0], hour + HOUR)
        else:
            ranges.append((hour, hour + HOUR))
    return {"bool": {"should": [between(start, end) for start, end in ranges], "minimum_should_match": 1}}


def between(start: datetime, end: datetime) -> Json:
    """Return the filter for documents in [start, end)."""
    bounds = {"gte": milliseconds(start), "lt": milliseconds(end), "format": "epoch_millis"}
    return {"range": {TIMESTAMP: bounds}}


def by_hour(aggregations: Json | None = None) -> Json:
    """Return the aggregation that makes one bucket per UTC hour with documents."""
    outer: dict[str, Any] = {"date_histogram": {"field": TIMESTAMP, "fixed_interval": "1h", "min_doc_count": 1}}
    if aggregations:
        outer["aggs"] = aggregations
    return outer


def subject_questions(fields: Sequence[str], ruler: Ruler) -> dict[str, Json]:
    """Return the aggregations that count `fields` by the scales of `ruler`, and what had no place in them."""
    asked: dict[str, Json] = {}
    for index, name in enumerate(fields):
        scale = ruler.scales[name]
        if isinstance(scale, NumericScale):
            asked[f"{index}"] = bins(name, scale)
        else:
            asked.update(_levels(index, name, scale))
    if fields:
        asked["ignored"] = {"terms": {"field": "_ignored", "include": list(fields), "size": len(fields)}}
    names = sorted({feature_of(name) for name in fields if name.startswith(_FEATURES)})
    if names:
        asked["rejected"] = {"terms": {"field": REJECTED_NAMES, "include": names, "size": len(names)}}
    return asked


def bins(name: str, scale: NumericScale) -> Json:
    """Return the aggregation that counts the number `name` by `scale`; `counted_bins` reads its answer."""
    if not scale.edges:
        return {"range": {"field": name, "ranges": [{"from": -1.7976931348623157e308}]}}
    # A double has two zeros, and Elasticsearch tells them apart in some plans: from −0 on, both are in.
    edges = [edge or -0.0 for edge in scale.edges]
    inner = [{"from": left, "to": right} for left, right in pairwise(edges)]
    ranges = [{"to": edges[0]}, *inner, {"from": edges[-1]}]
    # Bins are known by their order; their default names would be half of the answer.
    return {"range": {"field": name, "ranges": [{"key": "", **each} for each in ranges]}}


def counted_bins(answer: Json) -> tuple[int, ...]:
    """Return the rows per bin; Elasticsearch gives ranges in rising order, as they were asked."""
    return tuple(bucket["doc_count"] for bucket in answer["buckets"])


def _levels(index: int, name: str, scale: CategoricalScale) -> dict[str, Json]:
    asked: dict[str, Json] = {f"{index}.present": {"value_count": {"field": name}}}
    if scale.levels:
        asked[f"{index}"] = {"terms": {"field": name, "include": list(scale.levels), "size": len(scale.levels)}}
    if scale.known and not scale.open_ended:
        asked[f"{index}.known"] = {"filter": {"terms": {name: list(scale.known)}}}
    return asked


def counted_subjects(bucket: Json, fields: Sequence[str], ruler: Ruler) -> dict[str, Counts]:
    """Return the counts of `fields` in one hour from the answer to `subject_questions`."""
    rows: int = bucket["doc_count"]
    ignored = _by_key(bucket["ignored"]) if "ignored" in bucket else {}
    rejected = _by_key(bucket["rejected"]) if "rejected" in bucket else {}
    subjects = {}
    for index, name in enumerate(fields):
        scale = ruler.scales[name]
        unseen = 0
        if isinstance(scale, NumericScale):
            counted = counted_bins(bucket[f"{index}"])
        else:
            counted, unseen = _counted_levels(bucket, index, scale)
        unindexed = ignored.get(name, 0)
        refused = rejected.get(feature_of(name), 0) if name.startswith(_FEATURES) else 0
        missing = max(0, rows - sum(counted) - unindexed - refused)
        subjects[name] = Counts(counted, missing, unseen, refused, unindexed)
    return subjects


def _counted_levels(bucket: Json, index: int, scale: CategoricalScale) -> tuple[tuple[int, ...], int]:
    by_level = _by_key(bucket[f"{index}"]) if scale.levels else {}
    counted = [by_level.get(level, 0) for level in scale.levels]
    other = int(bucket[f"{index}.present"]["value"]) - sum(counted)
    known = bucket[f"{index}.known"]["doc_count"] if f"{index}.known" in bucket else 0
    return (*counted, other), 0 if scale.open_ended else other - known


def no_rows(ruler: Ruler) -> dict[str, Counts]:
    """Return the counts of an hour without documents."""
    return {name: Counts((0,) * scale.size) for name, scale in ruler.scales.items()}


def _by_key(answer: Json) -> dict[str, int]:
    buckets: Iterable[Json] = answer["buckets"]
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets}
