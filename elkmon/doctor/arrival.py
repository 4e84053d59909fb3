"""
Whether events arrive: how old the newest of each stream is, and how many of the last day's are missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.doctor.probe import Answer, Probe
from elkmon.fields import TIMESTAMP
from elkmon.ports import EventLog, HourCounts, Visit
from elkmon.windows import DAY, GRACE, HOUR, Window, hour_of

_BACKING = re.compile(r"\.ds-(?P<stream>.+)-\d{4}\.\d\d\.\d\d-\d{6}")
_MOST_INDICES = 1_000


def examine_lag(probe: Probe, namespace: str, longest: timedelta, now: datetime) -> Iterator[Examination]:
    """Yield one line per stream: how old its newest event is. `longest` is the longest window of any model."""
    newest: dict[str, datetime] = {}
    asked = {
        "size": 0,
        "query": {"range": {TIMESTAMP: {"lte": (now + GRACE).isoformat()}}},
        "aggs": {
            "indices": {
                "terms": {"field": "_index", "size": _MOST_INDICES},
                "aggs": {"newest": {"max": {"field": TIMESTAMP}}},
            }
        },
    }
    answer = probe.get(f"logs-elkmon.*-{namespace}/_search?ignore_unavailable=true", asked)
    buckets = answer.at("aggregations", "indices", "buckets")
    for bucket in buckets if isinstance(buckets, list) else ():
        found = Answer(200, bucket)
        at = found.at("newest", "value")
        if not isinstance(at, int | float):
            continue
        index = str(found.at("key"))
        match = _BACKING.fullmatch(index)
        stream = match["stream"] if match else index
        newest[stream] = max(newest.get(stream, datetime.fromtimestamp(0, UTC)), datetime.fromtimestamp(at / 1000, UTC))
    for stream, at in sorted(newest.items()):
        yield _lag(stream, now - at, longest)
    if not newest:
        yield Examination(
            Link.EVENTS, "streams", Verdict.PROBLEM, f"nothing has ever arrived in logs-elkmon.*-{namespace}",
            "see that services name this cluster and this namespace, and their handler's stats()",
        )  # fmt: skip


def _lag(stream: str, age: timedelta, longest: timedelta) -> Examination:
    seen = f"the newest event is {_rounded(age)} old"
    if ".prediction" in stream and age > longest + HOUR:
        return Examination(
            Link.EVENTS, stream, Verdict.WARNING, seen,
            "do the services run, and does what they log arrive? See their handler's stats()",
        )  # fmt: skip
    return Examination(Link.EVENTS, stream, Verdict.OK, seen)


def examine_completeness(event_log: EventLog, counts: Sequence[HourCounts], now: datetime) -> Iterator[Examination]:
    """Yield one line per model version of `counts` that predicted within the last whole day: how much of it is there."""
    end = hour_of(now - GRACE)
    day = Window(end - DAY, end)
    versions = sorted({(each.model, each.version) for each in counts if each.predictions and each.hour in day})
    visits = [Visit(model, version, day) for model, version in versions]
    for visit, arrival in zip(visits, event_log.arrivals(visits), strict=True):
        found = arrival.completeness
        seen = f"version {visit.version}: {found.arrived:,} predictions of the last day are there"
        what = visit.model
        if found.lost:
            yield Examination(
                Link.EVENTS, what, Verdict.WARNING,
                f"{seen}; up to {found.lost:,} more were numbered, of which handlers say they dropped {found.dropped:,}",
                "stats() and stderr of the service say why; what is in a journal still comes: elkmon replay DIRECTORY",
            )  # fmt: skip
        elif found.doubled:
            yield Examination(
                Link.EVENTS, what, Verdict.WARNING, f"{seen}, {found.doubled:,} of them twice",
                "in Logstash's output write document_id => \"%{[event][id]}\" and action => \"create\"",
            )  # fmt: skip
        elif found.arrived:  # what elkmon's handler did not send is not numbered
            yield Examination(Link.EVENTS, what, Verdict.OK, f"{seen}; none is known to be missing")


def _rounded(age: timedelta) -> str:
    """
    Return an age in its largest fitting unit.

    >>> _rounded(timedelta(seconds=-3)), _rounded(timedelta(minutes=61)), _rounded(timedelta(days=3))
    ('0 s', '61 min', '3 days')
    """
    seconds = max(0.0, age.total_seconds())
    for limit, unit, name in ((120, 1, "s"), (120 * 60, 60, "min"), (48 * 3600, 3600, "hours")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} days"
