import pytest

from elkmon.findings import Evidence
from elkmon.presentation.shift import discrete, shares, shift

EDGES = (10.0, 20.0, 30.0)
LABELS = ("below 10", "10 to 20", "20 to 30", "30 and above")


def test_a_gain_in_the_middle_is_named_by_its_edges():
    """40 of 100 rows moved into the third bin: it is named, with its share then and now."""
    found = shift(Evidence(LABELS, (25, 50, 25, 0), (5, 30, 65, 0), EDGES))
    assert found is not None
    assert (found.place, found.low, found.high) == ("20 to 30", 20.0, 30.0)
    assert (found.before, found.now) == pytest.approx((0.25, 0.65))


def test_an_open_end_is_named_as_open():
    """Rows beyond the last edge have no upper bound."""
    found = shift(Evidence(LABELS, (25, 50, 25, 0), (20, 40, 20, 20), EDGES))
    assert found is not None
    assert (found.place, found.low, found.high) == ("30 and above", 30.0, None)


def test_values_that_never_were_stand_out_more_than_a_larger_gain_among_many():
    """6 % where nothing was says more than 8 % more of what was common."""
    found = shift(Evidence(LABELS, (50, 50, 0, 0), (58, 36, 0, 6), EDGES))
    assert found is not None
    assert found.place == "30 and above"


def test_a_level_that_vanished_is_found():
    """A loss counts as much as a gain where levels have no order."""
    found = shift(Evidence(("EWR", "JFK", "LGA", "other"), (40, 30, 30, 0), (55, 0, 45, 0)))
    assert found is not None
    assert (found.place, found.level, found.before, found.now) == ("“JFK”", "JFK", 0.3, 0.0)


def test_all_other_levels_together_have_no_stored_name():
    """What is counted as `other` cannot be looked up."""
    found = shift(Evidence(("EWR", "other"), (100, 0), (50, 50)))
    assert found is not None
    assert found.now == 0.5
    assert found.level in {"EWR", None}


@pytest.mark.parametrize("current", [(0, 0, 0, 0), (25, 50, 25, 0)])
def test_nothing_to_compare_gives_nothing(current):
    """No rows now, or the same shares, name no place."""
    assert shift(Evidence(LABELS, (25, 50, 25, 0), current, EDGES)) is None


def test_a_number_with_few_values_is_named_by_its_value():
    """A bin that stands for one value bears that value."""
    evidence = Evidence(("below 0.5", "1", "2", "2.5 and above"), (0, 50, 50, 0), (0, 20, 80, 0), (0.5, 1.5, 2.5))
    assert discrete(evidence)
    found = shift(evidence)
    assert found is not None
    assert found.place == "2"


def test_shares_add_up_to_one():
    """Shares are of the rows with a value, on each side."""
    both = shares(Evidence(LABELS, (1, 2, 3, 4), (4, 3, 2, 1), EDGES))
    assert both is not None
    assert [sum(side) for side in both] == pytest.approx([1.0, 1.0])
