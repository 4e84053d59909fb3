"""A journal read from its beginning to its end, in batches; each batch is settled before the next is taken."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from itertools import accumulate

from elkmon.shipping.encoding import LINE_LIMIT
from elkmon.shipping.journal import checkpoints
from elkmon.shipping.journal.checkpoints import Checkpoint
from elkmon.shipping.journal.segments import Segment

_CHUNK_OCTETS = 1024 * 1024  # more than a line has


class Reading:
    """
    What is left to be sent of one process's segments. Used by one thread; the owner may append segments meanwhile.

    Attributes:
        segments: by number, oldest first. The last may still grow.
        damaged: stretches longer than any line, which were passed over.
    """

    def __init__(self) -> None:
        self.segments: deque[tuple[int, Segment]] = deque()
        self.damaged = 0
        self._settled = 0  # bytes of the first segment that have arrived
        self._taken = 0  # bytes of it that are taken
        self._taken_lines = 0
        self._fetched: list[bytes] = []  # and not taken yet

    def begin_at(self, checkpoint: Checkpoint) -> None:
        """Skip what has arrived already of the first segment. What the checkpoint cannot know of is sent again."""
        if self.segments and self.segments[0][0] == checkpoint.segment:
            segment = self.segments[0][1]
            at = checkpoint.offset
            if 0 < at <= segment.size and segment.read(at - 1, 1) == b"\n":
                self._settled = self._taken = at

    def take(self, count: int, octets: int) -> list[bytes]:
        """Return the next lines: none where all are taken. Raises OSError where the disk does not give them."""
        if not self._fetched:
            self._fetch()
        taken = self._fetched[:count]
        if len(taken) * LINE_LIMIT > octets and sum(map(len, taken)) > octets:
            taken = taken[: max(1, bisect_left(list(accumulate(map(len, taken))), octets))]
        del self._fetched[: len(taken)]
        self._taken += sum(map(len, taken)) + len(taken)
        self._taken_lines += len(taken)
        return taken

    def settle(self) -> int:
        """
        Note that all that was taken has arrived, or been counted otherwise; delete the segments this finishes.

        Returns:
            The bytes that were freed.
        """
        self._settled = self._taken
        freed = 0
        while self.segments:
            segment = self.segments[0][1]
            if not segment.sealed or self._settled < segment.size:
                break
            freed += segment.size
            segment.remove()
            self.segments.popleft()
            self._settled = self._taken = self._taken_lines = 0
        return freed

    def give_up_segment(self) -> int:
        """Leave the first segment, which cannot be read any more. Returns the lines its owner had left in it."""
        segment = self.segments[0][1]
        lost = max(0, segment.lines - self._taken_lines - len(self._fetched))
        self._taken = segment.size
        self._taken_lines = segment.lines
        return lost

    def checkpoint(self, path: str) -> None:
        """Write down what has arrived. Raises OSError."""
        number = self.segments[0][0] if self.segments else 0
        checkpoints.write(path, Checkpoint(number, self._settled))

    def close(self) -> None:
        """Close the files."""
        for _, segment in self.segments:
            segment.close()

    def exhausted(self) -> bool:
        """Tell whether all there is has been taken."""
        return not self._fetched and sum(segment.size for _, segment in self.segments) == self._taken

    def _fetch(self) -> None:
        """Read on in the first segment; what follows waits until that is settled. Raises OSError."""
        if not self.segments:
            return
        segment = self.segments[0][1]
        overlong = False
        while self._taken < segment.size:
            chunk = segment.read(self._taken, _CHUNK_OCTETS)
            if overlong or b"\n" not in chunk:
                self.damaged += not overlong
                end = chunk.find(b"\n") + 1
                self._taken += end or len(chunk)
                overlong = not end
                continue
            self._fetched = chunk[: chunk.rfind(b"\n")].split(b"\n")
            return
