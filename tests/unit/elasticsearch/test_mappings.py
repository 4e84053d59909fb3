"""Mappings follow from `fields.py`."""

from elkmon.elasticsearch.mappings import mapping_of
from elkmon.schema import EVENTS, Document


def test_open_maps_take_any_name_with_one_type() -> None:
    """Names users choose are mapped below their map only, each with the type of its field."""
    mapping = mapping_of(*EVENTS)
    num = mapping["properties"]["features"]["properties"]["num"]
    assert num == {"type": "object", "dynamic": True, "subobjects": False}
    rules = {
        rule["path_match"]: rule["mapping"]["type"] for each in mapping["dynamic_templates"] for rule in each.values()
    }
    assert rules["features.num.*"] == "double"
    assert rules["features.cat.*"] == rules["labels.*"] == "keyword"
    assert rules["elkmon.prediction.scores.*"] == "double"
    assert "elkmon.rejected.*" not in rules
    assert mapping["properties"]["elkmon"]["properties"]["rejected"]["type"] == "flattened"
    assert mapping["dynamic"] is False


def test_packed_content_is_not_indexed() -> None:
    """What is read whole is stored and nothing else."""
    packed = mapping_of(Document.PROFILE)["properties"]["elkmon"]["properties"]["packed"]
    assert packed == {"type": "object", "enabled": False}


def test_findings_are_flat_scalars() -> None:
    """A finding's figures are doubles and its words keywords, under their own names."""
    finding = mapping_of(Document.FINDING)["properties"]["elkmon"]["properties"]["finding"]["properties"]
    assert finding["value"] == {"type": "double"}
    assert finding["status"]["type"] == "keyword"
