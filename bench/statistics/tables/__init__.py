"""The tables, one a module; each has `tables(session)`. Numbers are those of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from bench.statistics.session import Session, Table

NAMES = {
    1: "unchanged_rows",
    2: "unchanged_time",
    3: "many_columns",
    4: "power",
    5: "corrupt_value",
    6: "estimation",
    7: "scores",
}


def tables(number: int) -> Callable[[Session], Iterable[Table]]:
    """Return what makes the tables of that number."""
    found: Callable[[Session], Iterable[Table]] = import_module(f"{__name__}.{NAMES[number]}").tables
    return found
