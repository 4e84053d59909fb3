"""
`elkmon alerts`: the stories that are open, or all of them.
"""

from __future__ import annotations

import argparse

from elkmon.alerts import Alert, State
from elkmon.cli.arguments import Commands, add_config, add_json, read_config
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import day, print_json, print_table
from elkmon.presentation.words import label


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "alerts", help="list what is wrong at the moment", description="Lists the alerts that are open, worst first."
    )
    add_config(parser)
    add_json(parser)
    parser.add_argument("--all", action="store_true", help="also what is watched and what has been resolved")
    parser.set_defaults(command=alerts)


def alerts(arguments: argparse.Namespace) -> ExitCode:
    """Print the alerts."""
    config = read_config(arguments)
    from elkmon.wiring import open_journal

    stories = open_journal(config.store).stories().alerts
    shown = sorted((each for each in stories if arguments.all or each.state is State.OPEN), key=_order)
    if arguments.json:
        print_json(shown)
    elif shown:
        print_table(
            ("state", "severity", "model", "subject", "opened", "resolved", "times", "versions"),
            [_row(each) for each in shown],
        )
    else:
        print("No alert is open." if not arguments.all else "There has never been an alert.")
    return ExitCode.HEALTHY


def _order(alert: Alert) -> tuple[bool, int, str, str]:
    return alert.state is not State.OPEN, -alert.severity.rank, alert.model, str(alert.subject)


def _row(alert: Alert) -> tuple[str, ...]:
    return (
        alert.state.value,
        alert.severity.value if alert.episode else "",
        alert.model,
        label(alert.subject, alert.segment),
        day(alert.opened_at),
        day(alert.resolved_at),
        str(alert.episode),
        ", ".join(alert.versions),
    )
