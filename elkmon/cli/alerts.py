"""
`elkmon alerts`: the stories that are open, or all of them; and what nobody could be told.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from elkmon.alerts import Alert, State
from elkmon.cli.arguments import Commands, add_config, add_json, read_config
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import day, print_json, print_table
from elkmon.digests import Untold
from elkmon.presentation import untold
from elkmon.presentation.words import label


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "alerts",
        help="list what is wrong at the moment",
        description="Lists the alerts that are open, worst first, and what a notifier could not be told: it waits and is tried "
        "again, or was refused for good. The exit code is 4 while there is anything of the latter kinds, else 0.",
    )
    add_config(parser)
    add_json(parser)
    parser.add_argument("--all", action="store_true", help="also what is watched and what has been resolved")
    parser.set_defaults(command=alerts)


def alerts(arguments: argparse.Namespace) -> ExitCode:
    """Print the alerts, and what was not told."""
    config = read_config(arguments)
    from elkmon.wiring import open_journal

    stories = open_journal(config.store).stories()
    shown = sorted((each for each in stories.alerts if arguments.all or each.state is State.OPEN), key=_order)
    missing = stories.untold({each.name for each in config.notifiers}, datetime.now(UTC) - config.horizon)
    code = ExitCode.UNDELIVERED if missing else ExitCode.HEALTHY
    if arguments.json:
        print_json({"exit_code": code, "alerts": shown, "undelivered": [_plain(each) for each in missing]})
        return code
    if shown:
        print_table(
            ("state", "severity", "model", "subject", "opened", "resolved", "times", "versions"),
            [_row(each) for each in shown],
        )
    else:
        print("No alert is open." if not arguments.all else "There has never been an alert.")
    if missing:
        print("\nWhat could not be told:")
        print_table(
            ("notifier", "since", "attempts", "now", "what", "last error"), [_missing_row(each) for each in missing]
        )
    return code


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


def _missing_row(missing: Untold) -> tuple[str, ...]:
    return (
        missing.notifier,
        day(missing.since),
        str(missing.attempts),
        untold.state(missing),
        untold.named(missing),
        missing.error or "not tried yet",
    )


def _plain(missing: Untold) -> dict[str, object]:
    return {
        "notifier": missing.notifier,
        "state": "failed" if missing.refused else "pending",
        "since": missing.since,
        "attempts": missing.attempts,
        "error": missing.error,
        "changes": untold.changes(missing),
    }
