"""
Who may have a lease: at most one monitor looks after a model at a time, whatever the clocks and however models are divided.

Take-over. A monitor that stands by takes over from one that was killed within the lease's length (60 s) and twice the time
between its looks, by its own clock alone. Who looks once (`elkmon check`) decides by the clocks of both machines; they may
differ by two thirds of the length (40 s) before a lease is taken from somebody who works. Beyond that two may work at once
for a moment, and the epochs turn the older one away. Clocks that differ are reported long before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.lease import Lease
from elkmon.elasticsearch.lease_documents import DoneTurn, LeaseRecord, epoch_of, lease_id, read_leases
from elkmon.elasticsearch.lease_sightings import Clocks, Sightings
from elkmon.errors import StaleWriter
from elkmon.ports import Claim, Hold, Share, Turn


class Leases:
    """
    The leases of the namespace whose state is in `index`, as one monitor sees them.

    Two shares that are taken at the same moment may get equal epochs. They need no order: documents belong to a model, a
    model to one share, and each lease that a model has been under, however models were divided then, got a higher epoch than
    the one before. For the same reason an epoch must be higher than that of any lease, not only of its own.

    Turns that are done are remembered by the lease of their share: when models are divided otherwise, a turn may be done
    once more, with the same result.
    """

    def __init__(self, cluster: Cluster, index: str, length: timedelta, clocks: Clocks) -> None:
        self._cluster = cluster
        self._index = index
        self._length = length
        self._clocks = clocks
        self._sightings = Sightings(clocks)

    def claim(self, owner: str, turn: Turn) -> tuple[Hold, Lease | None]:
        """
        Return what became of the wish of `owner`, and the lease when it got it.

        Raises:
            StoreRefused: when nothing is set up, or the right to write is missing.
        """
        records, notes = self._look(owner)
        before = next((each for each in records if each.share == turn.share), None)
        done = before.turn(turn.name) if before else None
        if turn.due is not None and done is not None and done.due >= turn.due:
            if not self._ahead_of_time(done, turn):
                return _refused(Claim.DONE, turn.share, done.by, notes), None
            notes += (_ahead_of_time(done, owner),)
        rival = self._rival(records, turn.share)
        if rival is not None:
            return _refused(Claim.BUSY, turn.share, rival.owner, (*notes, _divided_otherwise(rival, turn.share))), None
        if before is not None and before.owner != owner and before.held:
            if self._sightings.held(before):
                return _refused(Claim.BUSY, turn.share, before.owner, notes), None
            notes += (_taken_over(before),)
        lease = Lease(
            self._cluster, self._index, owner, turn, epoch_of(records) + 1, before, self._length, self._clocks
        )
        taken = lease.take()
        # Somebody who divides the models otherwise may have looked when we did. Both have written before they look again, so
        # at least one sees the other.
        records, _ = self._look(owner)
        if not taken:
            quicker = next(each for each in records if each.share == turn.share)
            return _refused(Claim.BUSY, turn.share, quicker.owner, notes), None
        rival = self._rival(records, turn.share)
        if rival is not None:
            lease.release()
            return _refused(Claim.BUSY, turn.share, rival.owner, (*notes, _divided_otherwise(rival, turn.share))), None
        lease.keep()
        return Hold(Claim.HELD, lease.require, lease.complete, owner, notes), lease

    def _look(self, owner: str) -> tuple[tuple[LeaseRecord, ...], tuple[str, ...]]:
        records = read_leases(self._cluster, self._index)
        return records, self._sightings.look(records, owner)

    def _rival(self, records: Iterable[LeaseRecord], share: Share) -> LeaseRecord | None:
        """Return a lease that is held while models are divided into another number of shares."""
        return next((each for each in records if each.share.of != share.of and self._sightings.held(each)), None)

    def _ahead_of_time(self, done: DoneTurn, turn: Turn) -> bool:
        """Whether a turn is said to be done that is not due for long, though the one asked for is: by a clock that was wrong."""
        now = self._clocks.wall()
        return turn.due is not None and turn.due <= now and done.due > now + self._length


def _refused(claim: Claim, share: Share, holder: str, notes: tuple[str, ...]) -> Hold:
    def require() -> None:
        raise StaleWriter(f"The lease {lease_id(share)} is not held ({claim}: {holder}); nothing is written or told")

    return Hold(claim, require, lambda: None, holder, notes)


def _taken_over(before: LeaseRecord) -> str:
    return (
        f"took over from {before.owner}, who has not renewed its lease since {before.renewed_at:%Y-%m-%d %H:%M:%S} UTC by its "
        "clock: it was killed, is stopped, or does not reach Elasticsearch"
    )


def _ahead_of_time(done: DoneTurn, owner: str) -> str:
    return (
        f"{done.by} says it did the turn {done.name!r} of {done.due:%Y-%m-%d %H:%M:%S} UTC, which has not come yet by the clock "
        f"of {owner}: one of the two clocks is or was wrong, so the turn is done again. Set both clocks, for example by NTP"
    )


def _divided_otherwise(rival: LeaseRecord, share: Share) -> str:
    return (
        f"{rival.owner} holds one of {rival.share.of} shares of the models, and this monitor was to take one of {share.of}: a "
        "model would be judged by both. Give every monitor of the namespace the same number of shares; a lease that nobody "
        f"renews is respected for {rival.length.total_seconds():.0f} s"
    )
