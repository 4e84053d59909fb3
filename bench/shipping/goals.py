"""The figures elkmon is to reach, each beside what this run found: a summary of the tables below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.shipping.elkmon_arms import DIRECT, JOURNAL, LOGGING, TCP
from bench.shipping.session import Session, Table


@dataclass(frozen=True, slots=True)
class Goal:
    """
    A figure to reach.

    Attributes:
        what: in the words of the design.
        goal: likewise.
        measure: whose figure it is.
        arms: it is to be reached by each of them.
        met: whether a figure reaches it.
        shown: how it is written.
    """

    what: str
    goal: str
    measure: str
    arms: tuple[str, ...]
    met: Callable[[float], bool]
    shown: str = "{:.2f}×"


_ACKNOWLEDGED = (LOGGING, DIRECT, LOGGING + JOURNAL, DIRECT + JOURNAL)
_JOURNALS = (LOGGING + JOURNAL, DIRECT + JOURNAL)
GOALS = (
    Goal("call by logging, at 2,000/s", "≤ 1.6×", "cost steady", (LOGGING,), lambda found: found <= 1.6),
    Goal("direct call, at 2,000/s", "≤ 0.5×", "cost steady", (DIRECT,), lambda found: found <= 0.5),
    Goal("call with a journal, at 2,000/s", "≤ 1.8×", "cost steady", (LOGGING + JOURNAL,), lambda found: found <= 1.8),
    Goal(
        "p99.9 beyond the no-op's, sink stalled",
        "< 1,000 µs",
        "stalled beyond",
        _ACKNOWLEDGED,
        lambda found: found < 1_000,
        "{:,.0f} µs",
    ),
    Goal(
        "events a second by logging",
        "≥ 50,000",
        "throughput",
        (LOGGING, LOGGING + TCP),
        lambda found: found >= 50_000,
        "{:,.0f}",
    ),
    Goal(
        "events a second, direct",
        "≥ 120,000",
        "throughput",
        (DIRECT, DIRECT + TCP),
        lambda found: found >= 120_000,
        "{:,.0f}",
    ),
    Goal("lost in an outage of 10 s", "0", "outage lost", _ACKNOWLEDGED, lambda found: found == 0, "{:,.0f}"),
    Goal(
        "last late event after the sink's return",
        "≤ 2 s + one backoff of 15 s at most",
        "outage late",
        _ACKNOWLEDGED,
        lambda found: found <= 17,
        "{:.1f} s",
    ),
    Goal("lost by `kill -9`, with a journal", "0", "killed", _JOURNALS, lambda found: found == 0, "{:.1%}"),
    Goal("exit with the sink down", "≤ 5.5 s", "exit", _ACKNOWLEDGED, lambda found: found <= 5.5, "{:.1f} s"),
    Goal("import of `elkmon`", "≤ 60 ms", "import", (LOGGING,), lambda found: found <= 60, "{:.0f} ms"),
    Goal(
        "memory of 100,000 queued events", "≤ 1.5× their bytes", "memory", (LOGGING, DIRECT), lambda found: found <= 1.5
    ),
)


def table(session: Session) -> Table:
    """Judge what was measured in this run; what was not says so."""
    return Table(
        "The goals",
        "Ratios are to a logger with a no-op handler in the same run.",
        ("", "arm", "goal", "this run", "reached"),
        [row for goal in GOALS for row in _rows(session, goal)],
    )


def _rows(session: Session, goal: Goal) -> Sequence[Sequence[str]]:
    rows = []
    for arm in goal.arms:
        found = session.figures.get((goal.measure, arm))
        judged = (
            ("not measured", "–") if found is None else (goal.shown.format(found), "yes" if goal.met(found) else "no")
        )
        rows.append([goal.what, arm.removeprefix("elkmon, "), goal.goal, *judged])
    return rows
