"""5: one corrupt value in a hundred thousand, on either side: whose verdicts change?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bench.statistics import counting
from bench.statistics.counting import Rows
from bench.statistics.peers import NAMES, Failed, Pair
from bench.statistics.samples import NORMAL, frame
from bench.statistics.session import Session, Table, generator
from bench.statistics.tables.unchanged_rows import CURRENT_AT, REFERENCE_AT, read, windows
from bench.statistics.whole_path import differing, node
from elkmon.checks import ModelSettings
from elkmon.windows import HOUR

ROWS = 100_000
CORRUPT = 1e6
SHIFTS = (0.0, 0.12, 0.3, 1.0)
WHERE = ("nowhere", "window", "reference")
SETTINGS = ModelSettings(counting.MODEL, window=HOUR)


def tables(session: Session) -> Sequence[Table]:
    """Return the table."""
    rows = session.sized(ROWS, 5_000)
    copies = session.sized(10, 2)
    named = [f"s{number}_{where}" for number in range(len(SHIFTS)) for where in WHERE]
    everything = [_sides(copy, rows) for copy in range(copies)]
    session.say("5, corrupt value: elkmon from rows")
    ours = [_from_rows(sides) for sides in everything]
    changed = sum(
        said[f"s{number}_{where}"] != said[f"s{number}_nowhere"]
        for said in ours
        for number in range(len(SHIFTS))
        for where in WHERE[1:]
    )
    session.figures["5 changed verdicts"] = changed
    compared = copies * len(SHIFTS) * 2
    remarks = [
        f"elkmon: {changed} of {compared} verdicts differ from the one without the corrupt value ({copies} draws)."
    ]
    session.say("5, corrupt value: through a node")
    remarks.append(_through_a_node(everything[0], ours[0]))
    said: dict[str, Mapping[str, float]] = {}
    for peer in NAMES:
        session.say(f"5, corrupt value: {peer}")
        reference, current = (side.drop(columns="timestamp") for side in everything[0])
        try:
            said[peer] = session.peers.verdicts(peer, [Pair("only", reference, current)])["only"]
        except Failed as failure:
            remarks.append(f"{peer} is left out: {failure}.")
    cells = []
    for name in named:
        number, where = name.removeprefix("s").split("_")
        row = [f"{SHIFTS[int(number)]:g} SD", where, ours[0][name]]
        for peer in NAMES:
            if peer not in said:
                row.append("–")
                continue
            word, plain = _word(said[peer][name]), _word(said[peer][f"s{number}_nowhere"])
            row.append(word if word == plain else f"**{word}**")
        cells.append(row)
    return (
        Table(
            "5. One corrupt value",
            f"{rows:,} rows of a normal against as many, the window shifted by so much; one value of the side named is "
            f"{CORRUPT:g}. **Bold** differs from the verdict without it. For NannyML, the share of chunks that alarm.",
            ("shift", "corrupt value in", "elkmon, verdict", *NAMES),
            cells,
            remarks,
        ),
    )


def _sides(copy: int, rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw both sides: for each shift a column, and the same with the corrupt value on one side."""
    random = generator(5, copy)
    plain = [(f"s{number}", NORMAL) for number in range(len(SHIFTS))]
    reference, current = frame(plain, random, rows, REFERENCE_AT), frame(plain, random, rows, CURRENT_AT)
    columns: list[dict[str, pd.Series]] = [{}, {}]
    for number, shift in enumerate(SHIFTS):
        for where in WHERE:
            sides = [reference[f"s{number}"], current[f"s{number}"] + shift]
            for place, side in enumerate(sides):
                values = side.to_numpy().copy()
                if where == WHERE[2 - place]:
                    values[int(random.integers(len(values)))] = CORRUPT
                columns[place][f"s{number}_{where}"] = pd.Series(values)
    return (
        pd.DataFrame({"timestamp": reference["timestamp"], **columns[0]}),
        pd.DataFrame({"timestamp": current["timestamp"], **columns[1]}),
    )


def _rows(sides: tuple[pd.DataFrame, pd.DataFrame]) -> Rows:
    whole = pd.concat(sides, ignore_index=True)
    return Rows(whole, tuple(name for name in whole if name != "timestamp"))


def _from_rows(sides: tuple[pd.DataFrame, pd.DataFrame]) -> dict[str, str]:
    """Return the full verdict per column, all judged as one model."""
    rows = _rows(sides)
    reference, current = windows()
    ruler = counting.ruler_of(rows.between(reference))
    return _words(read(counting.hours_of(rows, ruler), ruler, reference, current, SETTINGS)[1])


def _through_a_node(sides: tuple[pd.DataFrame, pd.DataFrame], ours: Mapping[str, str]) -> str:
    rows = _rows(sides)
    reference, current = windows()
    with node() as store:
        stored = store.filled(rows)
        ruler = stored.ruler(reference)
        hours = stored.hours(ruler)
    apart = differing(counting.hours_of(rows, ruler), hours)
    same = _words(read(hours, ruler, reference, current, SETTINGS)[1]) == ours
    return (
        f"Whole path: {stored.rows:,} documents in a node; it counts {apart} of {len(hours)} hours otherwise than the rows, "
        f"and comes to {'the same' if same else 'NOT the same'} verdicts."
    )


def _words(verdicts: Mapping[str, bool]) -> dict[str, str]:
    return {name: "alarm" if bad else "quiet" for name, bad in verdicts.items()}


def _word(alarms: float) -> str:
    if alarms in {0.0, 1.0}:
        return "alarm" if alarms else "quiet"
    return f"{np.round(100 * alarms):.0f} % of chunks"
