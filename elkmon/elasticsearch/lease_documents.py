"""
Leases as documents, and back: one for each share of each number of shares that monitors ever divided the models into.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from elkmon import fields
from elkmon.elasticsearch.calls import Cluster
from elkmon.elasticsearch.documents import found, known_instant, nested, text_of
from elkmon.errors import StoreRefused
from elkmon.ports import Share

Json = Mapping[str, Any]

_KIND = "lease"
_HELD, _FREE = "held", "free"
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class DoneTurn:
    """The newest turn of a schedule that was done: which one, by whom, and when by that one's clock."""

    name: str
    due: datetime
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """
    What the document of one lease says.

    Attributes:
        share: what the lease is of.
        owner: who holds it, or held it last.
        epoch: the version of what is written under it.
        held: False when it was given up.
        renewed_at: when this was written, by the owner's clock.
        expires_at: when it runs out by the same clock; the lease's length is what lies between.
        turns: the newest turn done of each schedule.
        place: its sequence number and primary term; None when it was not read but is to be written.
    """

    share: Share
    owner: str
    epoch: int
    held: bool
    renewed_at: datetime
    expires_at: datetime
    turns: tuple[DoneTurn, ...] = ()
    place: tuple[int, int] | None = None

    @property
    def length(self) -> timedelta:
        """How long it lasts without being renewed."""
        return self.expires_at - self.renewed_at

    def turn(self, name: str) -> DoneTurn | None:
        """Return the newest turn done of the schedule `name`."""
        return next((each for each in self.turns if each.name == name), None)


def lease_id(share: Share) -> str:
    """
    Return the id of the document of `share`'s lease.

    >>> lease_id(Share()), lease_id(Share(2, 6))
    ('lease', 'lease-6-2')
    """
    return _KIND if share.of == 1 else f"{_KIND}-{share.of}-{share.index}"


def lease_document(record: LeaseRecord) -> dict[str, Any]:
    """Return the document of a lease; its id is `lease_id` of its share."""
    return nested(
        {
            fields.TIMESTAMP: text_of(record.renewed_at),
            fields.STATE_KIND: _KIND,
            fields.STATE_STATUS: _HELD if record.held else _FREE,
            fields.PACKED: {
                "owner": record.owner,
                "epoch": record.epoch,
                "expires_at": text_of(record.expires_at),
                "share": {"index": record.share.index, "of": record.share.of},
                "turns": [
                    {"name": each.name, "due": text_of(each.due), "by": each.by, "at": text_of(each.at)}
                    for each in record.turns
                ],
            },
        }
    )


def lease_from(document: Json, place: tuple[int, int] | None = None) -> LeaseRecord:
    """Return the lease that `lease_document` wrote, or an elkmon that knew neither shares nor turns."""
    packed = found(document, fields.PACKED)
    return LeaseRecord(
        share=Share(**packed.get("share", {})),
        owner=packed["owner"],
        epoch=packed["epoch"],
        held=found(document, fields.STATE_STATUS) == _HELD,
        renewed_at=known_instant(found(document, fields.TIMESTAMP)),
        expires_at=known_instant(packed["expires_at"]),
        turns=tuple(
            DoneTurn(each["name"], known_instant(each["due"]), each["by"], known_instant(each["at"]))
            for each in packed.get("turns", ())
        ),
        place=place,
    )


def read_leases(cluster: Cluster, index: str) -> tuple[LeaseRecord, ...]:
    """
    Return every lease that was ever taken in the namespace whose state is in `index`, as it stands now.

    Raises:
        StoreRefused: when nothing is set up.
    """
    cluster.refresh(index)
    query = {"term": {fields.STATE_KIND: _KIND}}
    answer = cluster.search(index=index, query=query, size=_MOST, seq_no_primary_term=True)
    if not answer["_shards"]["total"]:
        raise StoreRefused(f"Nothing is set up for elkmon (there is no index {index}); run `elkmon setup` first")
    return tuple(lease_from(hit["_source"], (hit["_seq_no"], hit["_primary_term"])) for hit in answer["hits"]["hits"])


def epoch_of(records: Iterable[LeaseRecord], model: str = "") -> int:
    """
    Return the epoch of whoever looks after `model`, or did so last; the highest there is for what belongs to no model.

    0 when nobody ever did. A document of the model carries this epoch or one before it.
    """
    return max((each.epoch for each in records if not model or each.share.holds(model)), default=0)
