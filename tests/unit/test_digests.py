from dataclasses import replace
from datetime import UTC, datetime

import pytest

from elkmon.digests import Importance, size
from elkmon.findings import Direction, Family, Finding, Kind, Status, Subject
from elkmon.windows import Window

DAY = Window(datetime(2013, 8, 5, tzinfo=UTC), datetime(2013, 8, 6, tzinfo=UTC))
BAD = Finding("m", "1", DAY, Subject(Family.DRIFT, Kind.FEATURE, "a"), Status.WARNING, DAY.end, value=0.6, limit=0.3)


@pytest.mark.parametrize(
    ("figures", "reached"),
    [
        ({"value": 0.6, "limit": 0.3}, 2.0),
        ({"value": 0.06, "limit": 0.02, "baseline_value": 0.01}, 5.0),
        ({"value": 0.64, "limit": 0.67, "baseline_value": 0.69, "direction": Direction.LOWER}, 2.5),
        ({"value": 0.2, "limit": 0.5, "direction": Direction.LOWER}, 2.5),
        ({"value": 0.70, "limit": 0.67, "baseline_value": 0.69, "direction": Direction.LOWER}, 0.0),
        ({"value": None}, 0.0),
        ({"limit": None}, 0.0),
    ],
)
def test_size_is_how_many_times_the_limit_is_reached(figures, reached):
    """Drift over its limit, rates and metrics from the reference's own value on, whichever way is worse."""
    assert size(replace(BAD, **figures)) == pytest.approx(reached)


def test_nothing_where_nothing_is_allowed_is_larger_than_all():
    """Where the limit is zero, any value is beyond all others."""
    silence = replace(BAD, value=1.0, limit=0.0, baseline_value=0.0)
    assert size(silence) > 1e6


def test_an_important_feature_counts_for_more():
    """The weight is a factor: twice as important as the average is twice as large."""
    assert size(BAD, Importance(1, 10, 2.0)) == pytest.approx(4.0)
    assert size(BAD, Importance(9, 10, 0.1)) == pytest.approx(0.2)
