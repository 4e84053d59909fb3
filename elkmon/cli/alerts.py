"""
`elkmon alerts`: the stories that are open, or all of them; and what nobody could be told.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from elkmon.alerts import Alert, State
from elkmon.cli.arguments import Commands, add_config, add_json, read_config
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import day, print_json, print_table
from elkmon.config import Config
from elkmon.ports import Delivery, DeliveryState
from elkmon.presentation.words import label
from elkmon.presentation.writing import clean, listing

_MOST_NAMED = 3


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


@dataclass(frozen=True, slots=True)
class Untold:
    """
    What one notifier was not told.

    Attributes:
        state: PENDING is tried again, FAILED is not.
        since: when it was to be told first; `attempts` how often that was tried, `error` what it said last.
        changes: what it would have told.
    """

    notifier: str
    state: DeliveryState
    since: datetime
    attempts: int
    error: str
    changes: tuple[str, ...]


def alerts(arguments: argparse.Namespace) -> ExitCode:
    """Print the alerts, and what was not told."""
    config = read_config(arguments)
    from elkmon.wiring import open_journal

    stories = open_journal(config.store).stories()
    shown = sorted((each for each in stories.alerts if arguments.all or each.state is State.OPEN), key=_order)
    missing = untold(stories.deliveries, stories.alerts, config, datetime.now(UTC))
    code = ExitCode.UNDELIVERED if missing else ExitCode.HEALTHY
    if arguments.json:
        print_json({"exit_code": code, "alerts": shown, "undelivered": missing})
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


def untold(
    deliveries: Iterable[Delivery], stories: Sequence[Alert], config: Config, now: datetime
) -> tuple[Untold, ...]:
    """
    Return what the configured notifiers were not told, oldest first.

    What was refused for good counts for as long as its events do: for the horizon.
    """
    names = {each.name for each in config.notifiers}
    changes = {
        each.id: f"{clean(alert.model)}: {label(alert.subject, alert.segment)} {each.change.value}"
        for alert in stories
        for each in alert.timeline
    }
    missing = [
        each
        for each in deliveries
        if each.notifier in names
        and (
            each.state is DeliveryState.PENDING
            or (each.state is DeliveryState.FAILED and now - each.created_at <= config.horizon)
        )
    ]
    return tuple(
        Untold(
            each.notifier,
            each.state,
            each.created_at,
            each.attempts,
            each.last_error,
            tuple(changes[transition] for transition in each.transitions if transition in changes),
        )
        for each in sorted(missing, key=lambda each: (each.created_at, each.notifier))
    )


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
        "refused for good" if missing.state is DeliveryState.FAILED else "waits",
        listing(missing.changes, most=_MOST_NAMED),
        missing.error or "not tried yet",
    )
