"""The processes that do what is measured: each is asked one thing, answers with a line of JSON, and ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
PEERS = REPOSITORY / ".venv-bench-monitor" / "bin" / "python"

_SECONDS = 1800
# None of the peers may tell anybody that it was used; a bench asks nobody but this machine.
_QUIET = {
    "NML_DISABLE_USAGE_LOGGING": "1",
    "WHYLOGS_NO_ANALYTICS": "True",
    "DO_NOT_TRACK": "1",
    "NO_PROXY": "127.0.0.1",
}


class Failed(Exception):
    """A process could not do what was asked; the text becomes a cell of the table."""


def elkmon(module: str, work: str, **options: Any) -> dict[str, Any]:
    """Ask a worker of elkmon's side, in this interpreter's environment."""
    return _asked([sys.executable, "-m", f"bench.monitor.{module}", work, json.dumps(options)])


def peer(work: str, **options: Any) -> dict[str, Any]:
    """Ask the peers' worker in their environment."""
    if not PEERS.exists():
        raise Failed("its environment is missing; make bench-monitor sets it up")
    return _asked([str(PEERS), "-W", "ignore", "-m", "bench.monitor.peer_worker", work, json.dumps(options)])


@dataclass(frozen=True, slots=True)
class Command:
    """A command of elkmon that ended: its exit code, seconds by the clock, and seconds of the processor."""

    code: int
    wall: float
    processor: float
    said: str


def command(arguments: Sequence[str]) -> Command:
    """Run `elkmon` with these arguments, from nothing to its end."""
    began, before = time.perf_counter(), os.times()
    done = subprocess.run(
        [sys.executable, "-m", "elkmon", *arguments], capture_output=True, text=True, cwd=REPOSITORY, check=False,
        timeout=_SECONDS,
    )  # fmt: skip
    wall, after = time.perf_counter() - began, os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return Command(done.returncode, wall, processor, done.stdout + done.stderr)


def _asked(command: list[str]) -> dict[str, Any]:
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY, env={**os.environ, **_QUIET}
    ) as process:
        try:
            said, errors = process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed(f"no answer within {_SECONDS} s") from None
    if process.returncode:
        last = [line.strip() for line in errors.splitlines() if line.strip()][-1:] or ["no reason given"]
        raise Failed(re.sub(r"(?:/[^\s/'\"]+)+/", "", last[0][:300]))
    answer: dict[str, Any] = json.loads(said.splitlines()[-1])
    return answer
