"""
`elkmon baseline create|list|show|diff`: what models are compared with.
"""

from __future__ import annotations

from elkmon.cli.arguments import Commands
from elkmon.cli.baseline import create, diff, listing, show


def add_to(commands: Commands) -> None:
    """Add the group of commands."""
    parser = commands.add_parser(
        "baseline",
        help="make and look at what models are compared with",
        description="A baseline is what a model is compared with. It never changes; a changed one is a new one.",
    )
    group = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (create, listing, show, diff):
        command.add_to(group)
