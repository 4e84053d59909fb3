"""What is asked about a ruler's subjects, and how an answer is counted."""

from datetime import UTC, datetime

from elkmon.elasticsearch.aggregations import (
    bins,
    counted_hour,
    counted_subjects,
    hour_questions,
    in_hours,
    no_rows,
    subject_questions,
)
from elkmon.elasticsearch.plans import planned
from elkmon.profiles import Counts
from elkmon.rulers import CategoricalScale, JointScale, NumericScale, Ruler, Segmentation
from elkmon.windows import HOUR

START = datetime(2013, 4, 1, tzinfo=UTC)


def numeric(edges: int) -> NumericScale:
    return NumericScale(tuple(map(float, range(edges))), (0.0,) * (edges + 1))


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


def test_cells_are_counted_row_by_row() -> None:
    """Of two together the left place comes first; a row that lacks either is missing, whatever it lacks it for."""
    joint = JointScale("features.cat.c", "features.num.x", CategoricalScale(("a",)), numeric(1))
    ruler = Ruler({}, (joint,))
    asked = subject_questions((joint.name,), ruler)["0"]
    other = {"filter": [{"exists": {"field": "features.cat.c"}}], "must_not": [{"terms": {"features.cat.c": ["a"]}}]}
    assert asked["filters"]["filters"] == [{"term": {"features.cat.c": "a"}}, {"bool": other}]
    assert asked["aggs"]["cells"] == bins("features.num.x", numeric(1))
    rows = [{"cells": {"buckets": [{"doc_count": 1}, {"doc_count": 2}]}}]
    rows += [{"cells": {"buckets": [{"doc_count": 3}, {"doc_count": 4}]}}]
    counted = counted_subjects({"doc_count": 15, "0": {"buckets": rows}}, (joint.name,), ruler)
    assert counted == {joint.name: Counts((1, 2, 3, 4), missing=5)}
    assert no_rows(ruler) == {joint.name: Counts((0, 0, 0, 0))}


def test_segments_are_asked_for_by_their_own_words() -> None:
    """Levels go as a list, which Elasticsearch takes literally; answers come back under the segments' names."""
    part = (Segmentation("features.cat.c=", (".*", "a=b")),)
    ruler = Ruler({}, segmentations=part)
    asked = hour_questions((), ruler, part)["segments.0"]
    assert asked == {"terms": {"field": "features.cat.c=", "include": [".*", "a=b"], "size": 2}, "aggs": {}}
    answer = {"doc_count": 9, "segments.0": {"buckets": [{"key": "a=b", "doc_count": 4}]}}
    assert list(counted_hour(answer, (), ruler, part)) == [("", 9, {}), ("c==a=b", 4, {})]
