"""
The lease: at most one monitor of a namespace works at a time. Each that takes it over gets the next epoch.

It is renewed by a thread for as long as it is held, and given up at the end; who is killed loses it when it runs out. The
clocks of the machines that compete must agree to within its length; should they not, epochs still keep the older writer out.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from elkmon import fields
from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.documents import found, known_instant, nested, text_of
from elkmon.elasticsearch.refusals import reason_of
from elkmon.errors import StaleWriter, StoreError, StoreRefused

Json = Mapping[str, Any]

LENGTH = timedelta(seconds=60)
"""How long the lease of a monitor that was killed is still respected."""

_ID = "lease"
_CONFLICT = 409


def _now() -> datetime:
    return datetime.now(UTC)


class Lease:
    """
    The lease as one `owner` holds it, in index `index`; made by `take`.

    Attributes:
        epoch: the version that everything written under this lease carries.
    """

    def __init__(
        self, cluster: Cluster, index: str, owner: str, length: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self._cluster = cluster
        self._index = index
        self._owner = owner
        self._length = length
        self._clock = clock
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._lost = False
        self._place: dict[str, int] = {}
        self._expires = clock()
        self.epoch = 0

    @classmethod
    def take(
        cls,
        cluster: Cluster,
        index: str,
        owner: str,
        length: timedelta = LENGTH,
        clock: Callable[[], datetime] = _now,
    ) -> Self | None:
        """
        Return the lease, or None when another owner holds it.

        Raises:
            StoreRefused: when nothing is set up, or the right to write is missing.
        """
        lease = cls(cluster, index, owner, length, clock)
        there = read(cluster, index)
        if there is not None:
            packed = found(there["_source"], fields.PACKED)
            held = known_instant(packed["expires_at"]) > clock()
            if held and packed["owner"] != owner:
                return None
            lease.epoch = packed["epoch"]
            lease._place = _place(there)
        lease.epoch += 1
        if not lease._write("held", clock() + length):
            return None
        threading.Thread(target=lease._keep, name="elkmon-lease", daemon=True).start()
        return lease

    def require(self) -> None:
        """
        Renew the lease when a third of it has passed.

        Raises:
            StaleWriter: when another monitor has taken it over.
        """
        with self._lock:
            if not self._lost and self._expires - self._clock() < self._length * 2 / 3:
                self._renew()
            if self._lost:
                raise StaleWriter(
                    f"Another monitor has taken over the lease in {self._index} from {self._owner}; nothing is written"
                )

    def release(self) -> None:
        """Give the lease up, so that another may take it at once; where that cannot be written, it runs out by itself."""
        self._released.set()
        with self._lock, contextlib.suppress(StoreError):
            if not self._lost:
                self._write("free", self._clock())

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
        self._lost = not self._write("held", self._clock() + self._length)

    def _write(self, status: str, expires: datetime) -> bool:
        """Write the lease if nobody else has since it was read; return whether it was."""
        document = nested(
            {
                fields.TIMESTAMP: text_of(self._clock()),
                fields.STATE_KIND: _ID,
                fields.STATE_STATUS: status,
                fields.PACKED: {"owner": self._owner, "epoch": self.epoch, "expires_at": text_of(expires)},
            }
        )
        condition: dict[str, Any] = dict(self._place) if self._place else {"op_type": "create"}
        client = self._cluster.client.options(ignore_status=_CONFLICT)
        answer = self._cluster.call(client.index, index=self._index, id=_ID, document=document, **condition)
        if "error" in answer:
            there = read(self._cluster, self._index)
            # An answer that was lost on its way looks like a conflict: the lease there is ours then.
            if there is None or there["_source"] != document:
                return False
            answer = there
        self._place = _place(answer)
        self._expires = expires
        return True


def read(cluster: Cluster, index: str) -> Json | None:
    """Return the lease's document with its place in the index, or None when there was none yet."""
    answer: Json = cluster.call(cluster.client.options(ignore_status=404).get, index=index, id=_ID, realtime=True)
    if "error" in answer:
        raise StoreRefused(f"Nothing is set up for elkmon ({reason_of(answer)[1]}); run `elkmon setup` first")
    return answer if answer["found"] else None


def current_epoch(cluster: Cluster, index: str) -> int:
    """Return the epoch of whoever has the lease or had it last; 0 when nobody ever had."""
    there = read(cluster, index)
    return 0 if there is None else int(found(there["_source"], fields.PACKED)["epoch"])


def _place(answer: Json) -> dict[str, int]:
    return {"if_seq_no": answer["_seq_no"], "if_primary_term": answer["_primary_term"]}
