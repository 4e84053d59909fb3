"""1: false alarms on unchanged independent rows: the grid, the peers on a part of it, and that part through a node."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from bench.statistics import counting, verdicts
from bench.statistics.peers import NAMES, Failed, Pair
from bench.statistics.samples import LEVELS, NORMAL, NUMBERS, Law, drawn, frame, sides, uniform, zipf
from bench.statistics.session import Session, Table, generator, share
from bench.statistics.whole_path import differing, node
from elkmon.checks import ModelSettings
from elkmon.profiles import Profile
from elkmon.rulers import Ruler
from elkmon.windows import HOUR, Window

SIZES = tuple(
    size
    for small in (500, 5_000)
    for size in ((small, 20 * small), (small, 5 * small), (small, small), (5 * small, small), (20 * small, small))
)
PEER_SIZES = ((1_000, 20_000), (1_000, 5_000), (5_000, 5_000), (5_000, 1_000), (20_000, 1_000))
WHOLE_PATH = ((1_000, 20_000), (20_000, 1_000))
KINDS = (uniform(5), uniform(10), uniform(20), uniform(50), zipf(50), NORMAL)
SETTINGS = ModelSettings(counting.MODEL, window=HOUR)
PEER_NOMINAL = 0.05
REFERENCE_AT, CURRENT_AT = "2013-01-01T00:00", "2013-01-02T00:00"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the grid: how many pairs are drawn for the significance leg, and how many of them are judged in full."""

    place: tuple[int, int]
    sizes: tuple[int, int]
    law: Law
    trials: int
    judged: int


def tables(session: Session) -> Sequence[Table]:
    """Return the grid of both kinds of alarm, and the peers'."""
    return [*_grid(session), _beside_peers(session)]


def bound(nominal: float, trials: float) -> float:
    """Return the most alarms that chance explains: nominal and three standard errors of the simulation."""
    return nominal + 3 * math.sqrt(nominal * (1 - nominal) / trials)


def _grid(session: Session) -> Sequence[Table]:
    laws = (*LEVELS, *NUMBERS)
    cells = [
        Cell((row, column), sizes, law, session.sized(2_000 if law.is_levels else 1_000, 60), session.sized(200, 10))
        for row, sizes in enumerate(SIZES)
        for column, law in enumerate(laws)
    ]
    found = session.spread("1, unchanged rows", _alarms, cells)
    legs: list[list[str]] = []
    full: list[list[str]] = []
    beyond = 0
    for row, (reference, current) in enumerate(SIZES):
        named = f"{reference:,} against {current:,}"
        legs.append([named])
        full.append([named])
        for column in range(len(laws)):
            cell, (leg, verdict) = cells[row * len(laws) + column], found[row * len(laws) + column]
            over = leg / cell.trials > bound(verdicts.NOMINAL, cell.trials)
            beyond += over
            legs[-1].append(f"**{share(leg, cell.trials)}**" if over else share(leg, cell.trials))
            full[-1].append(share(verdict, cell.judged))
    session.figures["1 cells beyond"] = beyond
    session.figures["1 verdicts"] = sum(verdict for _, verdict in found) / sum(cell.judged for cell in cells)
    limits = [f"{100 * bound(verdicts.NOMINAL, session.sized(trials, 60)):.2f} %" for trials in (2_000, 1_000)]
    columns = ("reference against window", *(law.name for law in laws))
    return (
        Table(
            "1a. Unchanged independent rows: the significance leg alone",
            f"Share of column pairs with p < 1 %, uncorrected. Nominal and three standard errors of the simulation is "
            f"{limits[0]} for levels ({session.sized(2_000, 60):,} pairs a cell) and {limits[1]} for numbers "
            f"({session.sized(1_000, 60):,} pairs); **bold** is beyond. Each pair has its own ruler, from its reference.",
            columns,
            legs,
            [f"Cells beyond: {beyond} of {len(cells)}; about {0.00135 * len(cells):.1f} would be by chance alone."],
        ),
        Table(
            "1b. Unchanged independent rows: the full verdict",
            f"Share of one-column models with any WARNING or CRITICAL about the column (drift, and the quality of its "
            f"values), {session.sized(200, 10)} a cell; the reference has no timestamps, so floors alone judge size.",
            columns,
            full,
        ),
    )


def _alarms(cell: Cell) -> tuple[int, int]:
    """Return how many pairs of a cell the leg and the full verdict find different."""
    random = generator(1, *cell.place)
    window = counting.hour(0)
    leg = full = 0
    for trial in range(cell.trials):
        pair = sides(cell.law, *(drawn(cell.law, random, size) for size in cell.sizes))
        leg += verdicts.p_value(pair.ruler, cell.law.field, pair.reference, pair.current) < verdicts.NOMINAL
        if trial < cell.judged:
            baseline = counting.baseline_of((pair.reference,), window, pair.ruler, timed=False)
            found = verdicts.learnt(baseline, SETTINGS).findings(pair.current)
            full += any(each.status.bad for each in (*verdicts.of_columns(found), *verdicts.of_values(found)))
    return leg, full


def _beside_peers(session: Session) -> Table:
    copies = session.sized(40, 5)
    laws = [(f"c{kind}_{copy}", law) for kind, law in enumerate(KINDS) for copy in range(copies)]
    levels = tuple(name for name, law in laws if law.is_levels)
    pairs = []
    for number, (reference, current) in enumerate(PEER_SIZES):
        random = generator(11, number)
        pairs.append(
            Pair(
                f"{reference:,} against {current:,}",
                frame(laws, random, reference, REFERENCE_AT),
                frame(laws, random, current, CURRENT_AT),
                levels,
            )
        )
    said: dict[str, dict[str, dict[str, float]]] = {}
    remarks: list[str] = []
    plain = [
        Pair(each.name, each.reference.drop(columns="timestamp"), each.current.drop(columns="timestamp"), levels)
        for each in pairs
    ]
    for peer in NAMES:
        session.say(f"1, unchanged rows: {peer}")
        try:
            said[peer] = session.peers.verdicts(peer, plain)
        except Failed as failure:
            remarks.append(f"{peer} is left out: {failure}.")
    session.say("1, unchanged rows: elkmon from rows")
    ours = {pair.name: _ours(pair, [name for name, _ in laws]) for pair in pairs}
    remarks += _through_a_node(session, pairs)
    rows = []
    for pair in pairs:
        for kind, law in enumerate(KINDS):
            names = [f"c{kind}_{copy}" for copy in range(copies)]
            leg = sum(ours[pair.name][0][name] for name in names)
            full = sum(ours[pair.name][1][name] for name in names)
            row = [pair.name, law.name, _marked(leg, copies, verdicts.NOMINAL), share(full, copies, 0)]
            for peer in NAMES:
                alarms = sum(said[peer][pair.name].get(name, 0.0) for name in names) if peer in said else -1.0
                row.append(_marked(alarms, copies, PEER_NOMINAL) if alarms >= 0 else "–")
            rows.append(row)
    limit = f"{100 * bound(PEER_NOMINAL, copies):.0f} %"
    return Table(
        "1c. Unchanged independent rows: beside the peers",
        f"Share of alarms by each one's defaults on the same rows, {copies} columns a line; **bold** is beyond its nominal "
        f"5 % and three standard errors ({limit}; elkmon's leg: 1 %, {100 * bound(verdicts.NOMINAL, copies):.0f} %). NannyML "
        f"cuts both sides into ten chunks and claims no rate: its cells are the share of chunks. elkmon judges the "
        f"{len(laws)} columns of a line's sizes as one model.",
        ("reference against window", "column", "elkmon, leg", "elkmon, verdict", *NAMES),
        rows,
        remarks,
    )


def _ours(pair: Pair, names: Sequence[str]) -> tuple[dict[str, bool], dict[str, bool]]:
    """Return which columns the leg and the full verdict find different, counted from rows."""
    rows = _rows(pair, names)
    reference, current = windows()
    ruler = counting.ruler_of(rows.between(reference))
    return read(counting.hours_of(rows, ruler), ruler, reference, current, SETTINGS)


def _through_a_node(session: Session, pairs: Sequence[Pair]) -> list[str]:
    """Send some of the pairs through a node, and say whether it comes to the same verdicts."""
    remarks = []
    wanted = {f"{reference:,} against {current:,}" for reference, current in WHOLE_PATH}
    with node() as store:
        for pair in pairs:
            if pair.name not in wanted:
                continue
            session.say(f"1, unchanged rows: {pair.name} through a node")
            names = [
                name for name in map(str, pair.reference) if name.endswith(tuple(f"_{copy}" for copy in range(20)))
            ]
            rows = _rows(pair, names)
            reference, current = windows()
            stored = store.filled(rows)
            ruler = stored.ruler(reference)
            hours = stored.hours(ruler)
            counted = counting.hours_of(rows, counting.ruler_of(rows.between(reference)))
            apart = differing(counting.hours_of(rows, ruler), hours)
            theirs = read(hours, ruler, reference, current, SETTINGS)
            same = theirs == read(counted, counting.ruler_of(rows.between(reference)), reference, current, SETTINGS)
            leg, full = sum(theirs[0].values()), sum(theirs[1].values())
            remarks.append(
                f"Whole path, {pair.name}: {stored.rows:,} documents of {len(names)} columns in a node. It counts "
                f"{'every hour as the rows do' if not apart else f'{apart} hours otherwise than the rows'}; leg {leg}, verdicts "
                f"{full} of {len(names)} columns, {'the same columns' if same else 'NOT the same columns'} as from rows."
            )
            session.figures[f"1 node differs {pair.name}"] = float(apart or not same)
    return remarks


def read(
    hours: Sequence[Profile],
    ruler: Ruler,
    reference: Window,
    current: Window,
    settings: ModelSettings,
) -> tuple[dict[str, bool], dict[str, bool]]:
    """Judge one window by one reference without learnt limits; return per column the leg and the full verdict."""
    by_hour = {each.start: each for each in hours}
    baseline = counting.baseline_of(hours, reference, ruler, timed=False)
    found = verdicts.learnt(baseline, settings).findings(counting.summed(by_hour, current, ruler))
    leg = {each.subject.name: verdicts.significant(each) for each in verdicts.of_columns(found)}
    full = dict.fromkeys(leg, False)
    for each in (*verdicts.of_columns(found), *verdicts.of_values(found)):
        full[each.subject.name] |= each.status.bad
    return leg, full


def _rows(pair: Pair, names: Sequence[str]) -> counting.Rows:
    table = pd.concat([pair.reference, pair.current], ignore_index=True)
    levels = tuple(name for name in names if name in set(pair.categorical))
    return counting.Rows(table, tuple(name for name in names if name not in levels), levels)


def windows() -> tuple[Window, Window]:
    """Return the hours of the two sides."""
    starts = [pd.Timestamp(at, tz="UTC").to_pydatetime() for at in (REFERENCE_AT, CURRENT_AT)]
    return Window(starts[0], starts[0] + HOUR), Window(starts[1], starts[1] + HOUR)


def _marked(alarms: float, trials: int, nominal: float) -> str:
    written = share(alarms, trials, 0)
    return f"**{written}**" if alarms / trials > bound(nominal, trials) else written
