"""Many searches in one request: each has its own answer or its own error, and requests are not too big."""

from collections.abc import Callable
from typing import Any

import pytest

from elkmon.elasticsearch import calls, connect, multi_search
from elkmon.errors import PartialAnswer, StoreRefused, StoreUnreachable
from elkmon.ports import HourCounts
from support.played_server import EMPTY, START, WHOLE, Server, error

pytestmark = pytest.mark.usefixtures("impatient")


def searches_in(server: Server) -> list[int]:
    """Return how many searches each multi-search had."""
    return [
        body.count(b"\n") // 2
        for request, body in zip(server.requests, server.bodies, strict=True)
        if "_msearch" in request
    ]


def test_a_busy_search_among_many_is_asked_again_alone(server: Server, ask: Callable[[], Any]) -> None:
    """What was answered is kept, and what was busy is asked again; busy every time is StoreUnreachable."""
    busy = {**error("es_rejected_execution_exception", "queue is full"), "status": 429}
    hour = {"doc_count": 3, "key": {"hour": 1000 * START.timestamp(), "model": "m", "version": "1"}}
    three = {**EMPTY, "aggregations": {"page": {"buckets": [hour]}}}
    server.answers = [(200, {"responses": [three, busy, EMPTY]}), (200, {"responses": [busy]}), (200, EMPTY)]
    assert ask() == (HourCounts("m", "1", START, predictions=3),)
    assert searches_in(server) == [3, 1, 1]
    server.answers = [(200, {"responses": [three, busy, EMPTY]}), (200, {"responses": [busy]})]
    with pytest.raises(StoreUnreachable, match="queue is full"):
        ask()


def test_a_search_among_many_that_fails_is_an_error_never_a_hole(server: Server, ask: Callable[[], Any]) -> None:
    """One that is refused, one that lacks a shard and one that timed out: each is an error though the others are whole."""
    refused = {**error("parsing_exception", "unknown query [x]"), "status": 400}
    failed = {**error("search_phase_execution_exception", "Partial shards failure"), "status": 503}
    lacking = {**EMPTY, "_shards": {**WHOLE, "total": 2, "failed": 1}}
    for answer, kind, match in (
        (refused, StoreRefused, r"unknown query \[x\]"),
        (failed, PartialAnswer, "Partial shards failure"),
        (lacking, PartialAnswer, r"1 of 2 shards of elkmon-outcomes-x-\*"),
        ({**EMPTY, "timed_out": True}, PartialAnswer, r"elkmon-outcomes-x-\*.*timed out"),
    ):
        rest = {"responses": [answer]} if answer is failed else None
        server.answers = [(200, {"responses": [EMPTY, EMPTY, answer]}), *([(200, rest)] if rest else [])]
        with pytest.raises(kind, match=match):
            ask()


def test_many_searches_are_cut_into_requests(server: Server) -> None:
    """At most fifty searches, 50,000 buckets or two megabytes in one, a bigger search alone; answers in order."""
    with connect([server.url]) as client:
        for searches, expected in (
            ([search(1)] * 120, [50, 50, 20]),
            ([search(20_000)] * 5, [2, 2, 1]),
            ([search(60_000), search(1), search(1)], [1, 2]),
            ([search(1, "x" * 900_000)] * 3, [2, 1]),
            ([], []),
        ):
            for at_once in (1, 3):
                server.requests.clear()
                server.bodies.clear()
                assert list(multi_search.answers(calls.Cluster(client), searches, at_once)) == [{}] * len(searches)
                assert sorted(searches_in(server), reverse=True) == sorted(expected, reverse=True)


def search(buckets: int, padding: str = "") -> multi_search.Search:
    """Return a search with so many buckets, and as long as `padding`."""
    return multi_search.Search.of("i", {"term": {"name": padding}}, {}, buckets)
