"""
`elkmon baseline list`: which baselines there are.
"""

from __future__ import annotations

import argparse

from elkmon.baselines import Baseline, SourceKind
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
    from elkmon.judgement.reference_quality import label_shares

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
        "provisional": baseline.source.provisional,
        "digest": baseline.source.digest,
        "ruler": baseline.ruler.id,
        "segments": {name: profile.predictions for name, profile in baseline.segments.items()},
        "pairs": [(each.left_field, each.right_field) for each in baseline.ruler.joints],
        "label_shares": label_shares(baseline.total, baseline),
        "importances": baseline.importances,
        "created_at": baseline.created_at,
        "notes": baseline.notes,
    }


def _row(baseline: Baseline) -> tuple[str, ...]:
    return (
        baseline.id[:12],
        baseline.model,
        baseline.version,
        _source(baseline),
        *((day(baseline.start), day(baseline.end)) if baseline.source.has_timestamps else ("", "")),
        f"{baseline.total.predictions:,}",
        f"{baseline.total.outcomes.labelled:,}",
        day(baseline.created_at),
    )


def _source(baseline: Baseline) -> str:
    name = baseline.source.name if baseline.source.kind is SourceKind.FILE else baseline.source.kind.value
    return f"provisional {name}" if baseline.source.provisional else name
