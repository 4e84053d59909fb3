"""The results as a page of Markdown. It says what the machine is, and nothing about where it stands."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.shipping.session import Table

_PREAMBLE = """\
One run on one machine, written by `make bench-shipping`. All of it is on loopback, and the sinks share the processors with
what is measured: ratios say more than figures."""
_PINS = Path(__file__).with_name("requirements.txt")


def page(tables: Sequence[Table], minutes: float, *, quick: bool) -> str:
    """Write it all."""
    return (
        "\n\n".join(
            (
                "# Shipping: elkmon beside its peers",
                _PREAMBLE,
                *(("**Tried out with `--quick`: these figures are for finding mistakes only.**",) if quick else ()),
                _facts(minutes),
                *(f"## {each.title}\n\n{each.notes}\n\n{_rows(each)}" for each in tables),
            )
        )
        + "\n"
    )


def _facts(minutes: float) -> str:
    packages = ["elkmon", *(line.partition("==")[0] for line in _PINS.read_text().splitlines() if "==" in line)]
    facts = [
        f"{datetime.now(UTC):%Y-%m-%d}, {minutes:.0f} minutes",
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        f"{platform.python_implementation()} {platform.python_version()}",
        ", ".join(f"{package} {_version(package)}" for package in packages),
    ]
    return "\n".join(f"- {fact}" for fact in facts)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _rows(table: Table) -> str:
    width = len(table.columns)
    full = [[*row, *[""] * (width - len(row))] for row in table.rows]
    ruler = ["---", *["---:"] * (width - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (table.columns, ruler, *full))
