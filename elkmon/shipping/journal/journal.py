"""A process's own journal: appended to on the callers' threads, read and cleared away on the sender's."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from elkmon.errors import ShippingError
from elkmon.shipping.accounting import Account
from elkmon.shipping.entries import Kept
from elkmon.shipping.journal.ownership import Claim, claim, octets_of_others
from elkmon.shipping.journal.reading import Reading
from elkmon.shipping.journal.segments import Segment

_SEGMENTS = 64  # of a full journal, about: each is an open file
_LEAST_SEGMENT_OCTETS = 64 * 1024
_URGENT_SHARE = 8
_URGENT_OCTETS = 8 * 1024 * 1024
_AGAIN_SECONDS = 1.0
_LOOK_SECONDS = 5.0
_SYNC_SECONDS = 1.0
_CHECKPOINT_SECONDS = 0.05  # what is sent again after a crash, at most


@dataclass(frozen=True, slots=True)
class Shelf:
    """
    Where journals are kept.

    Attributes:
        directory: made when first needed; its parent must exist.
        octets: bytes that all journals in it may have together.
    """

    directory: str
    octets: int

    def __post_init__(self) -> None:
        path = Path(self.directory)
        if path.exists() and not path.is_dir():
            raise ShippingError(f"journal={self.directory!r}: this is a file; name a directory")
        if not path.parent.is_dir():
            raise ShippingError(
                f"journal={self.directory!r}: the folder {path.parent} does not exist; create it, or name another"
            )

    @property
    def segment_octets(self) -> int:
        """Bytes after which another segment is begun."""
        return max(_LEAST_SEGMENT_OCTETS, self.octets // _SEGMENTS)

    @property
    def ordinary_octets(self) -> int:
        """Bytes up to which ordinary events are taken; the rest is for errors."""
        return self.octets - min(_URGENT_OCTETS, self.octets // _URGENT_SHARE)


class Journal:
    """
    Keeps lines on disk until they are settled. It begins with the first line; nothing is made before.

    `append` is for any thread that holds `lock`; everything else is the sender's.

    Args:
        shelf: where, and how much.
        process: the random name of this process and handler.

    Attributes:
        written: lines that were appended, ever.
        lock: guards what both sides change. Re-entrant, as a finaliser or a signal handler may log in between.
        trouble: what keeps it from writing, or kept it last; empty for nothing.
    """

    def __init__(self, shelf: Shelf, process: str) -> None:
        self.shelf = shelf
        self.process = process
        self.lock = threading.RLock()
        self.written = 0
        self.trouble = ""
        self._writing = False
        self._claim: Claim | None = None
        self._reading = Reading()
        self._current: Segment | None = None
        self._number = 0
        self._octets = 0  # this journal's, on disk
        self._others = 0  # those of the other journals, when last looked
        self._unsynced: list[Segment] = []
        self._retry_at = 0.0
        self._recheck_at = 0.0
        self._look_at = 0.0
        self._sync_at = 0.0
        self._checkpoint_at = 0.0

    def append(self, line: bytes, account: Account, *, urgent: bool) -> Kept:
        """
        Write a line, count it as logged, and say whether that could be done. Once written it survives the process.

        A finaliser or a signal handler that logs while a line is being written is sent to memory; one that raises
        leaves a line that is written and counted, or neither.
        """
        if self._writing:
            return Kept.FAILED
        octets = len(line) + 1
        if self._has_no_room(octets, urgent=urgent):
            return Kept.FULL
        if self._retry_at:
            if monotonic() < self._retry_at:
                return Kept.FAILED
            self._retry_at = 0.0
        try:
            self._writing = True
            segment = self._current or self._begin_segment()
            try:
                segment.write(line)
            except BaseException:
                segment.cut()
                raise
            # No call in between, hence no signal handler: all of this is counted, or nothing.
            segment.size += octets
            segment.lines += 1
            self._octets += octets
            self.written += 1
            account.logged += 1
            if segment.size >= self.shelf.segment_octets:
                self._seal()
        except OSError as error:
            self._failed(error)
            return Kept.FAILED
        finally:
            self._writing = False
        return Kept.WRITTEN

    def take(self, count: int, octets: int) -> tuple[list[bytes], int]:
        """Return the next lines, and the number of those that can no longer be read. All before must be settled."""
        self._cleared(self._reading.settle())
        lost = 0
        while True:
            try:
                taken = self._reading.take(count, octets)
            except OSError as error:
                self.trouble = _said(error)
                lost += self._reading.give_up_segment()
                self._seal()
            else:
                if taken or not lost or not self._reading.segments:
                    return taken, lost
            if not self._finished_segment():
                return [], lost

    def settle(self, *, waiting: bool) -> None:
        """Note that all lines taken have arrived, or been counted otherwise; on disk, while more wait, now and then."""
        self._cleared(self._reading.settle())
        claimed = self._claim
        now = monotonic()
        if claimed is not None and not (waiting and now < self._checkpoint_at):
            self._checkpoint_at = now + _CHECKPOINT_SECONDS
            self._tried(lambda: self._reading.checkpoint(claimed.checkpoint))

    def look_after(self, *, waiting: bool) -> None:
        """Do now and then what callers have no time for: see how full the disk's share is, and bring lines to the disk."""
        now = monotonic()
        if self._claim is None:
            return
        if now >= self._look_at:
            self._look_at = now + _LOOK_SECONDS
            self._tried(self._look)
        if waiting and now >= self._sync_at:
            self._sync_at = now + _SYNC_SECONDS
            self._tried(self._sync)

    def exhausted(self) -> bool:
        """Tell whether all that was written has been taken, or could not be."""
        return self._reading.exhausted()

    def close(self, *, done: bool) -> None:
        """
        Rest. If all has arrived, nothing is left on disk; a later line begins again. Otherwise the rest stays this
        process's until it ends, and is the next one's then.
        """
        claimed = self._claim
        if done and claimed is not None:
            self._claim = self._current = None
            for _, segment in self._reading.segments:
                segment.remove()
            self._reading = Reading()
            self._octets = self._others = 0
            self._unsynced.clear()
            claimed.release(done=True)

    def abandon(self) -> None:
        """Let go of everything in a forked child: it is the parent's."""
        self._reading.close()
        claimed, self._claim = self._claim, None
        if claimed is not None:
            claimed.release(done=False)

    def _begin_segment(self) -> Segment:
        claimed = self._claim
        if claimed is None or not claimed.stands():
            directory = self.shelf.directory
            with suppress(FileExistsError):
                os.mkdir(directory, 0o700)  # noqa: PTH102  as in segments
            claimed = self._claim = claim(directory, self.process)
            self._others = octets_of_others(directory, self.process)
        self._number += 1
        segment = Segment.begin(claimed.segment(self._number))
        self._reading.segments.append((self._number, segment))
        self._current = segment
        return segment

    def _has_no_room(self, octets: int, *, urgent: bool) -> bool:
        """Tell whether a line has no room; others may have made some since it was looked last."""
        most = self.shelf.octets if urgent else self.shelf.ordinary_octets
        if self._octets + self._others + octets <= most:
            return False
        if self._others and monotonic() >= self._recheck_at:
            self._recheck_at = monotonic() + _AGAIN_SECONDS
            self._tried(self._look_at_others)
        return self._octets + self._others + octets > most

    def _failed(self, error: OSError) -> None:
        """Go on a little later, in another segment unless nothing was written to this one."""
        self.trouble = _said(error)
        self._retry_at = monotonic() + _AGAIN_SECONDS
        if self._current is not None and self._current.size:
            self._seal()

    def _seal(self) -> None:
        with self.lock:
            segment, self._current = self._current, None
            if segment is not None:
                segment.sealed = True
                self._unsynced.append(segment)

    def _finished_segment(self) -> bool:
        before = len(self._reading.segments)
        self._cleared(self._reading.settle())
        return len(self._reading.segments) < before

    def _cleared(self, octets: int) -> None:
        with self.lock:
            self._octets -= octets

    def _look(self) -> None:
        current = self._current
        if current is not None and current.lost():
            self.trouble = f"{current.path} was deleted by somebody; another segment is begun"
            self._seal()
        self._look_at_others()

    def _look_at_others(self) -> None:
        try:
            self._others = octets_of_others(self.shelf.directory, self.process)
        except FileNotFoundError:
            self._others = 0

    def _sync(self) -> None:
        with self.lock:
            sealed, self._unsynced = self._unsynced, []
        current = self._current
        for segment in (*sealed, *([current] if current is not None else [])):
            if segment.descriptor >= 0:  # it has not arrived meanwhile
                os.fdatasync(segment.descriptor)

    def _tried(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            self.trouble = _said(error)


def _said(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
