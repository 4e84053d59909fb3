"""
`elkmon demo`: half a year of real flights through every real part, told as a story on the terminal.

What is shown is found by the same code that watches a user's models; nothing of it is known here beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from elkmon.embedded import DEFAULT_VERSION
from elkmon.errors import ConfigurationError, MissingExtra

__all__ = ["WEEKS", "run"]

WEEKS = 26
"""From 1 April to 29 September 2013."""


def run(
    *,
    output: Path,
    keep: bool = False,
    version: str = DEFAULT_VERSION,
    weeks: int | None = None,
    seed: int = 7,
    say: Callable[[str], None] = print,
) -> int:
    """
    Run the demo and return 0 when it told its story to the end.

    Args:
        output: the folder to keep mails, report, reference file and configuration in; made where it is missing.
        keep: leave Elasticsearch and the mail server running at the end, until interrupted.
        version: of Elasticsearch.
        weeks: how many of the 26 weeks to live, at least one; None for all of them.
        seed: draws the sample of flights and makes the model reproducible.
        say: takes each line of the story.

    Raises:
        MissingExtra: a package of the demo is not installed.
        ElkmonError: a part could not do its work; nothing is left running.
    """
    if weeks is not None and not 1 <= weeks <= WEEKS:
        raise ConfigurationError(f"the demo has no {weeks} weeks; choose from 1 to {WEEKS}")
    try:
        from elkmon.demo.story import tell
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in {"", "elkmon"}:
            raise
        raise MissingExtra(package, "monitor,embedded,demo") from error
    lived = range(WEEKS if weeks is None else weeks)
    return tell(output=output, keep=keep, version=version, weeks=lived, seed=seed, say=say)
