import pytest
from hypothesis import given
from hypothesis import strategies as st

from elkmon.findings import Evidence
from elkmon.presentation.histogram import bars, steps


def evidence(edges, before, now):
    """Make evidence over `edges`."""
    labels = tuple(f"{index} to {index + 1}" for index in range(len(edges) + 1))
    return Evidence(labels, tuple(before), tuple(now), tuple(float(edge) for edge in edges))


def test_even_bins_stay_even():
    """Rows spread evenly over [0, 20) have the same share in every step of equal width."""
    drawn = steps(evidence(range(0, 21, 5), [0, 10, 10, 10, 10, 0], [0, 10, 10, 10, 10, 0]))
    assert drawn.edges[0] == 0
    assert drawn.edges[-1] == 20
    assert drawn.before == pytest.approx([1 / len(drawn.before)] * len(drawn.before))


def test_outer_bins_do_not_dwarf_the_picture():
    """A reference on [0, 10) with empty bins up to 1,000 is drawn on about [0, 10)."""
    drawn = steps(
        evidence([0, 2, 4, 6, 8, 10, 100, 1000], [0, 20, 20, 20, 20, 20, 0, 0, 0], [0, 20, 20, 20, 20, 20, 0, 0, 0])
    )
    assert (drawn.edges[0], drawn.edges[-1]) == (0, 10)


def test_what_lies_far_outside_is_gathered_at_the_end():
    """When everything moves far beyond the reference, it stands in the last step and the reference stays readable."""
    drawn = steps(
        evidence([0, 2, 4, 6, 8, 10, 100, 1000], [0, 20, 20, 20, 20, 20, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 100])
    )
    assert drawn.edges[-1] <= 100
    assert drawn.above == pytest.approx((0.0, 1.0))


@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=4, max_size=34, unique=True).map(sorted),
    st.data(),
)
def test_no_row_is_lost(edges, data):
    """Whatever the bins are, the shares drawn and those gathered at the ends add up to one on each side."""
    counts = st.lists(st.integers(0, 50), min_size=len(edges) + 1, max_size=len(edges) + 1).filter(any)
    drawn = steps(evidence(edges, data.draw(counts), data.draw(counts)))
    assert sum(drawn.before) + drawn.below[0] + drawn.above[0] == pytest.approx(1)
    assert sum(drawn.now) + drawn.below[1] + drawn.above[1] == pytest.approx(1)
    assert 5 <= len(drawn.before) <= 60


def test_few_levels_are_all_shown():
    """Three levels make three bars, and an empty place for others none."""
    shown = bars(Evidence(("a", "b", "c", "other"), (5, 3, 2, 0), (5, 3, 2, 0)))
    assert [(bar.label, bar.before) for bar in shown] == [("a", 0.5), ("b", 0.3), ("c", 0.2)]


def test_many_levels_are_cut_and_the_one_that_changed_most_is_among_them():
    """Beyond seven bars the rest is one bar, but never the level that changed."""
    names = (*(f"level {index}" for index in range(20)), "other")
    before = [100 - index for index in range(20)] + [0]
    now = list(before)
    now[19] = 0
    shown = bars(Evidence(names, tuple(before), tuple(now)))
    assert len(shown) == 8
    assert "level 19" in [bar.label for bar in shown]
    assert shown[-1].label == "all others"
    assert sum(bar.before for bar in shown) == pytest.approx(1)
