"""
Rulers, baselines and profiles as documents, and back. Counts are packed: read whole, never searched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elkmon import fields
from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.elasticsearch.documents import found, known_instant, nested, text_of
from elkmon.elasticsearch.outcome_counts import CORRECTIONS
from elkmon.identity import identity
from elkmon.ports import HourCounts
from elkmon.profiles import Counts, Outcomes, Profile
from elkmon.rulers import Ruler
from elkmon.windows import HOUR

Json = Mapping[str, Any]


def ruler_document(ruler: Ruler) -> dict[str, Any]:
    """Return the document of `ruler`; its id is the ruler's."""
    return nested({fields.RULER_ID: ruler.id, fields.PACKED: ruler.to_document()})


def ruler_from(document: Json) -> Ruler:
    """Return the ruler that `ruler_document` wrote."""
    return Ruler.from_document(found(document, fields.PACKED))


def profile_id(profile: Profile) -> str:
    """Return the identity of an hourly profile: source, model, version, segment, hour and ruler."""
    return identity(
        "profile",
        profile.source,
        profile.model,
        profile.version,
        profile.segment,
        profile.start.isoformat(),
        profile.ruler,
    )


def profile_document(profile: Profile) -> dict[str, Any]:
    """Return the document of `profile`."""
    return nested(
        {
            fields.TIMESTAMP: text_of(profile.end),
            fields.MODEL_NAME: profile.model,
            fields.MODEL_VERSION: profile.version,
            fields.SEGMENT: profile.segment,
            fields.SOURCE: profile.source,
            fields.WINDOW_START: text_of(profile.start),
            fields.WINDOW_END: text_of(profile.end),
            fields.RULER_ID: profile.ruler,
            fields.PROFILE_PREDICTIONS: profile.predictions,
            fields.PROFILE_ERRORS: profile.errors,
            fields.PROFILE_OUTCOMES: _recorded(profile.outcomes),
            fields.PACKED: {
                "subjects": [_packed_counts(name, counts) for name, counts in profile.subjects.items()],
                "outcomes": _packed_outcomes(profile.outcomes),
            },
        }
    )


def profile_from(document: Json) -> Profile:
    """Return the profile that `profile_document` wrote."""
    packed = found(document, fields.PACKED)
    return Profile(
        model=found(document, fields.MODEL_NAME),
        version=found(document, fields.MODEL_VERSION),
        start=known_instant(found(document, fields.WINDOW_START)),
        end=known_instant(found(document, fields.WINDOW_END)),
        ruler=found(document, fields.RULER_ID),
        predictions=found(document, fields.PROFILE_PREDICTIONS),
        errors=found(document, fields.PROFILE_ERRORS),
        subjects={name: Counts(_bins_from(bins), *rest) for name, bins, *rest in packed["subjects"]},
        outcomes=_outcomes_from(packed["outcomes"]),
        source=found(document, fields.SOURCE),
        segment=found(document, fields.SEGMENT),
    )


RECORDED = (
    fields.MODEL_NAME,
    fields.MODEL_VERSION,
    fields.WINDOW_START,
    fields.WINDOW_END,
    fields.RULER_ID,
    fields.PROFILE_PREDICTIONS,
    fields.PROFILE_ERRORS,
    fields.PROFILE_OUTCOMES,
)
"""The fields that `recorded_counts` reads."""


def recorded_counts(values: Mapping[str, list[Any]]) -> HourCounts:
    """Return what a profile recorded of its hour, from the indexed fields of its document."""
    model, version, start, end, ruler, *counts = (values[name][0] for name in RECORDED)
    hour = known_instant(start)
    predictions, errors, outcomes = counts
    return HourCounts(model, version, hour, predictions, errors, outcomes, ruler, (known_instant(end) - hour) // HOUR)


def _recorded(outcomes: Outcomes) -> int:
    """Return what the event log counts of the same outcomes: those labelled, and each later change of one."""
    return outcomes.labelled + int(outcomes.sums.get(CORRECTIONS, 0))


def baseline_document(baseline: Baseline) -> dict[str, Any]:
    """Return the document of `baseline` without its hours, which are profiles of their own; its id is the baseline's."""
    total = profile_document(baseline.total)
    return nested(
        {
            fields.TIMESTAMP: text_of(baseline.created_at),
            fields.MODEL_NAME: baseline.model,
            fields.MODEL_VERSION: baseline.version,
            fields.SEGMENT: baseline.total.segment,
            fields.WINDOW_START: text_of(baseline.start),
            fields.WINDOW_END: text_of(baseline.end),
            fields.RULER_ID: baseline.ruler.id,
            fields.BASELINE_ID: baseline.id,
            fields.BASELINE_SOURCE: str(baseline.source),
            fields.PACKED: {
                "source": {
                    "kind": baseline.source.kind,
                    "name": baseline.source.name,
                    "digest": baseline.source.digest,
                    "has_timestamps": baseline.source.has_timestamps,
                    "out_of_sample": baseline.source.out_of_sample,
                    "provisional": baseline.source.provisional,
                },
                "notes": list(baseline.notes),
                "total": total,
                "segments": [profile_document(each) for each in baseline.segments.values()],
                "importances": [[name, weight] for name, weight in baseline.importances.items()],
            },
        }
    )


def baseline_from(document: Json, ruler: Ruler) -> Baseline:
    """Return the baseline that `baseline_document` wrote, without its hours."""
    packed = found(document, fields.PACKED)
    source = packed["source"]
    return Baseline(
        model=found(document, fields.MODEL_NAME),
        version=found(document, fields.MODEL_VERSION),
        ruler=ruler,
        source=Source(**{**source, "kind": SourceKind(source["kind"])}),
        total=profile_from(packed["total"]),
        created_at=known_instant(found(document, fields.TIMESTAMP)),
        notes=tuple(packed["notes"]),
        segments={each.segment: each for each in map(profile_from, packed.get("segments", ()))},
        importances=dict(packed.get("importances", ())),
    )


def _packed_counts(name: str, counts: Counts) -> list[Any]:
    return [name, _packed_bins(counts.bins), counts.missing, counts.unseen, counts.rejected, counts.unindexed]


def _packed_bins(bins: tuple[int, ...]) -> list[int] | dict[str, list[int] | int]:
    """Return rows per bin; where most bins are empty, as most of an hour's of a segment are, only those that are not."""
    filled = [place for place, rows in enumerate(bins) if rows]
    if 2 * len(filled) >= len(bins):
        return list(bins)
    return {"size": len(bins), "at": filled, "rows": [bins[place] for place in filled]}


def _bins_from(packed: list[int] | Mapping[str, Any]) -> tuple[int, ...]:
    if isinstance(packed, list):
        return tuple(packed)
    bins = [0] * packed["size"]
    for place, rows in zip(packed["at"], packed["rows"], strict=True):
        bins[place] = rows
    return tuple(bins)


def _packed_outcomes(outcomes: Outcomes) -> dict[str, Any]:
    """Lists of pairs, as labels may be any text and an empty one is no name of a JSON field in Elasticsearch."""
    return {
        "labelled": outcomes.labelled,
        "confusion": [[true, predicted, rows] for (true, predicted), rows in outcomes.confusion.items()],
        "scores": [[label, _packed_bins(bins)] for label, bins in outcomes.scores.items()],
        "predicted": _packed_bins(outcomes.predicted),
        "actual": _packed_bins(outcomes.actual),
        "sums": [[name, value] for name, value in outcomes.sums.items()],
    }


def _outcomes_from(packed: Json) -> Outcomes:
    return Outcomes(
        labelled=packed["labelled"],
        confusion={(true, predicted): rows for true, predicted, rows in packed["confusion"]},
        scores={label: _bins_from(bins) for label, bins in packed["scores"]},
        predicted=_bins_from(packed["predicted"]),
        actual=_bins_from(packed["actual"]),
        sums=dict(packed["sums"]),
    )
