"""
Who may send from a journal: the process that holds the lock beside it, and nobody else while it lives.

The lock is the kernel's (`flock`), so it ends with its owner, however that ends. A forked child lets go of its copy.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import suppress

_OURS = re.compile(r"([0-9a-f]{16})(?:-(\d{6,})\.ndjson|\.lock)")


class Claim:
    """
    The right to a process's journal, until it is released.

    Args:
        directory: where journals are kept.
        process: whose journal it is.
        descriptor: the locked file.
    """

    def __init__(self, directory: str, process: str, descriptor: int) -> None:
        self.directory = directory
        self.process = process
        self._descriptor = descriptor

    def __del__(self) -> None:
        self.release(done=False)

    @property
    def checkpoint(self) -> str:
        """The path of its checkpoint."""
        return f"{self.directory}/{self.process}.checkpoint"

    def segment(self, number: int) -> str:
        """Name the path of a segment."""
        return f"{self.directory}/{self.process}-{number:06d}.ndjson"

    def stands(self) -> bool:
        """Tell whether its lock is still where others look for it; not where somebody has deleted it."""
        try:
            there = os.stat(_lock_path(self.directory, self.process))  # noqa: PTH116  as in segments
        except FileNotFoundError:
            return False
        return os.path.samestat(os.fstat(self._descriptor), there)

    def release(self, *, done: bool) -> None:
        """Let go of it; if all has arrived, nothing is left behind."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        if done:  # the lock goes last: until then nobody takes over what is being cleared away
            for path in (self.checkpoint, f"{self.checkpoint}.new", _lock_path(self.directory, self.process)):
                with suppress(OSError):
                    os.unlink(path)  # noqa: PTH108  as in segments
        os.close(descriptor)


def claim(directory: str, process: str) -> Claim:
    """Begin a journal of one's own. Raises OSError."""
    path = _lock_path(directory, process)
    beside = f"{path}.new"
    descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            os.link(beside, path)  # under its name it is never seen unlocked, and never replaces another's
        finally:
            os.unlink(beside)  # noqa: PTH108  as in segments
    except OSError:
        os.close(descriptor)
        raise
    return Claim(directory, process, descriptor)


def take_over(directory: str, process: str) -> Claim | None:
    """Claim what an ended process has left; None while its owner, or another heir, lives. Raises OSError."""
    path = _lock_path(directory, process)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        with suppress(FileExistsError, BlockingIOError):
            return claim(directory, process)
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), os.stat(path)):  # noqa: PTH116  as in segments
            return Claim(directory, process, descriptor)
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def processes(directory: str) -> Iterator[str]:
    """Name the processes that have something in a directory. Raises OSError."""
    with os.scandir(directory) as entries:
        found = {match[1] for entry in entries if (match := _OURS.fullmatch(entry.name))}
    yield from sorted(found)


def segment_numbers(directory: str, process: str) -> list[int]:
    """List the segments of a process, oldest first. Raises OSError."""
    with os.scandir(directory) as entries:
        matches = [_OURS.fullmatch(entry.name) for entry in entries]
    return sorted(int(match[2]) for match in matches if match and match[1] == process and match[2])


def octets_of_others(directory: str, process: str) -> int:
    """Add up what all other processes keep in a directory. Raises OSError."""
    total = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            if not entry.name.startswith(process):
                with suppress(FileNotFoundError):
                    total += entry.stat().st_size
    return total


def _lock_path(directory: str, process: str) -> str:
    return f"{directory}/{process}.lock"
