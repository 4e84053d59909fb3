"""`python -m bench.soak`: a service logs without a pause while its Elasticsearch is stopped, killed and started."""

from __future__ import annotations

import argparse
import inspect
import random
import sys
import tempfile
import time
from pathlib import Path

from bench.soak.lives import Lives
from bench.soak.node import Node
from bench.soak.verdict import Verdict
from elkmon import PredictionHandler

_NAMESPACE = "soak"
_PROGRESS_SECONDS = 5.0
_LAST_LIFE_SECONDS = 15.0
# The promise is about loss, not about the node's speed: what waits while it is down, or behind, must fit.
_QUEUE_COUNT, _QUEUE_BYTES = 2_000_000, 2 * 1024**3


def main() -> int:
    """Run it; return 1 where anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long the service logs (default: 5)")
    parser.add_argument("--rate", type=int, default=5_000, help="events a second (default: 5000)")
    parser.add_argument("--features", type=int, default=20, help="of each event (default: 20)")
    parser.add_argument("--up", type=float, default=40.0, help="seconds the node is up between two ends (default: 40)")
    parser.add_argument(
        "--journal", action="store_true", help="with a journal; the service is killed again and again, too"
    )
    arguments = parser.parse_args()
    if arguments.journal and "journal" not in inspect.signature(PredictionHandler).parameters:
        parser.error("journal= is not in this version")
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as folder:
        verdict = _soak(Path(folder), arguments)
    print(verdict.table())
    return 0 if verdict.kept else 1


def _soak(folder: Path, arguments: argparse.Namespace) -> Verdict:
    _say("starting Elasticsearch")
    node = Node(folder / "data", _NAMESPACE)
    lives = Lives(
        folder,
        {
            "url": node.url,
            "namespace": _NAMESPACE,
            "journal": str(folder / "journal") if arguments.journal else "",
            "rate": arguments.rate,
            "features": arguments.features,
            "queue_count": _QUEUE_COUNT,
            "queue_bytes": _QUEUE_BYTES,
        },
    )
    try:
        return _run(node, lives, arguments)
    finally:
        lives.kill()
        node.close()


def _run(node: Node, lives: Lives, arguments: argparse.Namespace) -> Verdict:
    chance = random.Random(7)
    ends = [0, 0]
    kills = 0
    end = time.monotonic() + arguments.minutes * 60
    lives.start()
    while time.monotonic() < end:
        _let_pass(min(arguments.up, end - time.monotonic()), lives, "node up")
        if time.monotonic() >= end:
            break
        killed = sum(ends) % 2 == 1
        node.go_down(killed=killed)
        ends[killed] += 1
        state = f"node {'killed' if killed else 'stopped'}"
        seconds = chance.uniform(10, 20)
        _let_pass(seconds / 2, lives, state)
        if arguments.journal and sum(ends) % 2:
            kills += _kill(lives)
        _let_pass(seconds / 2, lives, state)
        node.come_up()
        if arguments.journal and sum(ends) % 2 == 0 and time.monotonic() < end - _LAST_LIFE_SECONDS:
            _let_pass(3, lives, "node up")  # every other time while the backlog is being sent
            kills += _kill(lives)
    _say("no more calls; what waits is sent")
    begun = time.monotonic()
    lives.finish()
    drained = time.monotonic() - begun
    _say("counting what is stored")
    if not lives.final:
        _say(f"the service did not come to its end: {lives.trouble}")
    return Verdict(lives.returned, node.stored(), lives.final, lives.samples, (ends[0], ends[1]), kills, drained)


def _kill(lives: Lives) -> int:
    lives.kill()
    lives.start()
    return 1


def _let_pass(seconds: float, lives: Lives, state: str) -> None:
    """Wait, and show how it goes."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _PROGRESS_SECONDS))
        told = lives.last
        if told:
            _say(
                f"{time.monotonic() - lives.begun:4.0f} s  {state:12} {sum(lives.returned.values()):>9,} calls, "
                f"{told['pending']:>9,} waiting, {told['resident'] / 1e6:6,.0f} MB, dropped {told['dropped'] or 'nothing'}"
            )


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
