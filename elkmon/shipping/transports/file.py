"""Events as lines of JSON in a file, for Filebeat or Vector to pick up, or to look at."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from time import sleep

from elkmon.errors import ShippingError
from elkmon.shipping.entries import Entry
from elkmon.shipping.transports import ARRIVED, Receipt, Unavailable

_WRITING_SECONDS = 0.02  # more than it takes to write a batch


class FileTransport:
    """
    Appends to a file. It is opened anew when it was renamed or removed (logrotate).

    An event counts as delivered when the operating system has taken its line. A full disk is waited for. It may cut a
    line in two: the piece stays, since to cut it off could cut what another process has appended behind it, and the next
    batch, also one of another process, begins on a line of its own.

    Args:
        path: the file; its folder must exist.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        from pathlib import Path  # costs milliseconds, which a service that ships elsewhere need not pay

        self._path = Path(path).absolute()
        if not self._path.parent.is_dir():
            raise ShippingError(f"FileTransport({str(path)!r}): the folder {self._path.parent} does not exist")
        if self._path.is_dir():
            raise ShippingError(f"FileTransport({str(path)!r}): this is a folder; name a file in it")
        self._descriptor = -1

    def __repr__(self) -> str:
        return f"FileTransport({str(self._path)!r})"

    def send(self, batch: Sequence[Entry], tried_for: float = 0.0) -> Receipt:  # noqa: ARG002  it cannot be asked
        """Append a line for each entry."""
        lines = [line + b"\n" for line, _ in batch]
        try:
            self._open()
            if self._ends_in_a_torn_line():
                lines[0] = b"\n" + lines[0]
            written = os.write(self._descriptor, b"".join(lines))
        except OSError as error:
            self.close()
            raise Unavailable(f"{self._path}: {error.strerror or error}") from error
        return self._receipt(lines, written)

    def prepare(self) -> None:
        """Do nothing: all it needs is here."""

    def interrupt(self) -> None:
        """Do nothing: a write does not wait for anybody."""

    def abandon(self) -> None:
        """Close the descriptor; the file and its position are the parent's as well, and stay as they are."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _open(self) -> None:
        if self._descriptor >= 0 and self._moved():
            self.close()
        if self._descriptor < 0:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def _ends_in_a_torn_line(self) -> bool:
        """Look at the last byte; where it cannot be read, the line is taken to be whole."""
        while size := self._size_where_torn():
            sleep(_WRITING_SECONDS)  # another process may be in the middle of its line
            if self._size_where_torn() == size:
                return True
        return False

    def _size_where_torn(self) -> int:
        opened = os.fstat(self._descriptor)
        if not stat.S_ISREG(opened.st_mode) or not opened.st_size:
            return 0
        try:
            with self._path.open("rb", buffering=0) as file:
                end = file.seek(-1, os.SEEK_END)
                return 0 if file.read(1) in (b"\n", b"") else end
        except OSError:
            return 0

    def _moved(self) -> bool:
        opened = os.fstat(self._descriptor)
        try:
            there = os.stat(self._path)  # noqa: PTH116  asked before every write
        except FileNotFoundError:
            return True
        return stat.S_ISREG(opened.st_mode) and (opened.st_dev, opened.st_ino) != (there.st_dev, there.st_ino)

    def _receipt(self, lines: list[bytes], written: int) -> Receipt:
        """Find the lines that were written whole."""
        for position, line in enumerate(lines):
            if written < len(line):
                rest = tuple(range(position, len(lines)))
                return Receipt(again=rest, detail=f"{self._path}: only part of a batch was written; is the disk full?")
            written -= len(line)
        return ARRIVED
