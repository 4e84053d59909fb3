"""
All that one reference teaches of the windows of one segment: what its own reach, and how much its figures vary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from elkmon.findings import Subject
from elkmon.measures.degradation import Uncertainty
from elkmon.measures.limits import LearntLimit


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What was learnt from the reference's own windows; follows from its hours and the settings.

    Attributes:
        learnt: per subject what its own windows reach.
        metrics: per metric its value in the reference and how much it varies; `gaps` the same per label for the gap between
            predicted and actual.
        windows: how many windows of the judged length the reference holds that do not overlap.
        longest_silence: the most such windows in a row without a prediction.
    """

    learnt: Mapping[Subject, LearntLimit] = field(default_factory=dict)
    metrics: Mapping[str, Uncertainty] = field(default_factory=dict)
    gaps: Mapping[str, Uncertainty] = field(default_factory=dict)
    windows: int = 0
    longest_silence: int = 0
