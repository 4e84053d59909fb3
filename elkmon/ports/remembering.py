"""
Remember: the port `Journal`, what is handed to it and what it gives back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from elkmon.alerts import Alert
from elkmon.baselines import Baseline
from elkmon.digests import Untold
from elkmon.findings import Finding
from elkmon.identity import identity
from elkmon.ports.asking import HourCounts, Totals, Usage
from elkmon.profiles import Profile
from elkmon.rulers import Ruler
from elkmon.windows import Window

if TYPE_CHECKING:
    from elkmon.measures.learnt import Limits  # brings numpy with it, which a command's help has no use for


class DeliveryState(StrEnum):
    """How a delivery stands."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    What one notifier was, or is to be, told: fixed before anything is sent.

    `id` is a hash of the notifier and the transitions, so a repeat is recognised at the other end. FAILED is permanent.
    """

    notifier: str
    transitions: tuple[str, ...]
    created_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    last_error: str = ""

    @property
    def id(self) -> str:
        """Identity: the notifier and what it is told."""
        return identity(self.notifier, *self.transitions)


class RunStatus(StrEnum):
    """How a run ended. When several hold, UNDELIVERED goes before ALERTING before UNJUDGED before HEALTHY."""

    HEALTHY = "healthy"
    ALERTING = "alerting"
    UNJUDGED = "unjudged"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True)
class Run:
    """
    One run of the monitor, for those who watch the watcher.

    Attributes:
        id: its identity; `owner` the monitor that made it.
        started_at, finished_at: by that monitor's clock; `at` the instant it was made for.
        models: how many were looked at; `names` which, and `failed` those of them that could not be judged.
        windows, hours_profiled, findings, transitions: how much was done anew.
        usage: what it asked of the store.
        status: how it ended; `problems` what stood in the way, and what else was said.
    """

    id: str
    started_at: datetime
    finished_at: datetime
    at: datetime
    models: int = 0
    windows: int = 0
    hours_profiled: int = 0
    findings: int = 0
    transitions: int = 0
    status: RunStatus = RunStatus.UNJUDGED
    problems: tuple[str, ...] = ()
    owner: str = ""
    names: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Share:
    """Part of the models, looked after by one monitor at a time: number `index` of `of`."""

    index: int = 0
    of: int = 1

    def holds(self, model: str) -> bool:
        """Whether `model` belongs to it; each model belongs to one."""
        return int(identity("share", model)[:8], 16) % self.of == self.index


@dataclass(frozen=True, slots=True)
class Turn:
    """
    What a monitor asks leave for: to check the models of a share, as a schedule has it `due`.

    Monitors that run by the same schedule give it the same `name`, and only one of them does it. Without `due` it is not by
    a schedule, and is done whoever did it before.
    """

    share: Share = Share()
    name: str = ""
    due: datetime | None = None


class Claim(StrEnum):
    """What became of the wish to hold a lease."""

    HELD = "held"
    BUSY = "busy"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Hold:
    """
    The lease of a share as one monitor has it, or has it not.

    Attributes:
        claim: HELD; BUSY while another monitor holds it; DONE when the turn has been done.
        require: raises `StaleWriter` unless it is still held, and renews it where it is time to.
        complete: says that the turn has been done, once the lease is given up.
        holder: who holds it, or who did the turn.
        notes: what is to be said, such as clocks that differ.
    """

    claim: Claim
    require: Callable[[], None]
    complete: Callable[[], None]
    holder: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bookmark:
    """
    How far one model has been judged, and of what. Written last of all, so what a check left undone is done again.

    Attributes:
        model: which one; `settings` the hash of the settings it was judged by.
        baselines: per version the id of the baseline it was compared with; empty where there was none.
        counts: documents per hour and version of the horizon as they were judged, with the ruler that counted them.
        until: end of the last window judged.
        waiting: windows whose truth was not due, by version.
        watching: stories that have not opened, and may.
    """

    model: str
    settings: str
    baselines: Mapping[str, str]
    counts: tuple[HourCounts, ...]
    until: datetime | None = None
    waiting: tuple[tuple[str, Window], ...] = ()
    watching: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """
    What a baseline teaches under some settings, by segment: it follows from its hours, so it is learnt once and kept.

    `edition` says by which rules it was learnt; a lesson of other rules is learnt anew.
    """

    model: str
    baseline: str
    settings: str
    edition: int
    limits: Mapping[str, Limits]


@dataclass(frozen=True, slots=True)
class Tally:
    """
    The documents of each hour of the horizon, of whatever model, as they were when `models` had been judged.

    Those `left_out` could not be judged then.
    """

    models: tuple[str, ...]
    totals: Mapping[datetime, Totals]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stories:
    """
    What is remembered of some models, or of all.

    Attributes:
        alerts: each story as it stands.
        deliveries: those that are not done, or that name a transition of one of the stories.
        bookmarks: per model how far it has been judged.
        lessons: what their baselines taught.
        tally: of exactly these models; None where they were never judged together.
    """

    alerts: tuple[Alert, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    bookmarks: Mapping[str, Bookmark] = field(default_factory=dict)
    lessons: tuple[Lesson, ...] = ()
    tally: Tally | None = None

    def untold(self, notifiers: Collection[str], since: datetime) -> tuple[Untold, ...]:
        """Return what `notifiers` were not told, oldest first; what was refused for good only `since` an instant."""
        changes = {each.id: (alert, each) for alert in self.alerts for each in alert.timeline}
        missing = [
            each
            for each in self.deliveries
            if each.notifier in notifiers
            and (
                each.state is DeliveryState.PENDING or (each.state is DeliveryState.FAILED and each.created_at >= since)
            )
        ]
        return tuple(
            Untold(
                each.notifier,
                each.state is DeliveryState.FAILED,
                each.created_at,
                each.attempts,
                each.last_error,
                tuple(changes[transition] for transition in each.transitions if transition in changes),
            )
            for each in sorted(missing, key=lambda each: (each.created_at, each.notifier))
        )


Record = Ruler | Baseline | Profile | Finding | Alert | Delivery | Run | Bookmark | Lesson | Tally


class Journal(Protocol):
    """What the monitor remembers. Ids are hashes of what is remembered, so writing again changes nothing."""

    def hold(self, owner: str, turn: Turn) -> AbstractContextManager[Hold]:
        """
        Hold the lease of the turn's share while the context lasts, if it can be had.

        What is saved while it is held carries its epoch, so a monitor that was overtaken raises `StaleWriter` on `save`.
        """

    def save(self, records: Iterable[Record]) -> None:
        """Write whole documents; when it returns they are found by the reads below."""

    def baselines(self, model: str) -> Sequence[Baseline]:
        """Return the baselines of `model` (of all models when empty), newest first, with their rulers, without their hours."""

    def profiles(self, source: str, model: str, version: str, ruler: str, span: Window) -> Sequence[Profile]:
        """
        Return stored hourly profiles of `source` (`production` or a baseline's id) in `span`, in order of hour.

        Those of segments are among them.
        """

    def profiled(self, span: Window, models: Sequence[str]) -> Sequence[HourCounts]:
        """Return what stored production profiles recorded of `span`, without their counts."""

    def findings(self, model: str, span: Window) -> Sequence[Finding]:
        """Return findings of `model` whose window ends within `span` or at its end (not at its start), in order of window."""

    def stories(self, models: Sequence[str] = ()) -> Stories:
        """Return the stories of `models` (of all when empty), and how far these were judged."""
