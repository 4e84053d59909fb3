"""
`elkmon baseline list`: which baselines there are.
"""

from __future__ import annotations

import argparse

from elkmon.baselines import Baseline
from elkmon.cli.arguments import Commands, add_config, add_json, read_config
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import day, print_json, print_table

_HEADINGS = ("id", "model", "version", "source", "from", "to", "predictions", "labelled", "made")


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("list", help="list baselines", description="Lists baselines, newest first.")
    parser.add_argument("model", nargs="?", default="", help="only of this model")
    add_config(parser)
    add_json(parser)
    parser.set_defaults(command=list_baselines)


def list_baselines(arguments: argparse.Namespace) -> ExitCode:
    """Print the baselines."""
    config = read_config(arguments)
    from elkmon.wiring import open_journal

    baselines = open_journal(config.store).baselines(arguments.model)
    if arguments.json:
        print_json([summary(each) for each in baselines])
    elif baselines:
        print_table(_HEADINGS, [_row(each) for each in baselines])
    else:
        print("There is no baseline yet; make one with `elkmon baseline create`.")
    return ExitCode.HEALTHY


def summary(baseline: Baseline) -> dict[str, object]:
    """Return what JSON says of a baseline; its counts and bins are left out."""
    return {
        "id": baseline.id,
        "model": baseline.model,
        "version": baseline.version,
        "source": str(baseline.source),
        "start": baseline.start,
        "end": baseline.end,
        "predictions": baseline.total.predictions,
        "labelled": baseline.total.outcomes.labelled,
        "out_of_sample": baseline.source.out_of_sample,
        "ruler": baseline.ruler.id,
        "created_at": baseline.created_at,
        "notes": baseline.notes,
    }


def _row(baseline: Baseline) -> tuple[str, ...]:
    return (
        baseline.id[:12],
        baseline.model,
        baseline.version,
        baseline.source.kind.value if baseline.source.kind.value == "window" else baseline.source.name,
        *((day(baseline.start), day(baseline.end)) if baseline.source.has_timestamps else ("", "")),
        f"{baseline.total.predictions:,}",
        f"{baseline.total.outcomes.labelled:,}",
        day(baseline.created_at),
    )
