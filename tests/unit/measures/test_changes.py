from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from elkmon.measures.changes import change_point

MONDAY = datetime(2013, 7, 1, tzinfo=UTC)
CELLS = 4
BEFORE, NOW = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.2, 0.3, 0.3, 0.2])


def drawn(
    onset: int, *, hours: int = 24 * 20, rows: int = 200, day_effect: float = 0.0, seed: int = 1
) -> list[tuple[datetime, list[int]]]:
    """Draw hourly counts that follow NOW from `onset` on; with a day effect each day tilts its shares its own way."""
    chance = np.random.default_rng(seed)
    tilt = np.array([1.0, 0.3, -0.3, -1.0])
    found = []
    for hour in range(hours):
        if hour % 24 == 0:
            effect = np.exp(day_effect * chance.normal() * tilt)
        shares = (NOW if hour >= onset else BEFORE) * effect
        counts = chance.multinomial(rows, shares / shares.sum())
        found.append((MONDAY + timedelta(hours=hour), counts.tolist()))
    return found


def test_a_step_among_alike_days_is_found_to_the_hour():
    """Where rows differ by chance alone, the planted hour is named and the interval is a few hours long."""
    onset = 15 * 24 + 13
    found = change_point(drawn(onset), BEFORE * 1e6, NOW * 1e6)
    assert found is not None
    assert not found.daily
    assert found.earliest <= MONDAY + timedelta(hours=onset) <= found.latest
    assert found.latest - found.earliest <= timedelta(hours=3)


@pytest.mark.parametrize("seed", range(5))
def test_no_hour_is_claimed_where_days_differ(seed):
    """Days that differ among themselves give days, and the planted one lies between earliest and latest."""
    found = change_point(drawn(15 * 24 + 13, day_effect=0.15, seed=seed), BEFORE * 1e6, NOW * 1e6)
    assert found is not None
    assert found.daily
    assert {found.at.hour, found.earliest.hour, found.latest.hour} == {0}
    assert found.earliest <= MONDAY + timedelta(days=15) <= found.latest


def test_days_that_differ_make_it_less_sure():
    """The same step is dated less exactly the more days differ."""
    calm = change_point(drawn(15 * 24, day_effect=0.05), BEFORE * 1e6, NOW * 1e6)
    wild = change_point(drawn(15 * 24, day_effect=0.35), BEFORE * 1e6, NOW * 1e6)
    assert calm is not None
    assert wild is None or wild.latest - wild.earliest > calm.latest - calm.earliest


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("day_effect", [0.0, 0.2])
def test_nothing_is_dated_where_nothing_changed(seed, day_effect):
    """Hours that all follow the reference have no change point, though the last day differs by chance."""
    hours = drawn(10**6, day_effect=day_effect, seed=seed)
    last_day = np.sum([cells for _, cells in hours[-24:]], axis=0)
    assert change_point(hours, BEFORE * 1e5, last_day) is None


def test_what_changed_before_the_first_hour_is_not_dated():
    """Without an hour before the change nobody knows when it was."""
    assert change_point(drawn(0), BEFORE * 1e6, NOW * 1e6) is None


def test_too_few_days_are_not_dated():
    """Three days do not tell how days differ."""
    assert change_point(drawn(30, hours=72), BEFORE * 1e6, NOW * 1e6) is None


def test_hours_without_rows_change_nothing():
    """An hour that holds no rows says nothing, whether it is there or not."""
    hours = drawn(15 * 24)
    empty = [(MONDAY + timedelta(hours=24 * 20 + hour), [0] * CELLS) for hour in range(5)]
    assert change_point([*hours, *empty], BEFORE * 1e6, NOW * 1e6) == change_point(hours, BEFORE * 1e6, NOW * 1e6)


def test_cells_that_are_empty_everywhere_change_nothing():
    """Bins of a ruler in which there was never a row do not move the date."""
    hours = drawn(15 * 24)
    wider = [(start, [*cells, 0, 0, 0]) for start, cells in hours]
    found = change_point(wider, [*(BEFORE * 1e6), 0, 0, 0], [*(NOW * 1e6), 0, 0, 0])
    plain = change_point(hours, BEFORE * 1e6, NOW * 1e6)
    assert found is not None
    assert plain is not None
    assert found.at == plain.at


def test_a_share_is_dated_by_two_cells():
    """Missing values that rise from none to a fifth of rows are dated, though the reference has no spread at all."""
    hours = [(MONDAY + timedelta(hours=hour), (20, 80) if hour >= 200 else (0, 100)) for hour in range(300)]
    found = change_point(hours, (0, 100_000), (2_000, 8_000))
    assert found is not None
    assert found.at == MONDAY + timedelta(hours=200)
    assert (found.earliest, found.latest) == (found.at, found.at)


@pytest.mark.parametrize(
    ("hours", "reference", "current", "words"),
    [
        ([(MONDAY, (1, 2, 3))], (1, 2), (2, 1), "different numbers of cells"),
        ([(MONDAY, (1, 2))], (1, 2), (1, 2, 3), "different numbers of cells"),
        ([(MONDAY, (1, 2))], (0, 0), (1, 2), "without rows"),
    ],
)
def test_what_cannot_be_compared_is_refused(hours, reference, current, words):
    """Counts by different rulers, and sides without rows, are errors."""
    with pytest.raises(ValueError, match=words):
        change_point(hours, reference, current)
