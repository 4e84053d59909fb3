"""
`elkmon baseline show`: one baseline with its bins, and the smallest shifts that can be found with it.
"""

from __future__ import annotations

import argparse

from elkmon.cli.arguments import Commands, add_config, add_json, read_config
from elkmon.cli.baseline.limits import add_segments, print_limits, reaches_by_segment
from elkmon.cli.baseline.listing import summary
from elkmon.cli.baseline.picking import pick, settings_of, with_hours
from elkmon.cli.baseline.printing import print_baseline
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import print_json
from elkmon.cli.progress import shown_progress


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "show", help="show one baseline", description="Shows a baseline and what can be found with it."
    )
    parser.add_argument("id", help="its id, or the beginning of it")
    add_config(parser)
    add_json(parser)
    add_segments(parser)
    parser.set_defaults(command=show)


def show(arguments: argparse.Namespace) -> ExitCode:
    """Print one baseline."""
    config = read_config(arguments)
    from elkmon.judgement import learn
    from elkmon.wiring import open_journal

    journal = open_journal(config.store)
    baseline = with_hours(journal, pick(arguments.id, journal.baselines("")))
    settings = settings_of(config, baseline.model)
    with shown_progress() as progress:
        progress("learning limits", 0, 1)
        limits = learn(baseline, settings)
    if arguments.json:
        found = reaches_by_segment(baseline, settings, limits)
        print_json({**summary(baseline), **found, **baseline.ruler.to_document()})
        return ExitCode.HEALTHY
    print_baseline(baseline)
    print_limits(baseline, settings, limits, each_segment=arguments.segments)
    return ExitCode.HEALTHY
