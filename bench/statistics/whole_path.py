"""elkmon's whole path: documents in a real node, counted there by its aggregations. What it counts is what is judged."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd
from elasticsearch import Elasticsearch

from bench.statistics.counting import MODEL, VERSION, Rows
from elkmon.elasticsearch import ElasticsearchEventLog, setup
from elkmon.embedded import EmbeddedElasticsearch
from elkmon.measures.binning import QUANTILES, make_ruler
from elkmon.ports import Wanted
from elkmon.profiles import Profile
from elkmon.rulers import Ruler
from elkmon.windows import HOUR, Window, hour_of

_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Node:
    """A node that runs."""

    client: Elasticsearch

    def filled(self, rows: Rows) -> Stored:
        """Send `rows` as predictions into a namespace of their own."""
        namespace = f"b{uuid.uuid4().hex[:10]}"
        setup(self.client, namespace)
        lines: list[dict[str, Any]] = []
        for document in _documents(rows):
            lines += [{"create": {"_index": f"logs-elkmon.prediction-{namespace}"}}, document]
            if len(lines) == 2 * _AT_ONCE:
                self._send(lines)
                lines = []
        self._send(lines)
        self.client.indices.refresh(index=f"logs-elkmon.prediction-{namespace}")
        times = rows.frame["timestamp"]
        span = Window(hour_of(times.min().to_pydatetime()), hour_of(times.max().to_pydatetime()) + HOUR)
        return Stored(ElasticsearchEventLog(self.client, namespace), span, len(rows.frame))

    def _send(self, lines: list[dict[str, Any]]) -> None:
        if not lines:
            return
        answer = self.client.bulk(operations=lines)
        refused = [item for item in answer["items"] if item["create"]["status"] != 201]
        if refused:
            raise RuntimeError(f"the node refused {len(refused)} documents, the first with {refused[0]}")


@dataclass(frozen=True, slots=True)
class Stored:
    """Rows that the node holds: how many, and the whole hours they lie in."""

    event_log: ElasticsearchEventLog
    span: Window
    rows: int

    def ruler(self, reference: Window) -> Ruler:
        """Return the ruler that the node's survey of `reference` makes."""
        return make_ruler(self.event_log.survey(MODEL, VERSION, reference, QUANTILES))

    def hours(self, ruler: Ruler) -> tuple[Profile, ...]:
        """Return the profiles of all hours that have predictions, as the node counts them."""
        counts = self.event_log.counts(self.span, [MODEL])
        if sum(each.predictions for each in counts) != self.rows:
            raise RuntimeError("the node does not hold the rows that it was sent")
        wanted = Wanted(MODEL, VERSION, sorted(each.hour for each in counts), ruler)
        return tuple(self.event_log.profiles([wanted]))


@contextmanager
def node() -> Iterator[Node]:
    """Give a node that ends with the context."""
    with (
        EmbeddedElasticsearch(log=lambda _: None) as embedded,
        Elasticsearch(embedded.url, request_timeout=120) as client,
    ):
        yield Node(client)


def _documents(rows: Rows) -> Iterator[dict[str, Any]]:
    """Yield the raw document of each prediction, as the handler writes it."""
    frame = rows.frame
    times = frame["timestamp"].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ").tolist()
    sides = []
    for names in (rows.numeric, rows.categorical):
        plain = frame[list(names)].astype(object).where(frame[list(names)].notna(), None)
        sides.append([dict(zip(names, values, strict=True)) for values in plain.itertuples(index=False, name=None)])
    for number, (time, numbers, levels) in enumerate(zip(times, sides[0], sides[1], strict=True)):
        yield {
            "@timestamp": time,
            "event": {"id": f"{number}"},
            "elkmon": {"model": {"name": MODEL, "version": VERSION}, "prediction": {"id": f"{number}"}},
            "features": {
                "num": {name: value for name, value in numbers.items() if value is not None},
                "cat": {name: value for name, value in levels.items() if value is not None},
            },
        }


def differing(ours: tuple[Profile, ...], theirs: tuple[Profile, ...]) -> int:
    """Return how many hours two countings do not agree on."""
    mine = {each.start: each.subjects for each in ours}
    others = {each.start: each.subjects for each in theirs}
    return sum(mine.get(start) != others.get(start) for start in {*mine, *others})


def utc(times: pd.Series) -> pd.Series:
    """Return times in UTC to the microsecond."""
    return pd.to_datetime(times, utc=True).astype("datetime64[us, UTC]")
