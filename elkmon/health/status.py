"""
How a process that checks by the clock stands, and whether all is well with it: a pure function of what it last did and the time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from elkmon.health.server import Page
from elkmon.monitor.watching import Duty, Outcome, Standing, State
from elkmon.schedule import Ticks

OVERDUE_AFTER = timedelta(minutes=15)
"""How long after its tick a check that has not ended, and is not at work, is overdue."""

LONGEST_CHECK = timedelta(hours=1)
"""How long a check may be at work before it is taken for one that hangs."""


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What a notifier could not be told, and why; `permanent` means that it is not tried again."""

    notifier: str
    error: str
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class CheckStatus:
    """
    How the checks of one schedule and share stand.

    Attributes:
        models: what is checked, by `schedule`; `share` says which of how many, from 1.
        due: the tick of the last attempt, `tried_at` when it ended and `outcome` how.
        done: the last tick that is done with, by whichever monitor.
        found: what the last check made here found, in a word.
        holder: the other monitor that is at it, or did it.
        failures: attempts in a row that were not the last for their tick; `error` what was in the way.
        undelivered: what could not be told.
        again_at: when the same tick is tried again; `next_due` the tick after now.
    """

    models: tuple[str, ...]
    schedule: str
    share: str
    due: datetime | None
    tried_at: datetime | None
    outcome: str
    done: datetime | None
    found: str
    holder: str
    failures: int
    error: str
    undelivered: tuple[Unsaid, ...]
    again_at: datetime | None
    next_due: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """
    How the process stands.

    Attributes:
        healthy: whether the last checks went well and none is overdue; `reasons` say what is not well.
        owner: its name in leases; `pid` on its machine.
        started_at: since when it runs; `alive_at` when this was said, which an idle process says anew every half minute.
        checking: models that are being checked, `checking_since` since when: a check that hangs grows old here.
        unjudged_since: since when something due cannot be judged.
        checks: one for each schedule and share.
        notices: what it has to tell of itself and could not tell yet.
    """

    healthy: bool
    reasons: tuple[str, ...]
    pid: int
    owner: str
    started_at: datetime
    alive_at: datetime
    checking: tuple[str, ...]
    checking_since: datetime | None
    unjudged_since: datetime | None
    checks: tuple[CheckStatus, ...]
    notices: tuple[Unsaid, ...]


def examine(state: State, ticks: Mapping[Duty, Ticks], owner: str, pid: int, now: datetime) -> Status:
    """Return how the process stands at `now`, whose duties are due at `ticks`."""
    last = {each: each.last(now) for each in set(ticks.values())}
    reasons: list[str] = []
    for each in state.standings:
        reasons.extend(_reasons(each, last[ticks[each.duty]], state, now))
    if state.checking is not None and state.checking_since and now - state.checking_since > LONGEST_CHECK:
        reasons.append(
            f"{_names(state.checking)}: one check is at work since {state.checking_since:%Y-%m-%dT%H:%M:%SZ}"
        )
    reasons.extend(
        f"{each.notifier} could not be told of an outage yet: {each.error}" for each in state.waiting if each.error
    )
    return Status(
        healthy=not reasons,
        reasons=tuple(dict.fromkeys(reasons)),
        pid=pid,
        owner=owner,
        started_at=state.started_at,
        alive_at=now,
        checking=state.checking.models if state.checking else (),
        checking_since=state.checking_since,
        unjudged_since=state.unjudged_since,
        checks=tuple(_check_status(each, ticks[each.duty], now) for each in state.standings),
        notices=tuple(Unsaid(each.notifier, each.error) for each in state.waiting),
    )


def json_of(status: Status) -> str:
    """Return `status` as JSON; instants in ISO form."""
    return json.dumps(asdict(status), indent=2, default=datetime.isoformat) + "\n"


def health_page(status: Status) -> Page:
    """Return `status` as it is answered over HTTP: 200 when all is well, 503 when not."""
    return Page(200 if status.healthy else 503, "application/json", json_of(status).encode())


def _reasons(standing: Standing, tick: datetime, state: State, now: datetime) -> Sequence[str]:
    names = _names(standing.duty)
    if standing.outcome is Outcome.FAILED:
        return [f"{names}: could not be checked: {standing.error}"]
    reasons = [f"{names}: {each.notifier} could not be told: {each.error}" for each in standing.undelivered]
    waited_since = max(tick, state.started_at)
    late = (standing.done is None or standing.done < tick) and now - waited_since > OVERDUE_AFTER
    if late and state.checking != standing.duty:
        held = f"; {standing.holder} is at it" if standing.outcome is Outcome.BUSY and standing.holder else ""
        reasons.append(f"{names}: due at {tick:%Y-%m-%dT%H:%M:%SZ} and not checked yet{held}")
    return reasons


def _check_status(standing: Standing, ticks: Ticks, now: datetime) -> CheckStatus:
    share = standing.duty.turn.share
    return CheckStatus(
        models=standing.duty.models,
        schedule=str(ticks),
        share=f"{share.index + 1} of {share.of}",
        due=standing.due,
        tried_at=standing.tried_at,
        outcome=standing.outcome or "",
        done=standing.done,
        found=standing.status or "",
        holder=standing.holder,
        failures=standing.attempts,
        error=standing.error,
        undelivered=tuple(Unsaid(each.notifier, each.error, each.permanent) for each in standing.undelivered),
        again_at=standing.again_at,
        next_due=ticks.next(now),
    )


def _names(duty: Duty) -> str:
    shown = duty.models[:5]
    return ", ".join(shown) + (f" and {len(duty.models) - len(shown)} more" if len(duty.models) > len(shown) else "")
