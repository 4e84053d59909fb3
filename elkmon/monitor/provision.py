"""
What a model is compared with where nobody made a baseline: the first days of its production, provisionally.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from shlex import quote

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.errors import ReferenceDataError
from elkmon.ports import EventLog, HourCounts, Journal
from elkmon.windows import DAY, Window, last_window

Maker = Callable[[EventLog, ModelSettings, str, Window, datetime], Baseline]
"""Makes a provisional baseline of a version from a window of production, as of an instant."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Provision:
    """The baselines of one model, newest first; without any, `reason` says why and what to do."""

    baselines: Sequence[Baseline] = ()
    reason: str = ""


def provide(
    event_log: EventLog,
    journal: Journal,
    settings: ModelSettings,
    known: Sequence[Baseline],
    make: Maker | None,
    closed: datetime,
    now: datetime,
) -> Provision:
    """
    Return the `known` baselines of a model; where it has none and is to have a provisional one, make and save that as soon
    as it can be.

    It is made from the first whole days of production, of the version that predicted most in them, once all of them have
    ended at `closed`, the end of the last hour that counts, and their truth is due.
    """
    if known:
        return Provision(known)
    create = f"elkmon baseline create {quote(settings.name)}"
    if settings.provisional is None or make is None:
        return Provision(reason=f"there is no baseline for {settings.name}; make one with `{create}`")
    days = -(-settings.provisional // DAY)
    predicted = [each for each in event_log.counts(Window(_EVER, closed), [settings.name]) if each.predictions]
    window = first_days(predicted, days, settings.offset)
    if window is None or window.end > closed:
        so_far = 0 if window is None else max(closed - window.start, timedelta(0)) // DAY
        return Provision(
            reason=f"a provisional baseline is made once {days} days of production are there ({so_far} so far); "
            f"make a real one with `{create}`"
        )
    due = window.end + (settings.labels_after or timedelta(0))
    if due > closed:
        return Provision(
            reason=f"a provisional baseline is made of {window} once the truth about it is due, on {due:%Y-%m-%d %H:%M} UTC; "
            f"make a real one with `{create}`"
        )
    rows: Counter[str] = Counter()
    for each in predicted:
        if each.hour in window:
            rows[each.version] += each.predictions
    if not rows:
        return Provision(
            reason=f"{window} holds no predictions for a provisional baseline; make a real one with `{create}`"
        )
    try:
        journal.save([make(event_log, settings, rows.most_common(1)[0][0], window, now)])
    except ReferenceDataError as error:
        return Provision(reason=f"no provisional baseline can be made: {error}; make a real one with `{create}`")
    return Provision(journal.baselines(settings.name))


def first_days(predicted: Sequence[HourCounts], days: int, offset: timedelta = timedelta(0)) -> Window | None:
    """Return the first `days` whole days, in the zone `offset` east of UTC, that begin with or after the first prediction."""
    if not predicted:
        return None
    before = last_window(predicted[0].hour, DAY, offset)
    start = before.end if before.end == predicted[0].hour else before.end + DAY
    return Window(start, start + days * DAY)
