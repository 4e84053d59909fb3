"""2d: how many mails the false alarms of unchanged real time would make in a year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.statistics.session import Session, Table
from elkmon.alerts import Alert
from elkmon.findings import Subject


@dataclass(frozen=True, slots=True)
class Year:
    """The stories of one series' unchanged columns over the `days` judged, by windows of one length after one reference."""

    series: str
    window: str
    reference: int
    columns: int
    days: float
    stories: Mapping[Subject, Alert]

    @property
    def mails(self) -> int:
        """Windows after which a mail would have been sent: one for all that opened, got worse or resolved."""
        return len({each.at for story in self.stories.values() for each in story.timeline})


def table(session: Session, years: Sequence[Year]) -> Table:
    """Return the table, a line for each of `years`."""
    rows = []
    for each in years:
        opened = sum(story.episode for story in each.stories.values())
        a_year = each.mails * 365 / each.days
        session.figures[f"2 mails a year, {each.series}, {each.window}, {each.reference}"] = a_year
        counts = (str(each.columns), f"{each.days:.0f}", str(opened), str(each.mails), f"{a_year:.1f}")
        rows.append([each.series, each.window, f"{each.reference} d", *counts])
    return Table(
        "2d. False mails in a year of one model",
        "The same verdicts, drift and values of unchanged columns, through the alerts' usual policy: one opens when two of three "
        "windows are bad and resolves after three good ones. A mail is sent after a window in which any opened, got worse or "
        "resolved, so a false alarm makes two; counted over the days judged and reckoned for 365.",
        ("series", "window", "reference", "columns", "days judged", "alerts opened", "mails", "mails a year"),
        rows,
    )
