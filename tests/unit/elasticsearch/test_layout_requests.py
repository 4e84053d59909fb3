"""Requests in elkmon's names as an index of another convention understands them, and its answers read back."""

from typing import Any

import pytest

from elkmon.elasticsearch.layout_answers import answered_aggregations, answered_hit
from elkmon.elasticsearch.layout_fields import NOWHERE, Place, Stream
from elkmon.elasticsearch.layout_requests import asked_aggregations, asked_fields, asked_query, asked_sort
from elkmon.layouts import Pattern

STREAM = Stream(
    "theirs",
    places={
        "@timestamp": Place("ts"),
        "elkmon.prediction.id": Place("_id"),
        "elkmon.prediction.label": Place("class"),
        "features.num.amount": Place("in.amount"),
        "features.cat.flag": Place("in.flag", boolean=True),
        "event.duration": Place("ms", 1e6),
    },
    constants={"elkmon.model.name": "m", "elkmon.model.version": "1"},
    maps={"elkmon.prediction.scores.*": Pattern("p.*")},
)


def own(query: Any, stream: Stream = STREAM) -> Any:
    return asked_query(query, stream)["bool"]["filter"][-1]


def test_names_of_fields_are_changed_wherever_a_query_has_them() -> None:
    """Within any depth of bool, in lists and alone; an instant is read as ISO 8601 unless the query says otherwise."""
    query = {
        "bool": {
            "filter": [
                {"range": {"@timestamp": {"gte": "2026-01-01"}}},
                {"range": {"@timestamp": {"lt": 5, "format": "epoch_millis"}}},
            ],
            "must_not": {"exists": {"field": "features.num.amount"}},
            "should": [{"bool": {"filter": [{"term": {"features.cat.flag": "true"}}]}}],
            "minimum_should_match": 1,
        }
    }
    assert own(query) == {
        "bool": {
            "filter": [
                {"range": {"ts": {"gte": "2026-01-01", "format": "strict_date_optional_time"}}},
                {"range": {"ts": {"lt": 5, "format": "epoch_millis"}}},
            ],
            "must_not": {"exists": {"field": "in.amount"}},
            "should": [{"bool": {"filter": [{"term": {"in.flag": "true"}}]}}],
            "minimum_should_match": 1,
        }
    }


def test_values_that_read_like_names_stay() -> None:
    """A level called as a field is a level."""
    assert own({"terms": {"features.cat.flag": ["features.num.amount", "@timestamp"]}}) == {
        "terms": {"in.flag": ["features.num.amount", "@timestamp"]}
    }
    levels = {"l": {"terms": {"field": "features.cat.flag", "include": ["event.duration"], "size": 1}}}
    assert asked_aggregations(levels, STREAM)["l"]["terms"]["include"] == ["event.duration"]


@pytest.mark.parametrize(
    ("query", "finds_all"),
    [
        ({"term": {"elkmon.model.name": "m"}}, True),
        ({"term": {"elkmon.model.name": "another"}}, False),
        ({"terms": {"elkmon.model.name": ["a", "m"]}}, True),
        ({"terms": {"elkmon.model.name": []}}, False),
        ({"exists": {"field": "elkmon.model.version"}}, True),
        ({"exists": {"field": "elkmon.prediction.id"}}, True),
        ({"exists": {"field": "elkmon.prediction.score"}}, False),
        ({"range": {"elkmon.prediction.score": {"gte": 0}}}, False),
    ],
)
def test_what_is_the_same_in_all_documents_is_known_without_asking(query: Any, finds_all: bool) -> None:
    """A filter on a constant, or on what they do not have, finds all or nothing."""
    assert own(query) == {"match_all" if finds_all else "match_none": {}}


def test_only_the_streams_documents_are_found() -> None:
    """Of its models, under its conditions (any value of one field, all fields), with one of the fields that must be there."""
    stream = Stream(
        "theirs",
        places={"elkmon.model.name": Place("model")},
        models=("a", "b"),
        conditions=(("kind", "x"), ("kind", "y"), ("state", "done")),
        present=("truth", "number"),
    )
    assert asked_query({"match_all": {}}, stream) == {
        "bool": {
            "filter": [
                {"terms": {"model": ["a", "b"]}},
                {"terms": {"kind": ["x", "y"]}},
                {"terms": {"state": ["done"]}},
                {
                    "bool": {
                        "should": [{"exists": {"field": "truth"}}, {"exists": {"field": "number"}}],
                        "minimum_should_match": 1,
                    }
                },
                {"match_all": {}},
            ]
        }
    }


def test_a_models_name_that_cannot_be_read_finds_nothing() -> None:
    """Never the documents of all models."""
    assert asked_query({"match_all": {}}, Stream("theirs", models=("a",)))["bool"]["filter"][0] == {"match_none": {}}


def test_numbers_are_asked_in_their_unit_and_answered_in_elkmons() -> None:
    """Milliseconds there are nanoseconds here: edges, extremes, quantiles and single values, but no counts."""
    asked = {
        "bins": {"range": {"field": "event.duration", "ranges": [{"key": "", "to": 4e6}, {"key": "", "from": 4e6}]}},
        "stats": {"stats": {"field": "event.duration"}},
        "quantiles": {"percentiles": {"field": "event.duration", "percents": [50], "keyed": False}},
        "values": {"terms": {"field": "event.duration", "size": 3}},
        "rows": {"value_count": {"field": "event.duration"}},
    }
    theirs = asked_aggregations(asked, STREAM)
    assert theirs["bins"] == {"range": {"field": "ms", "ranges": [{"key": "", "to": 4.0}, {"key": "", "from": 4.0}]}}
    found = {
        "bins": {"buckets": [{"key": "", "doc_count": 1}, {"key": "", "doc_count": 2}]},
        "stats": {"count": 3, "min": 2.0, "max": 8.0, "avg": 4.0, "sum": 12.0},
        "quantiles": {"values": [{"key": 50.0, "value": 4.0}]},
        "values": {"buckets": [{"key": 2.0, "doc_count": 1}], "sum_other_doc_count": 2},
        "rows": {"value": 3},
    }
    assert answered_aggregations(asked, found, STREAM) == {
        "bins": found["bins"],
        "stats": {"count": 3, "min": 2e6, "max": 8e6, "avg": 4e6, "sum": 12e6},
        "quantiles": {"values": [{"key": 50.0, "value": 4e6}]},
        "values": {"buckets": [{"key": 2e6, "doc_count": 1}], "sum_other_doc_count": 2},
        "rows": {"value": 3},
    }


def test_a_constant_among_the_sources_of_pages_is_put_back() -> None:
    """It is asked without, page after page, and stands in every key again; a number in a keyword's place is text."""
    asked = {
        "page": {
            "composite": {
                "size": 2,
                "sources": [
                    {"model": {"terms": {"field": "elkmon.model.name"}}},
                    {"label": {"terms": {"field": "elkmon.prediction.label", "missing_bucket": True}}},
                ],
                "after": {"label": 0},
            }
        }
    }
    assert asked_aggregations(asked, STREAM)["page"]["composite"] == {
        "size": 2,
        "sources": [{"label": {"terms": {"field": "class", "missing_bucket": True}}}],
        "after": {"label": 0},
    }
    found = {
        "page": {
            "after_key": {"label": 1},
            "buckets": [{"key": {"label": 1}, "doc_count": 3}, {"key": {"label": None}, "doc_count": 1}],
        }
    }
    assert answered_aggregations(asked, found, STREAM)["page"] == {
        "after_key": {"label": 1},
        "buckets": [
            {"key": {"model": "m", "label": "1"}, "doc_count": 3},
            {"key": {"model": "m", "label": None}, "doc_count": 1},
        ],
    }


@pytest.mark.parametrize(("documents", "buckets"), [(4, 1), (0, 0)])
def test_pages_by_constants_alone_are_one_bucket_or_none(documents: int, buckets: int) -> None:
    """Where all documents are of one model and version there is nothing to page through."""
    sources = [
        {"model": {"terms": {"field": "elkmon.model.name"}}},
        {"version": {"terms": {"field": "elkmon.model.version"}}},
    ]
    asked = {
        "page": {"composite": {"size": 9, "sources": sources}, "aggs": {"first": {"min": {"field": "@timestamp"}}}}
    }
    assert asked_aggregations(asked, STREAM)["page"] == {
        "filter": {"match_all": {}},
        "aggs": {"first": {"min": {"field": "ts"}}},
    }
    found = {"page": {"doc_count": documents, "first": {"value": 7.0}}}
    bucket = {"key": {"model": "m", "version": "1"}, "doc_count": documents, "first": {"value": 7.0}}
    assert answered_aggregations(asked, found, STREAM)["page"] == {"buckets": [bucket] * buckets}


def test_fields_that_were_not_indexed_are_asked_for_and_answered_by_name() -> None:
    """Here names of fields are values."""
    asked = {
        "ignored": {
            "terms": {"field": "_ignored", "include": ["features.num.amount", "elkmon.prediction.value"], "size": 2}
        }
    }
    assert asked_aggregations(asked, STREAM)["ignored"]["terms"] == {
        "field": "_ignored",
        "include": ["in.amount", NOWHERE],
        "size": 2,
    }
    found = {"ignored": {"buckets": [{"key": "in.amount", "doc_count": 2}]}}
    assert answered_aggregations(asked, found, STREAM)["ignored"] == {
        "buckets": [{"key": "features.num.amount", "doc_count": 2}]
    }


def test_questions_within_questions_are_changed_and_read_back() -> None:
    """Hours, segments and cells hold further questions; a boolean's levels are the words true and false."""
    asked = {
        "hours": {
            "date_histogram": {"field": "@timestamp", "fixed_interval": "1h"},
            "aggs": {
                "segments.0": {
                    "terms": {"field": "features.cat.flag", "include": ["true"], "size": 1},
                    "aggs": {"0": {"filters": {"filters": [{"term": {"features.cat.flag": "true"}}]}}},
                },
                "known": {"filter": {"terms": {"features.cat.flag": ["false"]}}},
            },
        }
    }
    inner = asked_aggregations(asked, STREAM)["hours"]["aggs"]
    assert inner["segments.0"]["aggs"]["0"] == {"filters": {"filters": [{"term": {"in.flag": "true"}}]}}
    assert inner["known"] == {"filter": {"terms": {"in.flag": ["false"]}}}
    cells = {"buckets": [{"doc_count": 2}]}
    segment = {"key": 1, "doc_count": 2, "0": cells}
    found = {
        "hours": {
            "buckets": [{"key": 0, "doc_count": 3, "segments.0": {"buckets": [segment]}, "known": {"doc_count": 1}}]
        }
    }
    (hour,) = answered_aggregations(asked, found, STREAM)["hours"]["buckets"]
    assert hour["segments.0"]["buckets"] == [{**segment, "key": "true"}]
    assert (hour["doc_count"], hour["known"]["doc_count"]) == (3, 1)


def test_documents_come_back_under_elkmons_names() -> None:
    """Constants are filled in, ids and classes are text, a class keeps its name, an event is called as its document."""
    wanted = [
        "@timestamp", "event.id", "elkmon.model.name", "elkmon.prediction.id", "elkmon.prediction.label",
        "elkmon.prediction.score", "elkmon.prediction.scores.*", "features.cat.flag",
    ]  # fmt: skip
    assert asked_fields(wanted, STREAM) == [
        {"field": "ts", "format": "strict_date_optional_time"},
        {"field": "class"},
        {"field": "p.*"},
        {"field": "in.flag"},
    ]
    hit = {"_id": "d", "fields": {"ts": ["2026-01-01T00:00:00.000Z"], "class": [3], "p.a.b": [0.5], "in.flag": [False]}}
    assert answered_hit(hit, wanted, STREAM)["fields"] == {
        "@timestamp": ["2026-01-01T00:00:00.000Z"],
        "event.id": ["d"],
        "elkmon.model.name": ["m"],
        "elkmon.prediction.id": ["d"],
        "elkmon.prediction.label": ["3"],
        "elkmon.prediction.scores.a.b": [0.5],
        "features.cat.flag": ["false"],
    }


def test_documents_are_ordered_by_what_they_have() -> None:
    """What is the same in all, is missing, or is the document's own id has no order of use."""
    assert asked_sort(["@timestamp", "elkmon.prediction.id", "elkmon.model.name", "event.id"], STREAM) == ["ts"]


@pytest.mark.parametrize("query", [{"wildcard": {"features.cat.flag": "a*"}}, {"script": {"source": "true"}}])
def test_a_query_that_is_not_known_is_refused(query: Any) -> None:
    """Half translated it would find something else."""
    with pytest.raises(NotImplementedError, match="another convention"):
        asked_query(query, STREAM)
