"""
What is asked of Elasticsearch about features, scores, labels and latency, and what its answers count.

One aggregation per scale of a ruler, or pair of scales, each within the hours of a `date_histogram`, and once more within
each segment of such an hour. Nothing is sent from here, and every figure is exact: edges and levels are given, never
estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from elkmon.profiles import ALL, Counts
from elkmon.rulers import CategoricalScale, JointScale, NumericScale, Ruler, Scale, Segmentation, feature_of
from elkmon.windows import HOUR

Json = Mapping[str, Any]

_FEATURES = (FEATURES_NUMERIC.path + ".", FEATURES_CATEGORICAL.path + ".")


def of_version(model: str, version: str) -> list[Json]:
    """Return the filters for the documents of one model version."""
    return [{"term": {MODEL_NAME: model}}, {"term": {MODEL_VERSION: version}}]


def of_models(models: Sequence[str]) -> list[Json]:
    """Return the filters for the documents of `models`; none where it is empty, which means all."""
    return [{"terms": {MODEL_NAME: list(models)}}] if models else []


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


def hour_questions(names: Sequence[str], ruler: Ruler, part: Sequence[Segmentation] = ()) -> dict[str, Json]:
    """Return the aggregations that count the places `names` of `ruler`, and do so again for each segment of `part`."""
    asked = subject_questions(names, ruler)
    for index, each in enumerate(part):
        asked[f"segments.{index}"] = {**only(each.field, each.levels), "aggs": subject_questions(names, ruler)}
    return asked


def counted_hour(
    bucket: Json, names: Sequence[str], ruler: Ruler, part: Sequence[Segmentation] = ()
) -> Iterator[tuple[str, int, dict[str, Counts]]]:
    """Yield segment, rows and counts from the answer to `hour_questions`: of all traffic, and of the segments with rows."""
    yield ALL, bucket["doc_count"], counted_subjects(bucket, names, ruler)
    for index, each in enumerate(part):
        segments = dict(zip(each.levels, each.segments, strict=True))
        for inner in bucket[f"segments.{index}"]["buckets"]:
            yield segments[inner["key"]], inner["doc_count"], counted_subjects(inner, names, ruler)


def only(name: str, values: Sequence[str]) -> dict[str, Json]:
    """Return the aggregation with a bucket for each of `values` of the keyword `name`; a list is taken word by word."""
    return {"terms": {"field": name, "include": list(values), "size": len(values)}}


def subject_questions(names: Sequence[str], ruler: Ruler) -> dict[str, Json]:
    """Return the aggregations that count the places `names` of `ruler`, and what had no bin or level in them."""
    places = ruler.places()
    asked: dict[str, Json] = {}
    for index, name in enumerate(names):
        place = places[name]
        if isinstance(place, JointScale):
            asked[f"{index}"] = _cells(place)
        elif isinstance(place, NumericScale):
            asked[f"{index}"] = bins(name, place)
        else:
            asked.update(_levels(index, name, place))
    fields = [name for name in names if name in ruler.scales]
    if fields:
        asked["ignored"] = only("_ignored", fields)
    features = sorted({feature_of(name) for name in fields if name.startswith(_FEATURES)})
    if features:
        asked["rejected"] = only(REJECTED_NAMES, features)
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
        asked[f"{index}"] = only(name, scale.levels)
    if scale.known and not scale.open_ended:
        asked[f"{index}.known"] = {"filter": {"terms": {name: list(scale.known)}}}
    return asked


def _cells(joint: JointScale) -> Json:
    """Return the aggregation of each place of the left scale with each of the right one, in order of cell."""
    return {**_buckets(joint.left_field, joint.left), "aggs": {"cells": _buckets(joint.right_field, joint.right)}}


def _buckets(name: str, scale: Scale) -> Json:
    """Return the aggregation with a bucket for each place of `scale`, OTHER included, in their order."""
    if isinstance(scale, NumericScale):
        return bins(name, scale)
    levels: list[Json] = [{"term": {name: level}} for level in scale.levels]
    counted = {"terms": {name: list(scale.levels)}}
    other = {"bool": {"filter": [{"exists": {"field": name}}], "must_not": [counted]}}
    return {"filters": {"filters": [*levels, other]}}


def counted_subjects(bucket: Json, names: Sequence[str], ruler: Ruler) -> dict[str, Counts]:
    """Return the counts of the places `names` in one bucket from the answer to `subject_questions`."""
    rows: int = bucket["doc_count"]
    ignored = _by_key(bucket["ignored"]) if "ignored" in bucket else {}
    rejected = _by_key(bucket["rejected"]) if "rejected" in bucket else {}
    places = ruler.places()
    subjects = {}
    for index, name in enumerate(names):
        place = places[name]
        unseen = 0
        if isinstance(place, JointScale):
            counted = tuple(count for row in bucket[f"{index}"]["buckets"] for count in counted_bins(row["cells"]))
        elif isinstance(place, NumericScale):
            counted = counted_bins(bucket[f"{index}"])
        else:
            counted, unseen = _counted_levels(bucket, index, place)
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
    return {name: Counts((0,) * place.size) for name, place in ruler.places().items()}


def _by_key(answer: Json) -> dict[str, int]:
    buckets: Iterable[Json] = answer["buckets"]
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets}
