"""One file of a journal: whole lines, appended by its owner and read by whoever sends them."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import Self

_TAIL_OCTETS = 512 * 1024


class Segment:
    """
    A file of lines.

    Attributes:
        path: where it is.
        descriptor: the open file; -1 while it is closed.
        size: bytes of its whole lines. What follows them, after a crash, is nobody's.
        lines: how many its owner has appended; 0 where that was another process.
        sealed: whether nothing will be appended any more.
    """

    __slots__ = ("descriptor", "lines", "path", "sealed", "size")

    def __init__(self, path: str, descriptor: int, size: int, *, sealed: bool) -> None:
        self.path = path
        self.descriptor = descriptor
        self.size = size
        self.lines = 0
        self.sealed = sealed

    def __del__(self) -> None:
        self.close()

    @classmethod
    def begin(cls, path: str) -> Self:
        """Make the file. Only its owner may read it: features are often personal data. Raises OSError."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        return cls(path, os.open(path, flags, 0o600), 0, sealed=False)

    @classmethod
    def found(cls, path: str) -> Self:
        """Open a file that another process has left behind; a torn last line is not counted. Raises OSError."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return cls(path, -1, _whole(descriptor), sealed=True)  # opened again when it is read: there may be many
        finally:
            os.close(descriptor)

    def write(self, line: bytes) -> None:
        """Append a line, which counts when `size` says so. Raises OSError where not all of it could be written."""
        if os.write(self.descriptor, line + b"\n") <= len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def cut(self) -> None:
        """Take back what was written beyond `size`."""
        with suppress(OSError):
            os.ftruncate(self.descriptor, self.size)

    def read(self, offset: int, octets: int) -> bytes:
        """Return bytes from `offset` on, at most `octets`. Raises OSError where they are gone."""
        if self.descriptor < 0:
            self.descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        chunk = os.pread(self.descriptor, min(octets, self.size - offset), offset)
        if not chunk:
            raise OSError(errno.EIO, "it is shorter than it was", self.path)
        return chunk

    def lost(self) -> bool:
        """Tell whether somebody has deleted the file: what is appended then survives only this process's life."""
        return os.fstat(self.descriptor).st_nlink == 0

    def close(self) -> None:
        """Close the file."""
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def remove(self) -> None:
        """Close and delete the file."""
        self.close()
        with suppress(OSError):
            os.unlink(self.path)  # noqa: PTH108  paths are texts here: this runs for every segment of a busy service


def _whole(descriptor: int) -> int:
    """Find the end of the last whole line."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        begin = max(0, end - _TAIL_OCTETS)
        newline = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        end = begin
    return 0
