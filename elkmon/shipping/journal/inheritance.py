"""Journals of processes that have ended, taken over one after the other and sent from where they stopped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic

from elkmon.shipping.accounting import Account
from elkmon.shipping.encoding import id_of
from elkmon.shipping.entries import Bequest, Entry
from elkmon.shipping.journal import checkpoints
from elkmon.shipping.journal.ownership import Claim, processes, segment_numbers, take_over
from elkmon.shipping.journal.reading import Reading
from elkmon.shipping.journal.segments import Segment

_LOOK_SECONDS = 60.0
_INDEX = re.compile(r"logs-elkmon\.[a-z0-9_.]+-[a-z0-9][a-z0-9_.]*", re.ASCII)


class Heir:
    """
    Takes over what others have left in a directory; one process's journal at a time.

    Args:
        directory: where journals are kept.
        own: the process that must not inherit from itself.
        account: counts what is taken over.

    Attributes:
        damaged: lines that were no events, and were passed over.
        trouble: what kept it from reading, last; empty for nothing.
    """

    def __init__(self, directory: str, own: str, account: Account) -> None:
        self._directory = directory
        self._account = account
        self._bequests: dict[str, Bequest] = {}
        self._claim: Claim | None = None
        self._reading = Reading()
        self._look_at = 0.0
        self._done = {own}
        self.damaged = 0
        self.trouble = ""

    def due(self) -> bool:
        """Tell whether there is something to take over, or it is time to look."""
        return self._claim is not None or monotonic() >= self._look_at

    def take(self, count: int, octets: int) -> list[Entry]:
        """
        Return the next events left behind. All before must be settled. What is no event is counted as damaged; a journal
        that cannot be read is left as it is.
        """
        self._reading.settle()
        while self._claim is not None or self._inherited():
            reading = self._reading
            passed_over = reading.damaged
            try:
                taken = reading.take(count, octets)
            except OSError as error:
                self.trouble = str(error)
                self._leave()
                continue
            finally:
                self.damaged += reading.damaged - passed_over
            entries = [entry for line in taken if (entry := self._entry(line)) is not None]
            if entries:
                return entries
            self._reading.settle()
            if not self._reading.segments:
                self._finish()
        return []

    def settle(self) -> None:
        """Note that all that was taken has arrived, or been counted otherwise."""
        self._reading.settle()
        if self._claim is not None:
            if self._reading.segments:
                with suppress(OSError):  # without it more is sent again, and recognised
                    self._reading.checkpoint(self._claim.checkpoint)
            else:
                self._finish()

    def release(self) -> None:
        """Leave the rest to another heir."""
        self._reading.close()
        self._reading = Reading()
        claimed, self._claim = self._claim, None
        if claimed is not None:
            claimed.release(done=False)

    def _leave(self) -> None:
        """Let go of a journal that cannot be read; this process tries it no more."""
        if self._claim is not None:
            self._done.add(self._claim.process)
        self.release()

    def _finish(self) -> None:
        claimed, self._claim = self._claim, None
        self._reading = Reading()
        self._look_at = 0.0  # there may be another
        if claimed is not None:
            self._done.add(claimed.process)  # also where it cannot be deleted
            claimed.release(done=True)

    def _inherited(self) -> bool:
        """Take over the next journal nobody owns; false where there is none, for a while."""
        if monotonic() < self._look_at:
            return False
        for claimed in self._claims():
            self._claim = claimed
            self._bequests = {}
            try:
                for number in segment_numbers(self._directory, claimed.process):
                    self._reading.segments.append((number, Segment.found(claimed.segment(number))))
                self._reading.begin_at(checkpoints.read(claimed.checkpoint))
            except OSError as error:
                self.trouble = str(error)
                self._leave()
                continue
            return True
        self._look_at = monotonic() + _LOOK_SECONDS
        return False

    def _claims(self) -> Iterator[Claim]:
        try:
            found = [process for process in processes(self._directory) if process not in self._done]
        except FileNotFoundError:
            return
        except OSError as error:
            self.trouble = str(error)
            return
        for process in found:
            try:
                claimed = take_over(self._directory, process)
            except OSError as error:  # another user's, for example
                self.trouble = str(error)
            else:
                if claimed is not None:
                    yield claimed

    def _entry(self, line: bytes) -> Entry | None:
        index = _index_of(line)
        if index is None:
            self.damaged += 1
            return None
        bequest = self._bequests.get(index)
        if bequest is None:
            bequest = self._bequests[index] = Bequest(index, self._account)
        return line, bequest


def _index_of(line: bytes) -> str | None:
    """Read where an event goes; None for what is no event."""
    try:
        document = json.loads(line)
        stream = document["data_stream"]
        if document["event"]["id"].encode() != id_of(line):
            return None
        index = f"{stream['type']}-{stream['dataset']}-{stream['namespace']}"
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return index if _INDEX.fullmatch(index) else None
