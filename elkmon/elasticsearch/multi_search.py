"""
Many searches in few requests: cut into pieces, a few of them asked at a time, every answer looked at by itself.

What is asked, and in which steps, is not known here; see `questions`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from elkmon.elasticsearch.calls import Cluster, attempts, require_whole
from elkmon.elasticsearch.encoding import encoded
from elkmon.elasticsearch.plans import MOST_BUCKETS
from elkmon.elasticsearch.refusals import reason_of, refused, temporary_status

Json = Mapping[str, Any]

AT_ONCE = 2
"""Pieces under way at the same time: while one is read, the next is counted."""

_MOST_SEARCHES = 50
_MOST_BYTES = 2_000_000
_SEARCHES_AT_ONCE = 4
"""Searches of a piece that a node may run side by side."""

_LEFT_OUT = [f"-responses.aggregations.**.{name}" for name in ("from", "to", "key_as_string")]
"""Bins are asked for by their edges, and hours have a number; in words again they would be more than half of an answer."""


@dataclass(frozen=True, slots=True)
class Search:
    """
    Aggregations of the documents that a query finds in `index`, and no documents; an index that does not exist is empty.

    `line` is what is asked, as it is sent: as the objects it is made of it would take many times as much memory.
    `buckets` is how many its answer has at most; more, where it takes as long as so many would.
    """

    index: str
    line: bytes
    buckets: int

    @classmethod
    def of(cls, index: str, query: Json, aggregations: Json, buckets: int = 1) -> Search:
        """Return the search for `aggregations` of what `query` finds."""
        asked = {"query": query, "aggs": aggregations, "size": 0, "track_total_hits": False}
        return cls(index, encoded(asked), buckets)

    @property
    def header(self) -> bytes:
        """The line before it, which says where."""
        return encoded(
            {
                "index": self.index,
                "ignore_unavailable": True,
                "allow_no_indices": True,
                "allow_partial_search_results": False,
            }
        )


_Piece = list[Search]


def answers(cluster: Cluster, searches: Iterable[Search], at_once: int = AT_ONCE) -> Iterator[Json]:
    """
    Yield the aggregations that answer each of `searches`, in order; empty where no index exists.

    Pieces are asked as the answers are taken, `at_once` at a time. Raises what `Cluster.call` does, for a request as for
    each search in it: one that was not answered in full is an error, never a hole.
    """
    pieces = _pieces(searches)
    first = list(islice(pieces, 2))
    if len(first) < 2:
        yield from chain.from_iterable(_asked(cluster, piece) for piece in first)
        return
    ahead = chain(first, pieces)
    with ThreadPoolExecutor(at_once, "elkmon-search") as pool:
        under_way = deque(pool.submit(_asked, cluster, piece) for piece in islice(ahead, at_once))
        try:
            while under_way:
                found = under_way.popleft().result()
                under_way.extend(pool.submit(_asked, cluster, piece) for piece in islice(ahead, 1))
                yield from found
        finally:
            for each in under_way:
                each.cancel()


def _pieces(searches: Iterable[Search]) -> Iterator[_Piece]:
    piece: _Piece = []
    buckets = size = 0
    for search in searches:
        length = len(search.line)
        full = buckets + search.buckets > MOST_BUCKETS or size + length > _MOST_BYTES or len(piece) == _MOST_SEARCHES
        if piece and full:
            yield piece
            piece, buckets, size = [], 0, 0
        piece.append(search)
        buckets += search.buckets
        size += length
    if piece:
        yield piece


def _asked(cluster: Cluster, piece: _Piece) -> list[Json]:
    """Return the answers to a piece; searches that Elasticsearch was too busy for are asked again, alone."""
    found: dict[int, Json] = {}
    waiting = dict(enumerate(piece))
    for last in attempts():
        body = cluster.call(
            cluster.client.msearch,
            searches=[line for search in waiting.values() for line in (search.header, search.line)],
            max_concurrent_searches=_SEARCHES_AT_ONCE,
            filter_path=_LEFT_OUT,
        )
        for (place, search), answer in zip(list(waiting.items()), body["responses"], strict=True):
            failure, status = answer.get("error"), answer.get("status", 200)
            if failure is None:
                require_whole(answer, search.index)
                found[place] = answer.get("aggregations", {})
                del waiting[place]
            elif last or not temporary_status(status, reason_of(answer)[0]):
                raise refused(status, answer, cluster.nodes)
        if not waiting:
            break
    return [found[place] for place in range(len(piece))]
