"""
`elkmon check`: one check now, or as of a chosen time, and what it found; or a rehearsal of the past that changes nothing.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from elkmon.cli.arguments import (
    ZONE_NOTE,
    Commands,
    add_config,
    add_json,
    chosen_models,
    instant,
    read_config,
    span,
)
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.findings import print_findings, print_transitions
from elkmon.cli.output import print_json
from elkmon.cli.progress import shown_progress
from elkmon.config import Config
from elkmon.errors import ConfigurationError
from elkmon.presentation.writing import clean
from elkmon.windows import Window, hour_of

if TYPE_CHECKING:
    from elkmon.monitor import CheckReport


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "check",
        help="check models once",
        description="Judges the windows that have ended and tells what changed. The exit code says how it went. With --from "
        "it goes further back than the configured horizon, and can be interrupted and continued by the same command; with "
        "--dry-run it says what would have been said, writes nothing and tells nobody.",
        epilog=ZONE_NOTE,
    )
    parser.add_argument("model", nargs="*", help="which models (default: all that are configured)")
    add_config(parser)
    add_json(parser)
    parser.add_argument("--from", dest="since", type=instant, metavar="TIME", help="judge the windows from TIME on")
    parser.add_argument(
        "--to", "--at", dest="at", type=instant, metavar="TIME", help="check as of TIME; what came later is left out"
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would have alerted, write and mail nothing; truth that no check has joined yet is left out",
    )
    parser.add_argument("--all", action="store_true", help="list also what is fine")
    parser.set_defaults(command=check)


def check(arguments: argparse.Namespace) -> ExitCode:
    """Check once and print what was found."""
    config = read_config(arguments)
    models = chosen_models(config, arguments.model)
    from elkmon.wiring import connect

    now = arguments.at or datetime.now(UTC)
    if now > datetime.now(UTC):
        raise ConfigurationError(f"{now.isoformat()} lies in the future: hours to come would look like silence")
    if arguments.since and arguments.since >= now:
        raise ConfigurationError(f"--from {arguments.since.isoformat()} does not lie before {now.isoformat()}")
    judged = span(hour_of(arguments.since or now - config.horizon), hour_of(now))
    if arguments.dry_run:
        return _rehearse(config, models, judged, as_json=arguments.json)
    with shown_progress() as progress:
        parts = connect(config, progress=progress)
        report = parts.monitor.check(
            now, models=models, explicit=arguments.at is not None, since=arguments.since and judged.start
        )
    code = ExitCode[report.status.name]
    if arguments.json:
        print_json(
            {
                "exit_code": code,
                "run": report.run,
                "findings": report.findings,
                "transitions": report.transitions,
                "undelivered": report.undelivered,
                "problems": report.problems,
                "notes": report.notes,
            }
        )
        return code
    print_findings(report.findings, everything=arguments.all)
    if report.transitions:
        stories = {alert.fingerprint: alert for alert in parts.journal.stories().alerts}
        print_transitions(report.transitions, stories)
    for undelivered in report.undelivered:
        again = "it is not tried again" if undelivered.permanent else "it is tried again with the next check"
        print(f"not delivered: {clean(undelivered.notifier)}: {clean(undelivered.error, 300)}; {again}")
    _print_problems(report)
    if not report.findings and not report.problems:
        print("Nothing could be judged: no window that has ended holds predictions of these models.")
    return code


def _rehearse(config: Config, models: tuple[str, ...], judged: Window, *, as_json: bool) -> ExitCode:
    """Print what a check of `judged` would have said. It is a rehearsal: what would have alerted is no failure of it."""
    from elkmon.cli.rehearsal import print_rehearsal
    from elkmon.wiring import connect

    with shown_progress() as progress:
        report, rehearsed = connect(config, progress=progress).monitor.rehearse(judged, models=models)
    code = ExitCode.HEALTHY if any(each.windows for each in rehearsed) else ExitCode.UNJUDGED
    if as_json:
        print_json(
            {
                "exit_code": code,
                "span": judged,
                "models": rehearsed,
                "problems": report.problems,
                "notes": report.notes,
            }
        )
        return code
    for each in rehearsed:
        print_rehearsal(each, judged)
    _print_problems(report)
    print("Nothing was written and nobody was told.")
    return code


def _print_problems(report: CheckReport) -> None:
    for problem in report.problems:
        print(f"not judged: {clean(problem, 300)}")
    for note in report.notes:
        print(f"note: {clean(note, 300)}")
