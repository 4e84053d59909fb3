"""The results as a page of Markdown. It says what kind of machine it was, and nothing about where it stands."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from bench.monitor.node import HEAP
from bench.monitor.session import Session
from bench.monitor.traffic import SEED
from bench.statistics.page import written
from bench.statistics.session import Table

_OWN = ("elkmon", "elasticsearch", "numpy", "scipy", "orjson")


def page(title: str, preamble: str, session: Session, tables: Sequence[Table], loads: tuple[float, float]) -> str:
    """Write it all; `loads` are the machine's at the start and at the end."""
    tried = ("**Tried out with `--quick`: these figures are for finding mistakes only.**",) if session.quick else ()
    return "\n\n".join((f"# {title}", preamble, *tried, _facts(session, loads), *map(written, tables))) + "\n"


def _facts(session: Session, loads: tuple[float, float]) -> str:
    peers = ", ".join(f"{name} {number}" for name, number in session.versions.items())
    minutes = (datetime.now(UTC) - session.started_at).total_seconds() / 60
    facts = [
        f"{datetime.now(UTC):%Y-%m-%d}, {minutes:.0f} minutes, seed {SEED}",
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        f"load of the machine (one minute): {loads[0]:.1f} before, {loads[1]:.1f} at the end",
        f"one embedded node, Elasticsearch {session.node.version}, heap {HEAP}, on the same cores",
        f"{platform.python_implementation()} {platform.python_version()}; elkmon's side: "
        + ", ".join(f"{package} {version(package)}" for package in _OWN),
    ]
    if peers:
        facts.append(f"the peers' environment: {peers}")
    return "\n".join(f"- {fact}" for fact in facts)
