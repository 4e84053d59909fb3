"""
Whether the models that are configured log at all, and what is said of their baselines, events and checks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from elkmon.config import Config, suggestion, toml_key
from elkmon.doctor.arrival import examine_completeness, examine_lag
from elkmon.doctor.baselines import examine_baselines
from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.doctor.probe import Probe
from elkmon.doctor.strays import examine_strays
from elkmon.doctor.watch import examine_deliveries, examine_last_run, examine_leases
from elkmon.errors import ElkmonError
from elkmon.ports import HourCounts
from elkmon.windows import DAY, HOUR, Window, format_length, hour_of


def examine_models(config: Config, probe: Probe, now: datetime) -> Iterator[Examination]:
    """Yield, per configured model, what it logged and what it is compared with; then models nobody watches."""
    from elkmon.wiring import connect

    parts = connect(config)
    span = Window(hour_of(now - config.horizon), hour_of(now) + HOUR)
    longest = max((entry.settings.window for entry in config.models), default=DAY)
    if any(entry.layout is None for entry in config.models):
        yield from examine_lag(probe, config.store.namespace, longest, now)
    try:
        counts = parts.event_log.counts(span, ())
        baselines = parts.journal.baselines("")
        yield from examine_completeness(parts.event_log, counts, now)
        deliveries = parts.journal.stories().deliveries
    except ElkmonError as error:
        yield Examination(Link.MODELS, "models", Verdict.PROBLEM, str(error), "see what is said of Elasticsearch above")
        return
    logged: dict[str, list[HourCounts]] = defaultdict(list)
    for each in counts:
        logged[each.model].append(each)
    horizon = format_length(config.horizon)
    for entry in config.models:
        name = entry.settings.name
        yield _logging(name, logged.get(name, ()), sorted(logged), horizon, entry.settings.window, now)
        yield from examine_baselines(entry.settings, [each for each in baselines if each.model == name])
    yield from examine_strays(config, probe, now)
    yield examine_last_run(probe, config, now)
    yield from examine_leases(probe, config, now)
    yield from examine_deliveries(deliveries, now)
    unwatched = sorted(set(logged) - {entry.settings.name for entry in config.models})
    for name in unwatched:
        yield Examination(
            Link.MODELS, name, Verdict.WARNING, "logs, but is not watched", f"add a table [models.{toml_key(name)}]"
        )


def _logging(
    name: str, counts: Sequence[HourCounts], seen: Sequence[str], horizon: str, window: timedelta, now: datetime
) -> Examination:
    predictions = sum(each.predictions for each in counts)
    if not predictions:
        near = suggestion(name, seen)
        others = f"; models that did: {', '.join(seen)}{near}" if seen else "; no model did"
        return Examination(
            Link.MODELS, name, Verdict.PROBLEM, f"logged nothing within {horizon}{others}",
            "name the table as the service names the model, and see the handler's stats()",
        )  # fmt: skip
    versions = ", ".join(dict.fromkeys(each.version for each in counts))
    last = max(each.hour for each in counts if each.predictions)
    text = (
        f"{predictions:,} predictions within {horizon}, last in the hour of {last:%Y-%m-%d %H:%M}, versions {versions}"
    )
    if now - last > window + HOUR:
        return Examination(
            Link.MODELS, name, Verdict.WARNING, f"{text}: silent for longer than its window", "is the service running?"
        )
    return Examination(Link.MODELS, name, Verdict.OK, text)
