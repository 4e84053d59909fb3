"""What waits on disk: this process's own journal, and what ended processes have left. The buffer's third queue."""

from __future__ import annotations

from collections.abc import Callable

from elkmon.shipping import timestamps
from elkmon.shipping.accounting import Account
from elkmon.shipping.channels import Channel
from elkmon.shipping.entries import Bequest, Entry, Kept
from elkmon.shipping.journal.inheritance import Heir
from elkmon.shipping.journal.journal import Journal, Shelf
from elkmon.shipping.journal.lines import address_of


class Backlog:
    """
    Lines on disk, and those of them the sender holds.

    `offer`, `released` and the counts are for whoever holds `lock`; everything else is the sender's.

    Args:
        shelf: where, and how much.
        process: the random name of this process and handler.
        channel_at: finds the channel of this process at an address, which its lines begin and end with.

    Attributes:
        lock: guards what both sides change.
        unjournalled: events it could not take.
        account: counts what was inherited, and what was lost from the disk.
    """

    def __init__(self, shelf: Shelf, process: str, channel_at: Callable[[tuple[bytes, bytes | None]], Channel]) -> None:
        self._journal = Journal(shelf, process)
        self.lock = self._journal.lock
        self.account = Account()
        self._heir = Heir(shelf.directory, process, self.account)
        self._channel_at = channel_at
        self._held: dict[int, Entry] = {}
        self._unsettled = False
        self._taken = 0
        self.unjournalled = 0

    @property
    def waiting(self) -> int:
        """Own lines that are not taken yet."""
        return max(0, self._journal.written - self._taken)

    @property
    def pending(self) -> int:
        """Lines neither delivered nor dropped; of what others have left, those that are on their way."""
        return self.waiting + len(self._held)

    @property
    def directory(self) -> str:
        """Where the journals are."""
        return self._journal.shelf.directory

    @property
    def trouble(self) -> str:
        """What keeps lines from being written or read, or kept them last."""
        return self._journal.trouble or self._heir.trouble

    @property
    def damaged(self) -> int:
        """Lines of ended processes that are no events any more, and were passed over."""
        return self._heir.damaged

    def offer(self, line: bytes, account: Account, *, urgent: bool) -> Kept:
        """Write a line and count it as logged; count those that only memory can take."""
        kept = self._journal.append(line, account, urgent=urgent)
        if kept is Kept.FAILED:
            self.unjournalled += 1
        return kept

    def take(self, count: int, octets: int) -> list[Entry]:
        """Hand over the next own lines; none while some are held."""
        if self._held or not self.waiting:
            return []
        lines, lost = self._journal.take(count, octets)
        entries: list[Entry] = [(line, channel) for line in lines if (channel := self._channel_of(line)) is not None]
        with self.lock:
            self._taken += len(lines) + lost
            lost += len(lines) - len(entries)
            if self._journal.exhausted():  # whatever was done to the files, nothing more will come of them
                lost += self._journal.written - self._taken
                self._taken = self._journal.written
            for _ in range(lost):
                self.account.drop("journal_lost", timestamps.now())
            self._held = {id(entry): entry for entry in entries}
        self._unsettled = True
        return entries

    def inherit(self, count: int, octets: int) -> list[Entry]:
        """Hand over the next lines of ended processes; none while some are held."""
        if self._held or not self._heir.due():
            return []
        entries = self._heir.take(count, octets)
        with self.lock:
            self.account.logged += len(entries)
            self._held = {id(entry): entry for entry in entries}
        self._unsettled = True
        return entries

    def held_over(self) -> list[Entry]:
        """Return what was handed over and has neither arrived nor been dropped."""
        with self.lock:
            return list(self._held.values())

    def released(self, entry: Entry) -> bool:
        """Forget an entry that was handed over and has arrived, or is dropped; false where it was none of these."""
        return self._held.pop(id(entry), None) is not None

    def settle(self) -> None:
        """Note on disk that all that was handed over has arrived, or is dropped; not while some has not."""
        if self._unsettled and not self._held:
            self._unsettled = False
            self._journal.settle(waiting=self.waiting > 0)
            self._heir.settle()

    def _channel_of(self, line: bytes) -> Channel | None:
        """Find the channel by which a line came; None where the line was damaged."""
        try:
            address = address_of(line)
            return None if address is None else self._channel_at(address)
        except Exception:  # noqa: BLE001  anything may be in a file
            return None

    def look_after(self) -> None:
        """Do now and then what callers have no time for."""
        self._journal.look_after(waiting=self.pending > 0)

    def close(self) -> None:
        """Rest: nothing is left on disk if all has arrived; inheritances are left to others, as if never taken over."""
        with self.lock:
            inherited = [key for key, (_, channel) in self._held.items() if isinstance(channel, Bequest)]
            for key in inherited:
                del self._held[key]
            self.account.logged -= len(inherited)
            self._heir.release()
            self._journal.close(done=not self.pending)

    def abandon(self) -> None:
        """Let go of everything in a forked child: it is the parent's."""
        self._heir.release()
        self._journal.abandon()
