"""The shipper's own trouble, told without logging: a line a minute per cause on stderr, and a callback."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

EVERY_SECONDS = 60.0

_REASONS = {
    "queue_full": "the queue was full",
    "exit_timeout": "they were not delivered before the end",
    "journal_full": "the journal was full",
    "journal_lost": "the journal's files were deleted or damaged",
    "encode_error": "they could not be encoded",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    Something that keeps events from arriving.

    Attributes:
        cause: which kind: `unavailable`, `refused`, or the reason of a drop.
        detail: what the other end said, or what happened.
        count: how often since it was told last.
    """

    cause: str
    detail: str
    count: int


class Teller:
    """
    Tells of trouble, on the sender's thread only.

    Args:
        callback: gets each `Trouble` that is told; what it raises is ignored.
    """

    def __init__(self, callback: Callable[[Trouble], object] | None) -> None:
        self._callback = callback
        self._told_at: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def tell_of_drops(self, reason: str, count: int) -> None:
        """Tell that events were lost."""
        self.tell(reason, f"events were dropped: {_REASONS.get(reason, reason)}", count)

    def tell(self, cause: str, detail: str, count: int = 1) -> None:
        """Tell of it, unless the same cause was told of less than a minute ago."""
        self._untold[cause] = self._untold.get(cause, 0) + count
        told_at = self._told_at.get(cause)
        if told_at is not None and monotonic() - told_at < EVERY_SECONDS:
            return
        self._told_at[cause] = monotonic()
        trouble = Trouble(cause, " ".join(detail.split())[:500], self._untold.pop(cause))
        times = f" ({trouble.count} times)" if trouble.count > 1 else ""
        with contextlib.suppress(Exception):
            print(f"elkmon: {trouble.cause}: {trouble.detail}{times}", file=sys.stderr)  # noqa: T201  must not log
        if self._callback is not None:
            with contextlib.suppress(Exception, SystemExit):
                self._callback(trouble)
