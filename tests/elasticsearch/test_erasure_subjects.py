"""Whose events an erasure removes: those of a label or of one model, and what stays of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal
from elkmon.elasticsearch.erased_hours import Kept, Why
from elkmon.elasticsearch.erasure import Eraser, Subject
from elkmon.elasticsearch.erasure_notes import Place
from elkmon.elasticsearch.retention import Keeping, housekeeping
from elkmon.errors import ConfigurationError
from elkmon.profiles import Counts, Profile
from elkmon.schema import Document
from elkmon.windows import DAY, HOUR, Window
from support.scenario import START


@pytest.fixture
def shop(
    client: Elasticsearch,
    ready: str,
    send: Callable[..., None],
    predict: Callable[..., dict[str, Any]],
    tell_truth: Callable[..., dict[str, Any]],
) -> str:
    """Two models with predictions of customers 4711 and 12; truth, failures and records of them, labelled here and there."""
    mine, other = {"labels": {"customer": "4711"}}, {"labels": {"customer": "12"}}
    send(
        "prediction",
        [
            predict(START, "a", **mine),
            predict(START, "b", **other),
            predict(START, "a", model="n", **other),
            predict(START, "c", model="n", version="2", **mine),
            # The same id under another version, that nobody labelled.
            predict(START, "c", model="n", version="3"),
        ],
    )
    send("feedback", [tell_truth(START + HOUR, name, label="x") for name in ("a", "b", "lost")])
    error = {"elkmon": {"model": {"name": "m", "version": "1"}, "prediction": {"id": "lost"}}}
    send("error", [{"@timestamp": START.isoformat(), **error, **mine}])
    send("log", [{"@timestamp": START.isoformat(), "message": "called", **each} for each in (mine, other)])
    event_log = ElasticsearchEventLog(client, ready)
    event_log.join(START + 2 * HOUR, Window(START, START + DAY), [], {}, {})
    return ready


def test_a_label_takes_all_of_its_ids(client: Elasticsearch, shop: str) -> None:
    """Everything that names an id of a labelled event goes, of the same model; other customers keep theirs."""
    journal, event_log = ElasticsearchJournal(client, shop), ElasticsearchEventLog(client, shop)
    subject = Subject(label=("customer", "4711"))

    erased = Eraser(client, shop, event_log, journal, "eraser").erase(subject)

    assert {(each.model, each.kind.value): each.documents for each in erased.removed} == {
        ("", "log"): 1,
        ("m", "prediction"): 1,
        ("m", "feedback"): 2,
        ("m", "error"): 1,
        ("m", "outcome"): 1,
        ("m", "pending"): 1,
        ("n", "prediction"): 2,
    }
    left = client.search(index=f"logs-elkmon.*-{shop}", size=100, query={"match_all": {}})["hits"]["hits"]
    names = sorted(hit["_source"].get("elkmon", {}).get("prediction", {}).get("id", "") for hit in left)
    assert names == ["", "a", "b", "b"]
    outcomes = client.search(index=f"elkmon-outcomes-{shop}-*", query={"match_all": {}})["hits"]["hits"]
    assert [hit["_source"]["elkmon"]["prediction"]["id"] for hit in outcomes] == ["b"]


def test_one_model_alone(client: Elasticsearch, shop: str) -> None:
    """Named, a model alone forgets; the other one's prediction of the same id stays."""
    journal, event_log = ElasticsearchJournal(client, shop), ElasticsearchEventLog(client, shop)

    erased = Eraser(client, shop, event_log, journal, "eraser").erase(Subject("a", model="m"))

    assert {each.model for each in erased.removed} == {"m"}
    query = {"term": {"elkmon.prediction.id": "a"}}
    assert client.count(index=f"logs-elkmon.*-{shop}", query=query)["count"] == 1


def test_a_month_of_days_keeps_its_counts(client: Elasticsearch, shop: str) -> None:
    """Where hours were rolled up to days there is no hour to count again."""
    journal, event_log = ElasticsearchJournal(client, shop), ElasticsearchEventLog(client, shop)
    counts = {"features.num.x": Counts((2,))}
    journal.save([Profile("m", "1", START, START + HOUR, "ruler", 2, 1, counts)])
    housekeeping(client, shop, START + 60 * DAY, Keeping(events=4000 * DAY, results=4000 * DAY, hours=DAY))

    erased = Eraser(client, shop, event_log, journal, "eraser").erase(Subject("a", model="m"))

    assert {each.kind for each in erased.removed} == {Document.PREDICTION, Document.FEEDBACK, Document.OUTCOME}
    assert erased.kept == (Kept(Place("m", "1", START), Why.ROLLED_UP),)
    assert erased.counted == ()


def test_half_a_subject_is_refused() -> None:
    """Neither, both, or a label without a value would erase something else than was meant."""
    for wrong in ({}, {"prediction": "a", "label": ("b", "c")}, {"label": ("b", "")}):
        with pytest.raises(ConfigurationError):
            Subject(**wrong)  # type: ignore[arg-type]  # each of them is wrong
