"""`elkmon setup` against a real Elasticsearch."""

from datetime import UTC, datetime

import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import Indices, Result, setup
from elkmon.errors import ConfigurationError
from elkmon.fields import of
from elkmon.schema import RESULTS


def test_a_second_setup_changes_nothing(client: Elasticsearch, namespace: str) -> None:
    """What the first setup made is found unchanged by the second."""
    setup(client, namespace)
    assert {step.result for step in setup(client, namespace)} == {Result.UNCHANGED}


def test_setup_makes_the_lasting_indices_with_their_fields(client: Elasticsearch, namespace: str) -> None:
    """Every index that is not made by month is there, and maps what `fields.py` says of its documents."""
    steps = setup(client, namespace)
    indices = Indices(namespace)
    made = {step.name.removeprefix("index ") for step in steps if step.result is Result.DONE}
    assert set(indices.lasting) <= made
    for index in indices.lasting:
        fields = client.field_caps(index=index, fields="*")["fields"]
        kind = index.split("-")[1].removesuffix("s")
        document = next(each for each in RESULTS if each.value == kind)
        for field in of(document):
            if field.open or field.type == "object":
                continue
            assert list(fields[str(field)]) == [field.type]


def test_a_dry_run_writes_nothing(client: Elasticsearch, namespace: str) -> None:
    """A dry run names the indices it would make and makes none."""
    steps = setup(client, namespace, dry_run=True)
    left = {step.name: step.why for step in steps if step.result is Result.LEFT_OUT}
    assert set(left) >= {f"index {index}" for index in Indices(namespace).lasting}
    assert all("dry run" in why for why in left.values())
    assert not client.indices.get(index=f"elkmon-*-{namespace}")


def test_retention_says_what_this_server_cannot_do(client: Elasticsearch, namespace: str) -> None:
    """Retention is written into a template of the namespace; where streams cannot be changed that is said, not hidden."""
    steps = {step.name: step for step in setup(client, namespace, retention_days=30)}
    assert steps[f"index template elkmon-events-{namespace}"].result is Result.DONE
    template = client.indices.get_index_template(name=f"elkmon-events-{namespace}")["index_templates"][0]
    assert template["index_template"]["template"]["lifecycle"]["data_retention"] == "30d"
    retention = steps[f"retention of the streams logs-elkmon.*-{namespace}"]
    assert retention.result is Result.LEFT_OUT
    assert retention.why == "this server has no data stream lifecycle: it deletes nothing by age"
    client.indices.delete_index_template(name=f"elkmon-events-{namespace}")


def test_an_index_of_an_older_elkmon_gets_new_fields(client: Elasticsearch, namespace: str) -> None:
    """An index that lacks fields is given them, and keeps what it holds."""
    index = Indices(namespace).state
    setup(client, namespace)
    client.indices.delete(index=index)
    client.indices.put_index_template(
        name=f"older-{namespace}", index_patterns=[index], priority=999, template={"mappings": {"dynamic": False}}
    )
    client.index(index=index, id="kept", document={"note": "kept"})
    client.indices.delete_index_template(name=f"older-{namespace}")
    step = next(step for step in setup(client, namespace) if step.name == f"index {index}")
    assert (step.result, step.why) == (Result.DONE, "new fields")
    assert client.get(index=index, id="kept")["_source"] == {"note": "kept"}
    assert setup(client, namespace)[-1].result is Result.UNCHANGED


def test_months_of_an_older_elkmon_get_new_fields(client: Elasticsearch, namespace: str) -> None:
    """What was written into a month before is kept, and what is written after is found by the new field."""
    indices = Indices(namespace)
    setup(client, namespace)
    old, new = indices.outcomes.replace("*", "2026.03"), indices.outcomes.replace("*", "2026.04")
    client.indices.put_index_template(
        name=f"older-{namespace}", index_patterns=[old], priority=999, template={"mappings": {"dynamic": False}}
    )
    client.index(index=old, id="kept", document={"note": "kept"})
    client.indices.delete_index_template(name=f"older-{namespace}")
    client.indices.create(index=new)
    title = f"index {indices.outcomes}"

    def outcomes(*, dry_run: bool = False) -> tuple[Result, str]:
        (step,) = (step for step in setup(client, namespace, dry_run=dry_run) if step.name == title)
        return step.result, step.why

    assert outcomes(dry_run=True) == (Result.LEFT_OUT, "dry run: 1 of 2 would get new fields")
    assert outcomes() == (Result.DONE, "new fields in 1 of 2")
    assert outcomes() == (Result.UNCHANGED, "")
    document = {"elkmon": {"outcome": {"segments": ["few=a"]}}}
    client.index(index=old, document=document, refresh=True)
    assert client.count(index=old, query={"term": {"elkmon.outcome.segments": "few=a"}})["count"] == 1
    assert client.get(index=old, id="kept")["_source"] == {"note": "kept"}


@pytest.mark.parametrize("name", ["a.b", "with space", "ü☃", "a*b", 'quo"te', ".lead", "trail.", "a..b", "new\nline"])
def test_any_feature_name_keeps_its_type(client: Elasticsearch, ready: str, name: str) -> None:
    """A feature of any name is a double under `num` and a keyword under `cat`, whatever the first document holds."""
    stream = f"logs-elkmon.prediction-{ready}"
    at = datetime(2013, 4, 1, tzinfo=UTC).isoformat()
    for number, level in ((1, "2013-01-01"), (0.5, "x")):
        document = {"@timestamp": at, "features": {"num": {name: number}, "cat": {name: level}}}
        client.index(index=stream, document=document, op_type="create", refresh=True)
    fields = client.field_caps(index=stream, fields=["features.num.*", "features.cat.*"])["fields"]
    assert list(fields[f"features.num.{name}"]) == ["double"]
    assert list(fields[f"features.cat.{name}"]) == ["keyword"]


def test_fields_nobody_named_are_kept_and_not_indexed(client: Elasticsearch, ready: str) -> None:
    """A field outside `fields.py` does not enter the mapping."""
    stream = f"logs-elkmon.prediction-{ready}"
    at = datetime(2013, 4, 1, tzinfo=UTC).isoformat()
    client.index(index=stream, document={"@timestamp": at, "extra": {"note": 1}}, op_type="create", refresh=True)
    assert "extra.note" not in client.field_caps(index=stream, fields="*")["fields"]
    assert client.search(index=stream)["hits"]["hits"][0]["_source"]["extra"] == {"note": 1}


def test_retention_of_no_days_is_refused(client: Elasticsearch, namespace: str) -> None:
    """A retention below one day is a mistake of the configuration."""
    with pytest.raises(ConfigurationError, match="0 days"):
        setup(client, namespace, retention_days=0)
