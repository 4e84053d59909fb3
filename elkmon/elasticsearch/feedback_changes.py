"""
Which hours of feedback need a look: those that are not as they were when everything was joined.

Kept in one document: how many documents each hour had, of all models together, which is cheap to count; when each version
was first seen; and what truth was joined by. It only spares looking: what has been joined of an hour, `ledger` knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.aggregations import between, in_hours, of_models
from elkmon.elasticsearch.calls import Cluster, Write
from elkmon.elasticsearch.documents import found, from_milliseconds, milliseconds, nested, text_of
from elkmon.elasticsearch.hour_counts import documents_by_hour, stretches
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.questions import Question, ask, every_bucket, together
from elkmon.identity import identity
from elkmon.windows import HOUR

Json = Mapping[str, Any]

JOINED = "joined"
"""The kind of the document."""

_MOST_HOURS = 400
"""Hours named one by one: each may be a clause, and a query has at most 1,024."""

Seen = Mapping[str, Mapping[str, datetime]]
"""Per model and version the instant of its first prediction."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What there was, per hour and of all models together, when everything was joined by `settings`."""

    feedback: Mapping[datetime, int] = field(default_factory=dict)
    predictions: Mapping[datetime, int] = field(default_factory=dict)
    first_seen: Seen = field(default_factory=dict)
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """The hours of feedback that need a look (sorted), None for all; and what there is, to be remembered once it is joined."""

    hours: Sequence[datetime] | None
    overview: Overview


class FeedbackChanges:
    """What has changed since the feedback of `models` (of all when empty) was joined by the same `settings`."""

    def __init__(self, cluster: Cluster, indices: Indices, models: Sequence[str], settings: str) -> None:
        self._cluster = cluster
        self._indices = indices
        self._models = models
        self._settings = settings
        self._id = identity(JOINED, *sorted(models))

    def look(self, start: datetime, end: datetime) -> Look:
        """Return what needs a look, of feedback in [start, end)."""
        feedback, predictions = ask(
            self._cluster,
            together(
                documents_by_hour(self._indices.feedback, start, end),
                documents_by_hour(self._indices.predictions, start, end),
            ),
        )
        before = self._remembered() if feedback else Overview()
        arrived = _differing(predictions, before.predictions)
        if before.settings != self._settings or len(arrived) > _MOST_HOURS:
            within = [between(*stretch) for stretch in stretches(start, end)] if feedback else []
            return Look(None, Overview(feedback, predictions, self._first_seen(within), self._settings))
        seen = _earliest([before.first_seen, self._first_seen([in_hours(arrived)] if arrived else [])])
        moved = list(_moved(before.first_seen, seen))
        hours = [
            hour
            for hour in sorted(feedback)
            if feedback[hour] != before.feedback.get(hour)
            or any(now < hour + HOUR and (then is None or then >= hour + HOUR) for then, now in moved)
        ]
        overview = Overview(feedback, predictions, seen, self._settings)
        return Look(hours if len(hours) <= _MOST_HOURS else None, overview)

    def remember(self, overview: Overview, now: datetime) -> None:
        """Say that everything was joined as of `overview`."""
        if not overview.feedback:
            return
        packed = {
            "feedback": {milliseconds(hour): count for hour, count in overview.feedback.items()},
            "predictions": {milliseconds(hour): count for hour, count in overview.predictions.items()},
            "first_seen": {
                model: {version: milliseconds(first) for version, first in versions.items()}
                for model, versions in overview.first_seen.items()
            },
            "settings": overview.settings,
        }
        document = {fields.TIMESTAMP: text_of(now), fields.STATE_KIND: JOINED, fields.PACKED: packed}
        self._cluster.write([Write(self._indices.state, self._id, nested(document))])

    def _remembered(self) -> Overview:
        client = self._cluster.client.options(ignore_status=404)
        packed = found(
            self._cluster.call(client.get, index=self._indices.state, id=self._id).get("_source", {}), fields.PACKED
        )
        if packed is None:
            return Overview()
        return Overview(
            _hours(packed["feedback"]),
            _hours(packed["predictions"]),
            {
                model: {version: from_milliseconds(first) for version, first in versions.items()}
                for model, versions in packed["first_seen"].items()
            },
            packed["settings"],
        )

    def _first_seen(self, stretches: Sequence[Json]) -> Seen:
        """Return the first prediction of each model and version in any of the `stretches` of time."""
        return _earliest(ask(self._cluster, together(*(self._first_seen_in(each) for each in stretches))))

    def _first_seen_in(self, stretch: Json) -> Question[Seen]:
        query: Json = {"bool": {"filter": [*of_models(self._models), stretch]}}
        sources: list[Json] = [
            {"model": {"terms": {"field": fields.MODEL_NAME}}},
            {"version": {"terms": {"field": fields.MODEL_VERSION}}},
        ]
        also: Json = {"first": {"min": {"field": fields.TIMESTAMP}}}
        first: dict[str, dict[str, datetime]] = defaultdict(dict)
        for bucket in (yield from every_bucket(self._indices.predictions, query, sources, also)):
            key = bucket["key"]
            first[key["model"]][key["version"]] = from_milliseconds(bucket["first"]["value"])
        return first


def versions_of(seen: Seen, model: str, hour: datetime) -> tuple[str, ...]:
    """Return the versions of `model` that were there before the end of `hour`, sorted."""
    return tuple(sorted(version for version, first in seen.get(model, {}).items() if first < hour + HOUR))


def _moved(before: Seen, now: Seen) -> Iterator[tuple[datetime | None, datetime]]:
    """Yield the instants, before (None for never) and now, of what is seen earlier than it was."""
    for model, versions in now.items():
        for version, first in versions.items():
            known = before.get(model, {}).get(version)
            if known != first:
                yield known, first


def _differing(now: Mapping[datetime, int], before: Mapping[datetime, int]) -> list[datetime]:
    return sorted(hour for hour, count in now.items() if count != before.get(hour))


def _earliest(each: Iterable[Seen]) -> Seen:
    result: dict[str, dict[str, datetime]] = defaultdict(dict)
    for seen in each:
        for model, versions in seen.items():
            for version, first in versions.items():
                result[model][version] = min(first, result[model].get(version, first))
    return result


def _hours(packed: Mapping[str, int]) -> dict[datetime, int]:
    return {from_milliseconds(int(hour)): count for hour, count in packed.items()}
