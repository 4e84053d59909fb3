"""
The process in which elkmon works: is told one piece of work as JSON, answers with a line of it.

What is measured is what a user's process would do once it is up: connecting is in it, importing is not, as with the peers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bench.monitor.gauge import Taken, gauged, height
from bench.monitor.traffic import POSITIVE, VERSION
from elkmon.checks import ModelSettings
from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect, usage_of
from elkmon.findings import Kind
from elkmon.monitor import CheckReport, Monitor
from elkmon.ports import Usage
from elkmon.reference_windows import baseline_from_window
from elkmon.windows import Window

Answer = dict[str, Any]


class Line:
    """A monitor of some models: asks `events`, remembers in the namespace `results`."""

    def __init__(self, url: str, events: str, results: str, models: Sequence[ModelSettings], **options: Any) -> None:
        self.client = connect([url], timeout=300)
        self.event_log = ElasticsearchEventLog(self.client, events)
        self.journal = ElasticsearchJournal(self.client, results)
        self.monitor = Monitor(
            self.event_log, self.journal, (), models, clock=lambda: datetime.now(UTC), meter=self.usage, **options
        )

    def usage(self) -> Usage:
        """Return what was asked so far."""
        return usage_of(self.client)


def cold(url: str, events: str, results: str, model: str, reference: Sequence[str], current: Sequence[str]) -> Answer:
    """Make a baseline of documents and judge a window of them: nothing is stored before, all is at the end."""
    reference_window, window = _window(reference), _window(current)
    settings = ModelSettings(model, window=window.length, positive_label=POSITIVE)
    with gauged() as whole:
        line = Line(url, events, results, [settings], horizon=window.length)
        with gauged() as counting:
            baseline = baseline_from_window(
                line.event_log, model, VERSION, reference_window, window.end,
                positive_labels={model: POSITIVE}, segments={}, settings=settings,
            )  # fmt: skip
            line.journal.save([baseline])
        before = line.usage()
        with gauged() as checking:
            report = line.monitor.check(window.end, explicit=True)
    return {
        **measured(whole, line.usage()),
        "growth": height(counting, checking),
        "baseline": asdict(counting),
        "check": measured(checking, line.usage(), before),
        "verdicts": _verdicts(report),
    }


def store(url: str, events: str, results: str, model: str, current: Sequence[str]) -> Answer:
    """Check with a horizon of two windows, so that the hours of both are stored."""
    window = _window(current)
    settings = ModelSettings(model, window=window.length, positive_label=POSITIVE)
    line = Line(url, events, results, [settings], horizon=2 * window.length)
    with gauged() as taken:
        line.monitor.check(window.end, explicit=True)
    return measured(taken, line.usage())


def profiles(url: str, events: str, results: str, model: str, current: Sequence[str], times: int) -> Answer:
    """Judge the same window again from its stored hours, as if nothing had been said before: the first time, and the best."""
    window = _window(current)
    settings = ModelSettings(model, window=window.length, positive_label=POSITIVE)
    line = Line(url, events, results, [settings], horizon=window.length)
    answers = []
    for _ in range(times):
        before = line.usage()
        with gauged() as taken:
            report, _ = line.monitor.rehearse(window)
        answers.append(measured(taken, line.usage(), before))
    return {"first": answers[0], "best": min(answers, key=lambda each: each["wall"]), "verdicts": _verdicts(report)}


def _window(pair: Sequence[str]) -> Window:
    start, end = map(datetime.fromisoformat, pair)
    return Window(start, end)


def measured(taken: Taken, usage: Usage, before: Usage = Usage()) -> Answer:  # noqa: B008  a frozen value
    """Return what was taken, and what was asked since `before`."""
    moved = usage.sent + usage.received - before.sent - before.received
    return {**asdict(taken), "requests": usage.requests - before.requests, "moved": moved}


def _verdicts(report: CheckReport) -> Mapping[str, bool]:
    if report.problems:
        raise RuntimeError(report.problems[0])
    verdicts: dict[str, bool] = {}
    for each in report.findings:
        if each.subject.kind is Kind.FEATURE:
            name = each.subject.name.rpartition(".")[2]
            verdicts[name] = verdicts.get(name, False) or each.status.bad
    return verdicts


WORKS: Mapping[str, Callable[..., Answer]] = {"cold": cold, "store": store, "profiles": profiles}


def main() -> None:
    """Read which work from the command line, and how it is to be done."""
    work, options = sys.argv[1], json.loads(sys.argv[2])
    print(json.dumps(WORKS[work](**options)), flush=True)


if __name__ == "__main__":
    main()
