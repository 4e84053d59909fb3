"""`python -m bench.statistics`: makes the tables one after the other, each printed when it is done."""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

from bench.statistics import goals
from bench.statistics.page import page, written
from bench.statistics.peers import Peers
from bench.statistics.session import Session, Table
from bench.statistics.tables import NAMES, tables


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.statistics", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="try out, in a few minutes; the figures mean little")
    parser.add_argument("--output", type=Path, help="write the page there, too")
    parser.add_argument("--only", type=_numbers, default=tuple(NAMES), metavar="1,4", help="only these tables")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    begun = time.monotonic()
    session = Session(arguments.quick, Peers())
    made: list[Table] = []
    for number in arguments.only:
        session.say(f"{number}, {NAMES[number].replace('_', ' ')}")
        for table in tables(number)(session):
            print(written(table), end="\n\n", flush=True)
            made.append(table)
        if arguments.output:  # after each, so that what was measured is kept when a later one is interrupted
            arguments.output.parent.mkdir(parents=True, exist_ok=True)
            text = page(session, [goals.table(session), *made], (time.monotonic() - begun) / 60)
            arguments.output.write_text(text, encoding="utf-8")
    print(written(goals.table(session)), flush=True)


def _numbers(text: str) -> tuple[int, ...]:
    chosen = tuple(int(part) for part in text.split(","))
    if not set(chosen) <= set(NAMES):
        raise argparse.ArgumentTypeError(f"{text!r}: tables are {', '.join(map(str, NAMES))}")
    return chosen


if __name__ == "__main__":
    main()
