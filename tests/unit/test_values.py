import datetime as dt
import enum
import math
import uuid
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from elkmon.values import (
    BLANK,
    Declared,
    Level,
    Missing,
    Number,
    Rejected,
    as_feature,
    as_number,
    as_text,
    distinct,
    feature_name,
    fit,
)

CATEGORICAL = Declared.CATEGORICAL
NUMERIC = Declared.NUMERIC


class Colour(enum.Enum):
    RED = "red"
    PAIR = (1, 2)


class Size(enum.IntEnum):
    SMALL = 1


class Raises:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def __repr__(self):
        raise RuntimeError

    __str__ = __float__ = __eq__ = __hash__ = __len__ = __iter__ = __repr__


class Text(str):
    __slots__ = ()

    def __str__(self):
        return "something else"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, Number(1.0)),
        (1.5, Number(1.5)),
        (-0.0, Number(0.0)),
        (10**17, Number(1e17)),
        (Decimal("1.25"), Number(1.25)),
        (Fraction(1, 4), Number(0.25)),
        (dt.timedelta(minutes=2), Number(120.0)),
        (np.float32(0.5), Number(0.5)),
        (np.float64(0.5), Number(0.5)),
        (np.longdouble(0.5), Number(0.5)),
        (np.int64(7), Number(7.0)),
        (np.uint8(7), Number(7.0)),
        (np.array(3.0), Number(3.0)),
        (np.array([3.0]), Number(3.0)),
        (np.timedelta64(3, "s"), Number(3.0)),
        (pd.Timedelta("3s"), Number(3.0)),
        (Size.SMALL, Number(1.0)),
        ("late", Level("late")),
        ("", Level("")),
        (Text("kept"), Level("kept")),
        (np.str_("late"), Level("late")),
        (b"caf\xc3\xa9 \xff", Level("café \\xff")),
        (bytearray(b"ab"), Level("ab")),
        (True, Level("true")),
        (np.False_, Level("false")),
        (Colour.RED, Level("red")),
        (Colour.PAIR, Level("PAIR")),
        (uuid.UUID(int=1), Level("00000000-0000-0000-0000-000000000001")),
        (dt.date(2013, 8, 5), Level("2013-08-05")),
        (dt.datetime(2013, 8, 5, 6, tzinfo=dt.UTC), Level("2013-08-05T06:00:00+00:00")),
        (pd.Timestamp("2013-08-05T06:00"), Level("2013-08-05T06:00:00")),
        (np.datetime64("2013-08-05T06:00:00", "ns"), Level("2013-08-05T06:00:00")),
        (1 + 2j, Level("(1+2j)")),
        (None, Missing()),
        (math.nan, Missing()),
        (math.inf, Missing()),
        (-math.inf, Missing()),
        (np.float32("nan"), Missing()),
        (Decimal("NaN"), Missing()),
        (Decimal("sNaN"), Missing()),
        (Decimal("Infinity"), Missing()),
        (pd.NA, Missing()),
        (pd.NaT, Missing()),
        (np.datetime64("NaT"), Missing()),
        (np.timedelta64("NaT"), Missing()),
        (10**400, Missing("too large for a number")),
    ],
    ids=repr,
)
def test_own_type_decides(value, expected):
    """Undeclared, a value's own type decides whether it is a number, a level or missing."""
    assert as_feature(value) == expected


@pytest.mark.parametrize("value", [1, 1.0, "1", np.int8(1), np.float64(1), Decimal(1), Size.SMALL], ids=repr)
def test_whole_numbers_agree_as_levels(value):
    """Declared categorical, 1, 1.0 and "1" are the same level, whatever library they come from."""
    assert as_feature(value, CATEGORICAL) == Level("1")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.5, "1.5"), (-2.0, "-2"), (0.1, "0.1"), (1e300, "1e+300"), (2**64, str(2**64)), (False, "false")],
)
def test_other_numbers_as_levels(value, expected):
    """Declared categorical, a number is written as Python writes it, whole ones without decimals."""
    assert as_feature(value, CATEGORICAL) == Level(expected)


def test_enormous_integers_are_no_level():
    """An integer of thousands of digits, which Python refuses to print, is rejected as a level."""
    assert isinstance(as_feature(10**10_000, CATEGORICAL), Rejected)


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA, pd.NaT])
@pytest.mark.parametrize("declared", [None, CATEGORICAL, NUMERIC])
def test_missing_is_missing_whatever_is_declared(missing, declared):
    """No declaration makes a value of what is missing."""
    assert as_feature(missing, declared) == Missing()


def test_declared_numeric():
    """Declared numeric, booleans are 0 and 1, and text is kept aside, also when it looks like a number."""
    assert as_feature(True, NUMERIC) == Number(1.0)
    assert as_feature(np.False_, NUMERIC) == Number(0.0)
    assert as_feature("3.5", NUMERIC) == Rejected("3.5")
    assert as_feature(dt.date(2013, 8, 5), NUMERIC) == Rejected("2013-08-05")


@pytest.mark.parametrize(
    "value",
    [
        [1, 2],
        (1,),
        {"a": 1},
        {1},
        np.array([1, 2]),
        np.array([]),
        pd.Series([1, 2]),
        pd.DataFrame(),
        range(3),
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("declared", [None, CATEGORICAL, NUMERIC])
def test_collections_are_rejected(value, declared):
    """What is no scalar is neither number nor level, and is described in few characters."""
    feature = as_feature(value, declared)
    assert isinstance(feature, Rejected)
    assert "is no scalar" in feature.note
    assert len(feature.text) <= 1024


def test_cycles_are_rejected():
    """A list that holds itself is described without walking round in it."""
    cycle = []
    cycle.append(cycle)
    assert isinstance(as_feature(cycle), Rejected)


@pytest.mark.parametrize("declared", [None, CATEGORICAL, NUMERIC])
def test_objects_that_raise_become_a_note(declared):
    """An object that raises whatever is asked of it is named by its class, and the trouble is noted."""
    assert as_feature(Raises(), declared) == Rejected("<Raises>", "unreadable: RuntimeError")


def test_objects_without_a_text_of_their_own():
    """An object that prints as its address would be a new level every time, and is rejected."""
    assert isinstance(as_feature(object()), Rejected)


def test_long_text_is_cut():
    """Text beyond 1024 characters is cut, and that is noted."""
    assert as_feature("ä" * 2000) == Level("ä" * 1024, "text cut")


def test_surrogates_are_replaced():
    """Half a character, which is not valid in UTF-8, is replaced, and that is noted."""
    assert as_feature("a\ud800b") == Level("a\N{REPLACEMENT CHARACTER}b", "surrogates replaced")
    assert fit("\udfff" + "x" * 5, 3)[1] == "text cut, surrogates replaced"


def test_numbers_and_texts_of_anything():
    """`as_number` and `as_text` give a plain value, or None."""
    assert as_number("0.8") is None
    assert as_number(np.float32(0.5)) == 0.5
    assert as_number(Raises()) is None
    assert as_text(1.0) == "1"
    assert as_text(math.nan) is None
    assert as_text(Raises()) == "<Raises>"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("distance", "distance"),
        ("", BLANK),
        (" \t\n", BLANK),
        (None, BLANK),
        (7, "7"),
        (("a", 1), "('a', 1)"),
        ("../../x", "../../x"),
        ("<script>", "<script>"),
        ("a\nb", "a\nb"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
        ("é" * 300, "é" * 256),
        (Raises(), "<Raises>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_feature_names(name, expected):
    """Any name becomes text that Elasticsearch takes as a field's name."""
    assert feature_name(name) == expected


def test_distinct_names():
    """A name that is taken gets the first free number behind it."""
    assert distinct("a", ()) == "a"
    assert distinct("a", {"a", "a (2)"}) == "a (3)"
