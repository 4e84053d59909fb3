"""
Where what the monitor remembers lies: index, id and document of each record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from elkmon.alerts import Alert
from elkmon.baselines import Baseline
from elkmon.elasticsearch.bookmark_documents import bookmark_document, bookmark_id, tally_document, tally_id
from elkmon.elasticsearch.finding_documents import finding_document, finding_id
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.lesson_documents import lesson_document, lesson_id
from elkmon.elasticsearch.profile_documents import (
    baseline_document,
    profile_document,
    profile_id,
    ruler_document,
)
from elkmon.elasticsearch.story_documents import alert_document, delivery_document, run_document
from elkmon.findings import Finding
from elkmon.ports import Bookmark, Delivery, Lesson, Record, Tally
from elkmon.profiles import PRODUCTION, Profile
from elkmon.rulers import Ruler

Json = Mapping[str, Any]


def places(record: Record, indices: Indices) -> Iterator[tuple[str, str, Json]]:
    """Yield index, id and content of each document that `record` is stored in."""
    if isinstance(record, Profile):
        monthly = indices.month(indices.profiles, record.start)
        index = monthly if record.source == PRODUCTION else indices.baselines
        yield index, profile_id(record), profile_document(record)
    elif isinstance(record, Finding):
        index = indices.month(indices.findings, record.window.end)
        yield index, finding_id(record), finding_document(record)
    elif isinstance(record, Baseline):
        # Last, so that a baseline that is found is whole.
        yield from places(record.ruler, indices)
        for hour in record.hours:
            yield from places(replace(hour, source=record.id), indices)
        yield indices.baselines, record.id, baseline_document(record)
    elif isinstance(record, Ruler):
        yield indices.rulers, record.id, ruler_document(record)
    elif isinstance(record, Alert):
        yield indices.alerts, record.id, alert_document(record)
    elif isinstance(record, Delivery):
        yield indices.state, record.id, delivery_document(record)
    elif isinstance(record, Bookmark):
        yield indices.state, bookmark_id(record.model), bookmark_document(record)
    elif isinstance(record, Lesson):
        yield indices.state, lesson_id(record), lesson_document(record)
    elif isinstance(record, Tally):
        yield indices.state, tally_id(record.models), tally_document(record)
    else:
        yield indices.state, record.id, run_document(record)
