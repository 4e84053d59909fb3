"""
The three ports of the monitor, and the values that cross them: ask (`EventLog`), remember (`Journal`), tell (`Notifier`).

These are the only Protocols of the monitor. Adapters translate their library's errors into `StoreError` and `DeliveryError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from elkmon.alerts import Alert
from elkmon.baselines import Baseline
from elkmon.digests import Digest
from elkmon.findings import Finding
from elkmon.identity import identity
from elkmon.profiles import Profile
from elkmon.rulers import Ruler
from elkmon.surveys import Survey
from elkmon.windows import Window


@dataclass(frozen=True, slots=True)
class HourCounts:
    """
    How many documents one hour of one model version holds.

    As the event log counts them, or as a stored profile recorded them (`ruler` says which one; empty from the event log):
    where the two differ, the hour is profiled again.
    """

    model: str
    version: str
    hour: datetime
    predictions: int = 0
    errors: int = 0
    outcomes: int = 0
    ruler: str = ""


@dataclass(frozen=True, slots=True)
class Completeness:
    """
    How many of a window's events arrived, as far as sequence numbers and the handlers' own accounts tell.

    Attributes:
        arrived: predictions that are there.
        missing: sequence numbers of their handlers that never arrived, at most, within the window.
        dropped: events that handlers say they dropped, whose times overlap the window, at most.
        doubled: predictions that are there more than once.
    """

    arrived: int = 0
    missing: int = 0
    dropped: int = 0
    doubled: int = 0

    @property
    def lost(self) -> int:
        """Events that did not arrive: what handlers dropped has numbers too, so the larger of both."""
        return max(self.missing, self.dropped)

    @property
    def share(self) -> float | None:
        """Share of the window's events that arrived, in [0, 1]; None where there were none."""
        every = self.arrived + self.lost
        return self.arrived / every if every else None


@dataclass(frozen=True, slots=True)
class Joined:
    """What a join of late truth did: outcomes written, truth still waiting for its prediction, pages read."""

    outcomes: int = 0
    waiting: int = 0
    pages: int = 0


class EventLog(Protocol):
    """What services sent. Answers with counts and sums, never with rows."""

    def join(
        self,
        now: datetime,
        span: Window,
        positive_labels: Mapping[str, str],
        segments: Mapping[str, Sequence[str]],
    ) -> Joined:
        """
        Join truth that has arrived in `span` (by feedback time) to its predictions by id, and upsert outcomes.

        `positive_labels` says per model whose probability `score` is, `segments` which features cut its traffic into
        segments. Truth after `now` is left out.
        """

    def counts(self, span: Window, models: Sequence[str]) -> Sequence[HourCounts]:
        """Return the documents per hour, model and version in `span`, in order of hour; only of `models` unless empty."""

    def profiles(self, model: str, version: str, hours: Sequence[datetime], ruler: Ruler) -> Iterator[Profile]:
        """
        Yield one profile for each of `hours` (sorted), counted by `ruler`; an hour without documents gives an empty one.

        Those of the ruler's segments that have rows come before the one of all traffic, which therefore says that its hour
        is whole.
        """

    def features(self, model: str, version: str, span: Window) -> Sequence[str]:
        """Return the stored field names of the features that have a value in `span`."""

    def completeness(self, model: str, window: Window) -> Completeness:
        """Return how many of the predictions of `model`, all versions together, made in `window` arrived."""

    def survey(self, model: str, version: str, span: Window, quantiles: Sequence[float]) -> Survey:
        """Summarise the features, scores, values and labels of `span`, to make a ruler for them."""


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
    """One run of the monitor, for those who watch the watcher."""

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


@dataclass(frozen=True, slots=True)
class Stories:
    """All alerts, and all deliveries that are not done or that name a transition of a living alert."""

    alerts: tuple[Alert, ...] = ()
    deliveries: tuple[Delivery, ...] = ()


Record = Ruler | Baseline | Profile | Finding | Alert | Delivery | Run


class Journal(Protocol):
    """What the monitor remembers. Ids are hashes of what is remembered, so writing again changes nothing."""

    def hold(self, owner: str, now: datetime) -> AbstractContextManager[bool]:
        """
        Hold the lease while the context lasts; it yields False when another monitor holds it.

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

    def stories(self) -> Stories:
        """Return all alerts and the deliveries that still matter."""


class Notifier(Protocol):
    """One way to tell people or machines."""

    @property
    def name(self) -> str:
        """Its name in the configuration; part of what identifies a delivery."""

    def notify(self, digest: Digest) -> None:
        """Deliver `digest`, or raise `DeliveryError`."""
