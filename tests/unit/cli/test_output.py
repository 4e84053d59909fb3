"""Tables and JSON."""

import json
import math
from datetime import UTC, datetime

from elkmon.alerts import Change, Transition
from elkmon.cli.output import plain, print_json, print_table
from elkmon.findings import Status
from elkmon.windows import Window


def test_a_table_is_aligned_and_numbers_stand_to_the_right(capsys):
    """Columns begin under their headings; counts end under one another."""
    print_table(("name", "rows"), [("a", "1,200"), ("long name", "7")])

    assert capsys.readouterr().out == "NAME        ROWS\na          1,200\nlong name      7\n"


def test_names_from_data_cannot_steer_the_terminal(capsys):
    """Escape sequences and line breaks in a model's name are made visible and harmless."""
    print_table(("name",), [("evil\x1b[2Jname\nnext\u202e",)])

    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert len(out.splitlines()) == 2


def test_json_is_valid_whatever_is_in_it(capsys):
    """Instants are ISO, a window its two ends, an enumeration its value; NaN, which JSON does not know, is null."""
    at = datetime(2013, 8, 5, tzinfo=UTC)
    transition = Transition(Change.OPENED, "f", 1, at, Status.WARNING, ("3",))

    print_json(
        {"transition": transition, "window": Window(at, at.replace(day=6)), "odd": [math.nan, math.inf, 0.5, None]}
    )

    assert json.loads(capsys.readouterr().out) == {
        "transition": {
            "change": "opened",
            "fingerprint": "f",
            "episode": 1,
            "at": "2013-08-05T00:00:00+00:00",
            "status": "warning",
            "versions": ["3"],
            "said_at": None,
            "was": None,
        },
        "window": {"start": "2013-08-05T00:00:00+00:00", "end": "2013-08-06T00:00:00+00:00"},
        "odd": [None, None, 0.5, None],
    }


def test_plain_values_stay_what_they_are():
    """Text, numbers and truth values need no conversion."""
    assert plain({"a": ("x", 1, True)}) == {"a": ["x", 1, True]}
