"""Scales and rulers."""

from __future__ import annotations

import json

import pytest

from elkmon.rulers import CategoricalScale, NumericScale, Ruler, feature_of

NUMBER = NumericScale((0.0, 1.5, 4.0), (0.0, 0.75, 2.75, 4.0), lowest=0.0, highest=4.0)
LEVELS = CategoricalScale(("EWR", "JFK"), ("LGA",))


def test_an_edge_belongs_to_the_bin_above():
    """Half-open bins, open ends, one more than edges."""
    assert [NUMBER.bin_of(value) for value in (-1e300, -0.1, 0, 1.49, 1.5, 4, 1e300)] == [0, 0, 1, 1, 2, 3, 3]
    assert NUMBER.size == 4


def test_bins_are_named_for_people():
    """By their edges; of a discrete number and of a bin around one value by the value."""
    assert [NUMBER.label(place) for place in range(4)] == ["below 0", "0 to 1.5", "1.5 to 4", "4 and above"]
    assert NumericScale((0.5, 1.5), (0.5, 1.0, 1.5), discrete=True).label(1) == "1"
    assert NumericScale((-10, -1e-6, 1e-6, 10), (-10, -5, 0.0, 5, 10)).label(2) == "0"
    assert NumericScale((), (0.0,)).label(0) == "any value"


@pytest.mark.parametrize(
    ("edges", "points", "problem"),
    [
        ((0.0, 1.0), (0.0, 1.0), "make 3 bins"),
        ((1.0, 1.0), (1, 1, 1), "must rise"),
        ((2.0, 1.0), (1, 1, 1), "must rise"),
    ],
)
def test_scales_that_are_none_are_refused(edges, points, problem):
    """Rising edges, and a point for every bin."""
    with pytest.raises(ValueError, match=problem):
        NumericScale(edges, points)


def test_levels_have_places_and_the_rest_shares_one():
    """OTHER comes last."""
    assert LEVELS.size == 3
    assert [LEVELS.label(place) for place in range(3)] == ["EWR", "JFK", "other"]


def test_a_ruler_is_named_by_its_content():
    """Whoever made it and in whatever order; any change is another ruler."""
    one = Ruler({"features.num.x": NUMBER, "features.cat.o": LEVELS})
    other = Ruler({"features.cat.o": LEVELS, "features.num.x": NUMBER})
    assert one.id == other.id
    moved = NumericScale((0.0, 1.5, 4.5), NUMBER.points, lowest=0.0, highest=4.5)
    assert Ruler({"features.num.x": moved, "features.cat.o": LEVELS}).id != one.id


def test_a_ruler_survives_being_stored():
    """As plain JSON, with names of any script and lone surrogates."""
    ruler = Ruler(
        {"features.num.x": NUMBER, "features.cat.Ä\ud800": CategoricalScale(("é", ""), ("z",), open_ended=True)}
    )
    restored = Ruler.from_document(json.loads(json.dumps(ruler.to_document())))
    assert restored == ruler
    assert restored.id == ruler.id


def test_features_are_told_from_predictions():
    """And have their own names."""
    ruler = Ruler({"elkmon.prediction.score": NUMBER, "features.num.b": NUMBER, "features.cat.a": LEVELS})
    assert ruler.features == ("features.cat.a", "features.num.b")
    assert feature_of("features.num.a.b") == "a.b"
    assert feature_of("elkmon.prediction.score") == "elkmon.prediction.score"
