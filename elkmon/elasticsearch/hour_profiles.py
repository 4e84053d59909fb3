"""
What the hours of one model version are summarised from: predictions, errors and outcomes, asked for in the same steps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import product
from typing import Any

from elkmon.elasticsearch.aggregations import counted_hour, hour_questions, in_hours, no_rows, of_version
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.outcome_counts import outcomes_by_hour
from elkmon.elasticsearch.plans import Plan
from elkmon.elasticsearch.questions import Question, by_hour_of, hours_of, together
from elkmon.ports import Wanted
from elkmon.profiles import ALL, Counts, Outcomes, Profile
from elkmon.rulers import Ruler
from elkmon.windows import HOUR

Json = Mapping[str, Any]

_Place = tuple[datetime, str]
"""An hour and a segment."""


def hour_profiles(indices: Indices, wanted: Wanted, plan: Plan) -> Question[list[Profile]]:
    """
    Ask for one profile of each hour of `wanted`, in order; an hour without documents gives an empty one.

    Those of segments that have rows come before the one of all traffic.
    """
    model, version, hours, ruler = wanted.model, wanted.version, wanted.hours, wanted.ruler
    query: Json = {"bool": {"filter": [*of_version(model, version), in_hours(hours)]}}
    (predictions, subjects), errors, outcomes = yield from together(
        _traffic(indices.predictions, query, hours, ruler, plan),
        _documents(indices.errors, query, hours),
        outcomes_by_hour(indices.outcomes, model, version, hours, ruler),
    )
    return [
        Profile(
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
        for hour, segment in product(hours, (*ruler.segments, ALL))
        for place in ((hour, segment),)
        if segment == ALL or place in subjects or place in outcomes
    ]


def _traffic(
    index: str, query: Json, hours: Sequence[datetime], ruler: Ruler, plan: Plan
) -> Question[tuple[Counter[_Place], dict[_Place, dict[str, Counts]]]]:
    """Ask for rows, and counts by `ruler`, of each hour and segment."""
    pieces = list(product(plan.parts, plan.groups))
    most = len(hours) * plan.buckets
    answers = yield [by_hour_of(index, query, hour_questions(group, ruler, part), most) for part, group in pieces]
    predictions: Counter[_Place] = Counter()
    subjects: dict[_Place, dict[str, Counts]] = {}
    for (part, group), answer in zip(pieces, answers, strict=True):
        for hour, bucket in hours_of(answer):
            for segment, rows, counts in counted_hour(bucket, group, ruler, part):
                predictions[hour, segment] = rows
                subjects.setdefault((hour, segment), {}).update(counts)
    return predictions, subjects


def _documents(index: str, query: Json, hours: Sequence[datetime]) -> Question[dict[datetime, int]]:
    """Ask for the documents of each hour."""
    (answer,) = yield (by_hour_of(index, query, {}, len(hours)),)
    return {hour: bucket["doc_count"] for hour, bucket in hours_of(answer)}
