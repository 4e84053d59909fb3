"""`python -m bench.shipping`: runs the measures one after the other and prints the page."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from bench.shipping import goals, measures
from bench.shipping.arms import NOOP
from bench.shipping.page import page
from bench.shipping.roster import all_arms
from bench.shipping.session import Session


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.shipping", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="try out, in about two minutes; the figures mean little")
    parser.add_argument("--output", type=Path, help="write the page there, too")
    parser.add_argument("--measure", choices=measures.NAMES, action="append", help="only this one; may be repeated")
    parser.add_argument("--arm", action="append", help="only arms with this in their names; may be repeated")
    arguments = parser.parse_args()
    arms = [
        arm
        for arm in all_arms().values()
        if not arguments.arm or arm.name == NOOP or any(part in arm.name for part in arguments.arm)
    ]
    session = Session(arms, quick=arguments.quick)
    begun = time.monotonic()
    tables = [measures.table(name)(session) for name in arguments.measure or measures.NAMES]
    text = page([goals.table(session), *tables], (time.monotonic() - begun) / 60, quick=arguments.quick)
    print(text)
    if arguments.output:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
