"""
The one place through which every call to Elasticsearch goes: retried while it is busy, its errors turned into ours.

An answer that is not whole is an error here, never a number. What is asked, and what the answer means, is not known here.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elkmon.elasticsearch.connection import Client
from elkmon.elasticsearch.encoding import encoded
from elkmon.elasticsearch.refusals import (
    ClientError,
    is_temporary,
    not_elasticsearch,
    reason_of,
    refused_item,
    temporary_status,
    translated,
)
from elkmon.errors import PartialAnswer

Json = Mapping[str, Any]

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds waited before a busy Elasticsearch is asked again."""

_BULK_BYTES = 5_000_000
_BULK_DOCUMENTS = 1_000
_KEPT = "2m"
_WITHOUT_EDGES = ["-aggregations.**.from", "-aggregations.**.to"]
"""Bins are asked for by their edges; repeated in the answer they would be more than half of it."""


_WHAT_BECAME_OF_IT = ["errors", "items.*.status", "items.*.error"]
"""Of each document written; all that is said of it would be larger than the document."""


@dataclass(frozen=True, slots=True)
class Write:
    """
    One whole document to be put into `index` under `id`, or, when it is None, to be deleted there.

    With a `version`, a document there with a higher one stays as it is.
    """

    index: str
    id: str
    document: Json | None
    version: int | None = None

    def lines(self) -> tuple[bytes, ...]:
        """Return it as the bulk request has it."""
        target: dict[str, Any] = {"_index": self.index, "_id": self.id}
        if self.version is not None:
            target |= {"version": self.version, "version_type": "external_gte"}
        if self.document is None:
            return (encoded({"delete": target}),)
        return (encoded({"index": target}), encoded(self.document))


class Cluster:
    """Elasticsearch as the rest of this folder sees it."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def call(self, method: Callable[..., Any], /, **arguments: Any) -> Any:
        """
        Return the body of what `method` of the client answers.

        Raises:
            StoreUnreachable: nobody answered in time, or Elasticsearch stayed busy.
            StoreRefused: it said no, and says why.
            PartialAnswer: some shards could not answer.
        """
        for last in attempts():
            try:
                body = method(**arguments).body
            except ClientError as error:
                if last or not is_temporary(error):
                    raise translated(error, self.nodes) from error
            else:
                if isinstance(body, str):  # of a 404 that was asked for, the client accepts anybody's page
                    raise not_elasticsearch(self.nodes)
                return body
        raise AssertionError("the last attempt returns or raises")

    def search(self, **arguments: Any) -> Json:
        """Return the whole answer of a search; see `call` for what it raises. Indices that do not exist are empty."""
        if "pit" not in arguments:
            arguments |= {"ignore_unavailable": True, "allow_no_indices": True}
        body: Json = self.call(
            self.client.search, **arguments, **({} if "pit" in arguments else {"allow_partial_search_results": False})
        )
        require_whole(body, arguments.get("index", "the indices"))
        return body

    def aggregate(self, index: str, query: Json, aggregations: Json) -> Json:
        """Return the aggregations of the documents that `query` finds; empty where no index exists."""
        answer = self.search(
            index=index, query=query, aggs=aggregations, size=0, track_total_hits=False, filter_path=_WITHOUT_EDGES
        )
        found: Json = answer.get("aggregations", {})
        return found

    def composite(
        self,
        index: str,
        query: Json,
        sources: Sequence[Json],
        aggregations: Json | None = None,
        *,
        size: int = 10_000,
    ) -> Iterator[Json]:
        """Yield every bucket of a composite aggregation, `size` at a time."""
        composite: dict[str, Any] = {"size": size, "sources": list(sources)}
        while True:
            aggregation: dict[str, Any] = {"composite": composite}
            if aggregations:
                aggregation["aggs"] = aggregations
            found = self.aggregate(index, query, {"page": aggregation}).get("page", {"buckets": []})
            yield from found["buckets"]
            if len(found["buckets"]) < size:
                return
            composite["after"] = found["after_key"]

    def pages(self, index: str, query: Json, sort: Sequence[str], size: int, **wanted: Any) -> Iterator[list[Json]]:
        """
        Yield all hits of `query` in rising order of the fields `sort`, `size` at a time and as of one instant.

        `wanted` says which of their fields are read; their whole source, when nothing is said.
        """
        asked = {"query": query, "sort": list(sort), "size": size, "track_total_hits": False, **wanted}
        hits = self.search(index=index, **asked)["hits"]["hits"]
        if len(hits) < size:
            if hits:
                yield hits
            return
        # More than one page: they must come from one point in time, so the first is asked for again.
        opened = self.call(self.client.open_point_in_time, index=index, keep_alive=_KEPT, ignore_unavailable=True)
        pit, after = opened["id"], None
        try:
            while True:
                answer = self.search(pit={"id": pit, "keep_alive": _KEPT}, search_after=after, **asked)
                pit, hits = answer.get("pit_id", pit), answer["hits"]["hits"]
                if hits:
                    yield hits
                if len(hits) < size:
                    return
                after = hits[-1]["sort"]
        finally:
            self.call(self.client.options(ignore_status=404).close_point_in_time, id=pit)

    def write(self, writes: Iterable[Write]) -> tuple[Write, ...]:
        """
        Write documents in bulk and return those that were not applied because a higher version is there.

        Raises:
            StoreRefused: a document was not taken for another reason; earlier ones are written.
        """
        overtaken: list[Write] = []
        for chunk in _chunks(writes):
            overtaken += self._write(chunk)
        return tuple(overtaken)

    def refresh(self, *indices: str) -> None:
        """Make what was written to `indices` visible to searches."""
        if indices:
            self.call(self.client.indices.refresh, index=list(indices), ignore_unavailable=True, allow_no_indices=True)

    def _write(self, chunk: list[tuple[Write, tuple[bytes, ...]]]) -> list[Write]:
        overtaken: list[Write] = []
        for last in attempts():
            operations = [line for _, lines in chunk for line in lines]
            answer = self.call(self.client.bulk, operations=operations, filter_path=_WHAT_BECAME_OF_IT)
            again = []
            for (write, lines), item in zip(chunk, answer["items"], strict=True):
                result = next(iter(item.values()))
                status, failure = result["status"], result.get("error", {})
                if status == 409:
                    overtaken.append(write)
                elif not last and temporary_status(status, failure.get("type", "")):
                    again.append((write, lines))
                elif failure:
                    raise refused_item(status, failure, write.index)
            if not again:
                return overtaken
            chunk = again
        return overtaken

    @property
    def nodes(self) -> str:
        """The addresses that are asked."""
        return ", ".join(node.base_url for node in self.client.transport.node_pool.all())


def _chunks(writes: Iterable[Write]) -> Iterator[list[tuple[Write, tuple[bytes, ...]]]]:
    chunk: list[tuple[Write, tuple[bytes, ...]]] = []
    size = 0
    for write in writes:
        lines = write.lines()
        length = sum(map(len, lines))
        if chunk and (size + length > _BULK_BYTES or len(chunk) >= _BULK_DOCUMENTS):
            yield chunk
            chunk, size = [], 0
        chunk.append((write, lines))
        size += length
    if chunk:
        yield chunk


def attempts() -> Iterator[bool]:
    """Yield, for each time that a busy Elasticsearch is asked, whether it is the last; waits in between."""
    for pause in PAUSES:
        yield False
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 spreads retries, hides nothing
    yield True


def require_whole(answer: Json, index: str) -> None:
    """Raise `PartialAnswer` unless every shard of `index` took part in `answer`."""
    shards = answer["_shards"]
    if answer["timed_out"] or shards["failed"]:
        failures = [reason_of({"error": each["reason"]})[1] for each in shards.get("failures", ())]
        why = "the search timed out" if answer["timed_out"] else "; ".join(failures) or "no reason is given"
        raise PartialAnswer(
            f"{shards['failed']} of {shards['total']} shards of {index} did not answer, so no figure is made from the "
            f"rest: {why}"
        )
