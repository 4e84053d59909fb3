"""
Ask: the port `EventLog`, what is asked through it and what it answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from elkmon.profiles import Profile
from elkmon.rulers import Ruler
from elkmon.surveys import Survey
from elkmon.windows import Window


@dataclass(frozen=True, slots=True)
class HourCounts:
    """
    How many documents one hour of one model version holds.

    As the event log counts them, or as a stored profile recorded them (`ruler` says which one; empty from the event log):
    where the two differ, the hour is profiled again. What was rolled up records as many `hours` as one.
    """

    model: str
    version: str
    hour: datetime
    predictions: int = 0
    errors: int = 0
    outcomes: int = 0
    ruler: str = ""
    hours: int = 1


@dataclass(frozen=True, slots=True)
class Totals:
    """
    How many documents one hour holds, of all models together: a cheap question that tells where a dear one is worth asking.

    `corrections` are changes of outcomes after they were first written.
    """

    predictions: int = 0
    errors: int = 0
    outcomes: int = 0
    corrections: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Hours (sorted) of one model version that are to be counted by `ruler`."""

    model: str
    version: str
    hours: Sequence[datetime]
    ruler: Ruler


@dataclass(frozen=True, slots=True)
class Visit:
    """One window of one model version of which the arrival is asked."""

    model: str
    version: str
    window: Window


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
class Arrival:
    """What arrived of a window: the stored names of features that have a value, and how many of the model's events."""

    features: tuple[str, ...] = ()
    completeness: Completeness = Completeness()


@dataclass(frozen=True, slots=True)
class Joined:
    """What a join of late truth did: outcomes written, truth still waiting for its prediction, pages read."""

    outcomes: int = 0
    waiting: int = 0
    pages: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What was asked of the store so far: requests, and bytes of their bodies sent and received."""

    requests: int = 0
    sent: int = 0
    received: int = 0


class EventLog(Protocol):
    """What services sent. Answers with counts and sums, never with rows."""

    def join(
        self,
        now: datetime,
        span: Window,
        models: Sequence[str],
        positive_labels: Mapping[str, str],
        segments: Mapping[str, Sequence[str]],
    ) -> Joined:
        """
        Join truth that has arrived in `span` (by feedback time) to its predictions by id, and upsert outcomes.

        Only of `models` unless empty. `positive_labels` says per model whose probability `score` is, `segments` which
        features cut its traffic into segments. Truth after `now` is left out.
        """

    def totals(self, span: Window) -> Mapping[datetime, Totals]:
        """Return the documents of each hour of `span` that has any, all models together."""

    def counts(self, span: Window, models: Sequence[str], hours: Sequence[datetime] = ()) -> Sequence[HourCounts]:
        """
        Return the documents per hour, model and version in `span`, in order of hour; only of `models` unless empty.

        With `hours` (sorted, of the span) only those are asked for.
        """

    def profiles(self, wanted: Iterable[Wanted]) -> Iterator[Profile]:
        """
        Yield one profile for each hour of each of `wanted`, in that order; an hour without documents gives an empty one.

        Those of the ruler's segments that have rows come before the one of all traffic, which therefore says that its hour
        is whole.
        """

    def arrivals(self, visits: Iterable[Visit]) -> Iterator[Arrival]:
        """Yield what arrived of each of `visits`, in that order."""

    def survey(self, model: str, version: str, span: Window, quantiles: Sequence[float]) -> Survey:
        """Summarise the features, scores, values and labels of `span`, to make a ruler for them."""
