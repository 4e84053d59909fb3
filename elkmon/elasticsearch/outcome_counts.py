"""
What is asked of Elasticsearch about joined outcomes, and what its answers count: confusion, scores by truth, sums.

Outcomes are found under the hour of their prediction. Every figure but the sums of floating numbers is exact, however many
labels there are: pairs of labels come page by page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.aggregations import (
    MOST_BUCKETS,
    bins,
    by_hour,
    counted_bins,
    in_hours,
    of_version,
)
from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.documents import from_milliseconds
from elkmon.profiles import Outcomes
from elkmon.rulers import NumericScale, Ruler

Json = Mapping[str, Any]

CORRECTIONS = "corrections"
"""Name of the sum that says how often outcomes of the hour were changed after they were first written."""

_CLASSIFICATION = (fields.OUTCOME_LOG_LOSS, fields.OUTCOME_BRIER)
_REGRESSION = (
    fields.OUTCOME_ERROR,
    fields.OUTCOME_ABSOLUTE_ERROR,
    fields.OUTCOME_SQUARED_ERROR,
    fields.OUTCOME_VALUE,
    fields.OUTCOME_VALUE_SQUARED,
    fields.OUTCOME_ABSOLUTE_PERCENTAGE_ERROR,
)
_HOUR: Json = {"hour": {"date_histogram": {"field": fields.TIMESTAMP, "fixed_interval": "1h"}}}


def outcomes_by_hour(
    cluster: Cluster, index: str, model: str, version: str, hours: Sequence[datetime], ruler: Ruler
) -> dict[datetime, Outcomes]:
    """Return what is known of the truth of the predictions made in each of `hours` (sorted); hours without any are absent."""
    query: Json = {"bool": {"filter": [*of_version(model, version), in_hours(hours)]}}
    value_scale = ruler.scales.get(fields.PREDICTION_VALUE)
    score_scale = ruler.scales.get(fields.PREDICTION_SCORE)
    questions = by_hour(_sums_and_values(value_scale if isinstance(value_scale, NumericScale) else None))
    buckets = cluster.aggregate(index, query, {"hours": questions}).get("hours", {"buckets": []})["buckets"]
    if not buckets:
        return {}
    confusion, labels = _confusion(cluster, index, query)
    scores: dict[datetime, dict[str, tuple[int, ...]]] = {}
    if isinstance(score_scale, NumericScale):
        scores = _scores(cluster, index, model, version, labels, score_scale)
    result = {}
    for bucket in buckets:
        hour = from_milliseconds(bucket["key"])
        predicted, actual = _values(bucket["regression"])
        result[hour] = Outcomes(
            bucket["doc_count"],
            confusion.get(hour, {}),
            scores.get(hour, {}),
            predicted,
            actual,
            dict(_sums(bucket)),
        )
    return result


def _sums_and_values(scale: NumericScale | None) -> dict[str, Json]:
    """Regression's sums are over rows with both numbers, so that they belong together in R²."""
    both = {
        "bool": {"filter": [{"exists": {"field": name}} for name in (fields.PREDICTION_VALUE, fields.OUTCOME_VALUE)]}
    }
    regression: dict[str, Json] = {}
    for name in _REGRESSION:
        regression |= _sum_of(name)
    if scale is not None:
        regression["predicted"] = bins(fields.PREDICTION_VALUE, scale)
        regression["actual"] = bins(fields.OUTCOME_VALUE, scale)
    questions: dict[str, Json] = {"regression": {"filter": both, "aggs": regression}}
    questions[CORRECTIONS] = {"sum": {"field": fields.OUTCOME_CORRECTIONS}}
    for name in _CLASSIFICATION:
        questions |= _sum_of(name)
    return questions


def _sum_of(name: fields.Field) -> dict[str, Json]:
    return {_last(name): {"sum": {"field": name}}, f"{_last(name)}_rows": {"value_count": {"field": name}}}


def _sums(bucket: Json) -> Iterator[tuple[str, float]]:
    for place, names in ((bucket, _CLASSIFICATION), (bucket["regression"], _REGRESSION)):
        for name in map(_last, names):
            rows = place[f"{name}_rows"]["value"]
            if rows:
                yield name, place[name]["value"]
                yield f"{name}_rows", float(rows)
    if bucket[CORRECTIONS]["value"]:
        yield CORRECTIONS, bucket[CORRECTIONS]["value"]


def _values(regression: Json) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if not regression["doc_count"] or "predicted" not in regression:
        return (), ()
    return counted_bins(regression["predicted"]), counted_bins(regression["actual"])


def _confusion(
    cluster: Cluster, index: str, query: Json
) -> tuple[dict[datetime, dict[tuple[str, str], int]], dict[str, list[datetime]]]:
    """Return rows per hour, true and predicted label, and the hours in which each true label is found."""
    sources: list[Json] = [
        _HOUR,
        {"true": {"terms": {"field": fields.OUTCOME_LABEL}}},
        {"predicted": {"terms": {"field": fields.PREDICTION_LABEL, "missing_bucket": True}}},
    ]
    confusion: dict[datetime, dict[tuple[str, str], int]] = defaultdict(dict)
    labels: dict[str, dict[datetime, None]] = defaultdict(dict)
    for bucket in cluster.composite(index, query, sources):
        key = bucket["key"]
        hour = from_milliseconds(key["hour"])
        labels[key["true"]][hour] = None
        if key["predicted"] is not None:
            confusion[hour][key["true"], key["predicted"]] = bucket["doc_count"]
    return confusion, {label: sorted(hours) for label, hours in labels.items()}


def _scores(
    cluster: Cluster,
    index: str,
    model: str,
    version: str,
    labels: Mapping[str, Sequence[datetime]],
    scale: NumericScale,
) -> dict[datetime, dict[str, tuple[int, ...]]]:
    """Return rows per bin of the score, per hour and true label."""
    result: dict[datetime, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for chunk in _chunks(labels, MOST_BUCKETS // (scale.size + 2)):
        hours = sorted({hour for label in chunk for hour in labels[label]})
        query: Json = {
            "bool": {
                "filter": [
                    *of_version(model, version),
                    in_hours(hours),
                    {"exists": {"field": fields.PREDICTION_SCORE}},
                ]
            }
        }
        terms = {"field": fields.OUTCOME_LABEL, "include": list(chunk), "size": len(chunk)}
        questions = by_hour({"labels": {"terms": terms, "aggs": {"bins": bins(fields.PREDICTION_SCORE, scale)}}})
        answer = cluster.aggregate(index, query, {"hours": questions}).get("hours", {"buckets": []})
        for bucket in answer["buckets"]:
            for label in bucket["labels"]["buckets"]:
                result[from_milliseconds(bucket["key"])][label["key"]] = counted_bins(label["bins"])
    return result


def _chunks(labels: Mapping[str, Sequence[datetime]], most: int) -> Iterator[tuple[str, ...]]:
    """Yield labels so that no chunk is found in more than `most` pairs of label and hour; one label always fits."""
    chunk: list[str] = []
    taken = 0
    for label, hours in labels.items():
        if chunk and taken + len(hours) > most:
            yield tuple(chunk)
            chunk, taken = [], 0
        chunk.append(label)
        taken += len(hours)
    if chunk:
        yield tuple(chunk)


def _last(name: fields.Field) -> str:
    return name.rsplit(".", 1)[-1]
