"""
What the event log holds now beside what was recorded of it: one cheap count over the horizon, and dear ones where it differs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from elkmon.baselines import Baseline
from elkmon.errors import StoreError
from elkmon.monitor.isolating import together_or_alone
from elkmon.monitor.profiling import chosen_baseline
from elkmon.ports import EventLog, HourCounts, Journal, Stories, Totals
from elkmon.windows import Window

_NAMED = 10


@dataclass(frozen=True, slots=True)
class Counted:
    """
    Documents per hour and version of several models.

    Attributes:
        there: per model what the event log holds now; `recorded` what was known of it, by ruler.
        totals: documents per hour, of whatever model, as of this count.
        silent: what is said of a model that logged nothing.
        refused: models that could not be counted, and why.
    """

    there: Mapping[str, Sequence[HourCounts]]
    recorded: Mapping[str, Sequence[HourCounts]]
    totals: Mapping[datetime, Totals] = field(default_factory=dict)
    silent: str = ""
    refused: Mapping[str, StoreError] = field(default_factory=dict)


def count(
    event_log: EventLog,
    journal: Journal,
    span: Window,
    models: Sequence[str],
    stories: Stories,
    baselines: Mapping[str, Sequence[Baseline]],
) -> Counted:
    """
    Return what `span` holds of `models`.

    What has a bookmark is counted anew only in the hours whose totals differ from the tally; elsewhere what it recorded is
    there. What has none, or is counted by another ruler from now on, is counted, and looked up, over all of the span.
    """
    totals = event_log.totals(span)
    recorded: dict[str, list[HourCounts]] = defaultdict(list)
    for model, bookmark in stories.bookmarks.items():
        recorded[model] = [each for each in bookmark.counts if each.hour in span]
    tally = stories.tally
    marked = [
        model
        for model in models
        if tally and model not in tally.left_out and _same_rulers(recorded[model], baselines.get(model, ()))
    ]
    rest = [model for model in models if model not in marked]
    differing = [hour for hour in span.hours() if tally and totals.get(hour) != tally.totals.get(hour)]
    other = set(differing)
    there = {model: [each for each in recorded[model] if each.hour not in other] for model in marked}
    fresh, refused = together_or_alone(
        marked if differing else (), lambda some: event_log.counts(span, some, differing)
    )
    whole, also_refused = together_or_alone(rest, lambda some: event_log.counts(span, some))
    for each in chain(*fresh, *whole):
        there.setdefault(each.model, []).append(each)
    for each in journal.profiled(span, rest) if rest else ():
        recorded[each.model].append(each)
    heard = refused or also_refused or any(there.get(model) or recorded[model] for model in models)
    silent = _SILENT.format(span) if heard else _SILENT.format(span) + _others(event_log, span)
    return Counted(there, recorded, totals, silent, refused | also_refused)


def _same_rulers(recorded: Iterable[HourCounts], known: Sequence[Baseline]) -> bool:
    """Whether something is recorded, and by the rulers of today only."""
    rulers = {(each.version, each.ruler) for each in recorded if each.predictions}
    chosen = {version: chosen_baseline(known, version) for version, _ in rulers}
    return bool(rulers) and all(
        ruler == (each.ruler.id if (each := chosen[version]) else "") for version, ruler in rulers
    )


def _others(event_log: EventLog, span: Window) -> str:
    """Return who did log something, for who misspelt the name of a model. That is a dear question, asked if nobody is heard."""
    others = sorted({each.model for each in event_log.counts(span, [])})
    return f"; the models that logged are {', '.join(others[:_NAMED])}" if others else "; no model logged anything"


_SILENT = "no predictions in {} (an hour counts once it is over)"
