"""
Whether the models that are configured log at all, have a baseline, and have been checked lately.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from elkmon.baselines import Baseline
from elkmon.config import Config, suggestion, toml_key
from elkmon.doctor.examination import Examination, Link, Verdict
from elkmon.doctor.probe import Probe
from elkmon.doctor.strays import examine_strays
from elkmon.errors import ElkmonError
from elkmon.fields import STATE_KIND, STATE_STATUS, TIMESTAMP
from elkmon.ports import HourCounts
from elkmon.windows import DAY, HOUR, Window, format_length, hour_of


def examine_models(config: Config, probe: Probe, now: datetime) -> Iterator[Examination]:
    """Yield, per configured model, what it logged and what it is compared with; then models nobody watches."""
    from elkmon.wiring import connect

    parts = connect(config)
    span = Window(hour_of(now - config.horizon), hour_of(now) + HOUR)
    try:
        counts = parts.event_log.counts(span, ())
        baselines = parts.journal.baselines("")
    except ElkmonError as error:
        yield Examination(Link.MODELS, "models", Verdict.PROBLEM, str(error))
        return
    logged: dict[str, list[HourCounts]] = defaultdict(list)
    for each in counts:
        logged[each.model].append(each)
    horizon = format_length(config.horizon)
    for entry in config.models:
        name = entry.settings.name
        yield _logging(name, logged.get(name, ()), sorted(logged), horizon, entry.settings.window, now)
        yield _baseline(name, [each for each in baselines if each.model == name])
    yield from examine_strays(config, probe, now)
    yield _last_run(probe, config, now)
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


def _baseline(name: str, baselines: Sequence[Baseline]) -> Examination:
    if not baselines:
        return Examination(
            Link.MODELS, name, Verdict.PROBLEM, "has no baseline, so nothing can be judged",
            f"elkmon baseline create {shlex.quote(name)} --from-window START END",
        )  # fmt: skip
    newest = baselines[0]
    return Examination(
        Link.MODELS, name, Verdict.OK,
        f"compared with {newest.id[:12]} of version {newest.version} ({newest.source}), {newest.total.predictions:,} predictions",
    )  # fmt: skip


def _last_run(probe: Probe, config: Config, now: datetime) -> Examination:
    query = {"size": 1, "query": {"term": {STATE_KIND: "run"}}, "sort": [{TIMESTAMP: "desc"}], "fields": [STATE_STATUS]}
    answer = probe.get(f"elkmon-state-{config.store.namespace}/_search", query)
    finished = answer.at("hits", "hits", 0, "_source", TIMESTAMP)
    if not isinstance(finished, str):
        return Examination(
            Link.MODELS, "last check", Verdict.WARNING, "there has been none", "elkmon check, or elkmon run"
        )
    finished_at = datetime.fromisoformat(finished)
    status = answer.at("hits", "hits", 0, "fields", STATE_STATUS, 0)
    seen = f"{finished_at:%Y-%m-%d %H:%M}, {status}"
    if now - finished_at > DAY + max((entry.settings.window for entry in config.models), default=DAY):
        return Examination(Link.MODELS, "last check", Verdict.WARNING, f"{seen}: long ago", "is `elkmon run` running?")
    return Examination(Link.MODELS, "last check", Verdict.OK, seen)
