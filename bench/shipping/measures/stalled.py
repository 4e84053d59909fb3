"""What a call costs while the sink is stalled: stopped where it stands, with its connections open."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench.shipping.arms import NOOP, Arm, Call
from bench.shipping.measures.cost import RATE
from bench.shipping.measures.pacing import steady, summary
from bench.shipping.session import Session, Table
from bench.shipping.worker import say

_SECONDS = 8.0
WINDOW = 64 * 1024


def part(call: Call, calls: int) -> None:
    """Call until all is warm and connected; once the sink is stopped, call on."""
    steady(call, RATE // 2, RATE)
    say(warm=True)
    sys.stdin.readline()
    say(**summary(steady(call, calls, RATE, _SECONDS)))


def table(session: Session) -> Table:
    """Stop each arm's sink; the no-op handler is called the same way."""

    def measure(arm: Arm) -> Sequence[str]:
        with session.pair(arm, "stalled", window=WINDOW, calls=session.sized(10_000, 4_000)) as (worker, sink):
            worker.hear(30)
            if sink is not worker:
                sink.stop()
            found = worker.ask("go", 30)
            session.figures["stalled p999", arm.name] = found["p999"]
            beyond = found["p999"] - session.figures.get(("stalled p999", NOOP), 0.0)
            session.figures["stalled beyond", arm.name] = beyond
            figures = (found["p50"], found["p99"], found["p999"], beyond, found["worst"])
            return [*(f"{figure:,.0f}" for figure in figures), f"{found['count']:,.0f}"]

    arms = [arm for arm in session.arms if (arm.sink and arm.priced) or arm.name == NOOP]
    rows = session.each("sink stalled", arms, measure)
    return Table(
        "Cost of a call while the sink is stalled",
        f"µs, at {RATE:,}/s, the sink stopped by SIGSTOP; 'beyond' is p99.9 less that of the no-op handler.",
        ("", "p50", "p99", "p99.9", "beyond", "worst", "calls"),
        rows,
    )
