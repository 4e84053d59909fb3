"""What becomes of the checks that the clock calls for, and what is told when none can be made."""

from datetime import UTC, datetime, timedelta

import pytest

from elkmon.alerts import Change, Transition
from elkmon.digests import Hindrance, Judging
from elkmon.errors import DeliveryError, PartialAnswer, StaleWriter, StoreRefused, StoreUnreachable
from elkmon.findings import Status
from elkmon.monitor import CheckReport
from elkmon.monitor.telling import Undelivered
from elkmon.monitor.watching import FIRST_PAUSE, LONGEST_PAUSE, LOOK_AGAIN, Duty, Outcome, Watch
from elkmon.ports import Claim, Run, Share, Turn

DUE = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
START = DUE + timedelta(seconds=5)
MINUTE = timedelta(minutes=1)
FIRST = Duty(("a", "b"), Turn(Share(0, 2), "hourly"))
SECOND = Duty(("c",), Turn(Share(1, 2), "hourly"))


class World:
    """A clock moved by hand, a monitor whose checks end as they are told to, and a notifier that may be away."""

    name = "team"

    def __init__(self):
        self.now = START
        self.ending = done()
        self.asked = []
        self.told = []
        self.away = None

    def clock(self):
        return self.now

    def check(self, now, *, models, turn):
        """Play `Monitor.check`."""
        self.asked.append((now, models, turn))
        if isinstance(self.ending, BaseException):
            raise self.ending
        return self.ending

    def notify(self, digest):
        """Play `Notifier.notify`."""
        if self.away is not None:
            raise self.away
        self.told.append(digest)

    def watch(self, *duties, **options):
        return Watch(self, [self], duties or (FIRST,), clock=self.clock, draw=lambda _, high: high, **options)


def report(claim=Claim.HELD, **rest):
    return CheckReport(Run("r", DUE, DUE, DUE, windows=rest.pop("windows", 0)), claim=claim, **rest)


def done(**rest):
    return report(**rest)


def elsewhere(holder="other"):
    return report(Claim.DONE, holder=holder)


def subjects(world):
    return [(each.notice.judging, each.notice.since) for each in world.told]


@pytest.fixture
def world():
    return World()


def test_a_check_is_made_as_of_now_for_the_tick_it_is_due(world):
    """The turn names the share, the schedule and the tick, so only one of several monitors does it."""
    attempt = world.watch().check(FIRST, DUE)

    assert world.asked == [(START, ("a", "b"), Turn(Share(0, 2), "hourly", DUE))]
    assert attempt.again is None
    assert (attempt.standing.outcome, attempt.standing.done) == (Outcome.CHECKED, DUE)


def test_what_another_monitor_has_done_is_done(world):
    """Nothing is left to do for this tick, and it is known who did it."""
    world.ending = elsewhere()
    attempt = world.watch().check(FIRST, DUE)

    assert attempt.again is None
    assert (attempt.standing.outcome, attempt.standing.done, attempt.standing.holder) == (
        Outcome.ELSEWHERE,
        DUE,
        "other",
    )


@pytest.mark.parametrize("ending", [report(Claim.BUSY, holder="other"), StaleWriter("another has taken over")])
def test_while_another_monitor_is_at_it_one_looks_again_soon(world, ending):
    """It may be killed any moment: the look is repeated at the same pace, is no failure, and is said once."""
    watch = world.watch()
    world.ending = ending

    attempts = [watch.check(FIRST, DUE) for _ in range(3)]

    assert {each.again for each in attempts} == {LOOK_AGAIN}
    assert [each.repeated for each in attempts] == [False, True, True]
    assert attempts[-1].standing.attempts == 0
    assert watch.state.unjudged_since is None


@pytest.mark.parametrize(
    "ending",
    [
        StoreUnreachable("nobody there"),
        StoreRefused("index is read-only"),
        PartialAnswer("2 of 3 shards"),
        ZeroDivisionError("a mistake of elkmon's"),
        report(trouble=(("a", PartialAnswer("2 of 3 shards did not answer")),)),
    ],
)
def test_what_could_not_be_checked_is_tried_again_less_and_less_often(world, ending):
    """The longest pause doubles from ten seconds to five minutes; a success begins anew."""
    watch = world.watch()
    world.ending = ending

    pauses = [watch.check(FIRST, DUE).again for _ in range(7)]
    world.ending = done()
    assert watch.check(FIRST, DUE).again is None
    world.ending = ending
    again = watch.check(FIRST, DUE + MINUTE).again

    assert pauses[:5] == [FIRST_PAUSE * 2**number for number in range(5)]
    assert pauses[5:] == [LONGEST_PAUSE, LONGEST_PAUSE]
    assert again == FIRST_PAUSE


def test_pauses_differ_between_processes():
    """They are drawn from a tenth of the longest on, so that not all come at the same instant, nor at once."""
    world, bounds = World(), []

    def draw(low, high):
        bounds.append((low, high))
        return low

    watch = Watch(world, [], [FIRST], clock=world.clock, draw=draw)
    world.ending = StoreUnreachable("nobody there")
    watch.check(FIRST, DUE)
    watch.check(FIRST, DUE)

    assert bounds == [(1.0, 10.0), (2.0, 20.0)]


def test_what_was_judged_and_not_told_is_told_by_a_check_outside_of_the_schedule(world):
    """The tick is done, also for others; the mail server is tried again within minutes, not at the next tick a week later."""
    watch = world.watch()
    world.ending = report(undelivered=(Undelivered("team", "busy", permanent=False),))
    first = watch.check(FIRST, DUE)
    world.ending = done()
    second = watch.check(FIRST, DUE)

    assert (first.again, first.standing.outcome, first.standing.done) == (FIRST_PAUSE, Outcome.UNDELIVERED, DUE)
    assert [turn.due for _, _, turn in world.asked] == [DUE, None]
    assert (second.again, second.standing.undelivered) == (None, ())


def test_what_was_refused_for_good_is_not_tried_again(world):
    """It stays in sight until the next check."""
    watch = world.watch()
    world.ending = report(undelivered=(Undelivered("team", "no such user", permanent=True),))

    attempt = watch.check(FIRST, DUE)

    assert attempt.again is None
    assert [each.error for each in watch.state.standings[0].undelivered] == ["no such user"]


def test_an_outage_is_told_once_when_it_lasts_and_once_when_it_ends(world):
    """The second notice refers to the first, and says how long it was and what was caught up."""
    watch = world.watch(FIRST, SECOND)
    world.ending = StoreUnreachable("nobody there")
    began = world.now
    for _ in range(40):
        watch.check(FIRST, DUE)
        watch.check(SECOND, DUE)
        watch.speak()
        world.now += MINUTE
    ended = world.now
    changes = tuple(Transition(Change.OPENED, str(number), 1, DUE, Status.WARNING) for number in range(2))
    world.ending = done(windows=3, transitions=changes)
    watch.check(FIRST, DUE)
    watch.speak()
    world.ending = elsewhere()
    watch.check(SECOND, DUE)
    watch.speak()
    watch.speak()

    stopped, resumed = world.told
    assert stopped.at == began + 15 * MINUTE
    assert (stopped.notice.judging, stopped.notice.since, stopped.notice.models) == (
        Judging.STOPPED,
        began,
        ("a", "b", "c"),
    )
    assert (stopped.notice.hindrance, stopped.notice.reason) == (Hindrance.UNREACHABLE, "nobody there")
    assert stopped.items == resumed.items == ()
    assert (resumed.notice.judging, resumed.notice.since, resumed.notice.until) == (Judging.RESUMED, began, ended)
    assert (resumed.notice.windows, resumed.notice.changes, resumed.notice.elsewhere) == (3, 2, ("c",))
    assert resumed.notice.follows == stopped.id != resumed.id
    assert watch.state.unjudged_since is None


def test_a_short_outage_is_not_told(world):
    """What is over within the configured time is nobody's concern."""
    watch = world.watch(unjudged_after=5 * MINUTE)
    for _ in range(3):
        world.ending = StoreUnreachable("nobody there")
        for _ in range(4):
            watch.check(FIRST, DUE)
            watch.speak()
            world.now += MINUTE
        world.ending = done()
        watch.check(FIRST, DUE)
        watch.speak()

    assert world.told == []


def test_an_outage_ends_when_all_that_was_due_is_judged(world):
    """One share that works again is no end of the outage while another does not."""
    watch = world.watch(FIRST, SECOND)
    world.ending = StoreUnreachable("nobody there")
    watch.check(FIRST, DUE)
    watch.check(SECOND, DUE)
    world.now += 20 * MINUTE
    watch.speak()
    world.ending = done()
    watch.check(FIRST, DUE)
    watch.speak()

    assert [judging for judging, _ in subjects(world)] == [Judging.STOPPED]
    assert watch.state.unjudged_since == START


def test_the_standby_is_silent_about_an_outage(world):
    """Who saw another monitor do the first share since it started leaves the telling to that one."""
    watch = world.watch(FIRST, SECOND)
    due = START + 60 * MINUTE
    world.now = due
    world.ending = elsewhere()
    watch.check(FIRST, due)
    world.ending = done()
    watch.check(SECOND, due)
    world.ending = StoreUnreachable("nobody there")
    watch.check(FIRST, due + 60 * MINUTE)
    world.now += 30 * MINUTE
    watch.speak()

    assert world.told == []


def test_who_cannot_know_of_another_tells(world):
    """What was done before it started may have been done by the process it replaces: silence would be worse than two mails."""
    watch = world.watch()
    world.ending = elsewhere()
    watch.check(FIRST, DUE)
    world.ending = StoreUnreachable("nobody there")
    watch.check(FIRST, DUE + 60 * MINUTE)
    world.now += 30 * MINUTE
    watch.speak()

    assert [judging for judging, _ in subjects(world)] == [Judging.STOPPED]


def test_a_notice_waits_while_the_mail_server_is_away_too(world):
    """It is kept, tried again less and less often, and told before its end is."""
    watch = world.watch()
    world.ending = StoreUnreachable("nobody there")
    world.away = DeliveryError("cannot be reached")
    watch.check(FIRST, DUE)
    world.now += 15 * MINUTE
    first = watch.speak()
    at_once = watch.speak()
    assert [(each.notifier, each.error, each.permanent) for each in first] == [("team", "cannot be reached", False)]
    assert at_once == ()
    assert [each.error for each in watch.state.waiting] == ["cannot be reached"]
    world.ending = done()
    watch.check(FIRST, DUE)
    watch.speak()
    world.away = None
    world.now += LONGEST_PAUSE
    watch.speak()

    assert [judging for judging, _ in subjects(world)] == [Judging.STOPPED, Judging.RESUMED]
    assert watch.state.waiting == ()


def test_a_notice_that_was_refused_for_good_has_no_end(world):
    """Who could not be told of the beginning is not told of the end."""
    watch = world.watch()
    world.ending = StoreUnreachable("nobody there")
    world.away = DeliveryError("no such user", permanent=True)
    watch.check(FIRST, DUE)
    world.now += 15 * MINUTE
    (told,) = watch.speak()
    world.away = None
    world.ending = done()
    watch.check(FIRST, DUE)

    assert told.permanent
    assert watch.speak() == ()
    assert world.told == []


def test_a_signal_ends_a_check(world):
    """What asks for the end of the process is not survived, and is no failure of the check."""
    watch = world.watch()
    world.ending = KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        watch.check(FIRST, DUE)

    assert watch.state.standings[0].outcome is None
