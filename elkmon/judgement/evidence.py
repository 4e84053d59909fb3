"""
What a plot needs to show why: rows per bin or level, then and now.
"""

from __future__ import annotations

from elkmon.baselines import Baseline
from elkmon.findings import Evidence, Family, Kind, Subject
from elkmon.profiles import Counts, Profile
from elkmon.rulers import NumericScale

_OF_DISTRIBUTIONS = {Kind.FEATURE, Kind.PREDICTION, Kind.OUT_OF_RANGE, Kind.UNSEEN, Kind.CONSTANT}


def evidence(baseline: Baseline, profile: Profile, subject: Subject) -> Evidence | None:
    """
    Return the distribution of `subject` in the reference and in `profile`; None where it is not one.

    Levels that neither side has are left out.

    Raises:
        ValueError: when the profile was counted by another ruler than the baseline's.
    """
    if profile.ruler != baseline.ruler.id:
        raise ValueError(f"the profile was counted by ruler {profile.ruler}, the baseline by {baseline.ruler.id}")
    scale = baseline.ruler.scales.get(subject.field)
    is_latency = subject.family is Family.SERVICE
    if scale is None or not (subject.kind in _OF_DISTRIBUTIONS or is_latency):
        return None
    nothing = Counts((0,) * scale.size)
    reference = baseline.total.subjects.get(subject.field, nothing).bins
    current = profile.subjects.get(subject.field, nothing).bins
    if isinstance(scale, NumericScale):
        return Evidence(tuple(map(scale.label, range(scale.size))), reference, current, scale.edges)
    there = [place for place in range(scale.size) if reference[place] or current[place]]
    return Evidence(
        tuple(scale.label(place) for place in there),
        tuple(reference[place] for place in there),
        tuple(current[place] for place in there),
    )
