"""
A rehearsed past as text for a terminal: per model its stories, what was beyond its limit how often, and the mails that would be.
"""

from __future__ import annotations

from collections.abc import Sequence

from elkmon.cli.output import day, print_table
from elkmon.monitor import Rehearsed
from elkmon.presentation.words import VERDICTS, figures, label
from elkmon.presentation.writing import clean, count
from elkmon.windows import Window

_STORIES = ("opened", "worsened", "resolved", "verdict", "subject", "segment", "furthest", "limit")
_FLAGGED = ("beyond its limit", "of windows", "subject", "what", "segment")


def print_rehearsal(rehearsed: Rehearsed, span: Window) -> None:
    """Print what would have been said of one model over `span`."""
    counted = f"{rehearsed.windows} of {rehearsed.all_windows} windows could be judged"
    told = "nothing would have been told"
    if rehearsed.stories:
        told = (
            f"{count(len(rehearsed.stories), 'alert')}, {count(rehearsed.mails, 'mail')} with a check after each window"
        )
    print(f"{clean(rehearsed.model)} · {span} · {counted}; {told}")
    if rehearsed.stories:
        rows = []
        for story in rehearsed.stories:
            value, limit, _ = figures(story.worst) if story.worst else ("", "", "")
            rows.append(
                (
                    day(story.opened_at),
                    day(story.worsened_at),
                    day(story.resolved_at) or "still open",
                    VERDICTS[story.severity],
                    label(story.subject),
                    story.segment,
                    value,
                    limit,
                )
            )
        _print_table(_STORIES, rows)
    if rehearsed.flagged:
        print()
        _print_table(
            _FLAGGED,
            [
                (
                    str(each.bad),
                    str(each.windows),
                    label(each.subject),
                    f"{each.subject.family.value}, {each.subject.kind.value}".replace("_", " "),
                    each.segment,
                )
                for each in rehearsed.flagged
            ],
        )
    print()


def _print_table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print a table without the column of segments where there are none."""
    place = headings.index("segment")
    if not any(row[place] for row in rows):
        headings = (*headings[:place], *headings[place + 1 :])
        rows = [(*row[:place], *row[place + 1 :]) for row in rows]
    print_table(headings, rows, indent="  ")
