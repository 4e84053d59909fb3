"""
What is asked of Elasticsearch about joined outcomes, and what its answers count: confusion, scores by truth, sums.

Outcomes are found under the hour of their prediction, once for all traffic and once more for each segment it belongs to.
Every figure but the sums of floating numbers is exact, however many labels there are: pairs of labels come page by page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.aggregations import bins, counted_bins, in_hours, of_version, only
from elkmon.elasticsearch.documents import from_milliseconds
from elkmon.elasticsearch.plans import MOST_BUCKETS
from elkmon.elasticsearch.questions import Question, by_hour_of, every_bucket, hours_of
from elkmon.profiles import ALL, Outcomes
from elkmon.rulers import NumericScale, Ruler
from elkmon.schema import Field

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


_SEGMENTS = "segments"
_LABELS = "labels"

_Place = tuple[datetime, str]
"""An hour and a segment."""


def outcomes_by_hour(
    index: str, model: str, version: str, hours: Sequence[datetime], ruler: Ruler
) -> Question[dict[_Place, Outcomes]]:
    """
    Ask what is known of the truth of the predictions made in each of `hours` (sorted), by hour and segment of `ruler`.

    Hours and segments without any are absent.
    """
    value, score = (
        scale if isinstance(scale := ruler.scales.get(name), NumericScale) else None
        for name in (fields.PREDICTION_VALUE, fields.PREDICTION_SCORE)
    )
    widest = max(scale.size for scale in (value, score, NumericScale((), (0.0,))) if scale)
    at_once = max(1, MOST_BUCKETS // (2 * widest + 2) - 1)
    result: dict[_Place, Outcomes] = {}
    for start in range(0, max(1, len(ruler.segments)), at_once):
        asked = _Asked(index, of_version(model, version), ruler.segments[start : start + at_once])
        result |= yield from _outcomes(asked, hours, value, score)
    return result


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose outcomes are asked for, and in which segments besides all traffic."""

    index: str
    filters: Sequence[Json]
    segments: Sequence[str]

    @property
    def times(self) -> int:
        """How often everything is counted."""
        return 1 + len(self.segments)

    def query(self, hours: Sequence[datetime], *also: Json) -> Json:
        """Return the query for outcomes of `hours`."""
        return {"bool": {"filter": [*self.filters, in_hours(hours), *also]}}

    def by_segment(self, questions: dict[str, Json]) -> dict[str, Json]:
        """Return `questions`, and those of each segment with them; `answered` takes their answers apart."""
        if not self.segments:
            return questions
        return {**questions, _SEGMENTS: {**only(fields.OUTCOME_SEGMENTS, self.segments), "aggs": questions}}

    def answered(self, bucket: Json) -> Iterator[tuple[str, Json]]:
        """Yield the answer of all traffic, and of each segment that has any."""
        yield ALL, bucket
        if _SEGMENTS in bucket:
            for each in bucket[_SEGMENTS]["buckets"]:
                yield each["key"], each


def _outcomes(
    asked: _Asked, hours: Sequence[datetime], value_scale: NumericScale | None, score_scale: NumericScale | None
) -> Question[dict[_Place, Outcomes]]:
    questions = asked.by_segment(_sums_and_values(value_scale))
    each = asked.times * (2 + 2 * (value_scale.size if value_scale else 0))
    at_once = max(1, MOST_BUCKETS // each)
    chunks = [hours[start : start + at_once] for start in range(0, len(hours), at_once)]
    answers = yield [by_hour_of(asked.index, asked.query(chunk), questions, len(chunk) * each) for chunk in chunks]
    outcomes: dict[_Place, Outcomes] = {}
    labelled = []
    for hour, whole in (each for answer in answers for each in hours_of(answer)):
        outcomes |= {(hour, segment): _without_labels(bucket) for segment, bucket in asked.answered(whole)}
        if whole[_LABELS]["value"]:
            labelled.append(hour)
    if not labelled:
        return outcomes
    confusion, labels = yield from _confusion(asked, labelled)
    scores = {} if score_scale is None else (yield from _scores(asked, labels, score_scale))
    return {
        place: replace(known, confusion=confusion.get(place, {}), scores=scores.get(place, {}))
        for place, known in outcomes.items()
    }


def _without_labels(bucket: Json) -> Outcomes:
    predicted, actual = _values(bucket["regression"])
    return Outcomes(bucket["doc_count"], predicted=predicted, actual=actual, sums=dict(_sums(bucket)))


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
    questions[_LABELS] = {"value_count": {"field": fields.OUTCOME_LABEL}}
    questions[CORRECTIONS] = {"sum": {"field": fields.OUTCOME_CORRECTIONS}}
    for name in _CLASSIFICATION:
        questions |= _sum_of(name)
    return questions


def _sum_of(name: Field) -> dict[str, Json]:
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
    asked: _Asked, hours: Sequence[datetime]
) -> Question[tuple[dict[_Place, dict[tuple[str, str], int]], dict[datetime, list[str]]]]:
    """Ask for rows per hour, segment, true and predicted label; and the true labels that each hour has."""
    sources: list[Json] = [
        _HOUR,
        {"true": {"terms": {"field": fields.OUTCOME_LABEL}}},
        {"predicted": {"terms": {"field": fields.PREDICTION_LABEL, "missing_bucket": True}}},
    ]
    confusion: dict[_Place, dict[tuple[str, str], int]] = defaultdict(dict)
    labels: dict[datetime, dict[str, None]] = defaultdict(dict)
    questions = asked.by_segment({})
    for bucket in (yield from every_bucket(asked.index, asked.query(hours), sources, questions, each=asked.times)):
        key = bucket["key"]
        hour = from_milliseconds(key["hour"])
        labels[hour][key["true"]] = None
        if key["predicted"] is not None:
            for segment, each in asked.answered(bucket):
                confusion[hour, segment][key["true"], key["predicted"]] = each["doc_count"]
    return confusion, {hour: list(names) for hour, names in labels.items()}


def _scores(
    asked: _Asked, labels: Mapping[datetime, Sequence[str]], scale: NumericScale
) -> Question[dict[_Place, dict[str, tuple[int, ...]]]]:
    """Ask for rows per bin of the score, per hour, segment and true label."""
    result: dict[_Place, dict[str, tuple[int, ...]]] = defaultdict(dict)
    questions = asked.by_segment({"bins": bins(fields.PREDICTION_SCORE, scale)})
    each = asked.times * (scale.size + 2)
    searches = []
    for chunk in _chunks(labels, max(1, MOST_BUCKETS // each)):
        names = sorted({name for some in chunk.values() for name in some})
        query = asked.query(list(chunk), {"exists": {"field": fields.PREDICTION_SCORE}})
        by_label = {"labels": {**only(fields.OUTCOME_LABEL, names), "aggs": questions}}
        searches.append(by_hour_of(asked.index, query, by_label, each * sum(map(len, chunk.values()))))
    for answer in (yield searches):
        for hour, bucket in hours_of(answer):
            for label in bucket["labels"]["buckets"]:
                for segment, counted in asked.answered(label):
                    result[hour, segment][label["key"]] = counted_bins(counted["bins"])
    return result


def _chunks(labels: Mapping[datetime, Sequence[str]], most: int) -> Iterator[Mapping[datetime, Sequence[str]]]:
    """Yield hours with their labels so that asking them together finds at most `most` pairs of the two."""
    chunk: dict[datetime, Sequence[str]] = {}
    taken = 0
    for hour, names in labels.items():
        if chunk and taken + len(names) > most:
            yield chunk
            chunk, taken = {}, 0
        if len(names) > most:
            yield from ({hour: names[start : start + most]} for start in range(0, len(names), most))
        else:
            chunk[hour] = names
            taken += len(names)
    if chunk:
        yield chunk


def _last(name: Field) -> str:
    return name.rsplit(".", 1)[-1]
