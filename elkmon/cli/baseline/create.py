"""
`elkmon baseline create`: freezes a stretch of production, or a file of past predictions, as a model's reference.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.cli.arguments import ZONE_NOTE, Commands, add_config, add_json, instant, read_config, span
from elkmon.cli.baseline.importances import read_importances
from elkmon.cli.baseline.limits import add_segments, print_limits, reaches_by_segment
from elkmon.cli.baseline.listing import summary
from elkmon.cli.baseline.picking import pick
from elkmon.cli.baseline.printing import print_baseline
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import print_json
from elkmon.cli.progress import shown_progress
from elkmon.config import Config, suggestion
from elkmon.errors import ConfigurationError, ReferenceDataError
from elkmon.presentation.writing import clean
from elkmon.rulers import Ruler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from elkmon.reference_files import Columns
    from elkmon.wiring import Parts

ROLES = ("timestamp", "score", "label", "value", "actual_label", "actual_value", "duration", "id", "version")


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "create",
        help="make a baseline from production or from a file",
        description="Makes a baseline and prints, per subject, the smallest shift that can be found with it.",
        epilog=ZONE_NOTE,
    )
    parser.add_argument("model", help="the model's name, as the service logs it")
    add_config(parser)
    add_json(parser)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--from-window", nargs=2, type=instant, metavar=("START", "END"), help="a stretch of production"
    )
    source.add_argument("--from-file", type=Path, metavar="FILE",
                        help="a .csv, .tsv or .parquet of past predictions, or the .dvc file that tracks one")  # fmt: skip
    parser.add_argument("--version", default="", metavar="V", help="which version's (default: the only one there is)")
    parser.add_argument("--importances", type=Path, metavar="FILE",
                        help="how much each feature matters: a CSV (feature, importance) or a JSON object")  # fmt: skip
    add_segments(parser)
    ruler = parser.add_mutually_exclusive_group()
    ruler.add_argument(
        "--ruler-of", metavar="BASELINE", help="count by the bins of this baseline (default: the newest)"
    )
    ruler.add_argument("--new-ruler", action="store_true", help="choose new bins; older plots then do not go on")
    file = parser.add_argument_group("with --from-file")
    file.add_argument(
        "--categorical", type=_names, default=(), metavar="A,B", help="features that are categories though numbers"
    )
    file.add_argument("--numeric", type=_names, default=(), metavar="A,B", help="features that are numbers though text")
    file.add_argument("--column", type=_role, action="append", default=[], metavar="ROLE=NAME",
                      help=f"a column that is no feature; roles: {', '.join(ROLES)} (usual names are recognised)")  # fmt: skip
    file.add_argument("--ignore", type=_names, default=(), metavar="A,B", help="further columns that are no features")
    file.add_argument("--in-sample", action="store_true",
                      help="the model was trained on these rows, so its performance on them is no reference")  # fmt: skip
    parser.set_defaults(command=create)


def create(arguments: argparse.Namespace) -> ExitCode:
    """Make the baseline, remember it, and print what it can show."""
    config = read_config(arguments)
    _check_usage(arguments)
    settings = _settings(config, arguments.model)
    from elkmon.judgement import learn
    from elkmon.wiring import connect

    now = datetime.now(UTC)
    importances = read_importances(arguments.importances) if arguments.importances else {}
    with shown_progress() as progress:
        parts = connect(config, progress=progress)
        ruler = _ruler(arguments, parts)
        if arguments.from_file is not None:
            baseline = _from_file(arguments, settings, ruler, importances, now, progress)
        else:
            baseline = _from_window(arguments, config, settings, ruler, importances, now, parts)
        parts.journal.save([baseline])
        progress("learning limits", 0, 1)
        limits = learn(baseline, settings)
    if arguments.json:
        print_json({**summary(baseline), **reaches_by_segment(baseline, settings, limits)})
        return ExitCode.HEALTHY
    print_baseline(baseline, _remark(baseline, ruler))
    print_limits(baseline, settings, limits, each_segment=arguments.segments)
    return ExitCode.HEALTHY


def _remark(baseline: Baseline, ruler: Ruler | None) -> str:
    if ruler is None:
        return "new"
    return "kept" if baseline.ruler.id == ruler.id else f"extended from {ruler.id[:12]}, with the same bins"


def _check_usage(arguments: argparse.Namespace) -> None:
    """Refuse what argparse cannot, before anybody is asked: no name, no span, options that belong to the other source."""
    if not arguments.model.strip():
        raise ConfigurationError("the model's name is blank; give the name that the service logs")
    if arguments.from_window is not None:
        span(*arguments.from_window)
    of_file = {"--categorical": arguments.categorical, "--numeric": arguments.numeric, "--column": arguments.column,
               "--ignore": arguments.ignore, "--in-sample": arguments.in_sample}  # fmt: skip
    problems = [f"{option} goes with --from-file only" for option, value in of_file.items() if value]
    if arguments.from_file is None and problems:
        raise ConfigurationError(problems)
    for path in (arguments.from_file, arguments.importances):
        if path is not None and not path.exists() and not (path.parent / f"{path.name}.dvc").exists():
            raise ReferenceDataError(f"{path} does not exist")


def _settings(config: Config, model: str) -> ModelSettings:
    """Return the model's settings; one that is not configured is taken at its word, with a hint on standard error."""
    of_name = {entry.settings.name: entry.settings for entry in config.models}
    if model not in of_name:
        hint = suggestion(model, list(of_name))
        print(f"elkmon: model {clean(model)!r} is not configured{hint}; it is not checked until it is", file=sys.stderr)
    return of_name.get(model, ModelSettings(model))


def _ruler(arguments: argparse.Namespace, parts: Parts) -> Ruler | None:
    """Return the ruler to count by: the one named, else the newest; None for a new one."""
    if arguments.new_ruler:
        return None
    baselines = parts.journal.baselines(arguments.model)
    if arguments.ruler_of is not None:
        return pick(arguments.ruler_of, baselines).ruler
    return baselines[0].ruler if baselines else None


def _from_file(
    arguments: argparse.Namespace,
    settings: ModelSettings,
    ruler: Ruler | None,
    importances: Mapping[str, float],
    now: datetime,
    progress: Callable[[str, int, int], None],
) -> Baseline:
    from elkmon.reference_files import Columns, baseline_from_file

    columns: Columns = replace(Columns(ignore=arguments.ignore), **dict(arguments.column))
    return baseline_from_file(
        arguments.from_file,
        model=arguments.model,
        version=arguments.version,
        now=now,
        columns=columns,
        ruler=ruler,
        categorical=arguments.categorical,
        numeric=arguments.numeric,
        positive_label=settings.positive_label,
        in_sample=arguments.in_sample,
        segments=settings.segments,
        pairs=settings.pairs,
        strongest_pairs=settings.strongest_pairs,
        importances=importances,
        settings=settings,
        progress=progress,
    )


def _from_window(
    arguments: argparse.Namespace,
    config: Config,
    settings: ModelSettings,
    ruler: Ruler | None,
    importances: Mapping[str, float],
    now: datetime,
    parts: Parts,
) -> Baseline:
    from elkmon.monitor.references import segments_of
    from elkmon.reference_windows import baseline_from_window

    known = {each.settings.name: each.settings for each in config.models}
    return baseline_from_window(
        parts.event_log,
        arguments.model,
        arguments.version,
        span(*arguments.from_window),
        now,
        positive_labels={name: each.positive_label for name, each in known.items() if each.positive_label is not None},
        segments={name: each.segments for name, each in known.items() if each.segments},
        joined_by=segments_of(known.values(), parts.journal.baselines("")),
        pairs=settings.pairs,
        strongest_pairs=settings.strongest_pairs,
        ruler=ruler,
        importances=importances,
        settings=settings,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in (part.strip() for part in text.split(",")) if name)


def _role(text: str) -> tuple[str, str]:
    role, equals, name = text.partition("=")
    if not equals or not name or role not in ROLES:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not ROLE=NAME{suggestion(role, ROLES)}; roles: {', '.join(ROLES)}"
        )
    return role, name
