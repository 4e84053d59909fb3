"""For any mapping of anything: valid JSON, right types, and the same answers on the short way as on the long one."""

import json
import math
from datetime import date, datetime, timedelta
from itertools import groupby

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elkmon.schema import Document as DocumentKind
from elkmon.shipping.accounting import Account
from elkmon.shipping.channels import Channel, Origin
from elkmon.shipping.documents import fill_prediction
from elkmon.shipping.encoding import dumps, encoded_plainly
from elkmon.shipping.features import FeatureReader
from elkmon.shipping.naming import Streams
from elkmon.shipping.shorthand import Shorthand
from elkmon.values import Declared, Level, Missing, Number, Rejected, as_feature, feature_name


class Hostile:
    """Raises, or lies, in every method that looks at it."""

    def __repr__(self):
        raise RuntimeError

    __str__ = __repr__

    def __float__(self):
        raise OverflowError

    def __hash__(self):
        raise TypeError

    def __eq__(self, other):
        raise ValueError


surrogates = st.text(st.characters(categories=["Cs"]), max_size=3)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.floats(),
    st.text(),
    surrogates,
    st.text(min_size=1020, max_size=1030),
    st.binary(),
    st.decimals(),
    st.fractions(),
    st.complex_numbers(),
    st.uuids(),
    st.dates(),
    st.datetimes(),
    st.timedeltas(),
    st.builds(Hostile),
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=5
)
hashable = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), surrogates, st.dates(), st.tuples(st.text())
)
mappings = st.dictionaries(st.one_of(st.text(), st.just(""), st.just("  "), hashable), anything, max_size=8)


def strict(constant):
    """Refuse what json accepts beyond the standard."""
    raise AssertionError(f"{constant} is no JSON")


def filled(features, reader=None, **predicted):
    """Fill a document as the handler does, encode it, and read it with a strict parser."""
    body = {
        "@timestamp": "2013-08-05T10:00:00.000Z",
        "event": {"id": "a-1"},
        "elkmon": {"process": "a", "model": {"name": "m", "version": ""}},
    }
    names = ("score", "scores", "label", "value", "duration", "id", "timestamp", "labels")
    said = (reader or FeatureReader(), features, *(predicted.get(name) for name in names))
    fill_prediction(body, Origin(Streams("default", ""), "a"), said)
    return json.loads(dumps(body), parse_constant=strict)


@given(mappings)
def test_any_mapping_becomes_typed_json(features):
    """Numbers are finite numbers, levels are texts, and no feature is lost: each is stored, missing or rejected."""
    document = filled(features)
    numbers, levels = document["features"]["num"], document["features"]["cat"]
    missing = document["elkmon"].get("missing", [])
    rejected = document["elkmon"].get("rejected", {})
    assert all(isinstance(value, int | float) and not isinstance(value, bool) for value in numbers.values())
    assert all(math.isfinite(value) for value in numbers.values())
    assert all(isinstance(value, str) and len(value) <= 1024 for value in levels.values())
    assert all(isinstance(value, str) for value in rejected.values())
    assert sorted(rejected) == sorted(document["elkmon"].get("rejected_names", []))
    names = [*numbers, *levels, *missing, *rejected]
    assert len(names) == len(set(names)) == len(features)
    assert all(name.strip() for name in names)
    for text in (*names, *levels.values(), *rejected.values()):
        text.encode("utf-8")


@given(st.dictionaries(st.text(min_size=1), scalars, max_size=8), st.sampled_from([None, *Declared]))
def test_short_way_agrees_with_the_long_one(features, declared):
    """What the reader makes of plain values in haste is what `as_feature` says of them."""
    declarations = {} if declared is None else {str(declared): list(features)}
    own, notes = {}, []
    if len({feature_name(name) for name in features}) < len(features):
        return
    read = json.loads(dumps(FeatureReader(**declarations).read(features, own, notes)))
    for name, value in features.items():
        stored = feature_name(name)
        feature = as_feature(value, declared)
        assert read["num"].get(stored) == (feature.value if isinstance(feature, Number) else None)
        assert read["cat"].get(stored) == (feature.text if isinstance(feature, Level) else None)
        assert (stored in own.get("missing", ())) is isinstance(feature, Missing)
        assert own.get("rejected", {}).get(stored) == (feature.text if isinstance(feature, Rejected) else None)


# Names and values as near as can be to the signs by which an encoded dict is cut.
awkward = st.text(st.sampled_from(',":}{\\nul a1é\n'), max_size=6)
usual = st.one_of(
    st.none(),
    st.floats(),
    st.integers(),
    st.integers(-(2**53) - 1, -(2**53) + 1),
    st.integers(2**53 - 1, 2**53 + 1),
    awkward,
)
usual_features = st.dictionaries(awkward | st.text(), usual | st.text(min_size=1020, max_size=1030), max_size=8)


@given(st.lists(usual_features | mappings, max_size=3), st.sampled_from([None, *Declared]))
def test_encoded_at_once_or_value_by_value(rows, declared):
    """The bytes are the same whether features are encoded at once and cut, or sorted value by value."""
    declarations = {}
    if declared is not None:
        declarations[str(declared)] = [name for row in rows for name in row if isinstance(name, str)][::2]
    reader = FeatureReader(**declarations)
    for row in [*rows, *rows]:
        at_once, by_value = ({}, []), ({}, [])
        encoded = dumps({"features": reader.read(row, *at_once)})
        assert encoded == dumps({"features": reader.one_by_one(row, *by_value)})
        assert at_once == by_value


@given(
    st.lists(
        st.tuples(st.text(st.sampled_from(',":}{ a1é')), st.floats(allow_nan=False, allow_infinity=False) | awkward),
        min_size=1,
        max_size=30,
    )
)
def test_the_short_way_is_taken(pairs):
    """Numbers and texts under names that mislead nobody are encoded at once, however they take turns."""
    features = {f"name {name}": value for name, value in pairs}
    read = FeatureReader().read(features, {}, [])
    turns = sum(1 for _ in groupby(type(value) for value in features.values()))
    assert isinstance(read, orjson.Fragment) is (turns <= 12)


class OneByOne(FeatureReader):
    """Reads features value by value only."""

    def at_once(self, features):
        return None


ordinary = (
    st.none() | st.floats() | awkward | st.text(max_size=5) | st.integers(-3, 3) | st.text(min_size=1020, max_size=1030)
)


@given(
    st.lists(
        st.tuples(
            st.none() | usual_features | mappings,
            ordinary,
            st.none() | st.just({"a": 0.5}),
            ordinary,
            ordinary,
            ordinary | st.floats(0, 2e9),
            st.none() | st.just("order 7"),
            st.none() | st.just(0),
            st.none() | st.just({"region": "east"}),
        ),
        max_size=3,
    ),
    st.sampled_from([None, {"tenant": "acme"}]),
    st.sampled_from([None, {"labels": {"a": "b"}, "trace": {"id": "0af7651916cd43dd8448eb211c80319c"}}]),
    st.booleans(),
)
def test_lines_joined_from_prepared_parts(predictions, labels, around, by_standard_library):
    """A line of the short way is the very line of the long one, and the same document as the standard library encodes."""
    origin = Origin(Streams("default", ""), "0123456789abcdef", "api", labels=labels)
    model = {"name": 'a "model"', "version": "3"}
    channel = Channel(DocumentKind.PREDICTION, model["name"], origin, Account())
    shorthand, reader = Shorthand(model), FeatureReader()
    for sequence, said in enumerate(predictions):
        moment, id_ = "2013-08-05T10:00:00.000Z", f"0123456789abcdef-{sequence:x}"
        short = shorthand.line(origin, channel, moment, id_, sequence, around, (reader, *said))
        body = {
            "@timestamp": moment,
            "event": {"id": id_, "sequence": sequence},
            "elkmon": {"process": origin.process, "model": model},
            **(around or {}),
        }
        fill_prediction(body, origin, (OneByOne(), *said))
        assert short in (None, channel.line(body))
        if by_standard_library and short is not None:
            tail = channel.tail if around is None else channel.tail_without_labels
            assert json.loads(short) == {**json.loads(encoded_plainly(body)), **json.loads(b"{" + tail[1:])}


@pytest.mark.parametrize(
    "said",
    [
        ({"a": 1.5, "b": "x"}, 0.5, None, "late", None, None, None, None, None),
        ({"a": 1, "b": None, "c": float("nan"), "d": float("-inf")}, None, None, None, 12.5, 0.004, None, None, None),
        (None, 0.5, None, None, None, None, None, None, None),
    ],
)
def test_ordinary_predictions_take_the_short_way(said):
    """Plain features with a score, a label, a value or a latency need no document."""
    origin = Origin(Streams("default", ""), "0123456789abcdef")
    channel = Channel(DocumentKind.PREDICTION, "m", origin, Account())
    line = Shorthand({"name": "m", "version": ""}).line(
        origin, channel, "2013-08-05T10:00:00.000Z", "a-1", 1, None, (FeatureReader(), *said)
    )
    assert json.loads(line)["elkmon"]["prediction"]["id"] == "a-1"


@given(anything, anything, anything, anything, anything, anything, anything, mappings)
def test_any_argument_becomes_json(score, scores, label, value, duration, id_, timestamp, labels):
    """Whatever the other arguments of a prediction are, its document keeps its types."""
    document = filled(
        {},
        score=score,
        scores=scores,
        label=label,
        value=value,
        duration=duration,
        id=id_,
        timestamp=timestamp,
        labels=labels,
    )
    predicted = document["elkmon"]["prediction"]
    for name in ("score", "value"):
        assert isinstance(predicted.get(name, 0.0), int | float)
    assert isinstance(predicted.get("label", ""), str)
    assert isinstance(predicted["id"], str)
    assert predicted["id"]
    assert all(isinstance(inner, int | float) for inner in predicted.get("scores", {}).values())
    assert isinstance(document["event"].get("duration", 0), int)
    assert all(isinstance(inner, str) for inner in document["labels"].values())
    assert len(document["@timestamp"]) == 24
    datetime.fromisoformat(document["@timestamp"])


@pytest.mark.parametrize("instant", [date.max, datetime.max, datetime.min, timedelta.max])
def test_extreme_instants(instant):
    """The ends of Python's calendar are values like any other."""
    assert not isinstance(as_feature(instant), Missing)
