"""The handler's own totals as events: one per stream and model, so that a figure over a lossy window can say so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from elkmon.shipping import timestamps
from elkmon.shipping.accounting import Account
from elkmon.shipping.channels import Channel, Origin
from elkmon.values import feature_name


def totals_line(channel: Channel, account: Account, shipper: Channel, origin: Origin) -> bytes:
    """Encode the totals of one channel as a line of the `shipper` channel. Nobody counts these lines themselves."""
    about: dict[str, Any] = {
        "stream": channel.index,
        "logged": account.logged,
        "delivered": account.delivered,
        "pending": account.pending,
    }
    if account.dropped:
        about["dropped"] = {feature_name(reason): count for reason, count in account.dropped.items()}
        about["dropped_from"] = account.dropped_from
        about["dropped_to"] = account.dropped_to
    own: dict[str, Any] = {"process": origin.process, "shipper": about}
    if channel.model is not None:
        own["model"] = {"name": channel.model}
    event = {"id": f"{origin.process}-t{next(shipper.sequence):x}"}
    return shipper.line({"@timestamp": timestamps.now(), "event": event, "elkmon": own})


def changed(accounts: Iterable[tuple[Channel, Account]], told: dict[Channel, Account]) -> list[tuple[Channel, Account]]:
    """Return the accounts that say something new, and remember them as told."""
    news = [(channel, account) for channel, account in accounts if told.get(channel) != account]
    told.update(news)
    return news
