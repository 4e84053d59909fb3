"""The figures to reach, each beside what this run found: a summary of the tables below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.statistics.session import Session, Table


@dataclass(frozen=True, slots=True)
class Goal:
    """
    A figure to reach.

    Attributes:
        what, goal: in the words of the plan.
        figures: it is to be reached by every figure whose name begins so (and ends so, where two parts are given).
        met: whether a figure reaches it; `worst` which of several is shown.
        shown: how it is written.
    """

    what: str
    goal: str
    figures: tuple[str, str]
    met: Callable[[float], bool]
    worst: Callable[[Sequence[float]], float] = max
    shown: str = "{:.2%}"


NEW_YORK = ("weather, New York 2013", "flights, New York 2013")
REAL = (*NEW_YORK, "police stops, Minneapolis 2017", "electricity, Victoria 2014")
LARGE = "10000/10000"
GOALS = (
    Goal(
        "1a, leg: cells beyond nominal + 3 standard errors",
        "0",
        ("1 cells beyond", ""),
        lambda found: found == 0,
        shown="{:.0f}",
    ),
    Goal(
        "1c, 2: hours or verdicts that a node counts otherwise",
        "0",
        ("1 node", ""),
        lambda found: found == 0,
        shown="{:.0f}",
    ),
    Goal("2: hours that a node counts otherwise", "0", ("2 node", ""), lambda found: found == 0, shown="{:.0f}"),
    *(
        Goal(
            f"2a, {name}: column-days, {days} days",
            "≤ 1 %",
            (f"2 columns, {name}, 1d, {days}", ""),
            lambda found: found <= 0.01,
        )
        for name in REAL
        for days in (90, 180)
    ),
    *(
        Goal(
            f"2a, {name}: days with any, {days} days",
            "≤ 5 %",
            (f"2 any, {name}, 1d, {days}", ""),
            lambda found: found <= 0.05,
        )
        for name in REAL
        for days in (90, 180)
    ),
    Goal(
        "2b, temperature as measured, New York, by day, June to August",
        "found on most days",
        ("2 found, weather, New York 2013, temperature as measured, 1d, 90", ""),
        lambda found: found >= 0.9,
        min,
    ),
    Goal(
        "2b, EWR's distances in km, by day",
        "found on most days",
        ("2 found, flights, New York 2013, EWR's distances in km from 5 Aug, 1d", ""),
        lambda found: found >= 0.87,
        min,
    ),
    Goal(
        "3, 500 unchanged columns: false alarms in a hundred runs, limits learnt",
        "≤ 1",
        ("3 30 days", ""),
        lambda found: found <= 1,
        shown="{:.0f}",
    ),
    Goal("3, the same without timestamps", "≤ 1", ("3 10,000", ""), lambda found: found <= 1, shown="{:.0f}"),
    Goal("3, the same, only 1,000 rows of reference", "≤ 1", ("3 1,000", ""), lambda found: found <= 1, shown="{:.0f}"),
    Goal(
        "4, leg at 0.1 SD, 10,000 each: of the row test's detections",
        "≥ 95 %",
        (f"4 0.1 SD, {LARGE}", "leg"),
        lambda found: found >= 0.95,
        min,
    ),
    *(
        Goal(
            f"4, verdict at {change}, 10,000 each",
            "≥ 99 %",
            (f"4 {change}, {LARGE}", "verdict"),
            lambda found: found >= 0.99,
            min,
        )
        for change in ("0.2 SD", "scale × 1.3", "8 % of rows moved")
    ),
    Goal("5, verdicts that a corrupt value changes", "0", ("5 changed", ""), lambda found: found == 0, shown="{:.0f}"),
    Goal(
        "6, worst difference from NannyML's CBPE on a chunk",
        "≤ 0.005",
        ("6 worst", ""),
        lambda found: found <= 0.005,
        shown="{:.4f}",
    ),
)


def table(session: Session) -> Table:
    """Judge what was measured in this run; what was not is left out."""
    rows = []
    for goal in GOALS:
        begins, ends = goal.figures
        found = [value for name, value in session.figures.items() if name.startswith(begins) and name.endswith(ends)]
        if found:
            worst = goal.worst(found)
            rows.append([goal.what, goal.goal, goal.shown.format(worst), "yes" if goal.met(worst) else "**no**"])
    return Table("The goals", "The worst figure of each.", ("", "goal", "this run", "reached"), rows)
