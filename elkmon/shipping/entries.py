"""What waits and travels: an encoded event beside what is known of where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from elkmon.shipping.accounting import Account
from elkmon.shipping.channels import Channel


@dataclass(frozen=True, slots=True)
class Bequest:
    """
    Where an event of an ended process goes: what a channel is for those of a living one.

    Attributes:
        index: the data stream.
        account: counts it: as logged when it is taken over.
        errors: errors have a queue of their own in memory, which these never enter.
    """

    index: str
    account: Account
    errors: bool = False


class Kept(Enum):
    """What became of an event that was offered to the disk."""

    WRITTEN = auto()
    FULL = auto()
    FAILED = auto()


Entry: TypeAlias = tuple[bytes, Channel | Bequest]
"""An encoded event, and the channel it came by; what an ended process has left comes by its bequest."""
