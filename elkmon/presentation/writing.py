"""
How numbers, instants and names are written for people. Names come from data: here they become harmless one-line text.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from elkmon.windows import DAY, Window

NOTHING = "–"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SMALL_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_PLACES = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_MARKS = {"Mn", "Me"}
_HARMFUL = {"Cc", "Cf", "Cs", "Co", "Cn"}


def clean(text: str, limit: int = 60) -> str:
    r"""
    Return `text` from data as one harmless, readable line of at most `limit` characters.

    White space becomes single spaces; control, direction and invisible characters, lone surrogates and piled-up accents
    become `�`; what is longer is cut in its middle, since names often differ only at their ends.

    >>> clean("a\nb\u202ec"), clean("x" * 300, limit=9), clean("  ")
    ('a b�c', 'xxxx…xxxx', '(empty)')
    """
    characters: list[str] = []
    marks = 0
    for character in text[: 50 * limit]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        if character.isspace():
            characters.append(" ")
        elif category in _HARMFUL or marks > 2:
            characters.append("�")
        else:
            characters.append(character)
    line = " ".join("".join(characters).split()) or "(empty)"
    if len(line) <= limit:
        return line
    head = limit // 2
    return f"{line[:head].rstrip()}…{line[-(limit - 1 - head) :].lstrip()}"


def number(value: float | None, digits: int = 3) -> str:
    """
    Return `value` with about `digits` significant digits, as people write it.

    >>> [number(value) for value in (0.6234, 1600.0, 12.0, -4.25, 2.5e7, 0.00001234, None, float("inf"))]
    ['0.623', '1,600', '12', '−4.25', '25 million', '1.23 × 10⁻⁵', '–', '∞']
    """
    if value is None or math.isnan(value):
        return NOTHING
    sign, size = "−" if value < 0 else "", abs(value)
    if math.isinf(size):
        return f"{sign}∞"
    if size == 0:
        return "0"
    if size >= 1e15 or size < 1e-3:
        mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
        return f"{sign}{_trimmed(mantissa)} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    for unit, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if size >= unit:
            return f"{sign}{number(size / unit, digits)} {name}"
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    return sign + _trimmed(f"{size:,.{decimals}f}")


def percent(share: float | None, digits: int = 2) -> str:
    """
    Return a share in [0, 1] as a percentage.

    >>> [percent(share) for share in (0.18, 0.042, 0.9964, 1.0, 0.00001, 0.0)]
    ['18 %', '4.2 %', '99.6 %', '100 %', 'under 0.01 %', '0 %']
    """
    if share is None or math.isnan(share):
        return NOTHING
    if abs(share) > 10:
        return f"{number(100 * share)} %"
    size = 100 * abs(share)
    sign = "−" if share < 0 else ""
    if 0 < size < 0.01:
        return f"under {sign}0.01 %"
    decimals = 2 if size < 0.1 else max(0, digits - 1 - math.floor(math.log10(size))) if size else 0
    if f"{size:.{decimals}f}" == "100" and size != 100:
        decimals = 1 if abs(100 - size) >= 0.05 else 2
    return f"{sign}{_trimmed(f'{size:,.{decimals}f}')} %"


def day(instant: datetime) -> str:
    """Return the day of `instant`, such as `5 August 2013`."""
    return f"{instant.day} {instant:%B} {instant.year}"


def moment(instant: datetime) -> str:
    """Return `instant` with its hour unless it is midnight."""
    return day(instant) if (instant.hour, instant.minute) == (0, 0) else f"{day(instant)}, {instant:%H:%M} UTC"


def period(window: Window) -> str:
    """
    Return `window` as people write it.

    >>> from datetime import UTC
    >>> [period(Window(datetime(2013, *start, tzinfo=UTC), datetime(2013, *end, tzinfo=UTC)))
    ...  for start, end in (((8, 5), (8, 12)), ((7, 29), (8, 5)), ((8, 5), (8, 6)), ((8, 5, 6), (8, 5, 12)))]
    ['5–11 August 2013', '29 July – 4 August 2013', '5 August 2013', '5 August 2013, 06:00–12:00 UTC']
    """
    start, end = window.start, window.end
    if start.hour or end.hour:
        if start.date() == end.date() or end - start <= DAY:
            return f"{day(start)}, {start:%H:%M}–{end:%H:%M} UTC"
        return f"{day(start)}, {start:%H:%M} – {day(end)}, {end:%H:%M} UTC"
    last = end - DAY
    if last == start:
        return day(start)
    if (start.year, start.month) == (last.year, last.month):
        return f"{start.day}–{day(last)}"
    if start.year == last.year:
        return f"{start.day} {start:%B} – {day(last)}"
    return f"{day(start)} – {day(last)}"


def count(amount: int, thing: str = "") -> str:
    """
    Return an amount, of things where they are named; small amounts as a word.

    >>> count(1, "window"), count(3, "window"), count(1200, "row"), count(2)
    ('one window', 'three windows', '1,200 rows', 'two')
    """
    word = _SMALL_NUMBERS[amount] if 0 <= amount < len(_SMALL_NUMBERS) else f"{amount:,}"
    return f"{word} {thing}{'' if amount == 1 else 's'}" if thing else word


def ordinal(place: int) -> str:
    """
    Return a place in an order; the first ones as a word.

    >>> ordinal(3), ordinal(21), ordinal(112)
    ('third', '21st', '112th')
    """
    if 0 < place < len(_PLACES):
        return _PLACES[place]
    ending = "th" if place % 100 in {11, 12, 13} else _ENDINGS.get(place % 10, "th")
    return f"{place:,}{ending}"


def capital(text: str) -> str:
    """Return `text` with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def listing(words: Sequence[str], most: int = 6) -> str:
    """
    Return `words` as a list in a sentence; beyond `most` only how many more.

    >>> listing(["a", "b", "c"]), listing(["a"]), listing(["a", "b", "c", "d"], most=2)
    ('a, b and c', 'a', 'a, b and two more')
    """
    shown = list(words[:most])
    if len(words) > most:
        shown.append(f"{count(len(words) - most)} more")
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def _trimmed(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
