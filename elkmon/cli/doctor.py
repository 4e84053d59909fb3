"""
`elkmon doctor`: every link looked at, each with its remedy.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from elkmon.cli.arguments import Commands, add_config, add_json
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import print_json
from elkmon.presentation.writing import clean


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "doctor",
        help="look at every link and say what to do",
        description="Looks at every link from the configuration to the mail server. Changes nothing and sends nothing. "
        "Exit code 2: the installation or the configuration; 4: a mail server; 3: anything else.",
    )
    add_config(parser)
    add_json(parser)
    parser.set_defaults(command=doctor)


def doctor(arguments: argparse.Namespace) -> ExitCode:
    """Print what is found, as it is found."""
    from elkmon.doctor import Link, Verdict, examine

    found = []
    for each in examine(arguments.config, datetime.now(UTC)):
        found.append(each)
        if not arguments.json:
            print(f"{each.verdict.value:8} {each.link.value:14} {clean(each.what)}: {clean(each.seen, 400)}")
            if each.remedy:
                print(f"{'':8} {'':14} → {clean(each.remedy, 300)}")
            sys.stdout.flush()
    if arguments.json:
        print_json(found)
    links = {each.link for each in found if each.verdict is Verdict.PROBLEM}
    if links & {Link.INSTALLATION, Link.CONFIGURATION}:
        return ExitCode.USAGE
    if Link.MAIL in links:
        return ExitCode.UNDELIVERED
    return ExitCode.UNJUDGED if links else ExitCode.HEALTHY
