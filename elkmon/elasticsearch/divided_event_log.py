"""
One event log of several: each model is asked of the one that has its events, and the answers are put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from elkmon.errors import StoreRefused
from elkmon.ports import Arrival, EventLog, HourCounts, Joined, Totals, Visit, Wanted
from elkmon.profiles import Profile
from elkmon.surveys import Survey
from elkmon.windows import Window


class DividedEventLog:
    """
    The event log of all models: those in `elsewhere` are asked of their own log, all others of `native`.

    A log in `elsewhere` speaks of its own models when asked about all. What is joined is counted by `native` alone, as
    outcomes of all models lie in the same indices.
    """

    def __init__(self, native: EventLog, elsewhere: Mapping[str, EventLog]) -> None:
        self._native = native
        self._elsewhere = dict(elsewhere)

    def join(
        self,
        now: datetime,
        span: Window,
        models: Sequence[str],
        positive_labels: Mapping[str, str],
        segments: Mapping[str, Sequence[str]],
    ) -> Joined:
        """Join truth that has arrived in `span` to its predictions, each where it is."""
        outcomes = waiting = pages = 0
        # The native log comes last: asked about all models it counts what waits of all of them.
        for log, some in reversed(self._divided(models)):
            joined = log.join(now, span, some, positive_labels, segments)
            outcomes += joined.outcomes
            pages += joined.pages
            waiting = joined.waiting + (waiting if some else 0)
        return Joined(outcomes, waiting, pages)

    def totals(self, span: Window) -> Mapping[datetime, Totals]:
        """
        Return the documents of each hour of `span` that has any, all models together.

        Of a log that refuses there are none: its models are refused when they are counted, and no others with them.
        """
        totals = dict(self._native.totals(span))
        for log in self._others():
            try:
                found = log.totals(span)
            except StoreRefused:
                continue
            for hour, more in found.items():
                one = totals.get(hour, Totals())
                totals[hour] = Totals(
                    one.predictions + more.predictions, one.errors + more.errors, one.outcomes, one.corrections
                )
        return dict(sorted(totals.items()))

    def counts(self, span: Window, models: Sequence[str], hours: Sequence[datetime] = ()) -> Sequence[HourCounts]:
        """Return the documents per hour, model and version in `span`, in order of hour; only of `models` unless empty."""
        found = [
            each
            for log, some in self._divided(models)
            for each in log.counts(span, some, hours)
            if log is not self._native or each.model not in self._elsewhere
        ]
        return tuple(sorted(found, key=lambda each: (each.hour, each.model, each.version)))

    def profiles(self, wanted: Iterable[Wanted]) -> Iterator[Profile]:
        """Yield one profile for each hour of each of `wanted`, in that order."""
        for log, some in groupby(wanted, key=lambda each: self._of(each.model)):
            yield from log.profiles(some)

    def arrivals(self, visits: Iterable[Visit]) -> Iterator[Arrival]:
        """Yield what arrived of each of `visits`, in that order."""
        for log, some in groupby(visits, key=lambda each: self._of(each.model)):
            yield from log.arrivals(some)

    def survey(self, model: str, version: str, span: Window, quantiles: Sequence[float]) -> Survey:
        """Summarise the features, scores, values and labels of `span`, to make a ruler for them."""
        return self._of(model).survey(model, version, span, quantiles)

    def _of(self, model: str) -> EventLog:
        return self._elsewhere.get(model, self._native)

    def _others(self) -> list[EventLog]:
        return list({id(log): log for log in self._elsewhere.values()}.values())

    def _divided(self, models: Sequence[str]) -> list[tuple[EventLog, Sequence[str]]]:
        """Return the logs to ask about `models`, each with its own of them; the native one first, if any is its."""
        if not models:
            return [(self._native, ()), *((log, ()) for log in self._others())]
        logs = [self._native, *self._others()]
        divided = [(log, [model for model in models if self._of(model) is log]) for log in logs]
        return [(log, some) for log, some in divided if some]
