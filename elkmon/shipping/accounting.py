"""What became of every event: `logged = delivered + pending + dropped`, per stream and model, and for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Stats:
    """
    A handler's totals since it was made (in a forked child: since the fork).

    Attributes:
        logged: events it was given, or took over from the journals of processes that have ended.
        delivered: acknowledged by the other end; a transport without acknowledgement says what it means by it.
        pending: waiting, or on their way.
        dropped: lost, by reason: `queue_full`, `too_large`, `rejected`, `exit_timeout`, `encode_error`, `journal_full`,
            `journal_lost`.
        unjournalled: of a handler with a journal, the events that could be kept in memory only.
    """

    logged: int
    delivered: int
    pending: int
    dropped: Mapping[str, int]
    unjournalled: int = 0


_TURNED_AWAY = frozenset({"queue_full", "journal_full", "encode_error"})


@dataclass(slots=True)
class Account:
    """Running totals of one channel. Written only under the lock of the buffer it belongs to."""

    logged: int = 0
    delivered: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    dropped_from: str = ""
    dropped_to: str = ""

    @property
    def pending(self) -> int:
        """What is neither delivered nor dropped."""
        return self.logged - self.delivered - sum(self.dropped.values())

    @property
    def settled(self) -> int:
        """What was pending once and is no more; not what was turned away."""
        return self.delivered + sum(count for reason, count in self.dropped.items() if reason not in _TURNED_AWAY)

    def drop(self, reason: str, timestamp: str) -> None:
        """Count an event as lost."""
        self.dropped[reason] = self.dropped.get(reason, 0) + 1
        if not self.dropped_from or timestamp < self.dropped_from:
            self.dropped_from = timestamp
        self.dropped_to = max(self.dropped_to, timestamp)

    def copy(self) -> Account:
        """Return the totals as they are now, to be kept."""
        return replace(self, dropped=dict(self.dropped))


def summed(accounts: Iterable[Account], pending: int, unjournalled: int) -> Stats:
    """Add accounts up. What is `pending` was counted where it waits."""
    logged = delivered = 0
    dropped: dict[str, int] = {}
    for account in accounts:
        logged += account.logged
        delivered += account.delivered
        for reason, count in account.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
    return Stats(logged, delivered, pending, MappingProxyType(dropped), unjournalled)
