"""Two clocks for the same loop: one that goes faster than the world, one that does not wait at all."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from elkmon.schedule import Clock


@dataclass(frozen=True, slots=True)
class Pace:
    """A clock that showed `start` at `began` (seconds since 1970) and goes at `speed`; the same in every process."""

    start: datetime
    began: float
    speed: float

    def now(self) -> datetime:
        """Return what it shows."""
        return self.start + self.speed * timedelta(seconds=time.time() - self.began)

    def clock(self) -> Clock:
        """Return it as the loop takes it."""
        return Clock(self.speed, self.now())


class Over(Exception):
    """The clock has come to where it was to stop."""


class Skipping(Clock):
    """A clock that stands still while something is done, and else is where it is waited for; it ends `Over` after `end`."""

    def __init__(self, start: datetime, end: datetime) -> None:
        super().__init__()
        self._shown = start
        self._end = end

    def now(self) -> datetime:
        """Return what it shows."""
        return self._shown

    def wait(self, until: datetime) -> None:
        """Show `until`."""
        if until > self._end:
            raise Over
        self._shown = until
