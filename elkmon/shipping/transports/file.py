"""Events as lines of JSON in a file, for Filebeat or Vector to pick up, or to look at."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from elkmon.errors import ShippingError
from elkmon.shipping.buffer import Entry
from elkmon.shipping.transports import ARRIVED, Receipt, Unavailable


class FileTransport:
    """
    Appends to a file. It is opened anew when it was renamed or removed (logrotate).

    An event counts as delivered when the operating system has taken its line. A full disk is waited for.

    Args:
        path: the file; its folder must exist.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path).absolute()
        if not self._path.parent.is_dir():
            raise ShippingError(f"FileTransport({str(path)!r}): the folder {self._path.parent} does not exist")
        if self._path.is_dir():
            raise ShippingError(f"FileTransport({str(path)!r}): this is a folder; name a file in it")
        self._descriptor = -1
        self._torn = False

    def __repr__(self) -> str:
        return f"FileTransport({str(self._path)!r})"

    def send(self, batch: Sequence[Entry], tried_for: float = 0.0) -> Receipt:  # noqa: ARG002  it cannot be asked
        """Append a line for each entry."""
        lines = [line + b"\n" for line, _ in batch]
        try:
            self._open()
            if self._torn:  # what a full disk cut off must not run into the next line
                lines[0] = b"\n" + lines[0]
            written = os.write(self._descriptor, b"".join(lines))
        except OSError as error:
            self.close()
            raise Unavailable(f"{self._path}: {error.strerror or error}") from error
        return self._receipt(lines, written)

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
            self._torn = False
        if self._descriptor < 0:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

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
                self._torn = written > 0
                rest = tuple(range(position, len(lines)))
                return Receipt(again=rest, detail=f"{self._path}: only part of a batch was written; is the disk full?")
            written -= len(line)
        self._torn = False
        return ARRIVED
