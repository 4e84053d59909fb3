"""Telling of what callers lost: they only count, since they must not wait for stderr. On the sender's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elkmon.shipping.buffer import Buffer
from elkmon.shipping.trouble import Teller

if TYPE_CHECKING:
    from elkmon.shipping.journal.backlog import Backlog


class Losses:
    """
    What has been lost, or was in danger, since it was told last.

    Args:
        buffer: keeps the accounts.
        backlog: what waits on disk; None where there is no journal.
        teller: hears of trouble.
        told: events that were dropped, by reason, as far as the teller has heard of them; others add theirs.
    """

    def __init__(self, buffer: Buffer, backlog: Backlog | None, teller: Teller, told: dict[str, int]) -> None:
        self._buffer = buffer
        self._backlog = backlog
        self._teller = teller
        self._told = told
        self._told_unjournalled = 0
        self._told_damaged = 0
        self._told_trouble = ""

    def tell(self) -> None:
        """Tell of what is new."""
        for reason, count in self._buffer.stats().dropped.items():
            more = count - self._told.get(reason, 0)
            if more > 0:
                self._told[reason] = count
                self._teller.tell_of_drops(reason, more)
        if self._backlog is not None:
            self._tell_of_the_disk(self._backlog)

    def _tell_of_the_disk(self, backlog: Backlog) -> None:
        with backlog.lock:  # or the trouble might be seen, and the event it was met with not yet
            trouble, total = backlog.trouble, backlog.unjournalled
        unjournalled, self._told_unjournalled = total - self._told_unjournalled, total
        if unjournalled:
            why = trouble or "logged while another event was being written"
            self._teller.tell("journal", f"{why}; events are kept in memory only", unjournalled)
        elif trouble and trouble != self._told_trouble:
            self._teller.tell("journal", trouble)
        self._told_trouble = trouble
        damaged, self._told_damaged = backlog.damaged - self._told_damaged, backlog.damaged
        if damaged:
            detail = f"lines in {backlog.directory} that ended processes have left are damaged, and passed over"
            self._teller.tell("journal_damaged", detail, damaged)
