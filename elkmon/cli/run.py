"""
`elkmon run`: checks by the clock until it is told to stop. One line a check; trouble is said and tried again.
"""

from __future__ import annotations

import argparse
import os
import traceback
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from elkmon.cli.arguments import Commands, add_config, chosen_models, read_config
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.signals import EndedBySignal
from elkmon.config import Config, Schedule
from elkmon.errors import ElkmonError
from elkmon.findings import Status
from elkmon.presentation.writing import clean

if TYPE_CHECKING:
    from elkmon.monitor import CheckReport, Monitor


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "run",
        help="check models by their schedules",
        description="Checks each model by its schedule, and once at the start, until SIGTERM or Ctrl-C. An unreachable "
        "Elasticsearch or mail server is said and tried again.",
    )
    parser.add_argument("model", nargs="*", help="which models (default: all that are configured)")
    add_config(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Serve until a signal comes."""
    config = read_config(arguments)
    models = chosen_models(config, arguments.model)
    from elkmon.schedule import Job, serve
    from elkmon.wiring import connect

    monitor = connect(config).monitor
    jobs = [
        Job(", ".join(names), Check(monitor, names), cron=schedule.cron, every=schedule.every)
        for schedule, names in _by_schedule(config, models).items()
    ]
    with EndedBySignal():
        for job in jobs:
            _say(f"watching {clean(job.name, 200)}: {f'every {job.every}' if job.every else f'cron {job.cron} UTC'}")
        serve(jobs)
    _say("stopped")
    return ExitCode.HEALTHY


@dataclass(frozen=True, slots=True)
class Check:
    """One check of `models`, told in a line. Survives whatever goes wrong, except the signal that ends the process."""

    monitor: Monitor
    models: tuple[str, ...]

    def __call__(self) -> None:
        """Check as of now."""
        try:
            report = self.monitor.check(datetime.now(UTC), models=self.models)
        except ElkmonError as error:
            _say(f"could not check {_names(self.models)}: {clean(str(error), 300)}; tried again when it is next due")
        except Exception as error:  # noqa: BLE001 - a monitor that dies of one odd answer watches nothing any more
            _say(f"could not check {_names(self.models)}: unexpected {type(error).__name__}: {clean(str(error), 300)}")
            if os.environ.get("ELKMON_DEBUG"):
                traceback.print_exc()
        else:
            for line in summary(report, self.models):
                _say(line)


def summary(report: CheckReport, models: tuple[str, ...]) -> list[str]:
    """Return what one check has to say, in a line, and one more for each thing that went wrong."""
    bad = sum(finding.status.bad for finding in report.findings)
    unknown = sum(finding.status is Status.UNKNOWN for finding in report.findings)
    counted = f"{report.run.windows} windows judged, {bad} subjects beyond limits, {unknown} not judged"
    lines = [f"checked {_names(models)}: {report.run.status}; {counted}, {len(report.transitions)} changes"]
    lines.extend(f"not judged: {clean(problem, 300)}" for problem in report.problems)
    lines.extend(f"note: {clean(note, 300)}" for note in report.notes)
    lines.extend(f"not delivered: {clean(each.notifier)}: {clean(each.error, 300)}" for each in report.undelivered)
    return lines


def _by_schedule(config: Config, models: tuple[str, ...]) -> dict[Schedule, tuple[str, ...]]:
    """Models that are due at the same time are one check, so what changed in them is one mail."""
    groups: dict[Schedule, list[str]] = defaultdict(list)
    for entry in config.models:
        if entry.settings.name in models:
            groups[entry.schedule].append(entry.settings.name)
    return {schedule: tuple(names) for schedule, names in groups.items()}


def _names(models: tuple[str, ...]) -> str:
    return clean(", ".join(models), 100)


def _say(line: str) -> None:
    print(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}", flush=True)
