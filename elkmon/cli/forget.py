"""
`elkmon forget`: a subject's events, outcomes and waiting truth removed, and what of it stays.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from elkmon.cli.arguments import Commands, add_config, add_json, read_config
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import day, print_json, print_table
from elkmon.config import Config
from elkmon.errors import ConfigurationError
from elkmon.events import id_text
from elkmon.ports import Claim
from elkmon.presentation.writing import clean
from elkmon.presentation.writing import count as counted

if TYPE_CHECKING:
    from elkmon.elasticsearch.erasure import Erased, Subject

_STAYS = (
    "verdicts, alerts, reports and mails that were made from counts with it in them",
    "baselines: the counts of their reference, and the levels of categories that their rulers name",
    "snapshots and backups of the cluster; Elasticsearch itself frees deleted documents when it merges segments",
    "what services have on their disks (journals, dead letters, files): sent from there, it arrives again",
    "truth that arrives later: it waits for its prediction until this command is repeated, or retention takes it",
)
_KINDS = {
    "prediction": "predictions",
    "feedback": "truth",
    "error": "failures",
    "log": "ordinary records",
    "outcome": "outcomes",
    "pending": "waiting truth",
}
_MOST_NAMED = 5


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "forget",
        help="remove what is stored of a person or a prediction",
        description="Removes the events, outcomes and waiting truth of one prediction, or of all that carry the value of a "
        "label; counts the hours they lie in again; and says what stays. It can be repeated: what was interrupted is finished, "
        "and what has arrived since is removed too. Exit code 3: a check runs at this moment, and nothing was touched.",
    )
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--prediction", metavar="ID", help="the id that the service gave the prediction")
    whose.add_argument(
        "--label",
        metavar="NAME=VALUE",
        help="a label of the events, such as customer=4711; everything that has the ids of these predictions goes too",
    )
    parser.add_argument("--model", default="", metavar="NAME", help="only of this model (default: of all)")
    parser.add_argument("--dry-run", action="store_true", help="say what there is, and remove nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_config(parser)
    add_json(parser)
    parser.set_defaults(command=forget)


def forget(arguments: argparse.Namespace) -> ExitCode:
    """Find it, ask, remove it, and say what was done and what stays."""
    config = read_config(arguments)
    if not (arguments.dry_run or arguments.yes or sys.stdin.isatty()):
        raise ConfigurationError(
            "nobody can be asked here whether to delete; give --yes, or --dry-run to see what would go"
        )
    from elkmon.wiring import eraser

    subject = _subject(arguments)
    forgetter = eraser(config)
    there = forgetter.find(subject)
    if arguments.dry_run:
        _say(arguments, config, there, "would be removed")
        return ExitCode.HEALTHY
    if there.removed and not arguments.yes and not _agreed(there):
        print("Nothing was removed.", file=sys.stderr)
        return ExitCode.HEALTHY
    # Also when nothing is found: an erasure that was interrupted may have hours to count.
    erased = forgetter.erase(subject)
    _say(arguments, config, erased, "removed")
    return ExitCode.HEALTHY if erased.claim is Claim.HELD else ExitCode.UNJUDGED


def _subject(arguments: argparse.Namespace) -> Subject:
    from elkmon.elasticsearch.erasure import Subject

    if arguments.label is None:
        return Subject(id_text(arguments.prediction), model=arguments.model)
    name, equals, value = arguments.label.partition("=")
    if not equals:
        raise ConfigurationError(f"--label {arguments.label!r} names no value; write it as customer=4711")
    return Subject(label=(name, value), model=arguments.model)


def _agreed(there: Erased) -> bool:
    """Ask whoever sits there; on the other stream, so that JSON stays JSON."""
    many = counted(sum(each.documents for each in there.removed), "document")
    models = ", ".join(sorted({clean(each.model) for each in there.removed if each.model})) or "no model"
    print(f"{many} of {models} would be deleted for good. Delete them? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _say(arguments: argparse.Namespace, config: Config, erased: Erased, what: str) -> None:
    notes = [*erased.notes, *_elsewhere(arguments, config)]
    if arguments.json:
        print_json(
            {
                "dry_run": arguments.dry_run,
                "claim": erased.claim,
                "holder": erased.holder if erased.claim is not Claim.HELD else "",
                "removed": erased.removed,
                "counted": erased.counted,
                "kept": erased.kept,
                "stays": _STAYS,
                "notes": notes,
            }
        )
        return
    if erased.claim is not Claim.HELD:
        print(f"{clean(erased.holder)} is checking at this moment; nothing was removed. Try again in a minute.")
    elif erased.removed:
        rows = [(each.model, _KINDS[each.kind], f"{each.documents:,}") for each in erased.removed]
        print_table(("model", "what", what), rows)
    else:
        print("Nothing is stored of it.")
    _say_hours(erased)
    for note in notes:
        print(f"note: {clean(note, 300)}")
    if erased.removed:
        print("\nWhat stays:")
        for each in _STAYS:
            print(f"  {each}")


def _say_hours(erased: Erased) -> None:
    hours = sorted({(each.hour, each.model, each.version) for each in erased.counted})
    if hours:
        named = ", ".join(
            f"{day(hour)} {clean(model)} {clean(version)}".rstrip() for hour, model, version in hours[:_MOST_NAMED]
        )
        more = f" and {len(hours) - _MOST_NAMED:,} more" if len(hours) > _MOST_NAMED else ""
        print(f"Counted again without it: {counted(len(hours), 'hour')} ({named}{more}; UTC).")
    for why in sorted({each.why for each in erased.kept}):
        places = sorted(
            {(each.place.hour, each.place.model, each.place.version) for each in erased.kept if each.why is why}
        )
        first = f"{day(places[0][0])} {clean(places[0][1])}"
        print(f"Still in the counts of {counted(len(places), 'hour')} (from {first} on; UTC): {why.value}.")


def _elsewhere(arguments: argparse.Namespace, config: Config) -> list[str]:
    """Say whose events elkmon only reads, and when a model is named that nobody configured."""
    notes = [
        f"events of {entry.settings.name} lie in {entry.layout.index}, which elkmon only reads: delete them there"
        for entry in config.models
        if entry.layout is not None and arguments.model in {"", entry.settings.name}
    ]
    names = [entry.settings.name for entry in config.models]
    if arguments.model and arguments.model not in names:
        notes.append(f"no model {arguments.model!r} is configured; configured: {', '.join(names) or 'none'}")
    return notes
