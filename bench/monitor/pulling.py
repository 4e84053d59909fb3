"""
The rows of a window as a table, pulled by the client of Elasticsearch in each of the ways it documents for many of them.

Only the fields that are needed, pages as large as a node gives, answers read by orjson. Runs in the peers' environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from elastic_transport import Urllib3HttpNode
from elasticsearch import Elasticsearch, OrjsonSerializer
from elasticsearch.helpers import scan

Json = Mapping[str, Any]
Columns = dict[str, npt.NDArray[Any]]

_PAGE = 10_000
_KEEP = "5m"
_SLICES = 2


class CountingNode(Urllib3HttpNode):
    """Counts requests, and bytes of their bodies and of the answers'."""

    requests = moved = 0

    def perform_request(self, method: str, target: str, body: bytes | None = None, *rest: Any, **options: Any) -> Any:
        """Ask as any node does, and count."""
        answer = super().perform_request(method, target, body, *rest, **options)
        CountingNode.requests += 1
        CountingNode.moved += len(body or b"") + len(answer.raw_data if hasattr(answer, "raw_data") else answer.body)
        return answer


@dataclass(frozen=True, slots=True)
class Source:
    """Documents of one stretch, and the fields of them that are wanted."""

    url: str
    index: str
    start: str
    end: str
    numbers: Sequence[str]
    categories: Sequence[str]

    @property
    def query(self) -> Json:
        """Those of the stretch."""
        return {"range": {"@timestamp": {"gte": self.start, "lt": self.end}}}

    @property
    def paths(self) -> list[str]:
        """The fields as they are stored."""
        return [
            *(f"features.num.{name}" for name in self.numbers),
            *(f"features.cat.{name}" for name in self.categories),
        ]

    def client(self) -> Elasticsearch:
        """Return a client that is counted."""
        return Elasticsearch(self.url, request_timeout=120, node_class=CountingNode, serializer=OrjsonSerializer())


def pulled(source: Source, way: str) -> pd.DataFrame:
    """Return the rows, by one of `WAYS`. A page is made into columns as it comes, so that no hit outlives its page."""
    with source.client() as client:
        pages = WAYS[way](client, source)
        table = {name: np.concatenate([page[name] for page in pages]) for name in (*source.numbers, *source.categories)}
    return pd.DataFrame(table)


def _scan(client: Elasticsearch, source: Source) -> list[Columns]:
    """The client's helper."""
    hits = scan(
        client, query={"query": source.query, "sort": ["_doc"]}, index=source.index, size=_PAGE, scroll=_KEEP,
        _source=source.paths, filter_path=["_scroll_id", "_shards", "hits.hits._source"],
    )  # fmt: skip
    return [_from_source(page, source) for page in iter(lambda: list(islice(hits, _PAGE)), [])]


def _sources(client: Elasticsearch, source: Source) -> list[Columns]:
    """One moment's view, page after page, values from the source."""
    return [_from_source(page, source) for page in _view(client, source, {"source": source.paths}, "_source")]


def _sliced(client: Elasticsearch, source: Source) -> list[Columns]:
    """The same in slices, one thread each."""

    def slice_of(place: int) -> list[Columns]:
        asked = {"source": source.paths, "slice": {"id": place, "max": _SLICES}}
        return [_from_source(page, source) for page in _view(client, source, asked, "_source")]

    with ThreadPoolExecutor(_SLICES) as pool:
        return list(chain.from_iterable(pool.map(slice_of, range(_SLICES))))


def _columns(client: Elasticsearch, source: Source) -> list[Columns]:
    """The view, values from their columns on the disk."""
    asked = {"source": False, "docvalue_fields": source.paths}
    return [_from_fields(page, source) for page in _view(client, source, asked, "fields")]


def _fields(client: Elasticsearch, source: Source) -> list[Columns]:
    """The view, by the option `fields`."""
    asked = {"source": False, "fields": source.paths}
    return [_from_fields(page, source) for page in _view(client, source, asked, "fields")]


WAYS: Mapping[str, Callable[[Elasticsearch, Source], list[Columns]]] = {
    "point in time, _source": _sources,
    "point in time, _source, 2 slices": _sliced,
    "point in time, docvalue_fields": _columns,
    "point in time, fields": _fields,
    "helpers.scan, _source": _scan,
}


def _view(client: Elasticsearch, source: Source, asked: Json, wanted: str) -> Iterator[Sequence[Json]]:
    view = client.open_point_in_time(index=source.index, keep_alive=_KEEP)["id"]
    after = None
    while True:
        answer = client.search(
            pit={"id": view, "keep_alive": _KEEP}, query=source.query, size=_PAGE, sort=["_shard_doc"],
            search_after=after, track_total_hits=False, filter_path=[f"hits.hits.{wanted}", "hits.hits.sort"], **asked,
        )  # fmt: skip
        hits = answer.body.get("hits", {"hits": []})["hits"]
        if hits:
            yield hits
        if len(hits) < _PAGE:
            client.close_point_in_time(id=view)
            return
        after = hits[-1]["sort"]


def _from_source(page: Sequence[Json], source: Source) -> Columns:
    found: Columns = {}
    for kind, names, type_ in (("num", source.numbers, np.float64), ("cat", source.categories, object)):
        rows = [hit["_source"]["features"][kind] for hit in page]
        found |= {name: np.array([row.get(name) for row in rows], dtype=type_) for name in names}
    return found


def _from_fields(page: Sequence[Json], source: Source) -> Columns:
    rows = [hit["fields"] for hit in page]
    found: Columns = {}
    for path in source.paths:
        values = [row[path][0] if path in row else None for row in rows]
        found[path.rpartition(".")[2]] = np.array(values, dtype=object if ".cat." in path else np.float64)
    return found
