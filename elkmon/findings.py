"""
The verdict on one subject in one window, and what a reader needs to see why.

One verdict per subject: other scores stand beside it and do not vote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from elkmon.windows import Window


class Status(StrEnum):
    """What is said of a subject. UNKNOWN is never OK: it could not be judged, and the reason says why."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"
    PENDING = "pending"
    NOT_APPLICABLE = "not_applicable"

    @property
    def bad(self) -> bool:
        """Whether it asks for attention."""
        return self in {Status.WARNING, Status.CRITICAL}

    @property
    def judged(self) -> bool:
        """Whether it is a verdict, good or bad."""
        return self.bad or self is Status.OK

    @property
    def rank(self) -> int:
        """Order from good to bad, for taking the worst."""
        return _RANKS[self]


_RANKS = {
    Status.NOT_APPLICABLE: 0,
    Status.OK: 1,
    Status.PENDING: 2,
    Status.UNKNOWN: 3,
    Status.WARNING: 4,
    Status.CRITICAL: 5,
}


class Family(StrEnum):
    """What kind of trouble a finding speaks of."""

    DRIFT = "drift"
    PERFORMANCE = "performance"
    QUALITY = "quality"
    SERVICE = "service"


class Kind(StrEnum):
    """What the subject of a finding is."""

    FEATURE = "feature"
    PREDICTION = "prediction"
    CONCEPT = "concept"
    METRIC = "metric"
    FIGURE = "figure"
    MISSING = "missing"
    UNSEEN = "unseen"
    OUT_OF_RANGE = "out_of_range"
    REJECTED = "rejected"
    UNINDEXED = "unindexed"
    CONSTANT = "constant"
    NEW = "new"
    JOINT = "joint"
    ESTIMATE = "estimate"
    COMPLETENESS = "completeness"


class Direction(StrEnum):
    """Which way is worse."""

    HIGHER = "higher"
    LOWER = "lower"
    EITHER = "either"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """
    What is judged: a feature's drift, a metric, a figure of the service.

    `name` is the feature's own name, `score`, `label`, `value`, or the metric's name; `field` is the stored field it is
    counted from, where it is one.
    """

    family: Family
    kind: Kind
    name: str
    field: str = ""


BASELINE = Subject(Family.SERVICE, Kind.FIGURE, "baseline")
"""What is UNKNOWN of a window that there is nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What a plot shows of one subject: shares per bin or level, then and now.

    Attributes:
        labels: name of each bin or level.
        edges: the bins' inner edges; empty for levels.
        reference, current: rows per bin or level.
    """

    labels: tuple[str, ...]
    reference: tuple[int, ...]
    current: tuple[int, ...]
    edges: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """
    The verdict on `subject` of one model version in one `window`.

    Attributes:
        status: the verdict.
        measure: the measure that decided (`wasserstein`, `total_variation`, `roc_auc`, …); `unit` is what it counts in.
        value: its value in the window; `baseline_value` in the reference, where it has one there.
        limit, critical_limit: beyond them WARNING or CRITICAL; `direction` says which side is beyond.
        p_value, q_value: significance, before and after correction over all subjects of this model version and window.
        lower, upper: 95 % interval of `value`.
        rows, reference_rows: what it was made from on both sides.
        coverage: share of predictions whose truth is known, where the finding needs truth.
        completeness: share of the window's events that arrived, as far as can be known; None where it cannot.
        provisional: whether the baseline is a provisional one, made from the first days of production.
        reason: why it cannot be judged; or which rule decided (`single window`, `run of 3`, `floor`).
        beside: other scores by name, for information.
        baseline: id of the baseline; `settings` hash of the settings; `content` hash of what was counted, so a window is
            judged again when one of the three differs.
        judged_at: when; `revision` how often the verdict has changed since; `previous` what it was before.
        evidence: shares then and now, where the subject is a distribution and its verdict is bad; not stored.
    """

    model: str
    version: str
    window: Window
    subject: Subject
    status: Status
    judged_at: datetime
    measure: str = ""
    unit: str = ""
    value: float | None = None
    baseline_value: float | None = None
    limit: float | None = None
    critical_limit: float | None = None
    direction: Direction = Direction.HIGHER
    p_value: float | None = None
    q_value: float | None = None
    lower: float | None = None
    upper: float | None = None
    rows: int = 0
    reference_rows: int = 0
    coverage: float | None = None
    completeness: float | None = None
    provisional: bool = False
    reason: str = ""
    beside: Mapping[str, float] = field(default_factory=dict)
    baseline: str = ""
    settings: str = ""
    content: str = ""
    segment: str = ""
    revision: int = 0
    previous: Status | None = None
    evidence: Evidence | None = None


def worst(findings: tuple[Finding, ...]) -> Status:
    """Return the worst status among `findings`; of none, NOT_APPLICABLE."""
    return max((finding.status for finding in findings), key=lambda status: status.rank, default=Status.NOT_APPLICABLE)
