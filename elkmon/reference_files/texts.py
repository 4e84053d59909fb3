"""
What the texts of a CSV column mean: truth values, numbers, or levels. Decided by all of a column's texts together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from elkmon.values import Declared

_TRUTH_VALUES = {"true": True, "false": False}
# What programs write for nothing. Only in a column of numbers or truth values: elsewhere NA may be Namibia.
_NOTHING = {"NA", "N/A", "n/a", "null", "NULL", "None", "<NA>", "NaT", "-", "?"}
_WHOLE = re.compile(r"^(0|-?[1-9]\d*)\.0+$")

Value: TypeAlias = bool | float | str | None


def texts_as_values(texts: Sequence[str], declared: Declared | None) -> tuple[Sequence[Value], str]:
    """
    Return what each of a column's distinct `texts` is, and a note for people (empty for none).

    Truth values agree with production's `True`; numbers, unless declared categorical, with its numbers. A whole number
    written with decimals is the level production makes of it, but leading zeros stay: a postcode is no number.

    >>> texts_as_values(["True", "False", "NA"], None)
    ([True, False, None], '')
    >>> texts_as_values(["1.0", "2.0", "007"], Declared.CATEGORICAL)
    (['1', '2', '007'], '')
    >>> texts_as_values(["UA", "NA"], None)
    (['UA', 'NA'], "'NA' is taken as a level; leave the cell empty where there is no value")
    """
    told = [text for text in texts if text not in _NOTHING]
    if told and all(text.casefold() in _TRUTH_VALUES for text in told):
        return [_TRUTH_VALUES.get(text.casefold()) for text in texts], ""
    if declared is Declared.CATEGORICAL:
        return [_WHOLE.sub(r"\1", text) for text in texts], _note(texts)
    numbers = [_number(text) for text in texts]
    if declared is Declared.NUMERIC or all(isinstance(number, float | None) for number in numbers):
        return numbers, ""
    return list(texts), _note(texts)


def _number(text: str) -> float | str | None:
    """Read a number; nothing where it says so; the text itself where it is neither, so that it is named as the mistake."""
    if text in _NOTHING:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def _note(texts: Sequence[str]) -> str:
    found = next((text for text in texts if text in _NOTHING), None)
    if found is None:
        return ""
    return f"{found!r} is taken as a level; leave the cell empty where there is no value"
