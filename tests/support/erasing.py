"""What is held of one hour of a judged model, in each place that an erasure changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from elasticsearch import Elasticsearch

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal
from elkmon.elasticsearch.erasure import Eraser
from elkmon.ports import HourCounts
from elkmon.windows import HOUR, Window, hour_of
from support.scenario import MODEL, Row
from support.whole_line import Line


def hour_window(row: Row) -> Window:
    return Window(hour_of(row.at), hour_of(row.at) + HOUR)


def eraser(line: Line) -> Eraser:
    journal = ElasticsearchJournal(line.store, line.namespace)
    return Eraser(line.store, line.namespace, ElasticsearchEventLog(line.store, line.namespace), journal, "eraser")


def documents(client: Elasticsearch, line: Line, prediction: str) -> int:
    """Return how many documents of the namespace name a prediction, whoever wrote them."""
    indices = f"elkmon-*-{line.namespace}*,logs-elkmon.*-{line.namespace}"
    client.indices.refresh(index=indices)
    query = {"term": {"elkmon.prediction.id": prediction}}
    return int(client.count(index=indices, query=query)["count"])


def amounts(counts: Iterable[HourCounts], hour: datetime) -> list[tuple[int, int, int]]:
    return [(each.predictions, each.errors, each.outcomes) for each in counts if each.hour == hour]


def held(line: Line, row: Row) -> list[tuple[int, int, int]]:
    """Return what the event log holds of the hour of `row`."""
    return amounts(line.event_log.counts(hour_window(row), [MODEL]), hour_of(row.at))


def profiled(line: Line, row: Row) -> list[tuple[int, int, int]]:
    """Return what the stored profile says of the hour of `row`."""
    return amounts(line.journal.profiled(hour_window(row), [MODEL]), hour_of(row.at))


def bookmarked(line: Line, row: Row) -> list[tuple[int, int, int]]:
    """Return what the bookmark says of the hour of `row`."""
    return amounts(line.journal.stories([MODEL]).bookmarks[MODEL].counts, hour_of(row.at))


def send_again(line: Line, row: Row, *, prediction: bool = True) -> None:
    """Send one row late: its prediction, or its truth."""
    handler = PredictionHandler(ElasticsearchTransport(line.url), namespace=line.namespace, service="lending")
    log = ModelLog(MODEL, version="1", handler=handler)
    if prediction:
        features = {"amount": row.amount, "region": row.region}
        log.prediction(features, score=row.score, label=row.label, id=row.id, timestamp=row.at)
    else:
        log.outcome(row.id, label=row.truth, timestamp=row.known_at)
    assert handler.flush(60), handler.stats()
    handler.close()
