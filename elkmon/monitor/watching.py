"""
What becomes of the checks that a clock calls for: when each is tried again, and what is told of the monitor's own trouble.

Waits for nothing and says nothing by itself: who calls decides when, and the clock, chance and the notifiers are given.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from elkmon.digests import Hindrance
from elkmon.errors import StaleWriter
from elkmon.monitor.check import Monitor
from elkmon.monitor.check_report import CheckReport
from elkmon.monitor.outages import Notices, Outage, Told, hindrance_of
from elkmon.monitor.telling import Undelivered
from elkmon.ports import Claim, Notifier, RunStatus, Turn

LOOK_AGAIN = timedelta(seconds=10)
"""How soon it is looked again whether a lease that another monitor holds has become free."""

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=5)
UNJUDGED_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Duty:
    """The models of one share that are checked by one schedule; `turn` says which share and schedule."""

    models: tuple[str, ...]
    turn: Turn


class Outcome(StrEnum):
    """
    What became of an attempt to check.

    CHECKED is done; ELSEWHERE was done by another monitor; BUSY while another one is at it; UNDELIVERED was judged, but not all
    told; FAILED was not judged, or not in full.
    """

    CHECKED = "checked"
    ELSEWHERE = "done elsewhere"
    BUSY = "busy elsewhere"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How a duty stands.

    Attributes:
        duty: which one; `due` the tick of the last attempt, `tried_at` when that was and `outcome` what became of it.
        done: the last tick with which it is done, whoever did it; None before the first.
        status: what the last check that was not done elsewhere found.
        holder: who else holds the lease or did the check; empty when it was this monitor.
        attempts: how many in a row were not the last for their tick, other than for being busy.
        error: what was in the way of the last attempt.
        undelivered: what could not be told.
        again_at: when it is tried again for the same tick; None when it is done with.
    """

    duty: Duty
    due: datetime | None = None
    tried_at: datetime | None = None
    outcome: Outcome | None = None
    done: datetime | None = None
    status: RunStatus | None = None
    holder: str = ""
    attempts: int = 0
    error: str = ""
    undelivered: tuple[Undelivered, ...] = ()
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    What came of calling for a check.

    Attributes:
        standing: how its duty stands now; `again` after how long it is to be called again for the same tick, if at all.
        report: what the check did; None when it ended in `error`.
        repeated: whether it says nothing but what the attempt before said.
    """

    standing: Standing
    again: timedelta | None
    report: CheckReport | None = None
    error: Exception | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """
    How all stands.

    Attributes:
        started_at: since when this monitor watches.
        standings: one for each duty, in their order.
        checking: the duty that is being checked, `checking_since` since when; None between checks.
        unjudged_since: since when something due cannot be judged; None when all can.
        waiting: notices that could not be told yet, with the error that kept them.
    """

    started_at: datetime
    standings: tuple[Standing, ...]
    checking: Duty | None = None
    checking_since: datetime | None = None
    unjudged_since: datetime | None = None
    waiting: tuple[Told, ...] = ()


class Watch:
    """
    Watches `duties` with a `monitor`, and tells `notifiers` when it cannot.

    Several processes may watch the same duties, in the same order. Of an outage tells the one that did the first duty last; so
    does one that cannot know whether there is another, as it has seen nobody do that duty since it started.

    Args:
        monitor: what checks; `notifiers` are told of outages.
        duties: what is watched.
        clock: the time of day, which checks are made as of.
        unjudged_after: how long an outage lasts before it is told.
        draw: draws a number between two bounds, for pauses that differ between processes.
    """

    def __init__(
        self,
        monitor: Monitor,
        notifiers: Sequence[Notifier],
        duties: Sequence[Duty],
        *,
        clock: Callable[[], datetime],
        unjudged_after: timedelta = UNJUDGED_AFTER,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._monitor = monitor
        self._clock = clock
        self._unjudged_after = unjudged_after
        self._draw = draw
        self._notices = Notices(notifiers, self._pause)
        self._outage: Outage | None = None
        self._speaks = True
        self._first = duties[0]
        self._standings = {each: Standing(each) for each in duties}
        self._checking: tuple[Duty, datetime] | None = None
        self._started_at = clock()
        self.state = self._state()

    def check(self, duty: Duty, due: datetime) -> Attempt:
        """Check `duty` for the tick `due` as of now, and return what came of it; it raises nothing but a signal's exception."""
        now = self._clock()
        before = self._standings[duty]
        self._checking = duty, now
        self.state = self._state()
        # Once judged, a tick is done for all monitors; what could not be told is told by a check outside of the schedule.
        turn = duty.turn if before.done == due else replace(duty.turn, due=due)
        try:
            report = self._monitor.check(now, models=duty.models, turn=turn)
        except StaleWriter as error:
            attempt = self._busy(before, due, "", error)
        except Exception as error:  # noqa: BLE001 - a monitor that dies of one odd answer watches nothing any more
            attempt = self._failed(before, due, hindrance_of(error), str(error), error=error)
        else:
            attempt = self._concluded(before, due, report)
        finally:
            self._checking = None
        after = self._clock()
        again_at = None if attempt.again is None else after + attempt.again
        self._standings[duty] = replace(attempt.standing, tried_at=after, again_at=again_at)
        self.state = self._state()
        return replace(attempt, standing=self._standings[duty])

    def speak(self) -> tuple[Told, ...]:
        """Tell of an outage that lasts too long, or has ended, and what could not be told before; return how that went."""
        now = self._clock()
        outage = self._outage
        if outage is not None and not outage.open:
            if outage.announced:
                self._notices.add(outage.notice(until=now), now)
            self._outage = None
        elif outage is not None and self._speaks and outage.to_announce(now - self._unjudged_after):
            outage.announced = True
            self._notices.add(outage.notice(), now)
        told = self._notices.tell(now)
        self.state = self._state()
        return told

    def _concluded(self, before: Standing, due: datetime, report: CheckReport) -> Attempt:
        duty = before.duty
        if report.claim is Claim.BUSY:
            self._listen(duty, due, mine=False)
            return self._busy(before, due, report.holder, None, report)
        if report.claim is Claim.DONE:
            self._listen(duty, due, mine=False)
            self._recovered(duty, report, elsewhere=True)
            kept = before.undelivered if before.due == due else ()
            standing = Standing(
                duty, due, outcome=Outcome.ELSEWHERE, done=due, status=before.status, holder=report.holder,
                undelivered=kept,
            )  # fmt: skip
            return Attempt(standing, None, report)
        self._listen(duty, due, mine=True)
        if report.trouble:
            reason = "; ".join(f"{model}: {error}" for model, error in report.trouble)
            return self._failed(before, due, hindrance_of(report.trouble[0][1]), reason, report=report)
        self._recovered(duty, report, elsewhere=False)
        standing = Standing(
            duty, due, outcome=Outcome.CHECKED, done=due, status=report.status, undelivered=report.undelivered
        )
        if all(each.permanent for each in report.undelivered):
            return Attempt(standing, None, report)
        attempts = before.attempts + 1
        standing = replace(standing, outcome=Outcome.UNDELIVERED, attempts=attempts)
        return Attempt(standing, self._pause(before.attempts), report)

    def _busy(
        self, before: Standing, due: datetime, holder: str, error: Exception | None, report: CheckReport | None = None
    ) -> Attempt:
        repeated = (before.outcome, before.due, before.holder) == (Outcome.BUSY, due, holder)
        standing = replace(before, due=due, outcome=Outcome.BUSY, holder=holder)
        return Attempt(standing, LOOK_AGAIN, report, error, repeated)

    def _failed(
        self,
        before: Standing,
        due: datetime,
        hindrance: Hindrance,
        reason: str,
        *,
        error: Exception | None = None,
        report: CheckReport | None = None,
    ) -> Attempt:
        outage = self._outage or Outage(self._clock(), hindrance, reason)
        outage.hindrance, outage.reason = hindrance, reason
        outage.models.update(before.duty.models)
        outage.open.update(before.duty.models)
        self._outage = outage
        standing = replace(
            before,
            due=due,
            outcome=Outcome.FAILED,
            holder="",
            attempts=before.attempts + 1,
            error=reason,
            undelivered=report.undelivered if report else before.undelivered,
        )
        return Attempt(standing, self._pause(before.attempts), report, error)

    def _recovered(self, duty: Duty, report: CheckReport, *, elsewhere: bool) -> None:
        outage = self._outage
        if outage is None or outage.open.isdisjoint(duty.models):
            return
        outage.open.difference_update(duty.models)
        if elsewhere:
            outage.elsewhere.update(duty.models)
        else:
            outage.windows += report.run.windows
            outage.changes += len(report.transitions)

    def _listen(self, duty: Duty, due: datetime, *, mine: bool) -> None:
        """Learn who does the first duty; what was done before this monitor was there may be of one that is gone."""
        if duty == self._first:
            self._speaks = mine or due < self._started_at

    def _pause(self, failures: int) -> timedelta:
        """Return how long to wait after so many failures in a row before this one: doubling, at most so long, with jitter."""
        bound = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures, 16)).total_seconds()
        return timedelta(seconds=self._draw(bound / 10, bound))

    def _state(self) -> State:
        checking, since = self._checking or (None, None)
        return State(
            self._started_at,
            tuple(self._standings.values()),
            checking,
            since,
            self._outage.since if self._outage else None,
            self._notices.waiting,
        )
