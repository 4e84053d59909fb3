"""
`elkmon setup`: index templates and indices, made once and again whenever elkmon is updated; roles and API keys; housekeeping.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from elkmon.cli.arguments import Commands, add_config, add_json, read_config
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import print_json, print_table
from elkmon.config import Config
from elkmon.errors import ConfigurationError

if TYPE_CHECKING:
    from elkmon.elasticsearch import Chore, Granted

_UNITS = ("B", "KB", "MB", "GB", "TB")


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "setup",
        help="make index templates and indices in Elasticsearch",
        description="Makes what elkmon needs in Elasticsearch, and brings what an earlier elkmon made up to date. Doing it again "
        "changes nothing that is right already.",
    )
    add_config(parser)
    add_json(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--roles",
        action="store_true",
        help="make the roles of the parts of elkmon instead, with the least rights each needs",
    )
    which.add_argument(
        "--housekeeping",
        action="store_true",
        help="delete results whose time is over and roll up old ones instead; `elkmon run` does so once a day",
    )
    parser.add_argument(
        "--keys", action="store_true", help="with --roles: make an API key for each, and print it, once"
    )
    parser.set_defaults(command=setup)


def setup(arguments: argparse.Namespace) -> ExitCode:
    """Make it, and say what was done."""
    if arguments.keys and not arguments.roles:
        raise ConfigurationError("--keys goes with --roles: elkmon setup --roles --keys")
    config = read_config(arguments)
    if arguments.roles:
        return _roles(config, arguments)
    if arguments.housekeeping:
        return _housekeeping(config, arguments)
    from elkmon.wiring import set_up

    steps = set_up(config.store, dry_run=arguments.dry_run)
    if arguments.json:
        print_json(steps)
        return ExitCode.HEALTHY
    print_table(("what", "result", "why"), [(each.name, each.result.value, each.why) for each in steps])
    return ExitCode.HEALTHY


def _roles(config: Config, arguments: argparse.Namespace) -> ExitCode:
    from elkmon.wiring import grant

    granted = grant(config, keys=arguments.keys, dry_run=arguments.dry_run)
    if arguments.json:
        print_json(_as_json(granted))
        return ExitCode.HEALTHY
    if not granted.security:
        print("This server has no security: anybody who reaches it may do anything there. Nothing was written.")
        print("On one that has, these are the roles:\n")
    elif arguments.dry_run:
        print("Nothing was written. These roles would be made:\n")
    for role in granted.roles:
        print(f"{role.name}: for {role.purpose}")
        print(f"PUT /_security/role/{role.name}\n{json.dumps(role.descriptor())}")
        if role.name in granted.keys:
            print(f"API key, shown this once: {granted.keys[role.name]}")
        else:
            print(f"An API key with these rights only:\nPOST /_security/api_key\n{json.dumps(role.key_request())}")
        print()
    print(
        "An API key can do no more than who makes it: make keys as a user who may do all this, logged in by password."
    )
    return ExitCode.HEALTHY


def _as_json(granted: Granted) -> dict[str, object]:
    return {
        "security": granted.security,
        "roles": [
            {
                "name": role.name,
                "purpose": role.purpose,
                "descriptor": role.descriptor(),
                "api_key_request": role.key_request(),
                "api_key": granted.keys.get(role.name),
            }
            for role in granted.roles
        ],
    }


def _housekeeping(config: Config, arguments: argparse.Namespace) -> ExitCode:
    from elkmon.wiring import housekeeping

    chores = housekeeping(config, datetime.now(UTC), dry_run=arguments.dry_run)
    if arguments.json:
        print_json(chores)
    elif chores:
        _print_chores(chores, dry_run=arguments.dry_run)
    else:
        print("Nothing is due.")
    return ExitCode.HEALTHY


def _print_chores(chores: Sequence[Chore], *, dry_run: bool) -> None:
    rows = [
        (
            each.what,
            f"would be {each.deed.value}" if dry_run else each.deed.value,
            f"{each.before.documents:,}",
            _amount(each.before.bytes),
            "" if each.after is None else f"{each.after.documents:,}",
            "" if each.after is None else _amount(each.after.bytes),
        )
        for each in chores
    ]
    print_table(("what", "result", "documents", "size", "documents then", "size then"), rows)


def _amount(count: float) -> str:
    """
    Return a number of bytes to three figures.

    >>> _amount(0), _amount(999), _amount(12_345_678)
    ('', '999 B', '12.3 MB')
    """
    if not count:
        return ""
    for unit in _UNITS:
        if count < 1000 or unit == _UNITS[-1]:
            return f"{count:.3g} {unit}"
        count /= 1000
    raise AssertionError("the last unit holds any amount")
