"""
The monitor, a process of its own: the loop of `elkmon run` by a fast clock, until it is told to end, or killed.

    python -m bench.rehearsal.watcher CONFIGURATION START BEGAN SPEED
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from bench.rehearsal.clocks import Pace
from elkmon import config
from elkmon.cli.run import serve_checks
from elkmon.cli.signals import EndedBySignal


def main(path: str, start: str, began: str, speed: str) -> None:
    """Watch."""
    settings = config.load(Path(path))
    pace = Pace(datetime.fromisoformat(start), float(began), float(speed))
    with EndedBySignal():
        serve_checks(settings, [each.settings.name for each in settings.models], clock=pace.clock())


if __name__ == "__main__":
    main(*sys.argv[1:])
