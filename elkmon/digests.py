"""
What there is to tell: the changes of one run, or the history of a period. Presentation makes words and pictures of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from elkmon.alerts import Alert, Transition
from elkmon.findings import Finding, Status
from elkmon.windows import Window


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
class Item:
    """
    One line of a digest: what changed, the finding that says so, and the subject's history up to it.

    `finding` carries its evidence. `alert` is the story after the change.
    """

    transition: Transition
    alert: Alert
    finding: Finding
    history: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """
    What one run has to tell one notifier, worst first.

    Attributes:
        id: the delivery's id; a mail's Message-ID is made from it.
        at: the instant the check was made for.
        items: what changed.
        ongoing: stories that were open before and still are, for one sentence at the end.
        baselines: per model what it was compared with, in words.
    """

    id: str
    at: datetime
    items: tuple[Item, ...]
    ongoing: tuple[Alert, ...] = ()
    baselines: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """
    One subject of one model version over a period.

    `latest` is its last finding in the period, with evidence where the subject is a distribution; `points` one per window.
    """

    version: str
    latest: Finding
    points: tuple[Point, ...]


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
class Report:
    """All models over a period, as of `at`."""

    at: datetime
    span: Window
    chapters: tuple[Chapter, ...]
