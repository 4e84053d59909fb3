"""
`elkmon demo`: a real model on real flights, watched by the real parts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from elkmon.cli.arguments import Commands
from elkmon.cli.exit_code import INTERRUPTED
from elkmon.cli.signals import EndedBySignal


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "demo",
        help="watch a real model on real flights, in a few minutes",
        description="Starts an Elasticsearch, trains a model on real flights, serves half a year of them and mails what "
        "it finds, to a folder. Nothing leaves this machine.",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("demo-output"), metavar="DIR", help="(default: %(default)s)"
    )
    parser.add_argument("--keep", action="store_true", help="keep the node running at the end, to look around")
    parser.add_argument("--weeks", type=int, metavar="N", help="serve only the first N of 26 weeks")
    parser.set_defaults(command=demo)


def demo(arguments: argparse.Namespace) -> int:
    """Run it; a signal ends it in order, with everything it started."""
    from elkmon.demo import run

    with EndedBySignal():
        return run(output=arguments.output, keep=arguments.keep, weeks=arguments.weeks)
    return INTERRUPTED
