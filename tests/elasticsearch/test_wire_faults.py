"""What becomes of faults at the wire: answers that lack something, refusals, and servers that are busy."""

from collections.abc import Callable
from typing import Any

import pytest

from elkmon.elasticsearch import ElasticsearchJournal, connect
from elkmon.errors import PartialAnswer, StoreRefused, StoreUnreachable
from elkmon.ports import Run
from support.played_server import EMPTY, START, WHOLE, Server, error

pytestmark = pytest.mark.usefixtures("impatient")


def test_a_failed_shard_is_an_error_never_a_number(server: Server, ask: Callable[[], Any]) -> None:
    """An answer that lacks a shard is refused, whatever it holds otherwise."""
    failure = {"index": "i", "shard": 0, "reason": {"type": "breaker", "reason": "out of memory for a bucket"}}
    server.answers = [(200, {**EMPTY, "_shards": {**WHOLE, "total": 2, "failed": 1, "failures": [failure]}})]
    with pytest.raises(PartialAnswer, match=r"1 of 2 shards.*out of memory for a bucket"):
        ask()


def test_a_search_that_timed_out_is_an_error(server: Server, ask: Callable[[], Any]) -> None:
    """An answer from whatever was found in time is refused."""
    server.answers = [(200, {**EMPTY, "timed_out": True})]
    with pytest.raises(PartialAnswer, match="timed out"):
        ask()


def test_shards_that_fail_the_whole_search_are_an_error(server: Server, ask: Callable[[], Any]) -> None:
    """Elasticsearch refuses partial answers itself when asked to; that is PartialAnswer too."""
    server.answers = [(503, error("search_phase_execution_exception", "Partial shards failure"))]
    with pytest.raises(PartialAnswer, match="Partial shards failure"):
        ask()


REFUSALS = {
    "401": (401, error("security_exception", "unable to authenticate user [elkmon]"), "unable to authenticate"),
    "403": (
        403,
        error(
            "security_exception",
            "action [indices:data/read/search] is unauthorized for API key id [k], this action is granted by the index "
            "privileges [read,all]",
        ),
        r"index privilege \(one of read,all\) for indices:data/read/search is missing",
    ),
    "no index": (404, error("index_not_found_exception", "no such index [i]"), "run `elkmon setup` first"),
    "read-only": (
        403,
        error("cluster_block_exception", "index [i] blocked by: [FORBIDDEN/8/index write (api)];"),
        r"read-only: index \[i\]",
    ),
    "full disk": (
        429,
        error(
            "cluster_block_exception", "index [i] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage]"
        ),
        "disk is full",
    ),
    "client too new": (
        400,
        error("media_type_header_exception", "Invalid media-type value on headers [Accept, Content-Type]"),
        r"client .*\.x\) is newer than the server .* pip install 'elasticsearch<",
    ),
    "made without templates": (
        400,
        error("illegal_argument_exception", "Fielddata is disabled on [elkmon.model.name] in [i]"),
        "before elkmon's templates were",
    ),
    "anything": (400, error("parsing_exception", "unknown query [x]"), r"HTTP 400, parsing_exception\): unknown query"),
    "web page": (404, "<html><body>Not here</body></html>", "web page"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_said_in_plain_words(server: Server, ask: Callable[[], Any], name: str) -> None:
    """What Elasticsearch will not do is refused at once, with what to do about it."""
    status, body, expected = REFUSALS[name]
    server.answers = [(status, body)]
    with pytest.raises(StoreRefused, match=expected):
        ask()
    assert len([each for each in server.requests if "_refresh" not in each]) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, error("es_rejected_execution_exception", "queue is full")),
        (503, error("master_not_discovered_exception", "no master")),
        (502, "<html>Bad Gateway</html>"),
    ],
)
def test_a_busy_elasticsearch_is_asked_again_and_not_for_ever(
    server: Server, ask: Callable[[], Any], status: int, body: object
) -> None:
    """Busy twice and then well is well; busy every time is StoreUnreachable."""
    server.answers = [(status, body), (status, body), (200, EMPTY)]
    assert ask() == ()
    server.answers = [(status, body)]
    with pytest.raises(StoreUnreachable):
        ask()


def test_each_document_of_a_bulk_request_is_looked_at(server: Server) -> None:
    """One busy document is sent again, alone; one that is refused is an error though the request succeeded."""

    def item(status: int, **more: object) -> dict[str, Any]:
        return {"index": {"_index": "i", "_id": "x", "status": status, **more}}

    runs = [Run(name, START, START, START) for name in "ab"]
    no_leases = (200, EMPTY)
    busy = item(429, error={"type": "es_rejected_execution_exception", "reason": "queue is full"})
    with connect([server.url]) as client:
        journal = ElasticsearchJournal(client, "x")
        server.answers = [no_leases, (200, {"items": [item(201), busy]}), (200, {"items": [item(201)]})]
        journal.save(runs)
        assert len([each for each in server.requests if "_bulk" in each]) == 2
        refused = item(400, error={"type": "document_parsing_exception", "reason": "failed to parse field [x]"})
        server.answers = [no_leases, (200, {"items": [item(201), refused]})]
        with pytest.raises(StoreRefused, match=r"failed to parse field \[x\]"):
            journal.save(runs)
        server.answers = [no_leases, (200, {"items": [busy, busy]})]
        with pytest.raises(StoreUnreachable, match="too busy"):
            journal.save(runs)
