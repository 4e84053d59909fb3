"""`elkmon setup` against a real Elasticsearch."""

from datetime import UTC, datetime

import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import Indices, Result, setup
from elkmon.elasticsearch.differences import differences
from elkmon.elasticsearch.mappings import mapping_of
from elkmon.elasticsearch.templates import PRIORITY, RESULT_SETTINGS
from elkmon.errors import ConfigurationError
from elkmon.fields import of
from elkmon.schema import EVENTS, RESULTS, Document


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
    due = {step.name: step.why for step in steps if step.result is Result.DUE}
    assert set(due) >= {f"index {index}" for index in Indices(namespace).lasting}
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
    assert (step.result, step.why) == (
        Result.DONE,
        "new fields @timestamp, elkmon.model.name, elkmon.packed, elkmon.state.kind, elkmon.state.status",
    )
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

    lacking = outcomes(dry_run=True)
    assert lacking[0] is Result.DUE
    assert lacking[1].startswith("1 of 2: new fields @timestamp, elkmon.model.name, ")
    assert outcomes() == (Result.DONE, lacking[1])
    assert outcomes() == (Result.UNCHANGED, "")
    document = {"elkmon": {"outcome": {"segments": ["few=a"]}}}
    client.index(index=old, document=document, refresh=True)
    assert client.count(index=old, query={"term": {"elkmon.outcome.segments": "few=a"}})["count"] == 1
    assert client.get(index=old, id="kept")["_source"] == {"note": "kept"}


def test_what_was_put_is_not_found_to_differ(client: Elasticsearch, ready: str) -> None:
    """What Elasticsearch gives back differs in form only, and forms are not told."""
    (results,) = client.indices.get_index_template(name="elkmon-findings")["index_templates"]
    wanted = {"settings": RESULT_SETTINGS, "mappings": mapping_of(Document.FINDING)}
    body = {"index_patterns": ["elkmon-findings-*"], "priority": PRIORITY, "template": wanted}
    assert differences(results["index_template"], body) == ()
    (events,) = client.cluster.get_component_template(name="elkmon@mappings")["component_templates"]
    assert differences(events["component_template"], {"template": {"mappings": mapping_of(*EVENTS)}}) == ()


def test_a_template_of_a_newer_elkmon_is_left_alone(client: Elasticsearch, namespace: str) -> None:
    """It may hold what this one knows nothing of: nothing is written, and what to do is said. An older one is replaced."""
    name = f"elkmon-events-{namespace}"
    title = f"index template {name}"
    setup(client, namespace, retention_days=30)

    def written_by(version: str) -> None:
        (found,) = client.indices.get_index_template(name=name)["index_templates"]
        template = {
            key: value for key, value in found["index_template"].items() if "_date" not in key and key != "_meta"
        }
        meta = {"managed_by": "elkmon", "version": version, "hash": "another"}
        client.indices.put_index_template(name=name, **template, meta=meta)

    def step(*, dry_run: bool = False) -> tuple[Result, str]:
        steps = setup(client, namespace, retention_days=40, dry_run=dry_run)
        (found,) = (each for each in steps if each.name == title)
        return found.result, found.why

    written_by("999.1.0")
    result, why = step()
    assert result is Result.LEFT_OUT
    assert why.startswith("elkmon 999.1.0 has written it and this is ")
    assert why.endswith("install elkmon 999.1.0 or newer here")
    lifecycle = client.indices.get_index_template(name=name)["index_templates"][0]["index_template"]["template"][
        "lifecycle"
    ]
    assert lifecycle["data_retention"] == "30d"

    written_by("0.0.1")
    would = step(dry_run=True)
    assert would[0] is Result.DUE
    assert would[1] == "events kept 40d instead of 30d"
    assert step()[0] is Result.DONE
    assert step()[0] is Result.UNCHANGED
    client.indices.delete_index_template(name=name)


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
