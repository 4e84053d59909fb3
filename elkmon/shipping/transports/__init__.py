"""
The port between the sender and the other end.

A transport is given lines and says what became of each. It is used by one thread at a time and keeps no event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from elkmon.errors import ElkmonError
from elkmon.shipping.entries import Entry


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    What became of a batch. Entries that are not named have arrived.

    Attributes:
        again: positions to be sent again.
        rejected: positions the other end will never take, each with its reason.
        detail: why, where there is an `again`.
        retry_after: seconds the other end asks to wait.
        failing: those of `again` the other end broke down over, each with its reason: it may be these that are at fault.
    """

    again: tuple[int, ...] = ()
    rejected: tuple[tuple[int, str], ...] = ()
    detail: str = ""
    retry_after: float = 0.0
    failing: tuple[tuple[int, str], ...] = ()


ARRIVED = Receipt()


class Unavailable(ElkmonError):
    """Nobody took the batch, or nobody said so. It is sent again, as a whole."""

    def __init__(self, detail: str, *, retry_after: float = 0.0, refused: bool = False) -> None:
        self.retry_after = retry_after
        self.refused = refused
        super().__init__(detail)


class Indigestible(ElkmonError):
    """The other end cannot take this batch as it is. Its halves are tried; a single event is dropped for `reason`."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        super().__init__(detail)


class Transport(Protocol):
    """Brings entries to the other end."""

    def send(self, batch: Sequence[Entry], tried_for: float = 0.0) -> Receipt:
        """
        Send a batch and say what became of it.

        Args:
            batch: the entries.
            tried_for: seconds since it was sent for the first time, perhaps with success; 0 for the first time.

        Raises:
            Unavailable: it is to be sent again.
            Indigestible: it is to be sent in parts.
        """
        ...

    def prepare(self) -> None:
        """
        Import what `send` needs and a service without events need not wait for. Called first, on the sender's thread.

        No process is forked meanwhile: a child would wait for ever for a module that its parent was about to import.
        """
        ...

    def interrupt(self) -> None:
        """Make a `send` that waits on another thread end soon. Called when time is up."""
        ...

    def abandon(self) -> None:
        """Let go of connections without touching them: in a forked child they are the parent's."""
        ...

    def close(self) -> None:
        """Close connections. A later `send` opens them again."""
        ...
