"""
Which hours of feedback have been joined, so that they are not joined again: the count of documents each held then.

An hour is open again when it holds more (or, looked at from an earlier instant, fewer) documents, when the positive label
or the features that make segments were changed, or when a version whose predictions are older than the hour has appeared
since: truth applies to it too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.aggregations import between
from elkmon.elasticsearch.calls import Cluster, Write
from elkmon.elasticsearch.documents import found, from_milliseconds, known_instant, nested, text_of
from elkmon.elasticsearch.indices import Indices
from elkmon.identity import identity
from elkmon.windows import HOUR, Window

Json = Mapping[str, Any]

_KIND = "ledger"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one hour of one model's feedback held when it was joined."""

    model: str
    hour: datetime
    documents: int
    versions: tuple[str, ...]
    positive: str | None
    segments: tuple[str, ...] = ()


class Ledger:
    """
    The ledger of one namespace.

    `positive_labels` say whose probability a model's score is, `segments` which features cut its traffic into segments.
    """

    def __init__(
        self,
        cluster: Cluster,
        indices: Indices,
        positive_labels: Mapping[str, str],
        segments: Mapping[str, Sequence[str]],
    ) -> None:
        self._cluster = cluster
        self._indices = indices
        self._positive_labels = positive_labels
        self._segments = segments

    def open_hours(self, filters: Sequence[Json], span: Window) -> dict[str, list[Entry]]:
        """Return per model the hours of feedback under `filters` that must be joined, in order."""
        closed = self._closed(span)
        first_seen: dict[str, dict[str, datetime]] | None = None
        result: dict[str, list[Entry]] = defaultdict(list)
        sources: list[Json] = [
            {"model": {"terms": {"field": fields.MODEL_NAME}}},
            {"hour": {"date_histogram": {"field": fields.TIMESTAMP, "fixed_interval": "1h"}}},
        ]
        query: Json = {"bool": {"filter": list(filters)}}
        for bucket in self._cluster.composite(self._indices.feedback, query, sources):
            if first_seen is None:
                first_seen = self._first_seen()
            model, hour = bucket["key"]["model"], from_milliseconds(bucket["key"]["hour"])
            seen = first_seen.get(model, {})
            versions = tuple(sorted(version for version, first in seen.items() if first < hour + HOUR))
            positive, segments = self._positive_labels.get(model), tuple(sorted(self._segments.get(model, ())))
            entry = Entry(model, hour, bucket["doc_count"], versions, positive, segments)
            if closed.get((model, hour)) != entry:
                result[model].append(entry)
        return result

    def close(self, entries: Sequence[Entry]) -> None:
        """Remember that these hours are joined."""
        self._cluster.write(
            Write(
                self._indices.state,
                identity(_KIND, entry.model, entry.hour.isoformat()),
                nested(
                    {
                        fields.TIMESTAMP: text_of(entry.hour),
                        fields.MODEL_NAME: entry.model,
                        fields.STATE_KIND: _KIND,
                        fields.PACKED: {
                            "documents": entry.documents,
                            "versions": list(entry.versions),
                            "positive": entry.positive,
                            "segments": list(entry.segments),
                        },
                    }
                ),
            )
            for entry in entries
        )

    def _closed(self, span: Window) -> dict[tuple[str, datetime], Entry]:
        query: Json = {"bool": {"filter": [{"term": {fields.STATE_KIND: _KIND}}, between(span.start, span.end)]}}
        entries: dict[tuple[str, datetime], Entry] = {}
        sort = [fields.TIMESTAMP, fields.MODEL_NAME]
        for hits in self._cluster.pages(self._indices.state, query, sort, 2_000):
            for hit in hits:
                document = hit["_source"]
                packed = found(document, fields.PACKED)
                model, hour = found(document, fields.MODEL_NAME), known_instant(found(document, fields.TIMESTAMP))
                versions, segments = tuple(packed["versions"]), tuple(packed.get("segments", ()))
                entries[model, hour] = Entry(model, hour, packed["documents"], versions, packed["positive"], segments)
        return entries

    def _first_seen(self) -> dict[str, dict[str, datetime]]:
        """Return per model and version the instant of its first prediction."""
        sources: list[Json] = [
            {"model": {"terms": {"field": fields.MODEL_NAME}}},
            {"version": {"terms": {"field": fields.MODEL_VERSION}}},
        ]
        first: dict[str, dict[str, datetime]] = defaultdict(dict)
        also: Json = {"first": {"min": {"field": fields.TIMESTAMP}}}
        for bucket in self._cluster.composite(self._indices.predictions, {"match_all": {}}, sources, also):
            key = bucket["key"]
            first[key["model"]][key["version"]] = from_milliseconds(bucket["first"]["value"])
        return first
