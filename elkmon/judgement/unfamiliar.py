"""
Features that production sends and the baseline does not know: they cannot be compared, so they are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.fields import FEATURES_NUMERIC
from elkmon.findings import Family, Finding, Kind, Status, Subject
from elkmon.profiles import Profile
from elkmon.rulers import feature_of
from elkmon.windows import Window

_NAMED = 10


def unfamiliar(
    settings: ModelSettings,
    baseline: Baseline,
    current: Profile,
    features: Sequence[str],
    now: datetime,
    window: Window,
) -> Finding:
    """
    Return the finding that says which of `features` (stored field names seen in the window) the baseline does not know.

    One finding for all, so that it comes back to OK when they go or a new baseline knows them. A feature that was known as a
    number and now arrives as text, or the other way round, is one of them, and is said to be.
    """
    known = {feature_of(field) for field in baseline.ruler.features}
    new = [
        field for field in features if field not in baseline.ruler.scales and feature_of(field) not in settings.ignore
    ]
    named = ", ".join(_described(field, known) for field in new[:_NAMED])
    more = f" and {len(new) - _NAMED} more" if len(new) > _NAMED else ""
    return Finding(
        settings.name,
        current.version,
        window,
        Subject(Family.QUALITY, Kind.NEW, "features"),
        Status.WARNING if new else Status.OK,
        now,
        measure="new_features",
        unit="features",
        value=float(len(new)),
        limit=0.0,
        rows=current.predictions,
        reference_rows=baseline.total.predictions,
        reason=f"unknown to the baseline and not judged: {named}{more}; make a baseline with --new-ruler"
        if new
        else "",
        baseline=baseline.id,
        settings=settings.hash,
        provisional=baseline.source.provisional,
    )


def _described(field: str, known: AbstractSet[str]) -> str:
    name = feature_of(field)
    if name not in known:
        return name
    kinds = ("text", "a number") if field.startswith(FEATURES_NUMERIC.path + ".") else ("a number", "text")
    return f"{name} ({kinds[0]} in the baseline, now {kinds[1]})"
