"""`python -m bench.scale`: makes the tables one after the other, each printed when it is done."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.monitor.node import node
from bench.monitor.page import page
from bench.monitor.session import Session
from bench.scale import paper, sizes, volumes
from bench.statistics.page import written
from bench.statistics.session import Table

_PREAMBLE = """\
One run on one machine, written by `make bench-scale`; every figure is this run's but for those of the last table, which are
reckoned from it. The node works on the same two cores as the monitor, and the machine may have been shared."""
_MADE: dict[int, Callable[[Session], Iterator[Table]]] = {
    1: volumes.wide,
    2: volumes.busy,
    3: sizes.tables,
    4: paper.tables,
}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="try out, in a few minutes; the figures mean little")
    parser.add_argument("--output", type=Path, help="write the page there, too")
    parser.add_argument(
        "--only", type=lambda text: tuple(map(int, text.split(","))), default=tuple(_MADE), metavar="1,3"
    )
    arguments = parser.parse_args()
    made: list[Table] = []
    load = os.getloadavg()[0]
    with node() as running:
        session = Session(arguments.quick, running)
        for number in arguments.only:
            for table in _MADE[number](session):
                print(written(table), end="\n\n", flush=True)
                made.append(table)
                if arguments.output:
                    loads = (load, os.getloadavg()[0])
                    arguments.output.parent.mkdir(parents=True, exist_ok=True)
                    text = page("The monitor at scale", _PREAMBLE, session, made, loads)
                    arguments.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
