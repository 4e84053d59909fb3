"""What a ruler counts beside single subjects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from elkmon.errors import ReferenceDataError
from elkmon.measures.ruling import MOST_LABELS, completed
from elkmon.profiles import Counts, Profile
from elkmon.rulers import CategoricalScale, JointScale, NumericScale, Ruler, Segmentation
from elkmon.windows import HOUR

START = datetime(2026, 1, 5, tzinfo=UTC)
A, B, C = "features.num.a", "features.num.b", "features.num.c"
COLOUR, SCORE, LABEL = "features.cat.colour", "elkmon.prediction.score", "elkmon.prediction.label"
TENTHS = NumericScale(
    tuple(step / 10 for step in range(1, 10)), (0.05, *(step / 10 + 0.05 for step in range(1, 9)), 0.95)
)
RULER = Ruler(
    {
        A: TENTHS,
        B: TENTHS,
        C: TENTHS,
        COLOUR: CategoricalScale(("red", "green", "blue"), known=("grey", "pink")),
        SCORE: TENTHS,
        LABEL: CategoricalScale(("no", "yes")),
    }
)
ROWS = 4000
RNG = np.random.default_rng(1)
LEFT = RNG.random(ROWS)
VALUES = {
    A: LEFT,
    B: (LEFT + 0.05 * RNG.random(ROWS)) % 1.0,  # goes with a
    C: RNG.random(ROWS),  # goes with nothing
    COLOUR: np.array(["red", "green", "blue", "grey"])[RNG.integers(0, 4, ROWS)],
    SCORE: LEFT**2,  # goes with a, and so with b
    LABEL: np.where(LEFT > 0.5, "yes", "no"),
}


def places(scale: NumericScale | CategoricalScale, field: str) -> np.ndarray:
    if isinstance(scale, NumericScale):
        return np.searchsorted(scale.edges, VALUES[field], side="right")
    index = {level: place for place, level in enumerate(scale.levels)}
    return np.array([index.get(level, len(index)) for level in VALUES[field]])


@pytest.fixture
def counted() -> Callable[[Ruler], Profile]:
    """Count the rows by any ruler, and remember how often that was asked."""

    def count(ruler: Ruler) -> Profile:
        count.asked += 1  # type: ignore[attr-defined]  # a function carries its count
        subjects = {}
        for name, place in ruler.places().items():
            if isinstance(place, JointScale):
                cell = places(place.left, place.left_field) * place.right.size + places(place.right, place.right_field)
            else:
                cell = places(place, name)
            subjects[name] = Counts(tuple(np.bincount(cell, minlength=place.size).tolist()))
        return Profile("m", "1", START, START + HOUR, ruler.id, ROWS, 0, subjects)

    count.asked = 0  # type: ignore[attr-defined]  # a function carries its count
    return count


def fields(ruler: Ruler) -> list[tuple[str, str]]:
    return [(joint.left_field, joint.right_field) for joint in ruler.joints]


def test_a_ruler_of_which_nothing_more_is_wanted_stays_the_same(counted):
    """The same id, and nothing is counted for it."""
    assert completed(RULER, counted, most_segments=10).id == RULER.id
    assert counted.asked == 0


def test_segments_are_the_most_frequent_levels_and_the_others_are_numbered(counted):
    """Two of the five levels that are known make a segment each."""
    ruler = completed(RULER, counted, segments=["colour"], most_segments=2)
    assert ruler.segmentations == (Segmentation(COLOUR, ("red", "green"), left_out=3),)
    assert ruler.segments == ("colour=red", "colour=green")
    assert counted.asked == 0


def test_named_pairs_are_counted_in_coarse_cells_whichever_is_named_first(counted):
    """Five fifths of each side, features in order of name and before the score."""
    one = completed(RULER, counted, most_segments=10, pairs=[("b", "a"), ("score", "a")])
    other = completed(RULER, counted, most_segments=10, pairs=[("a", "b"), ("a", "score")])
    assert fields(one) == [(A, B), (A, SCORE)]
    assert one.id == other.id
    assert one.joints[0].shape == (5, 5)
    assert set(one.joints[0].left.edges) == {0.2, 0.4, 0.6, 0.8}  # type: ignore[union-attr]  # numeric, as made here


def test_the_strongest_pairs_are_those_that_go_together(counted):
    """A with the score, which is its square, and a with b; c and the colour go with nothing."""
    ruler = completed(RULER, counted, most_segments=10, strongest_pairs=2)
    assert set(fields(ruler)) == {(A, SCORE), (A, B)}
    assert counted.asked == 2


def test_ignored_features_are_not_chosen_and_named_pairs_are_not_chosen_twice(counted):
    """Without a the score still goes with b."""
    chosen = fields(completed(RULER, counted, most_segments=10, strongest_pairs=2, ignore=["a"]))
    assert (B, SCORE) in chosen
    assert not any(A in pair for pair in chosen)
    named = completed(RULER, counted, most_segments=10, pairs=[("a", "score")], strongest_pairs=2)
    assert fields(named)[0] == (A, SCORE)
    assert set(fields(named)[1:]) == {(A, B), (B, SCORE)}


def test_pairs_are_chosen_among_the_most_important_features(counted, monkeypatch):
    """Where the baseline was given importances, they say which features are candidates."""
    monkeypatch.setattr("elkmon.measures.ruling.MOST_CANDIDATES", 1)
    importances = {"b": 3.0, "a": 2.0}
    assert fields(completed(RULER, counted, most_segments=10, strongest_pairs=3, importances=importances)) == [
        (B, SCORE)
    ]


def test_the_score_is_counted_with_the_label_in_full(counted):
    """All of the score's bins, at most twenty labels, and the order that estimation reads."""
    many = CategoricalScale(tuple(f"label {number:02}" for number in range(30)))
    ruler = completed(RULER, counted, most_segments=10, calibration=True)
    assert ruler.joints == (JointScale(SCORE, LABEL, TENTHS, CategoricalScale(("no", "yes"))),)
    wide = completed(Ruler({**RULER.scales, LABEL: many}), counted, most_segments=10, calibration=True)
    assert wide.joints[0].right == CategoricalScale(many.levels[:MOST_LABELS])
    assert counted.asked == 0


def test_an_older_ruler_keeps_what_is_still_wanted_and_gets_what_it_lacks(counted):
    """Its segments and chosen pairs stay as they were, so plots of them go on."""
    older = completed(RULER, counted, segments=["colour"], most_segments=2, strongest_pairs=2)
    same = completed(older, counted, segments=["colour"], most_segments=3, strongest_pairs=2)
    assert same.id == older.id
    more = completed(
        older, counted, segments=["colour"], most_segments=3, pairs=[("c", "a")], strongest_pairs=2, calibration=True
    )
    assert more.scales == older.scales
    assert more.segmentations == older.segmentations
    assert fields(more) == [(A, C), *fields(older), (SCORE, LABEL)]
    none = completed(more, counted, most_segments=3)
    assert none.id == RULER.id


def test_what_cannot_be_counted_is_named_all_at_once(counted):
    """A number as segment, a feature that is not there, a pair with itself, an importance of nothing."""
    with pytest.raises(ReferenceDataError) as caught:
        completed(
            RULER,
            counted,
            segments=["a", "shape"],
            most_segments=10,
            pairs=[("a", "weight"), ("b", "b"), ("label", "score")],
            importances={"hight": 1.0},
        )
    message = str(caught.value)
    assert "segments: the feature 'a' is a number in the reference; only categories make segments: colour" in message
    assert "segments: the feature 'shape' is not in the reference" in message
    assert (
        "pairs: 'weight' of ['a', 'weight'] is not in the reference; there is score, label, colour, a, b, c" in message
    )
    assert "pairs: 'b' is named with itself" in message
    assert "pairs: score and label are counted together wherever positive_label is set" in message
    assert "importances: 'hight' is not among the reference's features: a, b, c, colour" in message
