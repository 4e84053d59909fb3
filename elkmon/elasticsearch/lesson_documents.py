"""What baselines teach, as documents and back: limits per segment and subject, packed as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from elkmon import fields
from elkmon.elasticsearch.documents import found, nested
from elkmon.findings import Family, Kind, Subject
from elkmon.identity import identity
from elkmon.ports import Lesson

if TYPE_CHECKING:
    from elkmon.measures.learnt import Limits

Json = Mapping[str, Any]

LESSON = "lesson"


def lesson_id(lesson: Lesson) -> str:
    """Return the identity of a lesson: its baseline. Other settings take its place."""
    return identity(LESSON, lesson.baseline)


def lesson_document(lesson: Lesson) -> dict[str, Any]:
    """Return the document of `lesson`."""
    return nested(
        {
            fields.STATE_KIND: LESSON,
            fields.MODEL_NAME: lesson.model,
            fields.PACKED: {
                "baseline": lesson.baseline,
                "settings": lesson.settings,
                "edition": lesson.edition,
                "limits": [[segment, _packed(limits)] for segment, limits in lesson.limits.items()],
            },
        }
    )


def lesson_from(document: Json) -> Lesson:
    """Return the lesson that `lesson_document` wrote."""
    packed = found(document, fields.PACKED)
    return Lesson(
        found(document, fields.MODEL_NAME),
        packed["baseline"],
        packed["settings"],
        packed["edition"],
        {segment: _limits_from(limits) for segment, limits in packed["limits"]},
    )


def _packed(limits: Limits) -> dict[str, Any]:
    return {
        "learnt": [
            [subject.family, subject.kind, subject.name, subject.field, list(astuple(learnt))]
            for subject, learnt in limits.learnt.items()
        ],
        "metrics": [[name, list(astuple(each))] for name, each in limits.metrics.items()],
        "gaps": [[label, list(astuple(each))] for label, each in limits.gaps.items()],
        "windows": limits.windows,
        "longest_silence": limits.longest_silence,
    }


def _limits_from(packed: Json) -> Limits:
    # Imported here: mathematics takes a moment to load, which a command without a check has no use for.
    from elkmon.measures.degradation import Uncertainty
    from elkmon.measures.learnt import Limits
    from elkmon.measures.limits import LearntLimit

    return Limits(
        {
            Subject(Family(family), Kind(kind), name, field): LearntLimit(*learnt)
            for family, kind, name, field, learnt in packed["learnt"]
        },
        {name: Uncertainty(*values) for name, values in packed["metrics"]},
        {label: Uncertainty(*values) for label, values in packed["gaps"]},
        packed["windows"],
        packed["longest_silence"],
    )
