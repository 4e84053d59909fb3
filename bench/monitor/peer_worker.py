"""
The process in which a peer works, in the peers' environment: pulls the rows and reports on them.

Nothing of elkmon is imported. A peer is imported before anything is measured, and judges by its defaults.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from bench.monitor.gauge import gauged, height
from bench.monitor.pulling import WAYS, CountingNode, Source, pulled
from bench.statistics.peer_worker import PEERS

Answer = dict[str, Any]

_IMPORTED = {
    "Evidently": ("evidently", "evidently.metrics"),
    "NannyML": ("nannyml",),
    "whylogs": ("whylogs", "whylogs.viz.drift.column_drift_algorithms"),
    "scipy": ("scipy.stats",),
}
_PACKAGES = ("evidently", "nannyml", "whylogs", "scipy", "numpy", "pandas", "elasticsearch", "orjson")


def versions() -> Answer:
    """Say what is installed."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return {"versions": found, "ways": list(WAYS)}


def pull(way: str, source: Mapping[str, Any], times: int) -> Answer:
    """Pull the rows by one way: the best of some tries."""
    answers = []
    for _ in range(times):
        with gauged() as taken:
            rows = len(pulled(Source(**source), way))
        answers.append({**asdict(taken), "rows": rows})
    return min(answers, key=lambda each: each["wall"])


def report(peer: str, way: str, reference: Mapping[str, Any], current: Mapping[str, Any]) -> Answer:
    """Pull both sides and report on them."""
    for module in _IMPORTED[peer]:
        importlib.import_module(module)
    with gauged() as whole:
        with gauged() as pulling:
            sides = [pulled(Source(**side), way) for side in (reference, current)]
        with gauged() as judging:
            verdicts = PEERS[peer](*sides, current["categories"])
    return {
        **asdict(whole),
        "growth": height(pulling, judging),
        "pull": asdict(pulling),
        "report": asdict(judging),
        "requests": CountingNode.requests,
        "moved": CountingNode.moved,
        "rows": sum(map(len, sides)),
        "verdicts": verdicts,
    }


WORKS: Mapping[str, Callable[..., Answer]] = {"versions": versions, "pull": pull, "report": report}


def main() -> None:
    """Read which work from the command line, and how it is to be done. What a peer prints goes elsewhere."""
    work, options = sys.argv[1], json.loads(sys.argv[2])
    said = os.dup(1)
    os.dup2(2, 1)
    answer = WORKS[work](**options)
    with os.fdopen(said, "w") as out:
        out.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
