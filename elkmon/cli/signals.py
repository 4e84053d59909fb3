"""
SIGTERM and SIGINT end a long command in order: the code in progress is unwound, so leases and child processes are given back.
"""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import NoReturn, Self


class Ended(KeyboardInterrupt):
    """A signal asked for the end. Not an `Exception`, so that nothing that survives errors survives it."""


class EndedBySignal:
    """Runs its block until that ends or SIGTERM or SIGINT comes; either way what follows the block is done."""

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, _end) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        return isinstance(error, Ended)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    # A second signal, while the first one's unwinding is under way, must not break that off.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    raise Ended(signal.Signals(number).name)
