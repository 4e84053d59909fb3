"""Which days make a provisional baseline."""

from __future__ import annotations

from datetime import UTC, datetime

from elkmon.monitor.provision import first_days
from elkmon.ports import HourCounts
from elkmon.windows import DAY, HOUR, Window

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def predicted(first: datetime) -> list[HourCounts]:
    return [HourCounts("lending", "1", first + place * HOUR, predictions=5) for place in range(100)]


def test_a_day_that_began_before_the_first_prediction_is_left_out():
    """A service that starts at nine has its first whole day on the morrow; one that starts at midnight has it at once."""
    assert first_days(predicted(MIDNIGHT + 9 * HOUR), 14) == Window(MIDNIGHT + DAY, MIDNIGHT + 15 * DAY)
    assert first_days(predicted(MIDNIGHT), 14) == Window(MIDNIGHT, MIDNIGHT + 14 * DAY)


def test_days_begin_at_the_zones_midnight():
    """Two hours east of UTC, days begin at 22:00 UTC."""
    assert first_days(predicted(MIDNIGHT), 1, 2 * HOUR) == Window(MIDNIGHT + 22 * HOUR, MIDNIGHT + 46 * HOUR)


def test_without_predictions_there_are_no_days():
    """Nothing to begin with."""
    assert first_days([], 14) is None
