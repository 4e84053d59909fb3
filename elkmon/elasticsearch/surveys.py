"""
What a stretch of one model version looks like, so that a ruler can be made for it.

Extremes, rows, and the values or levels of what has few are exact. Quantiles are exact up to 200,000 rows of a shard, and
beyond that within about 0.01 % of the rows (t-digest).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from elkmon.elasticsearch.aggregations import between, of_version
from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.multi_search import Search
from elkmon.elasticsearch.questions import Question, ask
from elkmon.errors import PartialAnswer
from elkmon.fields import (
    EVENT_DURATION,
    FEATURES_CATEGORICAL,
    FEATURES_NUMERIC,
    PREDICTION_LABEL,
    PREDICTION_SCORE,
    PREDICTION_VALUE,
)
from elkmon.surveys import LevelSummary, NumericSummary, Survey
from elkmon.windows import HOUR, Window

Json = Mapping[str, Any]

PROBABILITIES = (0.005, 0.01, *(round(0.05 * step, 2) for step in range(1, 20)), 0.99, 0.995)
"""Quantiles that every survey has."""

MOST_VALUES = 20
"""A number with at most this many distinct values has them listed."""

MOST_LEVELS = 10_000
"""Levels listed of a category."""

_COMPRESSION = 10_000
"""Elasticsearch sorts up to twenty times as many values of a shard exactly, and sums more up in about as many centroids."""

_AT_ONCE = 50
_NAMES_AT_ONCE = 500
_NUMBERS = (PREDICTION_SCORE, PREDICTION_VALUE, EVENT_DURATION)


def survey(cluster: Cluster, index: str, model: str, version: str, span: Window, quantiles: Sequence[float]) -> Survey:
    """Summarise the features, scores, values, labels and latency of `span`; only those that have values there."""
    query: Json = {"bool": {"filter": [*of_version(model, version), between(span.start, span.end)]}}
    numeric_names, categorical_names = feature_names(cluster, index)
    names = [*numeric_names, *_NUMBERS, *categorical_names, PREDICTION_LABEL]
    rows, present = ask(cluster, _present(index, query, names))
    probabilities = sorted({*PROBABILITIES, *quantiles})
    numeric = {
        name: summary
        for chunk in _chunks([name for name in (*numeric_names, *_NUMBERS) if name in present])
        for name, summary in _numeric(cluster, index, query, chunk, probabilities)
    }
    categorical = {
        name: _levels(cluster, index, query, name, present[name])
        for name in (*categorical_names, PREDICTION_LABEL)
        if name in present
    }
    return Survey(rows, numeric, categorical)


def features_in(index: str, model: str, version: str, span: Window, names: Sequence[str]) -> Question[tuple[str, ...]]:
    """Ask which of the stored fields `names` have a value in `span`; found are they in order of name."""
    query: Json = {"bool": {"filter": [*of_version(model, version), between(span.start, span.end)]}}
    chunks = list(_chunks(sorted(names), _NAMES_AT_ONCE))
    hours = span.length // HOUR  # a longer stretch has more documents, each of which is looked at for every name
    searches = []
    for chunk in chunks:
        having: list[Json] = [{"exists": {"field": name}} for name in chunk]
        searches.append(Search.of(index, query, {"having": {"filters": {"filters": having}}}, len(chunk) * hours))
    present: list[str] = []
    for chunk, answer in zip(chunks, (yield searches), strict=True):
        if "having" in answer:
            buckets = answer["having"]["buckets"]
            present += [name for name, bucket in zip(chunk, buckets, strict=True) if bucket["doc_count"]]
    return tuple(present)


def feature_names(cluster: Cluster, index: str) -> tuple[list[str], list[str]]:
    """Return the stored fields of all numeric and all categorical features that any model has sent."""
    answer = cluster.call(
        cluster.client.field_caps,
        index=index,
        fields=[FEATURES_NUMERIC, FEATURES_CATEGORICAL],
        ignore_unavailable=True,
        allow_no_indices=True,
    )
    if answer.get("failed_indices"):
        raise PartialAnswer(f"{answer['failed_indices']} of the indices {index} did not say which features they hold")
    kinds: dict[str, list[str]] = {"double": [], "keyword": []}
    for name, types in sorted(answer["fields"].items()):
        for kind in types:
            if kind in kinds:
                kinds[kind].append(name)
    prefix = FEATURES_NUMERIC.path + "."
    numeric = [name for name in kinds["double"] if name.startswith(prefix)]
    return numeric, [name for name in kinds["keyword"] if not name.startswith(prefix)]


def _present(index: str, query: Json, names: Sequence[str]) -> Question[tuple[int, dict[str, int]]]:
    """Ask for the rows, and how many of them have a value, for each of `names` with any."""
    rows = 0
    present: dict[str, int] = {}
    chunks = list(_chunks(names, _NAMES_AT_ONCE))
    searches = [
        Search.of(index, query, {"all": {"filter": {"match_all": {}}, "aggs": _value_counts(chunk)}})
        for chunk in chunks
    ]
    for chunk, answer in zip(chunks, (yield searches), strict=True):
        if "all" in answer:
            found = answer["all"]
            rows = found["doc_count"]
            present |= {name: count for place, name in enumerate(chunk) if (count := int(found[f"{place}"]["value"]))}
    return rows, present


def _value_counts(names: Sequence[str]) -> dict[str, Json]:
    return {f"{place}": {"value_count": {"field": name}} for place, name in enumerate(names)}


def _numeric(
    cluster: Cluster, index: str, query: Json, names: Sequence[str], probabilities: Sequence[float]
) -> Iterator[tuple[str, NumericSummary]]:
    asked: dict[str, Json] = {}
    for place, name in enumerate(names):
        asked[f"{place}.stats"] = {"stats": {"field": name}}
        asked[f"{place}.distinct"] = {"cardinality": {"field": name, "precision_threshold": 1000}}
        asked[f"{place}.quantiles"] = {
            "percentiles": {
                "field": name,
                "percents": [100 * probability for probability in probabilities],
                "keyed": False,
                "tdigest": {"compression": _COMPRESSION},
            }
        }
    found = cluster.aggregate(index, query, asked)
    few = [name for place, name in enumerate(names) if found[f"{place}.distinct"]["value"] <= 2 * MOST_VALUES]
    values = _values(cluster, index, query, few)
    for place, name in enumerate(names):
        stats = found[f"{place}.stats"]
        listed = values.get(name, ())
        estimates = [each["value"] for each in found[f"{place}.quantiles"]["values"]]
        yield (
            name,
            NumericSummary(
                rows=stats["count"],
                distinct=len(listed) or int(found[f"{place}.distinct"]["value"]),
                values=listed,
                quantiles=dict(zip(probabilities, estimates, strict=True)),
                lowest=stats["min"],
                highest=stats["max"],
            ),
        )


def _values(cluster: Cluster, index: str, query: Json, names: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Return every distinct value of those of `names` that have at most `MOST_VALUES`."""
    asked = {
        f"{place}": {"terms": {"field": name, "size": MOST_VALUES + 1, "order": {"_key": "asc"}}}
        for place, name in enumerate(names)
    }
    if not asked:
        return {}
    found = cluster.aggregate(index, query, asked)
    values = {name: [bucket["key"] for bucket in found[f"{place}"]["buckets"]] for place, name in enumerate(names)}
    return {name: tuple(map(float, listed)) for name, listed in values.items() if len(listed) <= MOST_VALUES}


def _levels(cluster: Cluster, index: str, query: Json, name: str, rows: int) -> LevelSummary:
    found = cluster.aggregate(index, query, {"levels": {"terms": {"field": name, "size": MOST_LEVELS}}})["levels"]
    levels = tuple((bucket["key"], bucket["doc_count"]) for bucket in found["buckets"])
    return LevelSummary(rows, levels, complete=found["sum_other_doc_count"] == 0)


def _chunks(names: Sequence[str], size: int = _AT_ONCE) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]
