"""
A stretch of production as the reference of a model: surveyed for a ruler, profiled by the hour, frozen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import MOST_SEGMENTS, STRONGEST_PAIRS, ModelSettings
from elkmon.errors import ReferenceDataError
from elkmon.judgement.reference_quality import remarks
from elkmon.measures.binning import QUANTILES, make_ruler
from elkmon.measures.ruling import completed
from elkmon.ports import EventLog, Wanted
from elkmon.profiles import ALL, Profile, total
from elkmon.rulers import Ruler
from elkmon.windows import HOUR, Window, hour_of

MOST_HOURS = 48
"""Hours of a reference from which pairs are chosen: with some 200 candidates of 30 buckets each, six or seven requests."""

_GOLDEN = (5**0.5 - 1) / 2


def baseline_from_window(
    event_log: EventLog,
    model: str,
    version: str,
    window: Window,
    now: datetime,
    *,
    positive_labels: Mapping[str, str],
    segments: Mapping[str, Sequence[str]],
    joined_by: Mapping[str, Sequence[str]] | None = None,
    pairs: Sequence[tuple[str, str]] = (),
    strongest_pairs: int = STRONGEST_PAIRS,
    ruler: Ruler | None = None,
    importances: Mapping[str, float] = MappingProxyType({}),
    settings: ModelSettings | None = None,
    provisional: bool = False,
) -> Baseline:
    """
    Return the baseline that `window` of production makes for `version` of `model`.

    Args:
        event_log: what is asked.
        model, version: whose predictions serve as the reference; an empty version means the only one there is.
        window: the stretch to take; hours without predictions are left out.
        now: the instant written down as its making; truth that was known by then is joined first.
        positive_labels: per model the label whose probability `score` is, of all models that are known, since truth is
            joined for all of them; a model without one has no Brier score.
        segments: likewise, which features cut a model's traffic into segments.
        joined_by: likewise, by which features truth is joined, where that is more than `segments`.
        pairs: features that are counted together; `strongest_pairs` how many more pairs are chosen.
        ruler: counts by this one instead of a new one, so that plots go on; extended where it lacks segments or pairs.
        importances: how much each feature matters to the model, by its own name.
        settings: how the model is judged, for what is said of the baseline's quality.
        provisional: it is made for want of a real reference.

    Raises:
        ReferenceDataError: when the window holds no predictions of this model and version, or several versions and none
            was named.
        StoreError: when the store cannot be asked.
    """
    settings = settings or ModelSettings(model, positive_label=positive_labels.get(model))
    counts = [each for each in event_log.counts(window, [model]) if each.predictions]
    versions = sorted({each.version for each in counts})
    if not counts:
        raise ReferenceDataError(f"{model} has no predictions in {window}; choose a window in which it was in use")
    if not version and len(versions) > 1:
        raise ReferenceDataError(
            f"{model} has several versions in {window}: {', '.join(versions)}; name one with --version"
        )
    version = version or versions[0]
    if version not in versions:
        raise ReferenceDataError(f"{model} has no version {version!r} in {window}; there is {', '.join(versions)}")
    event_log.join(now, Window(window.start, hour_of(now) + HOUR), [model], positive_labels, joined_by or segments)
    hours = sorted(each.hour for each in counts if each.version == version)
    surveyed = event_log.survey(model, version, window, QUANTILES)
    few = spread(hours)

    def count(by: Ruler) -> Profile:
        some = event_log.profiles([Wanted(model, version, few, by)])
        return total((each for each in some if each.segment == ALL), replace(empty, ruler=by.id))

    empty = Profile(model, version, window.start, window.end, "")
    ruler = completed(
        ruler or make_ruler(surveyed),
        count,
        segments=segments.get(model, ()),
        most_segments=MOST_SEGMENTS,
        pairs=pairs,
        strongest_pairs=strongest_pairs,
        calibration=model in positive_labels,
        ignore=settings.ignore,
        importances=importances,
    )
    profiles = tuple(event_log.profiles([Wanted(model, version, hours, ruler)]))
    name = f"{window.start.isoformat()} to {window.end.isoformat()}"
    baseline = Baseline(
        model,
        version,
        ruler,
        Source(SourceKind.WINDOW, name, provisional=provisional),
        _of(ALL, profiles, replace(empty, ruler=ruler.id)),
        now,
        profiles,
        segments={each: _of(each, profiles, replace(empty, ruler=ruler.id)) for each in ruler.segments},
        importances=dict(importances),
    )
    return replace(baseline, notes=remarks(baseline, settings, surveyed))


def spread(hours: Sequence[datetime], most: int = MOST_HOURS) -> Sequence[datetime]:
    """
    Return at most `most` of `hours`, evenly over them and at changing hours of the day.

    One of each of `most` equal stretches, at a place that moves on by the golden ratio: a fixed step would take every
    midnight of a reference of 48 days, and never a noon.

    >>> from datetime import UTC
    >>> [hour.hour for hour in spread([datetime(2013, 1, 1 + n // 24, n % 24, tzinfo=UTC) for n in range(96)], most=4)]
    [0, 14, 5, 20]
    """
    if len(hours) <= most:
        return hours
    stretch = len(hours) / most
    return [hours[int((place + place * _GOLDEN % 1) * stretch)] for place in range(most)]


def _of(segment: str, profiles: Sequence[Profile], empty: Profile) -> Profile:
    return total((each for each in profiles if each.segment == segment), replace(empty, segment=segment))
