"""
A stretch of production as the reference of a model: surveyed for a ruler, profiled by the hour, frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.errors import ReferenceDataError
from elkmon.measures.binning import QUANTILES, make_ruler
from elkmon.ports import EventLog
from elkmon.profiles import Profile, total
from elkmon.rulers import Ruler
from elkmon.windows import HOUR, Window, hour_of


def baseline_from_window(
    event_log: EventLog,
    model: str,
    version: str,
    window: Window,
    now: datetime,
    *,
    positive_labels: Mapping[str, str],
    ruler: Ruler | None = None,
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
        ruler: counts by this one instead of a new one, so that plots go on.

    Raises:
        ReferenceDataError: when the window holds no predictions of this model and version, or several versions and none
            was named.
        StoreError: when the store cannot be asked.
    """
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
    event_log.join(now, Window(window.start, hour_of(now) + HOUR), positive_labels)
    hours = sorted(each.hour for each in counts if each.version == version)
    ruler = ruler or make_ruler(event_log.survey(model, version, window, QUANTILES))
    profiles = tuple(event_log.profiles(model, version, hours, ruler))
    whole = total(profiles, Profile(model, version, window.start, window.end, ruler.id))
    source = Source(SourceKind.WINDOW, f"{window.start.isoformat()} to {window.end.isoformat()}")
    return Baseline(model, version, ruler, source, whole, now, profiles)
