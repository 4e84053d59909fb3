"""How a ruler is cut into requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elkmon.elasticsearch.plans import Plan, planned
from elkmon.rulers import JointScale, NumericScale, Ruler, Segmentation


def numeric(edges: int) -> NumericScale:
    return NumericScale(tuple(map(float, range(edges))), (0.0,) * (edges + 1))


def ruler_of(sizes: list[int], pairs: list[tuple[int, int]], segments: list[int]) -> Ruler:
    return Ruler(
        {f"f{place}": numeric(size) for place, size in enumerate(sizes)},
        tuple(JointScale(f"l{n}", f"r{n}", numeric(left), numeric(right)) for n, (left, right) in enumerate(pairs)),
        tuple(Segmentation(f"s{place}", tuple(map(str, range(levels)))) for place, levels in enumerate(segments)),
    )


def heaviest(ruler: Ruler, plan: Plan) -> int:
    """Reckon the most buckets one answer can have: per hour all traffic and each segment, each with all places of a group."""
    most = 0
    for group in plan.groups:
        own = 1
        for name in group:
            place = ruler.places()[name]
            own += place.left.size * (1 + place.right.size) if isinstance(place, JointScale) else place.size + 3
        most = max(most, *(own * (1 + sum(len(each.levels) for each in part)) for part in plan.parts))
    return plan.hours * most


@given(
    st.lists(st.integers(0, 90), max_size=30),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=5),
    st.lists(st.integers(0, 40), max_size=3),
    st.integers(200, 3000),
)
def test_no_request_of_a_plan_can_answer_with_too_many_buckets(
    sizes: list[int], pairs: list[tuple[int, int]], segments: list[int], most: int
) -> None:
    """Hours times segments times bins stay within the limit; every place is in one group, every segment in one part."""
    ruler = ruler_of(sizes, pairs, segments)
    plan = planned(ruler, most)
    assert heaviest(ruler, plan) <= most
    assert [name for group in plan.groups for name in group] == list(ruler.places())
    assert [name for part in plan.parts for each in part for name in each.segments] == list(ruler.segments)


def test_forty_features_by_forty_segments_are_cut_by_the_field() -> None:
    """41 × (1 + 33 × 36) buckets are the most that fit, so an hour of forty features takes two requests."""
    plan = planned(ruler_of([32] * 40, [], [40]))
    assert (list(map(len, plan.groups)), len(plan.parts), plan.hours) == ([33, 7], 1, 1)


def test_hours_are_taken_apart_first() -> None:
    """What one request can hold of an hour stays together: of 41 × (1 + 36) buckets, 32 hours fit."""
    plan = planned(ruler_of([32], [], [40]))
    assert (len(plan.groups), len(plan.parts), plan.hours) == (1, 1, 32)


def test_a_score_by_its_label_is_counted_in_many_segments() -> None:
    """A pair of 104 by 5 places costs 624 buckets: counted 80 times in an answer, it lets 79 segments be asked together."""
    plan = planned(ruler_of([], [(103, 4)], [100]))
    assert [sum(len(each.levels) for each in part) for part in plan.parts] == [79, 21]


@pytest.mark.parametrize(("segments", "most"), [([], 104), ([3], 209)])
def test_a_scale_that_fits_into_no_request_is_refused(segments: list[int], most: int) -> None:
    """More bins than an answer can hold, once or with one segment beside it, is an error that names the field."""
    with pytest.raises(ValueError, match="f0 has 104 bins; one request counts at most 104"):
        planned(ruler_of([100], [], segments), most)
    planned(ruler_of([100], [], segments), most + 1)
