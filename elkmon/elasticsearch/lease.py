"""
A lease as one monitor has it: it alone looks after a share of the models, and each that takes it over gets a higher epoch.

It is renewed by a thread for as long as it is held, and given up at the end; who is killed loses it when it runs out. Who
may take it is decided in `lease_claims`.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.lease_documents import DoneTurn, LeaseRecord, lease_document, lease_id, read_leases
from elkmon.elasticsearch.lease_sightings import Clocks
from elkmon.errors import StaleWriter, StoreError
from elkmon.ports import Turn
from elkmon.windows import DAY

LENGTH = timedelta(seconds=60)
"""How long the lease of a monitor that was killed is still respected."""

_FORGOTTEN_AFTER = 90 * DAY
_CONFLICT = 409


class Lease:
    """
    The lease of a turn's share as one `owner` holds it, in index `index`.

    Args:
        cluster, index: where it is.
        owner: who takes it.
        turn: what for.
        epoch: the version that everything written under it carries.
        before: what its document said; None when there is none.
        length: how long it lasts without being renewed.
        clocks: of this machine.
    """

    def __init__(
        self,
        cluster: Cluster,
        index: str,
        owner: str,
        turn: Turn,
        epoch: int,
        before: LeaseRecord | None,
        length: timedelta,
        clocks: Clocks,
    ) -> None:
        self._cluster = cluster
        self._index = index
        self._owner = owner
        self._turn = turn
        self._turns = before.turns if before else ()
        self._place = before.place if before else None
        self._length = length
        self._clocks = clocks
        self._confirmed = clocks.now()
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._completed = False
        self._lost = False
        self.epoch = epoch

    def take(self) -> bool:
        """Take it, unless somebody has been quicker; return whether it was taken. It is not kept yet."""
        now = self._clocks.now()
        taken = self._write(held=True, at=now.wall)
        self._confirmed = now
        return taken

    def keep(self) -> None:
        """Begin to renew it in the background."""
        threading.Thread(target=self._keep, name="elkmon-lease", daemon=True).start()

    def require(self) -> None:
        """
        Renew the lease when a third of it has passed by either clock since that last succeeded.

        The steady clock goes on in a process that is stopped, the other one in a machine that sleeps: whichever it was, who
        wakes up asks before it does anything.

        Raises:
            StaleWriter: when another monitor has taken it over.
            StoreError: when that cannot be found out.
        """
        with self._lock:
            if not self._lost and self._confirmed.until(self._clocks.now()) > self._length / 3:
                self._renew()
            if self._lost:
                raise StaleWriter(
                    f"Another monitor has taken over the lease {lease_id(self._turn.share)} in {self._index} from "
                    f"{self._owner}; nothing more is written or told"
                )

    def complete(self) -> None:
        """Say that the turn is done; others are told when the lease is given up."""
        self._completed = True

    def release(self) -> None:
        """Give the lease up, so that another may take it at once; where that cannot be written, it runs out by itself."""
        self._released.set()
        with self._lock, contextlib.suppress(StoreError):
            if not self._lost:
                now = self._clocks.wall()
                self._turns = self._turns_done(now)
                self._write(held=False, at=now)

    def _keep(self) -> None:
        """Renew until released; while Elasticsearch cannot be reached, try on: `require` decides what that means."""
        while not self._released.wait(self._length.total_seconds() / 3):
            with self._lock:
                if self._lost or self._released.is_set():
                    return
                try:
                    self._renew()
                except StoreError:
                    continue

    def _renew(self) -> None:
        """Write the lease anew, then look whether models were divided otherwise by somebody with a higher epoch."""
        now = self._clocks.now()
        self._lost = not self._write(held=True, at=now.wall) or any(
            each.share.of != self._turn.share.of and each.epoch > self.epoch
            for each in read_leases(self._cluster, self._index)
        )
        self._confirmed = now

    def _turns_done(self, now: datetime) -> tuple[DoneTurn, ...]:
        turn = self._turn
        done = [DoneTurn(turn.name, turn.due, self._owner, now)] if self._completed and turn.due is not None else []
        others = (each for each in self._turns if not done or each.name != turn.name)
        return (*(each for each in others if now - each.at < _FORGOTTEN_AFTER), *done)

    def _write(self, *, held: bool, at: datetime) -> bool:
        """Write the lease if nobody else has since it was read; return whether it was."""
        expires = at + self._length if held else at
        record = LeaseRecord(self._turn.share, self._owner, self.epoch, held, at, expires, self._turns)
        name = lease_id(record.share)
        condition: dict[str, Any] = {"op_type": "create"}
        if self._place:
            condition = {"if_seq_no": self._place[0], "if_primary_term": self._place[1]}
        client = self._cluster.client.options(ignore_status=_CONFLICT)
        answer = self._cluster.call(
            client.index, index=self._index, id=name, document=lease_document(record), **condition
        )
        if "error" not in answer:
            self._place = answer["_seq_no"], answer["_primary_term"]
            return True
        # An answer that was lost on its way looks like a conflict: the lease there is ours then.
        there = next((each for each in read_leases(self._cluster, self._index) if each.share == record.share), None)
        if there is None or replace(there, place=None) != record:
            return False
        self._place = there.place
        return True
