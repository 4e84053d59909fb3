"""
The measures, one a module. Each has two parts: `part` runs in the worker beside the arm, `table` in the bench.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

NAMES = ("cost", "stalled", "throughput", "outage", "killed", "leaving", "importing", "memory")


def part(name: str) -> Callable[..., None]:
    """Return what the worker does of a measure."""
    found: Callable[..., None] = import_module(f"{__name__}.{name}").part
    return found


def table(name: str) -> Callable[..., Any]:
    """Return what the bench does of it."""
    found: Callable[..., Any] = import_module(f"{__name__}.{name}").table
    return found
