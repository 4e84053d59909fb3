"""
The three ports of the monitor, and the values that cross them: ask (`EventLog`), remember (`Journal`), tell (`Notifier`).

These are the only Protocols of the monitor. Adapters translate their library's errors into `StoreError` and `DeliveryError`.
"""

from elkmon.ports.asking import Arrival, Completeness, EventLog, HourCounts, Joined, Totals, Usage, Visit, Wanted
from elkmon.ports.remembering import (
    Bookmark,
    Claim,
    Delivery,
    DeliveryState,
    Hold,
    Journal,
    Lesson,
    Record,
    Run,
    RunStatus,
    Share,
    Stories,
    Tally,
    Turn,
)
from elkmon.ports.telling import Notifier

__all__ = [
    "Arrival",
    "Bookmark",
    "Claim",
    "Completeness",
    "Delivery",
    "DeliveryState",
    "EventLog",
    "Hold",
    "HourCounts",
    "Joined",
    "Journal",
    "Lesson",
    "Notifier",
    "Record",
    "Run",
    "RunStatus",
    "Share",
    "Stories",
    "Tally",
    "Totals",
    "Turn",
    "Usage",
    "Visit",
    "Wanted",
]
