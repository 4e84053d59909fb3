"""The lease among machines whose clocks differ: who takes over when, and what is said of the clocks."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from elasticsearch import Elasticsearch

from elkmon.errors import StaleWriter
from elkmon.ports import Claim
from elkmon.windows import HOUR
from support.leases import ALWAYS, MINUTE, SECOND, Abandon, Clock, Start, abandoning, looked, starting


@pytest.fixture
def monitor(client: Elasticsearch, ready: str) -> Start:
    """Another monitor of the same namespace, by one clock or by one of its own."""
    return starting(client, ready, Clock())


@pytest.fixture
def abandon(ready: str) -> Iterator[Abandon]:
    """Take a lease as a monitor that is killed while it holds it."""
    with abandoning() as taken:
        yield taken


class TestClocks:
    """Two machines; the other one's clock is wrong, and shows it in what it writes."""

    def test_who_stands_by_takes_over_by_its_own_clock(self, monitor: Start, abandon: Abandon) -> None:
        """A lease that lies still for its length is taken over, though its owner's clock is an hour ahead."""
        own, ahead = Clock(), Clock(wrong=HOUR)
        standby = monitor(own)
        abandon(monitor(ahead), "ahead")
        assert looked(standby, "standby").claim is Claim.BUSY
        own.go(MINUTE - SECOND)
        assert looked(standby, "standby").claim is Claim.BUSY
        own.go(SECOND)
        assert looked(standby, "standby").claim is Claim.HELD

    def test_who_stands_by_does_not_take_a_lease_that_lives(self, monitor: Start) -> None:
        """A lease seen to change stays its owner's, though by the clocks it ran out an hour ago."""
        own, behind = Clock(), Clock(wrong=-HOUR)
        leader, standby = monitor(behind), monitor(own)
        looked(leader, "behind")
        looked(standby, "standby")
        with leader.hold("behind", ALWAYS) as hold:
            for _ in range(4):
                assert looked(standby, "standby").claim is Claim.BUSY
                own.go(MINUTE / 2)
                behind.go(MINUTE / 2)
                hold.require()

    def test_who_looks_once_goes_by_the_clocks(self, monitor: Start) -> None:
        """Clocks that differ by less than two thirds of the length take nothing from a lease that is renewed; more do."""
        leader = Clock()
        with monitor(leader).hold("leader", ALWAYS) as hold:
            within, beyond = Clock(wrong=39 * SECOND), Clock(wrong=40 * SECOND)
            for clock in (leader, within, beyond):
                clock.go(MINUTE / 3)  # it is about to be renewed
            assert looked(monitor(within), "within").claim is Claim.BUSY
            assert looked(monitor(beyond), "beyond").claim is Claim.HELD
            leader.go(SECOND)
            with pytest.raises(StaleWriter):
                hold.require()

    def test_a_clock_that_is_ahead_is_reported(self, monitor: Start, abandon: Abandon) -> None:
        """What was written later than now tells at the first look."""
        abandon(monitor(Clock(wrong=30 * SECOND)), "ahead")
        (note,) = looked(monitor(), "me").notes
        assert note == (
            "the clock of ahead is about 30 s ahead of that of me: when one of them is killed, a command that looks once takes "
            "its lease over that much too early or too late, and beyond 40 s it may do so while the other still works, whose "
            "writes are then refused. Set the clocks of both machines, for example by NTP"
        )

    def test_a_clock_that_is_behind_is_reported(self, monitor: Start) -> None:
        """What was written since the last look, and says it is older than that, tells at the second."""
        own, behind = Clock(), Clock(wrong=-MINUTE)
        leader, standby = monitor(behind), monitor(own)
        looked(leader, "behind")
        assert looked(standby, "me").notes == ()
        own.go(10 * SECOND)
        behind.go(10 * SECOND)
        with leader.hold("behind", ALWAYS):
            hold = looked(standby, "me")
        assert hold.claim is Claim.BUSY
        assert hold.notes[0].startswith("the clock of behind is about 50 s behind that of me:")

    @pytest.mark.parametrize("wrong", [-5 * SECOND, timedelta(0), 5 * SECOND])
    def test_clocks_that_differ_little_are_not_spoken_of(self, monitor: Start, wrong: timedelta) -> None:
        """Five seconds either way are nothing to report, at whichever look."""
        own, other = Clock(), Clock(wrong=wrong)
        leader, standby = monitor(other), monitor(own)
        for _ in range(3):
            with leader.hold("leader", ALWAYS):
                assert looked(standby, "me").notes == ()
            own.go(20 * SECOND)
            other.go(20 * SECOND)

    def test_a_machine_that_slept_does_not_blame_the_others(self, monitor: Start) -> None:
        """Its steady clock stood still: what others wrote meanwhile is not behind."""
        own, other = Clock(), Clock()
        leader, standby = monitor(other), monitor(own)
        looked(standby, "me")
        other.go(HOUR)
        looked(leader, "leader")
        other.go(HOUR)
        own.now += 2 * HOUR
        assert looked(standby, "me").notes == ()
