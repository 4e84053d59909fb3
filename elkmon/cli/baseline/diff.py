"""
`elkmon baseline diff`: what is different between two baselines, largest first.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from elkmon.cli.arguments import Commands, add_config, add_json, read_config
from elkmon.cli.baseline.picking import pick, settings_of
from elkmon.cli.baseline.printing import pair_side
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import print_json, print_table
from elkmon.errors import ConfigurationError
from elkmon.presentation.words import quantity, subject_name
from elkmon.presentation.writing import clean, number, percent

if TYPE_CHECKING:
    from elkmon.judgement.reference_differences import Differences, Shift


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "diff",
        help="show what is different between two baselines",
        description="Shows what is different in the second baseline: where it came from, how it counts, and how far what "
        "it counts has moved.",
    )
    parser.add_argument("before", metavar="A", help="the first one's id, or the beginning of it")
    parser.add_argument("after", metavar="B", help="the second one's")
    add_config(parser)
    add_json(parser)
    parser.set_defaults(command=diff)


def diff(arguments: argparse.Namespace) -> ExitCode:
    """Print what is different."""
    config = read_config(arguments)
    from elkmon.judgement.reference_differences import differences
    from elkmon.wiring import open_journal

    baselines = open_journal(config.store).baselines("")
    before, after = pick(arguments.before, baselines), pick(arguments.after, baselines)
    if before.id == after.id:
        raise ConfigurationError(f"both are baseline {before.id[:12]}; name two of {len(baselines)}")
    found = differences(before, after, settings_of(config, after.model))
    if arguments.json:
        print_json({"before": before.id, "after": after.id, **_as_json(found)})
        return ExitCode.HEALTHY
    print(f"Baseline {before.id[:12]} → {after.id[:12]} of {clean(after.model)}")
    _print(found)
    return ExitCode.HEALTHY


def _as_json(found: Differences) -> dict[str, object]:
    return {
        "facts": found.facts,
        "bins": found.bins,
        "shifts": found.shifts,
        "performance": found.performance,
        "labels": found.labels,
    }


def _print(found: Differences) -> None:
    if found.facts:
        print("\nWhat they are:")
        print_table(
            ("", "before", "after"), [(each.name, each.before, each.after) for each in found.facts], indent="  "
        )
    if found.bins:
        print("\nHow they count:")
        rows = [(pair_side(each.name), each.before, each.after) for each in found.bins]
        print_table(("subject", "before", "after"), rows, indent="  ")
    if found.shifts:
        print("\nHow far what they count has moved, largest first:")
        print_table(
            ("subject", "moved by", "big from", "p-value", "before", "after"),
            [_row(each) for each in found.shifts],
            indent="  ",
        )
    if found.labels:
        print("\nShares of labels:")
        rows = [(each.name, percent(each.before), percent(each.after)) for each in found.labels]
        print_table(("label", "before", "after"), rows, indent="  ")
    if found.performance:
        print("\nPerformance:")
        rows = [(each.name, number(each.before), number(each.after)) for each in found.performance]
        print_table(("metric", "before", "after"), rows, indent="  ")


def _row(shift: Shift) -> tuple[str, ...]:
    return (
        subject_name(shift.subject),
        "other bins" if shift.value is None else quantity(shift.value, shift.unit),
        quantity(shift.floor, shift.unit),
        "" if shift.p_value is None else number(shift.p_value, 2),
        shift.before,
        shift.after,
    )
