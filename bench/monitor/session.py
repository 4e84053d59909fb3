"""One run of the bench: its sizes, its node, its progress, and the figures found so far."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bench.monitor.node import Node
from elkmon.windows import WEEK, Window

START = datetime(2026, 3, 2, tzinfo=UTC)
REFERENCE = Window(START, START + WEEK)
CURRENT = Window(START + WEEK, START + 2 * WEEK)


@dataclass(slots=True)
class Session:
    """
    What the tables share.

    Attributes:
        quick: whether to try out only.
        node: the Elasticsearch.
        figures: by name, for the page's summary; what could not be measured is not among them.
        versions: of the peers' packages.
    """

    quick: bool
    node: Node
    figures: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def say(self, text: str) -> None:
        """Show progress."""
        sys.stderr.write(f"[{time.monotonic() - self.begun:4.0f} s] {text}\n")
        sys.stderr.flush()

    def sized(self, full: int, quick: int) -> int:
        """Choose a count."""
        return quick if self.quick else full


def thousands(rows: int) -> str:
    """Write a number of rows: 100k, 1M."""
    return f"{rows // 1_000_000}M" if rows % 1_000_000 == 0 else f"{rows // 1_000}k"
