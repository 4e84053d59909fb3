"""Findings as documents, and back: flat scalars under their own names, so that other tools read them as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.documents import finite, found, known_instant, nested, not_finite, text_of
from elkmon.findings import Direction, Family, Finding, Kind, Status, Subject
from elkmon.identity import identity
from elkmon.windows import Window

Json = Mapping[str, Any]

_NUMBERS = {
    "value": fields.FINDING_VALUE,
    "baseline_value": fields.FINDING_BASELINE_VALUE,
    "limit": fields.FINDING_LIMIT,
    "critical_limit": fields.FINDING_CRITICAL_LIMIT,
    "p_value": fields.FINDING_P_VALUE,
    "q_value": fields.FINDING_Q_VALUE,
    "lower": fields.FINDING_LOWER,
    "upper": fields.FINDING_UPPER,
    "coverage": fields.FINDING_COVERAGE,
    "completeness": fields.FINDING_COMPLETENESS,
}


def finding_id(finding: Finding) -> str:
    """Return the identity of a finding: model version, segment, subject and window; not what decided, nor when."""
    subject, window = finding.subject, finding.window
    return identity(
        "finding",
        finding.model,
        finding.version,
        finding.segment,
        subject.family,
        subject.kind,
        subject.name,
        window.start.isoformat(),
        window.end.isoformat(),
    )


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return the document of `finding`. Its evidence is not stored: it follows from the profiles."""
    numbers = {name: getattr(finding, name) for name in _NUMBERS}
    odd = not_finite([*numbers.items(), *((f"beside.{name}", value) for name, value in finding.beside.items())])
    packed = {
        "unit": finding.unit,
        "direction": finding.direction,
        "field": finding.subject.field,
        "not_finite": odd,
    }
    beside = {name: value for name, value in finding.beside.items() if f"beside.{name}" not in odd}
    return nested(
        {
            fields.TIMESTAMP: text_of(finding.window.end),
            fields.MODEL_NAME: finding.model,
            fields.MODEL_VERSION: finding.version,
            fields.SEGMENT: finding.segment,
            fields.WINDOW_START: text_of(finding.window.start),
            fields.WINDOW_END: text_of(finding.window.end),
            fields.FINDING_FAMILY: finding.subject.family,
            fields.FINDING_KIND: finding.subject.kind,
            fields.FINDING_SUBJECT: finding.subject.name,
            fields.FINDING_STATUS: finding.status,
            fields.FINDING_PREVIOUS_STATUS: finding.previous,
            fields.FINDING_REVISION: finding.revision,
            fields.FINDING_JUDGED_AT: text_of(finding.judged_at),
            fields.FINDING_MEASURE: finding.measure or None,
            fields.FINDING_ROWS: finding.rows,
            fields.FINDING_REFERENCE_ROWS: finding.reference_rows,
            fields.FINDING_PROVISIONAL: finding.provisional or None,
            fields.FINDING_REASON: finding.reason or None,
            fields.FINDING_BESIDE: beside or None,
            fields.BASELINE_ID: finding.baseline or None,
            fields.SETTINGS_HASH: finding.settings or None,
            fields.CONTENT_HASH: finding.content or None,
            fields.PACKED: packed,
            **{field: finite(numbers[name]) for name, field in _NUMBERS.items()},
        }
    )


def finding_from(document: Json) -> Finding:
    """Return the finding that `finding_document` wrote, without evidence."""
    packed = found(document, fields.PACKED)
    odd = {name: float(text) for name, text in packed["not_finite"].items()}
    previous = found(document, fields.FINDING_PREVIOUS_STATUS)
    numbers = {name: odd.get(name, found(document, field)) for name, field in _NUMBERS.items()}
    beside = dict(found(document, fields.FINDING_BESIDE, {}))
    beside |= {name.removeprefix("beside."): value for name, value in odd.items() if name.startswith("beside.")}
    return Finding(
        model=found(document, fields.MODEL_NAME),
        version=found(document, fields.MODEL_VERSION),
        window=Window(
            known_instant(found(document, fields.WINDOW_START)), known_instant(found(document, fields.WINDOW_END))
        ),
        subject=Subject(
            Family(found(document, fields.FINDING_FAMILY)),
            Kind(found(document, fields.FINDING_KIND)),
            found(document, fields.FINDING_SUBJECT),
            packed["field"],
        ),
        status=Status(found(document, fields.FINDING_STATUS)),
        judged_at=known_instant(found(document, fields.FINDING_JUDGED_AT)),
        measure=found(document, fields.FINDING_MEASURE, ""),
        unit=packed["unit"],
        direction=Direction(packed["direction"]),
        rows=found(document, fields.FINDING_ROWS),
        reference_rows=found(document, fields.FINDING_REFERENCE_ROWS),
        provisional=found(document, fields.FINDING_PROVISIONAL, default=False),
        reason=found(document, fields.FINDING_REASON, ""),
        beside=beside,
        baseline=found(document, fields.BASELINE_ID, ""),
        settings=found(document, fields.SETTINGS_HASH, ""),
        content=found(document, fields.CONTENT_HASH, ""),
        segment=found(document, fields.SEGMENT),
        revision=found(document, fields.FINDING_REVISION),
        previous=None if previous is None else Status(previous),
        **numbers,
    )
