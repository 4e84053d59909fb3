"""The figures to reach, each beside what this run found. What was not reached says so, with its figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.monitor.session import Session
from bench.statistics.session import Table


@dataclass(frozen=True, slots=True)
class Goal:
    """
    A figure to reach.

    Attributes:
        what, goal: in the words of the plan.
        figures: it is to be reached by every figure whose name begins so.
        met: whether a figure reaches it; `worst` which of several is shown.
        shown: how it is written.
    """

    what: str
    goal: str
    figures: str
    met: Callable[[float], bool]
    worst: Callable[[Sequence[float]], float] = max
    shown: str = "{:.1f}"


def _times(what: str, figures: str, least: float) -> Goal:
    return Goal(what, f"≥ {least:.0f} ×", figures, lambda found: found >= least, min, "{:.1f} ×")


def _at_most(what: str, goal: str, figures: str, most: float, shown: str) -> Goal:
    return Goal(what, goal, figures, lambda found: found < most, shown=shown)


GOALS = (
    *(
        goal
        for size in ("100k", "1M")
        for goal in (
            _times(f"1, {size}: cold, against the fastest peer end to end", f"ratio cold {size}", 30),
            _times(f"1, {size}: cold, the baseline being stored", f"ratio counted {size}", 30),
            _times(f"1, {size}: from stored profiles", f"ratio profiles {size}", 200),
            _at_most(f"1, {size}: growth of memory, cold", "< 30 MB", f"growth cold {size}", 30, "{:.0f} MB"),
            _at_most(f"1, {size}: growth, from profiles", "< 30 MB", f"growth profiles {size}", 30, "{:.0f} MB"),
            _at_most(f"1, {size}: moved, cold with the baseline", "< 1 MB", f"moved cold {size}", 1, "{:.2f} MB"),
            _at_most(f"1, {size}: moved, cold check", "< 1 MB", f"moved check {size}", 1, "{:.2f} MB"),
            _at_most(f"1, {size}: moved, from profiles", "< 1 MB", f"moved profiles {size}", 1, "{:.2f} MB"),
        )
    ),
    _at_most("1: growth from 100k to 1M rows, cold", "flat (< 10 MB)", "growth difference", 10, "{:.0f} MB"),
    _at_most("2: weekly check of the demo, warm", "< 1 s", "demo warm wall", 1, "{:.2f} s"),
    _at_most("2: the same as a fresh `elkmon check`", "< 1 s", "demo fresh wall", 1, "{:.2f} s"),
    _at_most("2: own processor of a weekly check, warm", "< 0.2 s", "demo warm processor", 0.2, "{:.2f} s"),
    _at_most("3: own processor per model of an hourly run", "< 0.2 s", "run processor a model", 0.2, "{:.2f} s"),
    _at_most("3: run over 100 models × 50 features, warm", "< 60 s", "run warm", 60, "{:.0f} s"),
    _at_most("3: the same in a fresh process", "< 60 s", "run fresh", 60, "{:.0f} s"),
    _at_most("4: an hourly run after 90 days of history, over one after 7", "≈ 1 ×", "history ratio", 1.3, "{:.1f} ×"),
)


def table(session: Session) -> Table:
    """Judge what was measured in this run; what was not is left out."""
    sizes = [session.figures.get(f"growth cold {size}") for size in ("100k", "1M")]
    if sizes[0] is not None and sizes[1] is not None:
        session.figures["growth difference"] = max(0.0, sizes[1] - sizes[0])
    rows = []
    for goal in GOALS:
        found = [value for name, value in session.figures.items() if name.startswith(goal.figures)]
        if found:
            worst = goal.worst(found)
            rows.append([goal.what, goal.goal, goal.shown.format(worst), "yes" if goal.met(worst) else "**MISSED**"])
    return Table("The goals", "The worst figure of each.", ("", "goal", "this run", "reached"), rows)
