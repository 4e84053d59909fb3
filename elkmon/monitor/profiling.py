"""
Which hours changed since they were profiled, and their new profiles. Each event is aggregated once, whatever is asked later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from elkmon.baselines import Baseline
from elkmon.ports import EventLog, HourCounts, Journal
from elkmon.windows import Window

_NAMED = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What the event log holds of one model.

    Attributes:
        counts: documents per (version, hour).
        baselines: what each version with predictions is compared with.
        profiled: hours profiled anew; `problems` what stood in the way.
    """

    model: str
    counts: Mapping[tuple[str, datetime], HourCounts]
    baselines: Mapping[str, Baseline]
    profiled: int = 0
    problems: tuple[str, ...] = ()

    @property
    def versions(self) -> tuple[str, ...]:
        """Versions that predicted anything, in order of their first hour."""
        return tuple(dict.fromkeys(version for (version, _), counts in self.counts.items() if counts.predictions))


def profile_changed_hours(event_log: EventLog, journal: Journal, model: str, span: Window) -> Asked:
    """
    Profile the hours of `span` whose documents differ from what their stored profile recorded, and save the profiles.

    Streams are append-only, so equal counts mean equal content; there is no time checkpoint to be wrong about.
    """
    counts = {(each.version, each.hour): each for each in event_log.counts(span, [model])}
    asked = Asked(model, counts, {}, problems=() if counts else (_nothing(event_log, span),))
    baselines = {version: baseline for version in asked.versions if (baseline := _baseline_of(journal, model, version))}
    recorded = {
        (each.version, each.hour, each.ruler): (each.predictions, each.errors, each.outcomes)
        for each in journal.profiled(span, [model])
    }
    profiled = 0
    for version, baseline in baselines.items():
        ruler = baseline.ruler
        changed = [
            hour
            for (of, hour), now in counts.items()
            if of == version and recorded.get((version, hour, ruler.id)) != (now.predictions, now.errors, now.outcomes)
        ]
        if changed:
            journal.save(event_log.profiles(model, version, sorted(changed), ruler))
            profiled += len(changed)
    return Asked(model, counts, baselines, profiled, asked.problems)


def _nothing(event_log: EventLog, span: Window) -> str:
    others = sorted({each.model for each in event_log.counts(span, [])})
    named = f"; the models that logged are {', '.join(others[:_NAMED])}" if others else "; no model logged anything"
    return f"no predictions in {span} (an hour counts once it is over){named}"


def _baseline_of(journal: Journal, model: str, version: str) -> Baseline | None:
    """Return the version's own newest baseline, else the model's newest: then it is compared with its predecessor's."""
    known = journal.baselines(model)
    return next((each for each in known if each.version == version), known[0] if known else None)
