import json
import math

import pytest

import elkmon
from elkmon.shipping import encoding, timestamps

DOCUMENT = {
    "@timestamp": "2013-08-05T10:00:00.000Z",
    "event": {"id": "a-1", "sequence": 3},
    "features": {"num": {"a.b": 1.5, "big": 1e300, "n": -7}, "cat": {"é\n": "\u2028 <b>", "": ""}},
    "elkmon": {"missing": ["x"], "flag": True, "nothing": None},
}


@pytest.fixture(params=["orjson", "json"])
def encoder(request, monkeypatch):
    """Each of the two encoders."""
    if request.param == "json":
        monkeypatch.setattr(encoding, "fast", None)
        monkeypatch.setattr(encoding, "dumps", encoding.encoded_plainly)
    return request.param


def test_encoders_agree(encoder):
    """With orjson or without, a document comes back as it was."""
    assert json.loads(encoding.dumps(DOCUMENT)) == DOCUMENT


def test_time_and_id_are_found_by_position(encoder):
    """The sender reads timestamp and id out of a line without parsing it."""
    line = encoding.dumps(DOCUMENT)
    assert encoding.timestamp_of(line) == "2013-08-05T10:00:00.000Z"
    assert encoding.id_of(line) == b"a-1"


def test_nothing_but_json_leaves_the_house(encoder, handler, documents):
    """Hostile values make the same document by either encoder."""
    log = elkmon.ModelLog("m", handler=handler)
    log.prediction({"a": math.nan, "b": "\ud800", "c": 10**30, "d": -(10**400), "e": [object()]}, label="\udfff")
    (document,) = documents()
    assert document["features"] == {"num": {"c": 1e30}, "cat": {"b": "\N{REPLACEMENT CHARACTER}"}}
    assert document["elkmon"]["missing"] == ["a", "d"]
    assert document["elkmon"]["rejected_names"] == ["e"]


def test_plain_keeps_structure_within_bounds():
    """A structure stays one, without what JSON cannot say, and not deeper or longer than is good."""
    cycle = {}
    cycle["again"] = cycle
    assert encoding.plain({"a": [1, 2.5, None, True, math.nan, {1, 2}], 3: ("x",)}) == {
        "a": [1, 2.5, None, True, None, [1, 2]],
        "3": ["x"],
    }
    assert json.dumps(encoding.plain(cycle)).count("again") <= 20
    assert len(encoding.plain(list(range(5000)))) == 1000
    assert encoding.plain(10**400) is None
    assert encoding.plain(2**70) == float(2**70)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1.9999, "1970-01-01T00:00:01.999Z"),
        (1375696800.5, "2013-08-05T10:00:00.500Z"),
        (1375696800.25, "2013-08-05T10:00:00.250Z"),
    ],
)
def test_stamps(seconds, expected):
    """Instants are written with milliseconds, cut, in UTC."""
    assert timestamps.stamp(seconds) == expected


def test_this_moment():
    """Now is written like any other instant."""
    assert len(timestamps.now()) == 24
