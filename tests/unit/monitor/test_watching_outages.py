"""What is told when no checks can be made: once when it lasts, once when it ends, and by one of several monitors."""

import pytest

from elkmon.alerts import Change, Transition
from elkmon.digests import Hindrance, Judging
from elkmon.errors import DeliveryError, StoreUnreachable
from elkmon.findings import Status
from elkmon.monitor.watching import LONGEST_PAUSE
from support.watched_world import DUE, FIRST, MINUTE, SECOND, START, World, done, elsewhere


def subjects(world):
    return [(each.notice.judging, each.notice.since) for each in world.told]


@pytest.fixture
def world():
    return World()


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
