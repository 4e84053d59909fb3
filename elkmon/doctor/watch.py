"""
Whether the monitor itself works: its last run, who holds its leases, and what it could not deliver.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from elkmon.config import Config
from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.doctor.probe import Answer, Probe
from elkmon.fields import PACKED, STATE_KIND, STATE_STATUS, TIMESTAMP
from elkmon.ports import Delivery, DeliveryState
from elkmon.windows import DAY

_SKEW = timedelta(seconds=10)
_MOST_LEASES = 100


def examine_last_run(probe: Probe, config: Config, now: datetime) -> Examination:
    """Say when the last check was, and how it ended."""
    hit = next(_newest(probe, config, "run", 1), None)
    finished = None if hit is None else hit.at("_source", TIMESTAMP)
    if hit is None or not isinstance(finished, str):
        return Examination(
            Link.MONITOR, "last check", Verdict.WARNING, "there has been none", "elkmon check, or elkmon run"
        )
    finished_at = datetime.fromisoformat(finished)
    seen = f"{finished_at:%Y-%m-%d %H:%M}, {hit.at('fields', STATE_STATUS, 0)}"
    if now - finished_at > DAY + max((entry.settings.window for entry in config.models), default=DAY):
        return Examination(Link.MONITOR, "last check", Verdict.WARNING, f"{seen}: long ago", "is `elkmon run` running?")
    return Examination(Link.MONITOR, "last check", Verdict.OK, seen)


def examine_leases(probe: Probe, config: Config, now: datetime) -> Iterator[Examination]:
    """Yield one line per lease that is held: by whom, until when, and whether its holder's clock agrees with ours."""
    for hit in _newest(probe, config, "lease", _MOST_LEASES):
        packed = Answer(200, hit.at("_source", *PACKED.path.split(".")))
        renewed, expires = hit.at("_source", TIMESTAMP), packed.at("expires_at")
        if hit.at("fields", STATE_STATUS, 0) != "held" or not isinstance(renewed, str) or not isinstance(expires, str):
            continue
        share = f"share {packed.at('share', 'index')} of {packed.at('share', 'of')}"
        renewed_at, expires_at = datetime.fromisoformat(renewed), datetime.fromisoformat(expires)
        seen = f"{share} is held by {packed.at('owner')}, renewed {renewed_at:%Y-%m-%d %H:%M:%S} by its clock"
        if renewed_at > now + _SKEW:
            yield Examination(
                Link.MONITOR, "lease", Verdict.WARNING, f"{seen}, which is {(renewed_at - now).total_seconds():.0f} s ahead",
                "let both machines follow a time server (NTP)",
            )  # fmt: skip
        elif expires_at < now:
            yield Examination(
                Link.MONITOR, "lease", Verdict.WARNING,
                f"{seen}, and has run out: it was killed, or does not reach Elasticsearch",
                "another monitor takes over by itself; is one running?",
            )  # fmt: skip
        else:
            yield Examination(Link.MONITOR, "lease", Verdict.OK, seen)


def examine_deliveries(deliveries: Sequence[Delivery], now: datetime) -> Iterator[Examination]:
    """Yield what each notifier still has to be told, and what it has refused for good."""
    by_notifier: dict[tuple[str, DeliveryState], list[Delivery]] = defaultdict(list)
    for each in deliveries:
        if each.state is not DeliveryState.DONE:
            by_notifier[each.notifier, each.state].append(each)
    for (notifier, state), several in sorted(by_notifier.items()):
        oldest = min(several, key=lambda each: each.created_at)
        many = "1 delivery" if len(several) == 1 else f"{len(several):,} deliveries"
        error = oldest.last_error or "no error yet"
        why = f"the oldest since {oldest.created_at:%Y-%m-%d %H:%M}, tried {oldest.attempts} times: {error}"
        if state is DeliveryState.FAILED:
            yield Examination(
                Link.MAIL, notifier, Verdict.PROBLEM, f"{many} refused for good, {why}",
                f"mend notifiers.{notifier}; what they told is in `elkmon alerts`, they are not sent again",
            )  # fmt: skip
        elif now - oldest.created_at > timedelta(minutes=5):
            yield Examination(
                Link.MAIL,
                notifier,
                Verdict.WARNING,
                f"{many} waiting, {why}",
                "tried again with each check; see its server",
            )


def _newest(probe: Probe, config: Config, kind: str, most: int) -> Iterator[Answer]:
    query = {
        "size": most,
        "query": {"term": {STATE_KIND: kind}},
        "sort": [{TIMESTAMP: "desc"}],
        "fields": [STATE_STATUS],
    }
    hits = probe.get(f"elkmon-state-{config.store.namespace}/_search", query).at("hits", "hits")
    for hit in hits if isinstance(hits, list) else ():
        yield Answer(200, hit)
