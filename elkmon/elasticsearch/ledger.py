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
from elkmon.elasticsearch.aggregations import between, in_hours, of_models
from elkmon.elasticsearch.calls import Cluster, Write
from elkmon.elasticsearch.documents import found, from_milliseconds, known_instant, nested, text_of
from elkmon.elasticsearch.feedback_changes import Look, versions_of
from elkmon.elasticsearch.indices import Indices
from elkmon.identity import identity
from elkmon.windows import Window

Json = Mapping[str, Any]

LEDGER = "ledger"


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

    def open_hours(
        self, filters: Sequence[Json], span: Window, models: Sequence[str], look: Look
    ) -> dict[str, list[Entry]]:
        """Return per model the hours of feedback under `filters` that must be joined, in order; of `models` unless empty."""
        result: dict[str, list[Entry]] = defaultdict(list)
        if look.hours is not None:
            if not look.hours:
                return result
            filters = [*filters, in_hours(look.hours)]
        closed = self._closed(span, models, look)
        sources: list[Json] = [
            {"model": {"terms": {"field": fields.MODEL_NAME}}},
            {"hour": {"date_histogram": {"field": fields.TIMESTAMP, "fixed_interval": "1h"}}},
        ]
        query: Json = {"bool": {"filter": list(filters)}}
        for bucket in self._cluster.composite(self._indices.feedback, query, sources):
            model, hour = bucket["key"]["model"], from_milliseconds(bucket["key"]["hour"])
            versions = versions_of(look.overview.first_seen, model, hour)
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
                identity(LEDGER, entry.model, entry.hour.isoformat()),
                nested(
                    {
                        fields.TIMESTAMP: text_of(entry.hour),
                        fields.MODEL_NAME: entry.model,
                        fields.STATE_KIND: LEDGER,
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

    def _closed(self, span: Window, models: Sequence[str], look: Look) -> dict[tuple[str, datetime], Entry]:
        within = between(span.start, span.end) if look.hours is None else in_hours(look.hours)
        filters = [{"term": {fields.STATE_KIND: LEDGER}}, *of_models(models), within]
        query: Json = {"bool": {"filter": filters}}
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
