"""
`elkmon baseline show`: one baseline with its bins, and the smallest shifts that can be found with it.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from elkmon.checks import ModelSettings
from elkmon.cli.arguments import Commands, add_config, add_json, read_config
from elkmon.cli.baseline.limits import print_limits, reaches
from elkmon.cli.baseline.listing import summary
from elkmon.cli.baseline.picking import pick
from elkmon.cli.baseline.printing import print_baseline
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import print_json
from elkmon.windows import Window


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "show", help="show one baseline", description="Shows a baseline and what can be found with it."
    )
    parser.add_argument("id", help="its id, or the beginning of it")
    add_config(parser)
    add_json(parser)
    parser.set_defaults(command=show)


def show(arguments: argparse.Namespace) -> ExitCode:
    """Print one baseline."""
    config = read_config(arguments)
    from elkmon.judgement import learn
    from elkmon.wiring import open_journal

    journal = open_journal(config.store)
    baseline = pick(arguments.id, journal.baselines(""))
    span = Window(baseline.start, baseline.end)
    hours = journal.profiles(baseline.id, baseline.model, baseline.version, baseline.ruler.id, span)
    baseline = replace(baseline, hours=tuple(hours))
    of_name = {entry.settings.name: entry.settings for entry in config.models}
    settings = of_name.get(baseline.model, ModelSettings(baseline.model))
    limits = learn(baseline, settings)
    if arguments.json:
        print_json({**summary(baseline), "limits": reaches(baseline, settings, limits), **baseline.ruler.to_document()})
        return ExitCode.HEALTHY
    print_baseline(baseline)
    print_limits(baseline, settings, limits)
    return ExitCode.HEALTHY
