"""For any mapping of anything: valid JSON, right types, and the same answers on the short way as on the long one."""

import json
import math
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elkmon.shipping.documents import fill_prediction
from elkmon.shipping.encoding import dumps
from elkmon.shipping.features import FeatureReader
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
    fill_prediction(body, None, reader or FeatureReader(), features, *(predicted.get(name) for name in names))
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
    read = FeatureReader(**declarations).read(features, own, notes)
    for name, value in features.items():
        stored = feature_name(name)
        feature = as_feature(value, declared)
        assert read["num"].get(stored) == (feature.value if isinstance(feature, Number) else None)
        assert read["cat"].get(stored) == (feature.text if isinstance(feature, Level) else None)
        assert (stored in own.get("missing", ())) is isinstance(feature, Missing)
        assert own.get("rejected", {}).get(stored) == (feature.text if isinstance(feature, Rejected) else None)


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
