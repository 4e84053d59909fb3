"""
What there is to tell: the changes of one run, or the history of a period. Presentation makes words and pictures of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from elkmon.alerts import Alert, Transition
from elkmon.findings import Direction, Finding, Status
from elkmon.windows import Window

if TYPE_CHECKING:
    from elkmon.measures.changes import ChangePoint  # brings numpy with it, which a command's help has no use for

_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Point:
    """One window of a subject's history: its end, value, limit and verdict."""

    at: datetime
    value: float | None
    limit: float | None
    status: Status

    @property
    def bad(self) -> bool:
        """Whether the verdict asked for attention."""
        return self.status.bad


@dataclass(frozen=True, slots=True)
class Importance:
    """How much a feature matters to the model: its `rank` among `of` features, its `weight` as a multiple of the average."""

    rank: int
    of: int
    weight: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    What else can be said of a finding that is bad.

    Attributes:
        since: when the change began; None where the stored hours do not tell.
        coincident: of a figure of performance: features whose drift began in the same windows, strongest first.
        importance: of a feature: how much it matters to the model; None where the baseline does not know.
        segments: of all traffic: findings on the same subject of those segments that are bad in this window too, worst first.
    """

    since: ChangePoint | None = None
    coincident: tuple[Finding, ...] = ()
    importance: Importance | None = None
    segments: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """
    One line of a digest: what changed, the finding that says so, and the subject's history up to it.

    `finding` carries its evidence. `alert` is the story after the change.
    """

    transition: Transition
    alert: Alert
    finding: Finding
    history: tuple[Point, ...] = ()
    explanation: Explanation = Explanation()


class Judging(StrEnum):
    """Whether the monitor can do its work."""

    STOPPED = "stopped"
    RESUMED = "resumed"


class Hindrance(StrEnum):
    """What keeps the monitor from judging."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    PARTIAL = "partial"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True)
class Notice:
    """
    What the monitor has to tell of itself: that it can judge nothing, or that it can again.

    Attributes:
        judging: which of both.
        since: when it could first not judge; `until` when it could again, None while it cannot.
        models: which models were not judged.
        hindrance: what was in the way first; `reason` says it in full.
        windows, changes: of RESUMED: how many windows were judged to catch up, and how many changes they brought.
        elsewhere: of RESUMED: models that another monitor has caught up meanwhile.
        follows: of RESUMED: the id of the digest that told of the beginning.
    """

    judging: Judging
    since: datetime
    models: tuple[str, ...]
    hindrance: Hindrance
    reason: str
    until: datetime | None = None
    windows: int = 0
    changes: int = 0
    elsewhere: tuple[str, ...] = ()
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """
    What one run has to tell one notifier, worst first; or a notice, which comes alone.

    Attributes:
        id: the delivery's id; a mail's Message-ID is made from it.
        at: the instant the check was made for.
        items: what changed.
        ongoing: stories that were open before and still are, for one sentence at the end.
        baselines: per model what it was compared with, in words.
        notice: what the monitor has to tell of itself; there are no items then.
        corrections: verdicts of the past that later truth or later events have turned round.
    """

    id: str
    at: datetime
    items: tuple[Item, ...]
    ongoing: tuple[Alert, ...] = ()
    baselines: Mapping[str, str] = field(default_factory=dict)
    notice: Notice | None = None
    corrections: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """
    One subject of one model version over a period, in the segment that `latest` names.

    `latest` is its last finding in the period, with evidence where the subject is a distribution; `points` one per window.
    """

    version: str
    latest: Finding
    points: tuple[Point, ...]
    explanation: Explanation = Explanation()


@dataclass(frozen=True, slots=True)
class Chapter:
    """
    One model over a period.

    Attributes:
        model: which one; `baseline` what it is compared with, in words.
        windows: the windows judged, in order.
        histories: its subjects, worst first.
        alerts: its stories that were open at some time in the period.
    """

    model: str
    baseline: str
    windows: tuple[Window, ...]
    histories: tuple[History, ...]
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True)
class Untold:
    """
    What one notifier was not told.

    Attributes:
        notifier: its name; `refused` when that is final, else it is tried again.
        since: when it was to be told first; `attempts` how often that was tried, `error` what it said last.
        changes: what it would have told, and of which stories.
    """

    notifier: str
    refused: bool
    since: datetime
    attempts: int
    error: str
    changes: tuple[tuple[Alert, Transition], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All models over a period, as of `at`, and what could not be told of them."""

    at: datetime
    span: Window
    chapters: tuple[Chapter, ...]
    untold: tuple[Untold, ...] = ()


def size(finding: Finding, importance: Importance | None = None) -> float:
    """
    Return how many times its limit a finding reaches, for naming the largest first; an important feature's counts for more.

    What the reference has already is taken off value and limit. Where less is worse and the reference has nothing, it is how
    many times the value goes into its limit. The feature's weight is a factor; 0 where there is no value or no limit.
    """
    value, limit, before = finding.value, finding.limit, finding.baseline_value
    if value is None or limit is None:
        return 0.0
    if before is not None and limit != before:
        reached = (value - before) / (limit - before)
    elif finding.direction is Direction.LOWER:
        reached = _ratio(limit, value)
    else:
        reached = _ratio(value, limit)
    return max(reached, 0.0) * (importance.weight if importance else 1.0)


def _ratio(value: float, limit: float) -> float:
    """Return their ratio, and nearly without bound where the limit is nothing."""
    return value / max(limit, _LEAST)
