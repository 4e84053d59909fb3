"""
`elkmon setup`: index templates and indices, made once and again whenever elkmon is updated.
"""

from __future__ import annotations

import argparse

from elkmon.cli.arguments import Commands, add_config, add_json, read_config
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import print_json, print_table


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "setup",
        help="make index templates and indices in Elasticsearch",
        description="Makes what elkmon needs in Elasticsearch. Doing it again changes nothing that is right already.",
    )
    add_config(parser)
    add_json(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.set_defaults(command=setup)


def setup(arguments: argparse.Namespace) -> ExitCode:
    """Make it, and say what was done."""
    config = read_config(arguments)
    from elkmon.wiring import set_up

    steps = set_up(config.store, dry_run=arguments.dry_run)
    if arguments.json:
        print_json(steps)
        return ExitCode.HEALTHY
    print_table(("what", "result", "why"), [(each.name, each.result.value, each.why) for each in steps])
    return ExitCode.HEALTHY
