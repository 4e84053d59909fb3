import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elkmon.presentation.writing import clean, listing, number, percent


@given(st.text(), st.integers(5, 80))
def test_clean_text_is_one_harmless_line(text, limit):
    """Whatever comes in, one line of at most the limit comes out that any mail, terminal or page can hold."""
    line = clean(text, limit)
    assert 0 < len(line) <= limit
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for character in line)
    line.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("../../x", "../../x"),
        ("<script>", "<script>"),
        ("Wind: 風速 (m/s) é", "Wind: 風速 (m/s) é"),
        ("a\r\nBcc: b@example.com", "a Bcc: b@example.com"),
        ("x\u0300\u0301\u0302\u0303y", "x\u0300\u0301��y"),
        ("", "(empty)"),
    ],
)
def test_readable_text_stays_readable(text, expected):
    """Only what harms is replaced; escaping is the business of what carries the text."""
    assert clean(text) == expected


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_number_can_be_written(value):
    """Any float becomes a short text."""
    assert 0 < len(number(value)) < 30
    assert 0 < len(percent(value)) < 40


@given(st.floats(1e-3, 1e6))
def test_numbers_keep_their_leading_digits(value):
    """What is written differs from the number by at most half a unit of its third digit."""
    assert float(number(value).replace(",", "").replace(" million", "e6")) == pytest.approx(value, rel=0.0051)


def test_nearly_all_is_not_all():
    """99.96 % is not rounded to 100 %, and almost nothing is not nothing."""
    assert percent(0.9996) == "99.96 %"
    assert percent(1e-9) == "under 0.01 %"


def test_an_empty_list_is_empty():
    """Nothing to list is no words."""
    assert listing([]) == ""
