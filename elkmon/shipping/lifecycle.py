"""The process's lifecycle, as far as shipping depends on it: its end, and its forks."""

from __future__ import annotations

import atexit
import os
from time import monotonic
from typing import Protocol
from weakref import WeakSet

EXIT_SECONDS = 5.0


class Component(Protocol):
    """What has to know of the process's end and forks."""

    def begin_close(self, deadline: float) -> None:
        """Ask for the end, by a moment of the monotonic clock."""

    def end_close(self) -> None:
        """Wait for the end."""

    def after_fork(self) -> None:
        """Begin anew, in the child."""


_living: WeakSet[Component] = WeakSet()
_registered: list[bool] = []


def register(component: Component) -> None:
    """Close it when the process exits, and tell it of forks; for as long as somebody else keeps it."""
    _living.add(component)
    if not _registered:
        _registered.append(True)
        # Before logging.shutdown, which would end handlers one after the other, each with a time of its own.
        atexit.register(_close_all)
        os.register_at_fork(after_in_child=_begin_anew)


def _close_all() -> None:
    deadline = monotonic() + EXIT_SECONDS
    living = list(_living)
    for component in living:
        component.begin_close(deadline)
    for component in living:
        component.end_close()


def _begin_anew() -> None:
    for component in list(_living):
        component.after_fork()
