"""
`elkmon run` by a clock that goes faster, in a process of its own:

    python -m support.fast_run CONFIG SPEED START [STATUS_FILE PORT]

START is the instant at which its clock begins, in ISO form. Ends by SIGTERM like the command itself.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from elkmon.cli.run import serve_checks
from elkmon.cli.signals import EndedBySignal
from elkmon.config import load
from elkmon.schedule import Clock
from elkmon.wiring import connect


def main(config: str, speed: str, start: str, status_file: str = "", port: str = "") -> None:
    """Serve until a signal comes."""
    settings = load(Path(config))
    connect(settings)  # brings what takes seconds to import, before the clock begins
    with EndedBySignal():
        serve_checks(
            settings,
            [entry.settings.name for entry in settings.models],
            clock=Clock(float(speed), datetime.fromisoformat(start)),
            status_file=Path(status_file) if status_file else None,
            listen=("127.0.0.1", int(port)) if port else None,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
