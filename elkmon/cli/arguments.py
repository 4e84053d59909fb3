"""
Arguments that several commands share: where the configuration is, instants, lengths of time, spans.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from elkmon.config import Config, find, load, suggestion
from elkmon.errors import ConfigurationError
from elkmon.windows import HOUR, Window, hour_of, parse_length

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse gives it no public name
else:
    Commands = object

_EARLIEST_YEAR, _LATEST_YEAR = 1970, 9998  # a window before or after any of them is still an instant Python can name
ZONE_NOTE = "Times are ISO 8601, such as 2013-04-01 or 2013-04-01T06:00+02:00; without a zone they are UTC."


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add `-c`."""
    parser.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="the configuration (else ./elkmon.toml, else $ELKMON_CONFIG)"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def read_config(arguments: argparse.Namespace) -> Config:
    """Return the configuration a command was given, or finds."""
    return load(find(arguments.config))


def chosen_models(config: Config, names: list[str]) -> tuple[str, ...]:
    """
    Return `names`, each of which is configured; all configured ones when there are none.

    Raises:
        ConfigurationError: for a model that is not configured, and when none is at all.
    """
    configured = [entry.settings.name for entry in config.models]
    if not configured:
        raise ConfigurationError(
            "no model is configured; add a table [models.NAME], where NAME is what the service logs"
        )
    problems = [
        f"model {name!r} is not configured{suggestion(name, configured)}; configured: {', '.join(configured)}"
        for name in names
        if name not in configured
    ]
    if problems:
        raise ConfigurationError(problems)
    return tuple(names or configured)


def instant(text: str) -> datetime:
    """Return the instant `text` names, between 1970 and 9998; without a zone it is UTC."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time; {ZONE_NOTE}") from error
    if not _EARLIEST_YEAR <= parsed.year <= _LATEST_YEAR:
        raise argparse.ArgumentTypeError(
            f"{text!r} lies outside the years {_EARLIEST_YEAR} to {_LATEST_YEAR}, in which events are counted"
        )
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)


def length(text: str) -> timedelta:
    """Return the length of time `text` names, such as 28d."""
    try:
        return parse_length(text)
    except ConfigurationError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def span(start: datetime, end: datetime) -> Window:
    """
    Return the window from `start` to `end`.

    Raises:
        ConfigurationError: when it is none, or not on whole hours.
    """
    try:
        return Window(start, end)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def last(stretch: timedelta, now: datetime) -> Window:
    """Return the window of that length whose last hour is the one that holds `now`."""
    end = hour_of(now) + HOUR
    return Window(end - stretch, end)
