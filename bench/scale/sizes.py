"""What the monitor keeps of one model in a month, in bytes on the disk of a node that has settled."""

from __future__ import annotations

from collections.abc import Iterator

from bench.monitor import workers
from bench.monitor.session import START, Session
from bench.statistics.session import Table
from elkmon.elasticsearch import Indices

_NOTES = """\
One model of 40 numeric and 10 categorical features and two pairs, {rows} predictions an hour with their truth, over {days} days;
then one segment file a shard. Documents and bytes a month are what was measured, times 30 over those days. No replica is
counted."""
_COLUMNS = ("", "documents", "bytes each", "documents a month", "MB a month")
_ROWS = 200
_DAYS_A_MONTH = 30


def tables(session: Session) -> Iterator[Table]:
    """Load, check, and look at the disk."""
    for hours in (1, 24):
        days = session.sized(4, 1) if hours == 1 else session.sized(6, 2)
        session.say(f"windows of {hours} h")
        namespace = f"sizes{hours}"
        fleet = {
            "url": session.node.url, "namespace": namespace, "models": 1, "numeric": 40, "categorical": 10, "rows": _ROWS,
            "start": START.isoformat(), "truth": True, "window_hours": hours,
        }  # fmt: skip
        workers.elkmon("fleet_worker", "prepare", fleet=fleet)
        before = {name: _stored(session, pattern) for name, pattern in _kept(namespace).items()}
        for day in range(days):
            workers.elkmon("fleet_worker", "history", fleet=fleet, first=24 * day, end=24 * (day + 1))
        rows = []
        for name, pattern in _kept(namespace).items():
            documents, size = _stored(session, pattern)
            added, grown = documents - before[name][0], size - before[name][1]
            if not added:
                continue
            monthly = _DAYS_A_MONTH / days
            session.figures[f"documents {name} {hours}"] = added * monthly
            session.figures[f"megabytes {name} {hours}"] = grown * monthly / 1e6
            cells = (
                name,
                f"{added:,}",
                f"{grown / added:,.0f}",
                f"{added * monthly:,.0f}",
                f"{grown * monthly / 1e6:.1f}",
            )
            rows.append(list(cells))
        title = f"3. What is kept of one model: windows of {'an hour' if hours == 1 else 'a day'}"
        yield Table(title, _NOTES.format(rows=_ROWS, days=days), _COLUMNS, rows)


def _kept(namespace: str) -> dict[str, str]:
    indices = Indices(namespace)
    return {
        "predictions": indices.predictions,
        "truth": indices.feedback,
        "outcomes": indices.outcomes,
        "profiles": indices.profiles,
        "findings": indices.findings,
        "state": indices.state,
        "baselines": indices.baselines,
    }


def _stored(session: Session, pattern: str) -> tuple[int, int]:
    """Return documents and bytes of what matches, merged and flushed."""
    client = session.node.client.options(request_timeout=600)
    names = list(client.indices.get(index=pattern, expand_wildcards="all"))
    if not names:
        return 0, 0
    client.indices.forcemerge(index=names, max_num_segments=1)
    client.indices.flush(index=names, force=True, wait_if_ongoing=True)
    client.indices.refresh(index=names)
    every = client.indices.stats(index=names, metric=["docs", "store"])["_all"]["primaries"]
    return every["docs"]["count"], every["store"]["size_in_bytes"]
