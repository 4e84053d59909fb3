"""What is asked about a ruler's subjects, and how an answer is counted."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elkmon.elasticsearch.aggregations import bins, counted_subjects, in_hours, planned, subject_questions
from elkmon.profiles import Counts
from elkmon.rulers import CategoricalScale, NumericScale, Ruler
from elkmon.windows import HOUR

START = datetime(2013, 4, 1, tzinfo=UTC)


def numeric(edges: int) -> NumericScale:
    return NumericScale(tuple(map(float, range(edges))), (0.0,) * (edges + 1))


@given(st.lists(st.integers(0, 90), max_size=30), st.integers(100, 1000))
def test_no_request_of_a_plan_can_answer_with_too_many_buckets(sizes: list[int], most: int) -> None:
    """Hours times the bins of a group stay within the limit, and every field is in exactly one group."""
    ruler = Ruler({f"f{place}": numeric(size) for place, size in enumerate(sizes)})
    plan = planned(ruler, most)
    assert [name for group in plan.groups for name in group] == list(ruler.scales)
    for group in plan.groups:
        buckets = 1 + sum(ruler.scales[name].size + 3 for name in group)
        assert plan.hours * buckets <= most


def test_a_scale_that_fits_into_no_request_is_refused() -> None:
    """More bins than an answer can hold is an error that names the field."""
    with pytest.raises(ValueError, match="wide has 104 bins"):
        planned(Ruler({"wide": numeric(100)}), 100)


def test_hours_in_a_row_make_one_range() -> None:
    """Hours are asked for as few ranges as there are stretches."""
    hours = [START, START + HOUR, START + 3 * HOUR]
    assert len(in_hours(hours)["bool"]["should"]) == 2


def test_both_zeros_are_above_an_edge_at_zero() -> None:
    """An edge at 0 is asked for as −0, which no double zero is below."""
    ranges = bins("x", NumericScale((0.0,), (0.0, 0.0)))["range"]["ranges"]
    assert [str(ranges[0]["to"]), str(ranges[1]["from"])] == ["-0.0", "-0.0"]


def test_an_answer_is_counted() -> None:
    """Bins, other, unseen, rejected, unindexed and what remains as missing, from an answer made by hand."""
    ruler = Ruler(
        {
            "features.num.x": numeric(1),
            "features.cat.c": CategoricalScale(("a", "b"), known=("k",)),
            "event.duration": numeric(0),
        }
    )
    bucket = {
        "doc_count": 20,
        "0": {"buckets": [{"doc_count": 3}, {"doc_count": 4}]},
        "1": {"buckets": [{"key": "b", "doc_count": 5}]},
        "1.present": {"value": 12},
        "1.known": {"doc_count": 4},
        "2": {"buckets": [{"doc_count": 19}]},
        "ignored": {"buckets": [{"key": "features.num.x", "doc_count": 2}]},
        "rejected": {"buckets": [{"key": "x", "doc_count": 1}]},
    }
    fields = list(ruler.scales)
    assert counted_subjects(bucket, fields, ruler) == {
        "features.num.x": Counts((3, 4), missing=10, rejected=1, unindexed=2),
        "features.cat.c": Counts((0, 5, 7), missing=8, unseen=3),
        "event.duration": Counts((19,), missing=1),
    }


def test_a_ruler_without_scales_asks_nothing() -> None:
    """Without scales there is still one request, which counts the rows."""
    empty = Ruler({})
    assert planned(empty).groups == ((),)
    assert subject_questions((), empty) == {}
    assert counted_subjects({"doc_count": 3}, (), empty) == {}
