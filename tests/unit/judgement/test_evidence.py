import pytest

from elkmon.findings import Evidence
from elkmon.judgement import moves, tendency

EDGES = (10.0, 20.0, 30.0, 40.0)
LABELS = ("below 10", "10 to 20", "20 to 30", "30 to 40", "40 and above")


def test_neighbours_that_moved_alike_are_one_move():
    """Two bins lost 30 % together and one gained it: two moves, with the shares of their stretches."""
    found = moves(Evidence(LABELS, (2000, 2500, 2500, 2000, 1000), (2000, 1000, 1000, 5000, 1000), EDGES))
    assert [(each.first, each.last) for each in found] == [(1, 2), (3, 3)] or [
        (each.first, each.last) for each in found
    ] == [(3, 3), (1, 2)]
    by_place = {each.first: each for each in found}
    assert (by_place[1].before, by_place[1].now, by_place[1].difference) == pytest.approx((0.5, 0.2, -0.3))


def test_a_bin_that_did_not_move_does_not_part_two_that_did():
    """Between two bins that lost, one that kept its share belongs to the stretch."""
    found = moves(Evidence(LABELS, (2000, 2000, 2000, 2000, 2000), (1000, 2000, 1000, 2000, 4000), EDGES))
    assert {(each.first, each.last) for each in found} == {(0, 2), (4, 4)}


def test_levels_have_no_neighbours():
    """Levels that moved alike stay apart, the largest first."""
    found = moves(Evidence(("a", "b", "c"), (4000, 4000, 2000), (3000, 2500, 4500)))
    assert [each.first for each in found] == [2, 1, 0]


def test_what_chance_may_do_and_what_is_tiny_is_left_out():
    """50 rows may differ by a tenth, and half a percent is no move however many rows there are."""
    assert moves(Evidence(LABELS, (10, 10, 10, 10, 10), (12, 8, 11, 9, 10), EDGES)) == ()
    assert moves(Evidence(("a", "b"), (500_000, 500_000), (504_000, 496_000))) == ()


@pytest.mark.parametrize("current", [(0, 0, 0, 0, 0), (2000, 2500, 2500, 2000, 1000)])
def test_nothing_to_compare_or_nothing_different_has_no_moves(current):
    """No rows now, or the same shares, name nothing."""
    same = Evidence(LABELS, (2000, 2500, 2500, 2000, 1000), current, EDGES)
    assert moves(same) == ()
    assert tendency(same) == 0.0


def test_the_way_values_went():
    """All up is 1, all down −1, out to both sides alike 0; levels go nowhere."""
    middle = (0, 0, 100, 0, 0)
    assert tendency(Evidence(LABELS, middle, (0, 0, 0, 100, 0), EDGES)) == 1.0
    assert tendency(Evidence(LABELS, middle, (0, 100, 0, 0, 0), EDGES)) == -1.0
    assert tendency(Evidence(LABELS, middle, (0, 50, 0, 50, 0), EDGES)) == 0.0
    assert tendency(Evidence(("a", "b"), (10, 0), (0, 10))) == 0.0
