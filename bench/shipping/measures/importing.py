"""What importing costs, beyond starting Python."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from bench.shipping.arms import Arm, Call
from bench.shipping.processes import Failed
from bench.shipping.session import Session, Table


def part(_call: Call) -> None:
    """Nothing: what is timed are processes without the bench in them."""


def table(session: Session) -> Table:
    """Start Python with and without each import, in turns."""
    rounds = session.sized(15, 3)

    def measure(arm: Arm) -> Sequence[str]:
        _seconds(f"import {arm.module}")  # its compiled files are written now
        differences = [_seconds(f"import {arm.module}") - _seconds("pass") for _ in range(rounds)]
        milliseconds = 1000 * statistics.median(differences)
        session.figures["import", arm.name] = milliseconds
        return [f"`{arm.module}`", f"{milliseconds:.0f} ms"]

    rows = session.each("import", [arm for arm in session.arms if arm.module], measure)
    return Table("Import", f"Beyond bare Python; median of {rounds} pairs of processes.", ("", "module", "time"), rows)


def _seconds(program: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        ended = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program], cwd=folder, capture_output=True, text=True, check=False
        )
        taken = time.perf_counter() - begun
    if ended.returncode:
        raise Failed(f"not installed: {ended.stderr.strip().splitlines()[-1]}")
    return taken
