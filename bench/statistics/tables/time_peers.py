"""2, the peers: the same unchanged years, window by window, by each one's defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from bench.statistics.peers import NAMES, Failed, Pair
from bench.statistics.series import Series
from bench.statistics.session import Session, Table, share
from elkmon.windows import DAY, WEEK, Window, format_length, windows_within

_EVERY = 3  # one window in so many: Evidently takes half a second for each


def tables(session: Session, listed: Sequence[Series], days: int) -> Sequence[Table]:
    """Return the peers' false alarms: weather, stops and electricity by day, flights by week."""
    rows = []
    remarks = []
    for each in listed:
        length = WEEK if each.name.startswith("flights") else DAY
        reference = Window(each.span.start, each.span.start + days * DAY)
        windows = windows_within(Window(reference.end, each.span.end), length)
        windows = windows[:: session.sized(_EVERY, 20)]
        names = list(each.unchanged)
        levels = tuple(name for name in names if name in each.rows.categorical)
        whole = _plain(each.rows.between(reference).frame[names], levels)
        pairs = []
        for window in windows:
            current = each.rows.between(window).frame[names]
            if len(current) >= each.min_rows:
                pairs.append(Pair(str(window), whole, _plain(current, levels), levels))
        row = [each.name, format_length(length), f"{len(pairs)}"]
        for peer in NAMES:
            session.say(f"2, unchanged time: {each.name}, {peer}")
            try:
                if peer == "NannyML":
                    after = Window(windows[0].start, windows[-1].end)
                    said = _nannyml(session, each, names, levels, reference, after, "W" if length == WEEK else "D")
                else:
                    said = session.peers.verdicts(peer, pairs)
                row.append(_written(said))
            except Failed as failure:
                remarks.append(f"{each.name}: {peer} is left out: {failure}.")
                row.append("–")
        rows.append(row)
    return (
        Table(
            "2c. Unchanged real time: the peers",
            f"The same unchanged columns, reference the first {days} days, every third window: share of column-windows with an "
            "alarm, and share of windows with any, by each one's defaults. NannyML gets what suits it best, every window, as "
            "chunks of the same period on both sides. Rows with a missing number are left out for all of them.",
            ("series", "window", "windows", *NAMES),
            rows,
            remarks,
        ),
    )


def _plain(frame: pd.DataFrame, levels: Sequence[str]) -> pd.DataFrame:
    """Return rows without missing numbers, levels as text."""
    numeric = [name for name in frame if name not in levels]
    return frame.dropna(subset=numeric).assign(
        **{name: frame[name].astype(object).where(frame[name].notna(), "missing") for name in levels}
    )


def _nannyml(
    session: Session,
    each: Series,
    names: Sequence[str],
    levels: Sequence[str],
    reference: Window,
    after: Window,
    period: str,
) -> Mapping[str, Mapping[str, float]]:
    sides = {}
    for side, window in (("reference", reference), ("current", after)):
        rows = each.rows.between(window).frame[["timestamp", *names]]
        sides[side] = _plain(rows, levels).assign(timestamp=rows["timestamp"].dt.tz_localize(None))
    asked = session.peers.ask("periods", sides, categorical=list(levels), period=period)
    try:
        said: Mapping[str, Mapping[str, float]] = asked.answer()["verdicts"]
    finally:
        asked.forget()
    return said


def _written(said: Mapping[str, Mapping[str, float]]) -> str:
    columns = [alarm for window in said.values() for alarm in window.values()]
    alarming = [any(window.values()) for window in said.values()]
    return f"{share(sum(columns), len(columns), 0)}; any {share(sum(alarming), len(alarming), 0)}"
