"""
`elkmon check`: one check now, or as of a chosen time, and what it found.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from elkmon.cli.arguments import ZONE_NOTE, Commands, add_config, add_json, chosen_models, instant, read_config
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.findings import print_findings, print_transitions
from elkmon.cli.output import print_json
from elkmon.cli.progress import shown_progress
from elkmon.errors import ConfigurationError
from elkmon.presentation.writing import clean


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "check",
        help="check models once",
        description="Judges the windows that have ended and tells what changed. The exit code says how it went.",
        epilog=ZONE_NOTE,
    )
    parser.add_argument("model", nargs="*", help="which models (default: all that are configured)")
    add_config(parser)
    add_json(parser)
    parser.add_argument("--at", type=instant, metavar="TIME", help="check as of TIME; what came later is left out")
    parser.add_argument("--all", action="store_true", help="list also what is fine")
    parser.set_defaults(command=check)


def check(arguments: argparse.Namespace) -> ExitCode:
    """Check once and print what was found."""
    config = read_config(arguments)
    models = chosen_models(config, arguments.model)
    from elkmon.wiring import connect

    now = arguments.at or datetime.now(UTC)
    if now > datetime.now(UTC):
        raise ConfigurationError(f"--at {now.isoformat()} lies in the future: hours to come would look like silence")
    with shown_progress() as progress:
        parts = connect(config, progress=progress)
        report = parts.monitor.check(now, models=models, explicit=arguments.at is not None)
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
    for problem in report.problems:
        print(f"not judged: {clean(problem, 300)}")
    if not report.findings and not report.problems:
        print("Nothing could be judged: no window that has ended holds predictions of these models.")
    return code
