"""What `elkmon setup --dry-run` says of a template that is there and another that is wanted."""

import pytest

from elkmon.elasticsearch.differences import differences, summary
from elkmon.elasticsearch.mappings import mapping_of
from elkmon.schema import EVENTS


def template(properties: dict, **others) -> dict:
    return {"index_patterns": ["a-*"], "priority": 300, "template": {"mappings": {"properties": properties}, **others}}


LONG = {"type": "long"}


@pytest.mark.parametrize(
    ("there", "wanted", "said"),
    [
        (template({"a": LONG}), template({"a": LONG}), ()),
        (template({"a": LONG}), template({"a": LONG, "b": {"properties": {"c": LONG}}}), ("new field b.c",)),
        (template({}), template({"a": LONG, "b": LONG}), ("new fields a, b",)),
        (template({"a": LONG, "b": LONG}), template({}), ("without the fields a, b",)),
        (template({"a": {"type": "text"}}), template({"a": LONG}), ("a as long instead of text",)),
        (template({"a": {**LONG, "index": False}}), template({"a": LONG}), ("a (long) with other options",)),
        # Elasticsearch gives settings back as text, and nested.
        (
            template({}, settings={"index": {"mode": "standard", "mapping": {"total_fields": {"limit": "1000"}}}}),
            template({}, settings={"index.mode": "standard", "index.mapping.total_fields.limit": 2000}),
            ("index.mapping.total_fields.limit 2000 instead of 1000",),
        ),
        (
            template({}, lifecycle={"data_retention": "30d", "enabled": True}),
            template({}, lifecycle={"data_retention": "90d"}),
            ("events kept 90d instead of 30d",),
        ),
        (
            {**template({}), "index_patterns": ["a-*", "b-*"], "_meta": {"hash": "x"}, "created_date": "2026"},
            template({}),
            ("index_patterns a-* instead of a-*, b-*",),
        ),
    ],
)
def test_each_difference_is_said_in_words(there, wanted, said):
    """New, lost and changed fields, settings, and what the template is for; nothing of what is the same."""
    assert differences(there, wanted) == said


def test_open_maps_are_compared_too():
    """Names that users choose get their types from them."""
    before = {"template": {"mappings": {"dynamic_templates": [{"features.num": {"mapping": {"type": "float"}}}]}}}
    after = {"template": {"mappings": {"dynamic_templates": [{"features.num": {"mapping": {"type": "double"}}}]}}}

    assert differences(before, after) == ("other types for names below features.num",)


def test_many_fields_are_not_all_listed():
    """A template that is new brings an amount, not a list."""
    mapping = mapping_of(*EVENTS)
    (said,) = differences(
        {"template": {"mappings": {**mapping, "properties": {}}}}, {"template": {"mappings": mapping}}
    )

    assert said.startswith("new fields @timestamp, event.id, ")
    assert said.endswith(" more")
    assert len(said) < 300
    assert (
        summary({"index_patterns": ["a-*"], "template": {"mappings": {"properties": {"a": LONG}}}})
        == "for a-*, 1 fields"
    )
