"""
The process's lifecycle, as far as shipping depends on it: its end, its forks, and the ends that skip `atexit`.

It imports none of the libraries that start processes: it looks which of them the service has imported itself.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any, Protocol
from weakref import WeakSet

EXIT_SECONDS = 5.0

_LAST = -1000  # among the finalizers of multiprocessing: after everybody else's, which may log


class Component(Protocol):
    """What has to know of the process's end and forks."""

    def begin_close(self, deadline: float) -> None:
        """Ask for the end, by a moment of the monotonic clock."""

    def end_close(self) -> None:
        """Wait for the end."""

    def after_fork(self) -> None:
        """Begin anew, in the child."""


class _Process:
    """What this process has been told to do at its end, and how long that may still take."""

    def __init__(self) -> None:
        self.id = os.getpid()
        self.forks = threading.RLock()
        self.forker = 0  # the thread that keeps others from forking until its own fork is done
        self.exiting = False
        self.seconds_left = EXIT_SECONDS
        self.finalizers: dict[str, Any] = {}


_living: WeakSet[Component] = WeakSet()
_hooked: set[str] = set()
_process = _Process()


def register(component: Component) -> None:
    """Close it when the process exits, and tell it of forks; for as long as somebody else keeps it."""
    _living.add(component)
    if "atexit" not in _hooked:
        _hooked.add("atexit")
        # Before logging.shutdown, which would end handlers one after the other, each with a time of its own.
        atexit.register(_close_all)
        os.register_at_fork(before=_wait_to_fork, after_in_parent=_go_on, after_in_child=_begin_anew)
    _hook_into_libraries()


def exiting() -> bool:
    """Tell whether the exit has come so far that what is logged now must be sent at once, or never."""
    return _process.exiting


@contextmanager
def exit_deadline() -> Iterator[float]:
    """Give the moment by which the exit has waited long enough. What is spent inside is taken off its time."""
    process, start = _process, monotonic()
    deadline = start + process.seconds_left
    try:
        yield deadline
    finally:  # another may have been given inside, and taken off its time already
        process.seconds_left = min(process.seconds_left, deadline - monotonic())


@contextmanager
def deadline_in(seconds: float) -> Iterator[float]:
    """Give the moment by which some seconds have passed; while exiting, no later than the exit has time for."""
    if not exiting():
        yield monotonic() + seconds
        return
    with exit_deadline() as deadline:
        yield min(deadline, monotonic() + seconds)


@contextmanager
def no_forks() -> Iterator[None]:
    """Let forks by other threads wait for what is done inside, and it for theirs; not for ever."""
    process = _process
    waited = process.forks.acquire(timeout=EXIT_SECONDS)
    try:
        yield
    finally:
        if waited:
            process.forks.release()


def _close_all() -> None:
    living = list(_living)
    _process.exiting = True
    with exit_deadline() as deadline:
        for component in living:
            component.begin_close(deadline)
        for component in living:
            component.end_close()


def _wait_to_fork() -> None:
    if _process.forks.acquire(timeout=EXIT_SECONDS):
        _process.forker = threading.get_ident()


def _go_on() -> None:
    if _process.forker == threading.get_ident():  # another thread's fork may not have waited any longer
        _process.forker = 0
        _process.forks.release()


def _begin_anew() -> None:
    global _process  # noqa: PLW0603  a child is another process
    _process = _Process()
    for component in list(_living):
        component.after_fork()
    _hook_into_libraries()


def _hook_into_libraries() -> None:
    """
    Be called at the end of children that skip `atexit`: those of multiprocessing, of billiard (its twin in celery), and
    celery's pool workers. And hear of the forks of uWSGI, which are not Python's.
    """
    for name in ("multiprocessing", "billiard"):
        _hook_into_finalizers(name)
    signals: Any = sys.modules.get("celery.signals")
    if hasattr(signals, "worker_process_shutdown") and "celery" not in _hooked:
        _hooked.add("celery")
        signals.worker_process_shutdown.connect(_at_celerys_end, weak=False)
    uwsgi: Any = sys.modules.get("uwsgi")
    if uwsgi is not None and "uwsgi" not in _hooked:
        _hooked.add("uwsgi")
        uwsgi.post_fork_hook = partial(_after_fork_of_uwsgi, getattr(uwsgi, "post_fork_hook", None))


def _hook_into_finalizers(library: str) -> None:
    """
    Ask for a finalizer in this process, if it is a child of the library's, and in its children.

    A child forgets the finalizers it inherited, and then calls what was registered for `after_fork`: only there is the
    place to ask for one. This also runs before that, in the fork itself, should the library have been imported late.
    """
    util: Any = sys.modules.get(f"{library}.util")
    process: Any = sys.modules.get(f"{library}.process")
    if not hasattr(util, "register_after_fork") or not hasattr(process, "current_process"):
        return  # not imported, or not wholly yet

    def finalize_in_child(_: object = None) -> None:
        known = _process.finalizers.get(library)
        is_child = process.current_process()._parent_pid is not None  # noqa: SLF001  as the library itself tells it
        if is_child and not (known and known.still_active()):
            _process.finalizers[library] = util.Finalize(None, _close_all, exitpriority=_LAST)

    if library not in _hooked:
        _hooked.add(library)
        util.register_after_fork(_living, finalize_in_child)
    finalize_in_child()


def _at_celerys_end(**_: object) -> None:
    _close_all()


def _after_fork_of_uwsgi(others: Callable[[], object] | None) -> None:
    """Begin anew where uWSGI forked without Python's knowing; unless it was told to call the hooks of Python."""
    if _process.id != os.getpid():
        _begin_anew()
    if others is not None:
        others()
