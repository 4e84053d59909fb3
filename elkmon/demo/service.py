"""
The service that is watched: it scores flights as they come up for departure, and says later how they turned out.

Everything it tells the monitoring goes through `ModelLog`, as in any service. Time is the flights' own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter

from elkmon import ModelLog
from elkmon.demo.flights import FEATURES, Flights
from elkmon.demo.model import DelayModel, label

MODEL = "flight-delay"
VERSION = "1"
CATEGORICAL_CODES = ("day_of_week",)
"""Features that are levels though they look like numbers: production and the reference file must agree on them."""

_HOUR = timedelta(hours=1)


@dataclass(slots=True)
class DelayService:
    """
    Serves `flights` in order of time; `live_until` moves its clock.

    Every hour it scores the flights of that hour together, and reports the truth that went on record meanwhile, in the order
    in which it did.
    """

    model: DelayModel
    log: ModelLog
    flights: Flights
    now: datetime
    predicted: int = 0
    outcomes: int = 0
    _truth: Flights = field(init=False)

    def __post_init__(self) -> None:
        known = self.flights.arrived().table.sort_values(["known_at", "id"])
        self._truth = Flights(known)

    def live_until(self, instant: datetime) -> Iterator[int]:
        """Live hour by hour until `instant`; yield the events logged in each."""
        departures = _by_hour(self.flights, "timestamp", self.now, instant)
        arrivals = _by_hour(self._truth, "known_at", self.now, instant)
        while self.now < instant:
            due, landed = departures.get(self.now), arrivals.get(self.now)
            if due is not None:
                self._predict(due)
            if landed is not None:
                self._report(landed)
            self.now += _HOUR
            yield (0 if due is None else len(due)) + (0 if landed is None else len(landed))

    def _predict(self, flights: Flights) -> None:
        started = perf_counter()
        scores = self.model.scores(self.model.matrix(flights))
        duration = perf_counter() - started
        columns = [flights.table[name].tolist() for name in FEATURES]
        rows = [dict(zip(FEATURES, values, strict=True)) for values in zip(*columns, strict=True)]
        times = flights.table["timestamp"].dt.to_pydatetime()
        for id_, at, row, score in zip(flights.table["id"], times, rows, scores, strict=True):
            self.log.prediction(features=row, score=score, label=label(score), id=id_, timestamp=at, duration=duration)
        self.predicted += len(flights)

    def _report(self, landed: Flights) -> None:
        times = landed.table["known_at"].dt.to_pydatetime()
        for id_, truth, at in zip(landed.table["id"], landed.table["truth"], times, strict=True):
            self.log.outcome(id_, label=truth, timestamp=at)
        self.outcomes += len(landed)


def _by_hour(flights: Flights, column: str, start: datetime, end: datetime) -> dict[datetime, Flights]:
    """Return those whose `column` lies in [start, end), by the hour it lies in."""
    times = flights.table[column]
    table = flights.table[(times >= start) & (times < end)]
    hours = table[column].dt.floor("h")
    return {hour.to_pydatetime(): Flights(rows) for hour, rows in table.groupby(hours)}
