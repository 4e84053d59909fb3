"""What an arm of the comparison is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Call: TypeAlias = Callable[[str, Mapping[str, Any]], object]
"""Logs one event: its marker and its features."""


class NotInThisVersion(Exception):
    """The installed version has no such thing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an arm finds its sink on loopback, and a folder to keep things in."""

    port: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Arm:
    """
    One way to ship events.

    Attributes:
        name: as in the tables.
        build: makes the call; what it needs is imported there.
        module: whose import is timed; empty for none.
        sink: what it sends to: `lines` or `http`; empty where nothing leaves the process.
        own_ids: whether the sink reads elkmon's ids rather than markers.
        durable: whether it keeps events on disk.
        events: how many a throughput run logs: as many as take a few seconds.
        rate: events a second in the slow tests.
        bound: how many events it queues at most by default, where that is less than the test's; 0 for more.
        queues: whether it has a queue within the process to be measured.
        priced: whether it takes part in the table of calls.
    """

    name: str
    build: Callable[[Place], Call]
    module: str = ""
    sink: str = ""
    own_ids: bool = False
    durable: bool = False
    events: int = 50_000
    rate: int = 1_000
    bound: int = 0
    queues: bool = True
    priced: bool = True


def by_logging(handler: logging.Handler) -> Call:
    """Log by a logger of the standard library that has this one handler."""
    logger = logging.getLogger("bench")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)

    def call(marker: str, features: Mapping[str, Any]) -> None:
        logger.info("scored", extra={"event_id": marker, "features": features, "score": 0.83, "label": "late"})

    return call


NOOP = "logger with a no-op handler"
