"""
What is said at the end: what was planted and what is real, what could not be known, and what to look at first.

All of it is read from the alerts and mails of this run; a fault that was not found is said not to have been.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from elkmon.alerts import Alert, State
from elkmon.demo.flights import FAULT_ORIGIN, FAULT_START
from elkmon.demo.mailbox import Mail
from elkmon.demo.weeks import Week
from elkmon.findings import Family, Subject
from elkmon.presentation.words import label

PLANTED = "distance"
_WIDTH = 34


@dataclass(frozen=True, slots=True)
class Episode:
    """One occurrence of one story: when it opened and, if it did, when it ended."""

    subject: Subject
    opened: datetime
    resolved: datetime | None

    @property
    def planted(self) -> bool:
        """Whether it is the planted fault that was found."""
        return self.subject.family is Family.DRIFT and self.subject.name == PLANTED and self.opened > FAULT_START


def closing_text(
    lived: Sequence[Week], alerts: Sequence[Alert], unknown_truth: int, output: Path, page: Path, seconds: float
) -> str:
    """Return the end of the story, some lines for a terminal."""
    mails = [mail for week in lived for mail in week.mails]
    episodes = sorted((each for alert in alerts for each in _episodes(alert)), key=lambda each: each.opened)
    return "\n".join(
        (
            "",
            "What was planted",
            *_planted(lived, [each for each in episodes if each.planted]),
            "",
            "What is real: it is in the flights themselves, nobody put it there",
            *([_line(each) for each in episodes if not each.planted] or ["   nothing was found"]),
            "",
            "What it honestly could not know",
            *_unknowns(lived, episodes, unknown_truth),
            "",
            "What to look at first",
            *_first(mails, page),
            "",
            f"{len(lived)} weeks, {len(mails)} mails, {_quiet(lived)} weeks without one, {seconds:.0f} s. All is in {output}.",
        )
    )


def _episodes(alert: Alert) -> Iterator[Episode]:
    """Read the occurrences of a story off its timeline."""
    opened: datetime | None = None
    for transition in alert.timeline:
        if transition.change == "opened":
            opened = transition.at
        elif transition.change == "resolved" and opened is not None:
            yield Episode(alert.subject, opened, transition.at)
            opened = None
    if opened is not None and alert.state is State.OPEN:
        yield Episode(alert.subject, opened, None)


def _planted(lived: Sequence[Week], found: Sequence[Episode]) -> Iterator[str]:
    yield f"   From {_day(FAULT_START)} the {PLANTED} of flights out of {FAULT_ORIGIN} arrived in kilometres instead of miles."
    if found:
        days = (found[0].opened - FAULT_START) // timedelta(days=1)
        yield f"   Found: {label(found[0].subject)}, told with the check of {_day(found[0].opened)}, after {days} days;"
        yield "   an alert opens when two of three weeks are bad, so that one odd week sends no mail."
    elif lived[-1].window.end <= FAULT_START:
        yield "   These weeks end before that."
    else:
        yield f"   Not found in the weeks up to {_day(lived[-1].window.end)}."


def _line(episode: Episode) -> str:
    until = f"until {_day(episode.resolved)}" if episode.resolved else "still open"
    family = "" if episode.subject.family is Family.DRIFT else f"  ({episode.subject.family.value})"
    return f"   {label(episode.subject):{_WIDTH}} from {_day(episode.opened)}, {until}{family}"


def _unknowns(lived: Sequence[Week], found: Sequence[Episode], unknown_truth: int) -> Iterator[str]:
    yield "   - Why. It sees that something is not as it was in its reference, never what caused it."
    if any(each.subject.name == "temperature" for each in found):
        yield "     The air is warmer, it says, not that summer came: the reference is a winter. That the model has never seen"
        yield "     a summer is a reason to look all the same."
    yield f"   - What became of {unknown_truth:,} flights that were cancelled or diverted: their truth never arrives, so the"
    yield "     performance shown is that of flights that arrived."
    if lived[-1].window.end > FAULT_START:
        yield "   - Whether what changed after the fault, in the score or in performance, changed because of it: the autumn came"
        yield "     at the same time."
    yield "   - What a week will be like before it is over and its truth is in; and nothing of the flights that were not sampled."


def _first(mails: Sequence[Mail], page: Path) -> Iterator[str]:
    telling = next((mail for mail in mails if PLANTED in mail.subject), None) or next(iter(mails), None)
    if telling is not None:
        yield f"   {telling.page or telling.path}   a mail: {telling.subject}"
    yield f"   {page}   every subject over all weeks"
    yield "   With --keep the node stays up at the end, to look around in what is stored."


def _quiet(lived: Sequence[Week]) -> int:
    return sum(not week.mails for week in lived)


def _day(instant: datetime) -> str:
    return f"{instant.day} {instant:%B}"
