"""What the doctor says of indices of another convention, asked of a real Elasticsearch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from elasticsearch import Elasticsearch

from elkmon.checks import ModelSettings
from elkmon.config import Config, ModelEntry, StoreSettings
from elkmon.doctor import Examination, Verdict
from elkmon.doctor.layouts import examine_layouts
from elkmon.doctor.probe import Probe
from elkmon.layouts import Layout, TruthLayout
from elkmon.windows import DAY
from support import conventions
from support.scenario import MODEL, START

NOW = datetime(2026, 3, 5, tzinfo=UTC)


@pytest.fixture
def theirs(client: Elasticsearch, namespace: str) -> Iterator[str]:
    """What another team's indices end in; they are removed afterwards."""
    yield namespace
    conventions.remove(client, namespace)


@pytest.fixture
def probe(elasticsearch_url: str) -> Probe:
    """What the doctor asks with."""
    return Probe(elasticsearch_url, StoreSettings())


def examined(probe: Probe, layout: Layout) -> list[Examination]:
    config = Config(models=(ModelEntry(ModelSettings(MODEL), layout=layout), ModelEntry(ModelSettings("native"))))
    return list(examine_layouts(config, probe, NOW))


def test_indices_that_hold_what_is_said_of_them_are_fine(client: Elasticsearch, theirs: str, probe: Probe) -> None:
    """Each of them with its documents, and what is not judged as the layout does not name it."""
    conventions.index_apart(client, theirs, START, START + DAY)

    predictions, truth = examined(probe, conventions.apart(theirs))

    assert (predictions.verdict, truth.verdict) == (Verdict.OK, Verdict.OK)
    assert predictions.seen == (
        f"120 documents of predictions in requests-{theirs}; 1 numeric and 1 categorical features; not named, so not judged: "
        "failures; completeness needs elkmon's handler"
    )
    assert truth.seen == f"120 documents of truth in labels-{theirs}"


def test_what_a_mapping_lacks_is_said_with_the_remedy(client: Elasticsearch, theirs: str, probe: Probe) -> None:
    """Each field once, however many streams read it."""
    name = f"scoring-{theirs}"
    nested = {"type": "nested", "properties": {"age": {"type": "double"}}}
    properties = {"at": {"type": "long"}, "class": {"type": "text"}, "in": nested, "when": {"type": "date"}}
    client.indices.create(index=name, mappings={"properties": properties})
    layout = Layout(
        "l", name, timestamp="at", id="_id", label="class", features=("in.*", "when"), truth=TruthLayout(label="class")
    )

    found = {each.seen.removeprefix(f"{name}: "): each for each in examined(probe, layout)}

    assert len(found) == len(examined(probe, layout)) == 4
    assert "map it as date" in found["at is long, not a date"].remedy
    assert "sub-field of type keyword" in found["class is text, not a keyword"].remedy
    (inside,) = (each for seen, each in found.items() if seen.startswith("in.age lies in in, which is nested"))
    assert inside.verdict is Verdict.PROBLEM
    assert found["when is a date, which is no feature"].verdict is Verdict.WARNING


def test_an_index_that_is_not_there_is_told_from_an_empty_one(client: Elasticsearch, theirs: str, probe: Probe) -> None:
    """The one is misspelt, the other holds nothing the layout means."""
    client.indices.create(
        index=f"scoring-{theirs}", mappings={"properties": {"p": {"type": "double"}, "@timestamp": {"type": "date"}}}
    )

    (absent,) = examined(probe, Layout("l", f"requests-{theirs}", score="p"))
    (empty,) = examined(probe, Layout("l", f"scoring-{theirs}", score="p"))

    assert (absent.verdict, absent.seen) == (Verdict.PROBLEM, f"there is no index requests-{theirs}")
    assert (empty.verdict, empty.seen) == (Verdict.WARNING, f"scoring-{theirs} holds no predictions within the horizon")


def test_documents_without_a_version_or_an_id_are_counted(client: Elasticsearch, theirs: str, probe: Probe) -> None:
    """They are left out of every count, which nobody would notice."""
    conventions.index_flat(client, theirs, START, START + DAY)
    stray = {"ts": (START + DAY).isoformat(), "model_id": MODEL}
    conventions.write(
        client, f"scoring-{theirs}", [("stray", {**stray, "request": "x"}), ("another", {**stray, "revision": 1})]
    )

    _, version, number, _ = examined(probe, conventions.flat(theirs))

    assert version.seen == "1 of 122 documents of predictions have no revision"
    assert number.seen == "1 of 122 documents of predictions have no request.keyword"
    assert version.verdict is Verdict.WARNING
