"""The tables of the page, one module each, in order."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import cast

from bench.monitor.session import Session
from bench.statistics.session import Table

NAMES = {1: "reports", 2: "weekly", 3: "hourly", 4: "history"}


def tables(number: int) -> Callable[[Session], Iterator[Table]]:
    """Return what makes the tables of one number."""
    module = importlib.import_module(f"bench.monitor.tables.{NAMES[number]}")
    return cast("Callable[[Session], Iterator[Table]]", module.tables)
