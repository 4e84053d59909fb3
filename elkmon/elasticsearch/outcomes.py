"""
Late truth joined to its predictions by id: outcomes written, truth without a prediction kept waiting, the last word winning.

A joined document's version is the instant its truth became known, so that Elasticsearch itself keeps an older word from
replacing a newer one, whoever writes. Which feedback need not be looked at again, `ledger` knows.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.aggregations import between, in_hours, of_models
from elkmon.elasticsearch.calls import Cluster, Write
from elkmon.elasticsearch.documents import text_of
from elkmon.elasticsearch.feedback_changes import FeedbackChanges
from elkmon.elasticsearch.indices import Indices
from elkmon.elasticsearch.ledger import Ledger
from elkmon.elasticsearch.outcome_documents import (
    Predicted,
    Truth,
    changed,
    one_value,
    outcome_document,
    waiting_document,
)
from elkmon.elasticsearch.refusals import reason_of
from elkmon.elasticsearch.templates import require_setup
from elkmon.errors import PartialAnswer, StoreRefused
from elkmon.identity import identity
from elkmon.ports import Joined
from elkmon.windows import Window

Json = Mapping[str, Any]

_IDS_A_PAGE = 5_000


def join_truth(
    cluster: Cluster,
    indices: Indices,
    now: datetime,
    span: Window,
    models: Sequence[str],
    positive_labels: Mapping[str, str],
    segments: Mapping[str, Sequence[str]],
    progress: Callable[[str, int, int], None],
) -> Joined:
    """
    Join what has not been joined yet, of the truth known in `span` up to `now`, and what waits of it; only of `models`
    unless empty, so that several processes may join different models at once.

    An outcome names the segments that its prediction belongs to by the features `segments` of its model.
    """
    require_setup(cluster, indices)
    join = _Join(cluster, indices, positive_labels, segments)
    until = [*of_models(models), between(span.start, span.end), {"range": {fields.TIMESTAMP: {"lte": text_of(now)}}}]
    for truths in _truths(cluster, indices.pending, until, with_source=True):
        for model in sorted({truth.model for truth in truths}):
            matched = join.add(model, [truth for truth in truths if truth.model == model])
            cluster.write(Write(indices.pending, truth.waiting_id, None, truth.version) for truth in matched)
    changes = FeedbackChanges(cluster, indices, models, _settings(models, positive_labels, segments))
    look = changes.look(span.start, min(span.end, _after(now)))
    ledger = Ledger(cluster, indices, positive_labels, segments)
    open_hours = ledger.open_hours(until, span, models, look)
    expected, done = sum(map(len, open_hours.values())), 0
    for model, entries in open_hours.items():
        # 400 ranges at a time: a query has at most 1,024 clauses.
        for start in range(0, len(entries), 400):
            chunk = entries[start : start + 400]
            progress("joining truth", done, expected)
            filters = [*until, {"term": {fields.MODEL_NAME: model}}, in_hours([entry.hour for entry in chunk])]
            for truths in _truths(cluster, indices.feedback, filters):
                written = set(join.add(model, truths))
                cluster.write(
                    Write(indices.pending, truth.waiting_id, waiting_document(truth), truth.version)
                    for truth in truths
                    if truth not in written and truth.says_something
                )
            ledger.close(chunk)
            done += len(chunk)
    if expected:
        progress("joining truth", done, expected)
    changes.remember(look.overview, now)
    cluster.refresh(indices.outcomes, indices.pending, indices.state)
    query: Json = {"bool": {"filter": of_models(models)}}
    waiting = cluster.search(index=indices.pending, query=query, size=0, track_total_hits=True)["hits"]["total"][
        "value"
    ]
    return Joined(join.outcomes, waiting, join.pages)


def _settings(models: Sequence[str], positive_labels: Mapping[str, str], segments: Mapping[str, Sequence[str]]) -> str:
    """Return a hash of what truth of `models` (of all when empty) is joined by."""
    return identity(
        json.dumps(
            {name: each for name, each in positive_labels.items() if not models or name in models}, sort_keys=True
        ),
        json.dumps(
            {name: sorted(each) for name, each in segments.items() if not models or name in models}, sort_keys=True
        ),
    )


def _after(now: datetime) -> datetime:
    """Return the first instant behind `now` that an index tells from it: times are kept to the millisecond."""
    return now.replace(microsecond=now.microsecond // 1000 * 1000) + timedelta(milliseconds=1)


class _Join:
    """Joins page after page, and counts what it did."""

    def __init__(
        self,
        cluster: Cluster,
        indices: Indices,
        positive_labels: Mapping[str, str],
        segments: Mapping[str, Sequence[str]],
    ) -> None:
        self._cluster = cluster
        self._indices = indices
        self._positive_labels = positive_labels
        self._segments = segments
        self._ready: set[str] = set()
        self.outcomes = 0
        self.pages = 0

    def add(self, model: str, truths: Sequence[Truth]) -> list[Truth]:
        """Write outcomes for those of `truths` (in order of time) whose prediction is there, and return those."""
        self.pages += 1
        last = {truth.prediction: truth for truth in truths if truth.says_something}
        predictions = self._predictions(model, list(last))
        joined = [
            (truth, predicted)
            for truth in last.values()
            for predicted in predictions.get(truth.prediction, {}).values()
        ]
        outcomes = list(self._outcomes(model, joined))
        self.outcomes += len(outcomes) - len(self._cluster.write(outcomes))
        return [truth for truth in truths if truth.prediction in predictions]

    def _predictions(self, model: str, ids: Sequence[str]) -> dict[str, dict[str, Predicted]]:
        """Return per id and version its prediction: the first, should there be several."""
        query: Json = {
            "bool": {"filter": [{"term": {fields.MODEL_NAME: model}}, {"terms": {fields.PREDICTION_ID: ids}}]}
        }
        predictions: dict[str, dict[str, Predicted]] = {}
        features = self._segments.get(model, ())
        wanted = [
            fields.TIMESTAMP,
            fields.MODEL_VERSION,
            fields.PREDICTION_ID,
            fields.PREDICTION_VALUE,
            fields.PREDICTION_LABEL,
            fields.PREDICTION_SCORE,
            fields.PREDICTION_SCORES,
            *(f"{fields.FEATURES_CATEGORICAL.path}.{name}" for name in features),
        ]
        sort = [fields.TIMESTAMP]
        for hits in self._cluster.pages(
            self._indices.predictions, query, sort, 10_000, source=False, docvalue_fields=wanted
        ):
            for hit in hits:
                predicted = Predicted.of(hit, features)
                predictions.setdefault(one_value(hit, fields.PREDICTION_ID), {}).setdefault(
                    predicted.version, predicted
                )
        return predictions

    def _outcomes(self, model: str, joined: Sequence[tuple[Truth, Predicted]]) -> Iterator[Write]:
        places = [
            (
                self._indices.month(self._indices.outcomes, predicted.at),
                identity("outcome", model, predicted.version, truth.prediction),
            )
            for truth, predicted in joined
        ]
        if not places:
            return
        if self._segments.get(model):
            for month in sorted({index for index, _ in places} - self._ready):
                self._require_segments(month)
        stored = self._cluster.call(
            self._cluster.client.mget, docs=[{"_index": index, "_id": name} for index, name in places]
        )["docs"]
        for each in stored:
            if each.get("error", {}).get("type") not in {None, "index_not_found_exception"}:
                raise PartialAnswer(f"Outcomes could not be read: {reason_of(each)[1]}")
        positive = self._positive_labels.get(model)
        for (index, name), (truth, predicted), before in zip(places, joined, stored, strict=True):
            document = changed(before.get("_source"), truth, outcome_document(truth, predicted, positive))
            if document is not None:
                yield Write(index, name, document, truth.version)

    def _require_segments(self, month: str) -> None:
        """Refuse to write segments into an index begun by an elkmon that knew of none: they would never be found there."""
        with contextlib.suppress(StoreRefused):  # it is there
            self._cluster.call(self._cluster.client.indices.create, index=month)
        answer = self._cluster.call(
            self._cluster.client.field_caps, index=month, fields=[fields.OUTCOME_SEGMENTS], ignore_unavailable=True
        )
        if answer["indices"] and not answer["fields"]:
            raise StoreRefused(
                f"{month} was made by an earlier version of elkmon and has no segments; run `elkmon setup`"
            )
        self._ready.add(month)


def _truths(
    cluster: Cluster, index: str, filters: Sequence[Json], *, with_source: bool = False
) -> Iterator[list[Truth]]:
    """Yield truth page by page, in order of the time it became known."""
    wanted = [
        fields.TIMESTAMP,
        fields.EVENT_ID,
        fields.MODEL_NAME,
        fields.PREDICTION_ID,
        fields.OUTCOME_VALUE,
        fields.OUTCOME_LABEL,
    ]
    query: Json = {"bool": {"filter": [*filters, {"exists": {"field": fields.PREDICTION_ID}}]}}
    sort = [fields.TIMESTAMP, fields.PREDICTION_ID, *([] if with_source else [fields.EVENT_ID])]
    source = [fields.PACKED] if with_source else False
    for hits in cluster.pages(index, query, sort, _IDS_A_PAGE, source=source, docvalue_fields=wanted):
        yield [Truth.of(hit) for hit in hits]
