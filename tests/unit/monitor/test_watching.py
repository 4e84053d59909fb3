"""What becomes of the checks that the clock calls for."""

import pytest

from elkmon.errors import PartialAnswer, StaleWriter, StoreRefused, StoreUnreachable
from elkmon.monitor.telling import Undelivered
from elkmon.monitor.watching import FIRST_PAUSE, LONGEST_PAUSE, LOOK_AGAIN, Outcome, Watch
from elkmon.ports import Claim, Share, Turn
from support.watched_world import DUE, FIRST, MINUTE, START, World, done, elsewhere, report


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


def test_a_signal_ends_a_check(world):
    """What asks for the end of the process is not survived, and is no failure of the check."""
    watch = world.watch()
    world.ending = KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        watch.check(FIRST, DUE)

    assert watch.state.standings[0].outcome is None
