"""
What a mail says about the monitor itself: that it cannot judge, or that it can again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from elkmon.digests import Hindrance, Judging, Notice
from elkmon.presentation.letters import Letter
from elkmon.presentation.rendering import render
from elkmon.presentation.writing import clean, count, listing, moment

_BRIEFLY = {
    Hindrance.UNREACHABLE: "Elasticsearch unreachable",
    Hindrance.REFUSED: "Elasticsearch refused",
    Hindrance.PARTIAL: "Elasticsearch answered in part",
    Hindrance.UNEXPECTED: "an unexpected error",
}
_CAUSES = {
    Hindrance.UNREACHABLE: "Elasticsearch could not be reached, or did not answer in time",
    Hindrance.REFUSED: "Elasticsearch refused what was asked, as one does that is full, read-only or lacks a right",
    Hindrance.PARTIAL: "Elasticsearch answered only in part, and no figure is made from a part",
    Hindrance.UNEXPECTED: "something went wrong that elkmon does not know",
}


def notice_letter(notice: Notice, at: datetime, reason: str) -> Letter:
    """Return the mail that tells `notice`, made `at`; `reason` says why the reader gets it."""
    stopped = notice.judging is Judging.STOPPED
    values: dict[str, object] = {
        "subject": notice_subject(notice, at),
        "paragraphs": _stopped(notice) if stopped else _resumed(notice),
        "error": clean(notice.reason, 600),
        "reason": reason,
        "written": moment(at),
    }
    return Letter(notice_subject(notice, at), render("notice.txt", values), render("notice.html", values), ())


def notice_subject(notice: Notice, at: datetime) -> str:
    """Return the notice in one line; instants of the day it was made `at` by their hour alone."""
    if notice.until is None:
        return f"elkmon: could not check since {_instant(notice.since, at)} ({_BRIEFLY[notice.hindrance]})"
    return f"elkmon: checks again since {_instant(notice.until, at)}, after {lasting(notice.until - notice.since)}"


def lasting(stretch: timedelta) -> str:
    """
    Return a length of time as people say it, in its two largest units.

    >>> [lasting(timedelta(minutes=minutes)) for minutes in (0.5, 20, 95, 120, 3100)]
    ['under a minute', '20 min', '1 h 35 min', '2 h', '2 d 3 h']
    """
    minutes = int(stretch.total_seconds() // 60)
    if minutes < 1:
        return "under a minute"
    sizes = {"d": minutes // 1440, "h": minutes // 60 % 24, "min": minutes % 60}
    parts = [f"{size} {unit}" for unit, size in sizes.items() if size]
    return " ".join(parts[:2] if sizes["d"] == 0 or sizes["h"] else parts[:1])


def _stopped(notice: Notice) -> list[str]:
    what = (
        f"Since {moment(notice.since)} elkmon could not judge {_models(notice.models)}: {_CAUSES[notice.hindrance]}. "
        "How these models do meanwhile is not known; that nothing else is said of them does not mean that all is well."
    )
    following = (
        "It is tried again every few minutes. Once it succeeds, what is due is judged in order, and one more mail says so; "
        "until then there is no further one about this. Figures are counted from the events, so none is lost that "
        "reaches Elasticsearch later; what services cannot deliver they keep as far as their buffers and journals go."
    )
    return [what, following, "Which link is broken, and the remedy, says the command: elkmon doctor"]


def _resumed(notice: Notice) -> list[str]:
    assert notice.until is not None
    what = (
        f"elkmon judges {_models(notice.models)} again. From {moment(notice.since)} to {moment(notice.until)}, for "
        f"{lasting(notice.until - notice.since)}, it could not: {_CAUSES[notice.hindrance]}."
    )
    caught_up = (
        f"What was due is caught up, in order: {count(notice.windows, 'window')} judged, which brought "
        f"{count(notice.changes, 'change')}; changes are told in mails of their own. Figures are counted from the events, "
        "also from those that arrive later: no window is left out."
    )
    elsewhere = f"Another monitor has caught up {_models(notice.elsewhere)}, and tells what changed there."
    if not notice.elsewhere:
        return [what, caught_up]
    return [what, elsewhere] if notice.elsewhere == notice.models else [what, caught_up, elsewhere]


def _models(models: tuple[str, ...]) -> str:
    return listing([clean(each, 50) for each in models], most=8)


def _instant(instant: datetime, at: datetime) -> str:
    return f"{instant:%H:%M} UTC" if instant.date() == at.date() else moment(instant)
