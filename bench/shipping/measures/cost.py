"""What a call costs the thread that makes it: at 2,000 calls a second, as in a service, and flat out."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from bench.shipping.arms import NOOP, Arm, Call
from bench.shipping.measures.pacing import WARM_UP, flat_out, steady, summary
from bench.shipping.processes import Failed
from bench.shipping.session import Session, Table
from bench.shipping.worker import say

RATE = 2_000
_FLAT_CALLS = 20_000
_SHOWN = ("p50", "p99", "p999")


def part(call: Call, calls: int, seconds: float) -> None:
    """Call steadily, then flat out."""
    steady(call, WARM_UP, RATE)
    at_rate = summary(steady(call, calls, RATE))
    say(steady=at_rate, flat=summary(flat_out(call, _FLAT_CALLS, seconds)))


def table(session: Session) -> Table:
    """Let the arms take turns, round by round, each time in a new process."""
    arms = [arm for arm in session.arms if arm.priced]
    calls, seconds = (1_000, 0.5) if session.quick else (3_000, 1.5)
    rounds = session.sized(4, 1)
    found: dict[str, list[dict[str, Any]]] = {arm.name: [] for arm in arms}
    failures: dict[str, str] = {}
    for number in range(1, rounds + 1):
        for arm in arms:
            if arm.name not in failures:
                session.say(f"cost of a call, round {number} of {rounds}: {arm.name}")
                try:
                    with session.pair(arm, "cost", calls=calls, seconds=seconds) as (worker, _):
                        found[arm.name].append(worker.hear(60))
                except Failed as failure:
                    failures[arm.name] = str(failure)
                    session.say(f"cost of a call: {arm.name}: {failure}")
    rows = [
        [arm.name, failures[arm.name]] if arm.name in failures else _row(session, arm, found[arm.name], found[NOOP])
        for arm in arms
    ]
    return Table(
        "Cost of a call",
        f"µs; the ratio is to the no-op handler in the same round (at {RATE:,}/s of the p50, flat out of the mean, which "
        f"holds what a sender's thread takes from the caller's); median of {rounds} rounds, each in a new process.",
        ("", f"p50 at {RATE:,}/s", "p99", "p99.9", "ratio", "p50 flat out", "p99", "p99.9", "ratio"),
        rows,
    )


def _row(session: Session, arm: Arm, own: list[dict[str, Any]], floor: list[dict[str, Any]]) -> Sequence[str]:
    cells = [arm.name]
    for how, of in (("steady", "p50"), ("flat", "mean")):
        cells += [f"{statistics.median(each[how][key] for each in own):,.1f}" for key in _SHOWN]
        ratio = statistics.median(each[how][of] / least[how][of] for each, least in zip(own, floor, strict=True))
        cells.append(f"{ratio:.2f}×")
        session.figures[f"cost {how}", arm.name] = ratio
    return cells
