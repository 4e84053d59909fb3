"""`python -m bench.monitor`: makes the tables one after the other, each printed when it is done."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from bench.monitor import goals
from bench.monitor.node import node
from bench.monitor.page import page
from bench.monitor.session import Session
from bench.monitor.tables import NAMES, tables
from bench.monitor.workers import Failed
from bench.statistics.page import written
from bench.statistics.session import Table

_PREAMBLE = """\
One run on one machine, written by `make bench-monitor`; every figure is this run's. The node works on the same two cores as
what is measured, and the machine may have been shared: a ratio says more than a figure, and one from a busy machine not much.
The goals come first, missed ones with their figure, then all that was measured."""


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.monitor", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="try out, in a few minutes; the figures mean little")
    parser.add_argument("--output", type=Path, help="write the page there, too")
    parser.add_argument("--only", type=_numbers, default=tuple(NAMES), metavar="1,4", help="only these tables")
    arguments = parser.parse_args()
    made: list[Table] = []
    load = os.getloadavg()[0]
    with node() as running:
        session = Session(arguments.quick, running)
        for number in arguments.only:
            session.say(f"{number}, {NAMES[number]}")
            for table in _tables(number, session):
                print(written(table), end="\n\n", flush=True)
                made.append(table)
                if arguments.output:  # so that what was measured is kept when a later one is interrupted
                    text = page(
                        "The monitor: elkmon beside its peers", _PREAMBLE, session, [goals.table(session), *made],
                        (load, os.getloadavg()[0]),
                    )  # fmt: skip
                    arguments.output.parent.mkdir(parents=True, exist_ok=True)
                    arguments.output.write_text(text, encoding="utf-8")
        print(written(goals.table(session)), flush=True)


def _tables(number: int, session: Session) -> Iterator[Table]:
    """Make the tables of one number; what cannot be measured says why, and does not keep the others from it."""
    try:
        yield from tables(number)(session)
    except Failed as error:
        yield Table(f"{number}. {NAMES[number].capitalize()}", f"**Could not be measured**: {error}", (), ())


def _numbers(text: str) -> tuple[int, ...]:
    chosen = tuple(int(part) for part in text.split(","))
    if not set(chosen) <= set(NAMES):
        raise argparse.ArgumentTypeError(f"{text!r}: tables are {', '.join(map(str, NAMES))}")
    return chosen


if __name__ == "__main__":
    main()
