"""
Events in an index of another convention: asked and answered in elkmon's field names, so that nothing else knows of it.

What is written goes into elkmon's own indices; theirs is only read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.connection import Client
from elkmon.elasticsearch.encoding import encoded
from elkmon.elasticsearch.event_log import ElasticsearchEventLog, Progress
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.layout_answers import answered_aggregations, answered_hit
from elkmon.elasticsearch.layout_fields import Stream, failure_stream, feedback_stream, prediction_stream
from elkmon.elasticsearch.layout_requests import asked_aggregations, asked_fields, asked_query, asked_sort
from elkmon.elasticsearch.layout_types import Types, Weight, types_in
from elkmon.errors import PartialAnswer, StoreRefused
from elkmon.layouts import Layout
from elkmon.ports import Arrival, Completeness, HourCounts, Joined, Totals, Visit
from elkmon.windows import Window

Json = Mapping[str, Any]

_NONE: Json = {"match_none": {}}


class LayoutEventLog(ElasticsearchEventLog):
    """
    The event log of `models` whose events lie as `layout` says; what elkmon makes of them lies in `namespace`.

    Raises as `ElasticsearchEventLog` does; `StoreRefused` also when the index lacks what nothing can be counted without.
    """

    def __init__(
        self, client: Client, namespace: str, layout: Layout, models: Sequence[str], *, progress: Progress | None = None
    ) -> None:
        super().__init__(client, namespace, progress=progress)
        self.models = tuple(models)
        self._cluster = LayoutCluster(client, self._indices, layout, models)

    def join(
        self,
        now: datetime,
        span: Window,
        models: Sequence[str],
        positive_labels: Mapping[str, str],
        segments: Mapping[str, Sequence[str]],
    ) -> Joined:
        """Join truth of `models` (of all of its own, when empty) that has arrived in `span`, up to `now`."""
        return super().join(now, span, models or self.models, positive_labels, segments)

    def totals(self, span: Window) -> Mapping[datetime, Totals]:
        """Return the predictions and errors of each hour of `span` that has any; outcomes lie in elkmon's own indices."""
        return {
            hour: Totals(each.predictions, each.errors)
            for hour, each in super().totals(span).items()
            if each.predictions or each.errors
        }

    def counts(self, span: Window, models: Sequence[str], hours: Sequence[datetime] = ()) -> Sequence[HourCounts]:
        """Return the documents per hour, model and version in `span`; of all of its own models, when `models` is empty."""
        return super().counts(span, models or self.models, hours)

    def arrivals(self, visits: Iterable[Visit]) -> Iterator[Arrival]:
        """Yield which features arrived; how many events did, only elkmon's handler numbers."""
        for arrival in super().arrivals(visits):
            yield replace(arrival, completeness=Completeness())


class LayoutCluster(Cluster):
    """
    Elasticsearch as the event log sees it, where the streams of `indices` lie elsewhere, as `layout` says.

    A request for another index passes as it is. Types of their fields are looked up anew when streams are refreshed.
    """

    def __init__(self, client: Client, indices: Indices, layout: Layout, models: Sequence[str]) -> None:
        super().__init__(client)
        self._events = indices.events
        self._layout = layout
        self._models = tuple(models)
        self._makers: Mapping[str, tuple[str, Callable[[Layout, Sequence[str], Types], Stream]]] = {
            indices.predictions: (layout.index, prediction_stream),
            indices.feedback: ((layout.truth and layout.truth.index) or layout.index, feedback_stream),
            indices.errors: ((layout.failures and layout.failures.index) or layout.index, failure_stream),
            indices.shipper: ("", lambda _layout, _models, _types: Stream("")),
        }
        self._streams: dict[str, Stream] = {}

    def call(self, method: Callable[..., Any], /, **arguments: Any) -> Any:
        """Return the body of what `method` of the client answers, asked in their names and answered in elkmon's."""
        if method == self.client.msearch:
            return self._many(method, arguments)
        stream = self._stream(arguments.get("index"))
        if stream is None:
            return super().call(method, **arguments)
        if method == self.client.field_caps:
            return {"fields": _as_field_caps(stream)}
        return _answered(stream, arguments, super().call(method, **_asked(stream, arguments)))

    def pages(self, index: str, query: Json, sort: Sequence[str], size: int, **wanted: Any) -> Iterator[list[Json]]:
        """Yield all hits of `query` in rising order of the fields `sort`, `size` at a time and as of one instant."""
        stream = self._stream(index)
        if stream is None:
            yield from super().pages(index, query, sort, size, **wanted)
        elif stream.index:
            asked = _asked(stream, {"index": index, "query": query, "sort": sort, **wanted})
            for hits in super().pages(size=size, **asked):
                yield [answered_hit(hit, wanted["docvalue_fields"], stream) for hit in hits]

    def refresh(self, *indices: str) -> None:
        """Make what was written to elkmon's own `indices` visible. Theirs is not elkmon's to refresh."""
        if self._events in indices:
            self._streams.clear()
        super().refresh(*(index for index in indices if index != self._events))

    def _many(self, method: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        lines = [json.loads(line) for line in arguments["searches"]]
        searches = [({**where}, {**what}) for where, what in zip(lines[::2], lines[1::2], strict=True)]
        streams = [self._stream(where["index"]) for where, _ in searches]
        asked = []
        for stream, (where, what) in zip(streams, searches, strict=True):
            theirs = what if stream is None else _asked(stream, {"index": where["index"], **what})
            asked += [
                encoded({**where, "index": theirs.get("index", where["index"])}),
                encoded({name: each for name, each in theirs.items() if name != "index"}),
            ]
        body = super().call(method, **{**arguments, "searches": asked})
        responses = [
            each if stream is None else _answered(stream, what, each)
            for stream, (_, what), each in zip(streams, searches, body["responses"], strict=True)
        ]
        return {**body, "responses": responses}

    def _stream(self, index: object) -> Stream | None:
        """Return what of theirs `index` of elkmon's is; None where it is elkmon's own, or several."""
        if not isinstance(index, str) or index not in self._makers:
            return None
        if index not in self._streams:
            theirs, made = self._makers[index]
            types = self._types(theirs) if theirs else {}
            stream = made(self._layout, self._models, types)
            fatal = [each for each in stream.lacks if each.weight is Weight.FATAL] if types else []
            if fatal:
                reasons = "; ".join(f"{each.field} {each.seen}: {each.remedy}" for each in fatal)
                raise StoreRefused(f"Nothing can be counted in {theirs} (layouts.{self._layout.name}): {reasons}")
            self._streams[index] = stream
        return self._streams[index]

    def _types(self, index: str) -> Types:
        answer = super().call(
            self.client.field_caps, index=index, fields="*", ignore_unavailable=True, allow_no_indices=True
        )
        if answer.get("failed_indices"):
            raise PartialAnswer(f"{answer['failed_indices']} of the indices {index} did not say which fields they hold")
        return types_in(answer)


def _asked(stream: Stream, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request in their names; of a stream they do not have, one that finds nothing."""
    query = arguments.get("query", {"match_all": {}})
    if not stream.index:
        return {**arguments, "query": _NONE}
    asked = {**arguments, "index": stream.index, "query": asked_query(query, stream)}
    if "aggs" in arguments:
        asked["aggs"] = asked_aggregations(arguments["aggs"], stream)
    if "sort" in arguments:
        asked["sort"] = asked_sort(arguments["sort"], stream)
    if "docvalue_fields" in arguments:
        asked["docvalue_fields"] = asked_fields(arguments["docvalue_fields"], stream)
    return asked


def _answered(stream: Stream, arguments: Mapping[str, Any], body: Json) -> Json:
    """Return an answer in elkmon's names."""
    if not stream.index:
        return body
    result = dict(body)
    if "aggregations" in body:
        result["aggregations"] = answered_aggregations(arguments["aggs"], body["aggregations"], stream)
    if "docvalue_fields" in arguments:
        wanted = arguments["docvalue_fields"]
        hits = [answered_hit(hit, wanted, stream) for hit in body["hits"]["hits"]]
        result["hits"] = {**body["hits"], "hits": hits}
    return result


def _as_field_caps(stream: Stream) -> Json:
    """Return which features there are, as the mapping of elkmon's own streams would tell it."""
    prefixes = {fields.FEATURES_NUMERIC.path: "double", fields.FEATURES_CATEGORICAL.path: "keyword"}
    return {
        name: {kind: {}} for name in stream.places for prefix, kind in prefixes.items() if name.startswith(f"{prefix}.")
    }
