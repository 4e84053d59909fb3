"""
How far models have been judged, and what the event log held then, as documents and back. Packed: read whole, never searched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from typing import Any

from elkmon import fields
from elkmon.alerts import Alert
from elkmon.elasticsearch.documents import found, from_milliseconds, instant_of, milliseconds, nested, text_of
from elkmon.elasticsearch.story_documents import packed_verdicts, verdicts_from
from elkmon.findings import Family, Kind, Subject
from elkmon.identity import identity
from elkmon.ports import Bookmark, HourCounts, Tally, Totals
from elkmon.windows import HOUR, Window

Json = Mapping[str, Any]

BOOKMARK = "bookmark"
TALLY = "tally"


def bookmark_id(model: str) -> str:
    """Return the identity of the bookmark of `model`."""
    return identity(BOOKMARK, model)


def tally_id(models: Sequence[str]) -> str:
    """Return the identity of the tally of `models`, in whatever order."""
    return identity(TALLY, *sorted(models))


def bookmark_document(bookmark: Bookmark) -> dict[str, Any]:
    """Return the document of `bookmark`."""
    return nested(
        {
            fields.TIMESTAMP: text_of(bookmark.until),
            fields.STATE_KIND: BOOKMARK,
            fields.MODEL_NAME: bookmark.model,
            fields.PACKED: {
                "settings": bookmark.settings,
                "baselines": list(map(list, bookmark.baselines.items())),
                "counts": _packed_counts(bookmark.counts),
                "until": text_of(bookmark.until),
                "waiting": [
                    [version, milliseconds(window.start), milliseconds(window.end)]
                    for version, window in bookmark.waiting
                ],
                "watching": _packed_watching(bookmark.watching),
            },
        }
    )


def bookmark_from(document: Json) -> Bookmark:
    """Return the bookmark that `bookmark_document` wrote."""
    model, packed = found(document, fields.MODEL_NAME), found(document, fields.PACKED)
    return Bookmark(
        model,
        packed["settings"],
        dict(packed["baselines"]),
        _counts_from(model, packed["counts"]),
        instant_of(packed["until"]),
        tuple(
            (version, Window(from_milliseconds(start), from_milliseconds(end)))
            for version, start, end in packed["waiting"]
        ),
        _watching_from(model, packed["watching"]),
    )


def tally_document(tally: Tally) -> dict[str, Any]:
    """Return the document of `tally`."""
    hours = sorted(tally.totals)
    return nested(
        {
            fields.TIMESTAMP: text_of(max(hours, default=None)),
            fields.STATE_KIND: TALLY,
            fields.PACKED: {
                "hours": [[milliseconds(hour), *astuple(tally.totals[hour])] for hour in hours],
                "left_out": list(tally.left_out),
            },
        }
    )


def tally_from(document: Json, models: Sequence[str]) -> Tally:
    """Return the tally of `models` that `tally_document` wrote."""
    packed = found(document, fields.PACKED)
    totals = {from_milliseconds(hour): Totals(*counts) for hour, *counts in packed["hours"]}
    return Tally(tuple(models), totals, tuple(packed["left_out"]))


def _packed_counts(counts: Iterable[HourCounts]) -> list[Any]:
    """Return rows of hours since 1970 and counts, per version and ruler."""
    packed: dict[tuple[str, str], list[list[int]]] = defaultdict(list)
    for each in counts:
        hour = milliseconds(each.hour) // _HOUR
        packed[each.version, each.ruler].append([hour, each.predictions, each.errors, each.outcomes])
    return [[version, ruler, rows] for (version, ruler), rows in packed.items()]


def _counts_from(model: str, packed: Sequence[Any]) -> tuple[HourCounts, ...]:
    counts = (
        HourCounts(model, version, from_milliseconds(hour * _HOUR), predictions, errors, outcomes, ruler)
        for version, ruler, rows in packed
        for hour, predictions, errors, outcomes in rows
    )
    return tuple(sorted(counts, key=lambda each: (each.hour, each.version)))


def _packed_watching(alerts: Iterable[Alert]) -> list[Any]:
    """Return the stories by their recent verdicts, since most subjects of a model have the same."""
    by_verdicts: dict[tuple[Any, ...], list[list[str]]] = defaultdict(list)
    for each in alerts:
        subject = each.subject
        row = [each.segment, subject.family, subject.kind, subject.name, subject.field]
        by_verdicts[each.recent, each.last_window, each.versions].append(row)
    return [
        [packed_verdicts(recent), text_of(last), list(versions), rows]
        for (recent, last, versions), rows in by_verdicts.items()
    ]


def _watching_from(model: str, packed: Sequence[Any]) -> tuple[Alert, ...]:
    return tuple(
        Alert(
            model,
            Subject(Family(family), Kind(kind), name, field),
            segment,
            recent=verdicts_from(recent, None),
            last_window=instant_of(last),
            versions=tuple(versions),
        )
        for recent, last, versions, rows in packed
        for segment, family, kind, name, field in rows
    )


_HOUR = milliseconds(from_milliseconds(0) + HOUR)
