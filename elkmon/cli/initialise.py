"""
`elkmon init`: writes the documented example of a configuration.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from elkmon.cli.arguments import Commands
from elkmon.cli.exit_code import ExitCode
from elkmon.config import FILE_NAME, example
from elkmon.errors import ConfigurationError


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "init",
        help="write a documented elkmon.toml",
        description="Writes a configuration in which every key is explained. An existing file is left alone.",
    )
    parser.add_argument("file", nargs="?", type=Path, default=Path(FILE_NAME), help="where (default: %(default)s)")
    parser.add_argument("--force", action="store_true", help="overwrite an existing file")
    parser.set_defaults(command=initialise)


def initialise(arguments: argparse.Namespace) -> ExitCode:
    """Write the example."""
    path: Path = arguments.file
    try:
        with path.open("w" if arguments.force else "x", encoding="utf-8") as file:
            file.write(example())
    except FileExistsError as error:
        raise ConfigurationError(f"{path} exists already; add --force to overwrite it, or name another file") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error}") from error
    print(f"Wrote {path}. Next: name your Elasticsearch and your model in it, then `elkmon doctor -c {path}`.")
    return ExitCode.HEALTHY
