"""
`elkmon report`: a period as a table, or as a self-contained page.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from elkmon.cli.arguments import (
    ZONE_NOTE,
    Commands,
    add_config,
    add_json,
    chosen_models,
    instant,
    last,
    length,
    read_config,
    span,
)
from elkmon.cli.exit_code import ExitCode
from elkmon.cli.output import print_json
from elkmon.errors import ConfigurationError
from elkmon.windows import DAY, HOUR, Window

_USUAL = 28 * DAY


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "report",
        help="show a period",
        description="Shows what was found in a period. No new question is asked of the events.",
        epilog=ZONE_NOTE,
    )
    add_config(parser)
    add_json(parser)
    parser.add_argument("--model", action="append", default=[], metavar="MODEL", help="only this one; may be repeated")
    parser.add_argument("--from", dest="start", type=instant, metavar="TIME", help="first instant of the period")
    parser.add_argument("--to", dest="end", type=instant, metavar="TIME", help="first instant after it (default: now)")
    parser.add_argument(
        "--last", type=length, metavar="LENGTH", help="instead of --from: this long, such as 28d (default)"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a self-contained page")
    parser.set_defaults(command=report)


def report(arguments: argparse.Namespace) -> ExitCode:
    """Print or write the report."""
    config = read_config(arguments)
    models = chosen_models(config, arguments.model)
    now = datetime.now(UTC)
    period = _period(arguments.start, arguments.end, arguments.last, now)
    from elkmon.presentation.report import page, rows, table
    from elkmon.wiring import connect

    found = connect(config).monitor.report(period, now, models)
    if arguments.html is not None:
        _write(page(found, config.kibana_url or None), arguments.html)
    if arguments.json:
        print_json(rows(found))
    elif arguments.html is not None:
        print(f"Wrote {arguments.html}")
    else:
        print(table(found))
    return ExitCode.HEALTHY


def _period(start: datetime | None, end: datetime | None, stretch: timedelta | None, now: datetime) -> Window:
    if start is not None and stretch is not None:
        raise ConfigurationError("--last and --from both say where the period begins; keep one of them")
    if start is not None:
        return span(start, end or last(DAY, now).end)
    return last(stretch or _USUAL, end - HOUR if end is not None else now)


def _write(text: str, path: Path) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error}") from error
