"""Leases of shares: however models are divided among monitors, each is looked after by one of them at a time."""

import threading
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

from elkmon.errors import StaleWriter
from elkmon.ports import Claim, Share, Turn
from elkmon.rulers import Ruler
from support.leases import ALWAYS, MINUTE, Abandon, Clock, Start, abandoning, epoch, looked, profile, starting, stored


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def monitor(client: Elasticsearch, ready: str, clock: Clock) -> Start:
    """Another monitor of the same namespace, by the same clock or by one of its own."""
    return starting(client, ready, clock)


@pytest.fixture
def abandon(ready: str) -> Iterator[Abandon]:
    """Take a lease as a monitor that is killed while it holds it."""
    with abandoning() as taken:
        yield taken


def model_of(share: Share) -> str:
    """Return the name of a model that belongs to `share`."""
    return next(name for name in map("model {}".format, range(1_000)) if share.holds(name))


class TestShares:
    def test_each_share_has_a_lease_of_its_own(self, monitor: Start) -> None:
        """Three monitors look after the three shares at once, and a fourth finds all of them busy."""
        with (
            monitor().hold("a", Turn(Share(0, 3))) as first,
            monitor().hold("b", Turn(Share(1, 3))) as second,
            monitor().hold("c", Turn(Share(2, 3))) as third,
        ):
            assert {each.claim for each in (first, second, third)} == {Claim.HELD}
            fourth = monitor()
            assert [looked(fourth, "d", Turn(Share(index, 3))).holder for index in range(3)] == ["a", "b", "c"]

    def test_every_lease_gets_a_higher_epoch_than_any_before(
        self, client: Elasticsearch, ready: str, monitor: Start
    ) -> None:
        """However models are divided, epochs rise: documents written under another number of shares carry those."""
        journal = monitor()
        for share in (Share(), Share(1, 3), Share(2, 3), Share(1, 3), Share(), Share(0, 2)):
            assert looked(journal, "m", Turn(share)).claim is Claim.HELD
        names = ("lease", "lease-3-1", "lease-3-2", "lease-2-0")
        assert [epoch(client, ready, name) for name in names] == [5, 4, 3, 6]

    def test_what_another_number_of_shares_wrote_can_be_written_again(self, monitor: Start) -> None:
        """From one share to three and back to two, each monitor overwrites what those before it wrote."""
        journal = monitor()
        for number, of in enumerate((1, 3, 2, 1)):
            share = next(each for each in (Share(index, of) for index in range(of)) if each.holds("m"))
            with journal.hold("m", Turn(share)):
                journal.save([profile(number)])
            assert stored(journal) == [number]

    def test_models_are_not_divided_in_two_ways_at_once(self, monitor: Start, clock: Clock, abandon: Abandon) -> None:
        """While one of three shares is held none of another number is: both numbers and the remedy are named."""
        abandon(monitor(), "one of three", Turn(Share(1, 3)))
        hold = looked(monitor(), "all", Turn(Share()))
        assert (hold.claim, hold.holder) == (Claim.BUSY, "one of three")
        assert "one of 3 shares of the models, and this monitor was to take one of 1" in hold.notes[0]
        assert "the same number of shares; a lease that nobody renews is respected for 60 s" in hold.notes[0]
        clock.go(MINUTE)
        assert looked(monitor(), "all", Turn(Share())).claim is Claim.HELD

    def test_divided_in_two_ways_at_the_same_moment_at_most_one_begins(self, monitor: Start) -> None:
        """Monitors that start together with different numbers of shares never both hold a lease."""
        for _ in range(10):
            everyone, decided = threading.Barrier(2), threading.Barrier(2)
            claims: list[Claim] = []

            def check(
                share: Share, everyone: threading.Barrier, decided: threading.Barrier, claims: list[Claim]
            ) -> None:
                journal = monitor()
                everyone.wait()
                with journal.hold(f"of {share.of}", Turn(share)) as hold:
                    claims.append(hold.claim)
                    decided.wait(30)

            threads = [
                threading.Thread(target=check, args=(share, everyone, decided, claims))
                for share in (Share(), Share(0, 2))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert claims.count(Claim.HELD) <= 1
            assert len(claims) == 2

    def test_who_wakes_up_among_other_shares_is_overtaken(self, monitor: Start) -> None:
        """A paused monitor's lease has another name than those of its successors: it is stale all the same."""
        own, others = Clock(), Clock()
        sleeper, successor = monitor(own), monitor(others)
        with sleeper.hold("sleeper", ALWAYS) as hold:
            others.go(2 * MINUTE)
            assert looked(successor, "successor", Turn(Share(0, 3))).claim is Claim.HELD
            own.go(2 * MINUTE)
            with pytest.raises(StaleWriter, match="sleeper"):
                hold.require()

    def test_a_command_beside_several_monitors_stops_none_of_them(self, monitor: Start) -> None:
        """What is saved without a lease carries the epoch of the share that its model belongs to, not a higher one."""
        shares = Share(0, 2), Share(1, 2)
        models = [model_of(share) for share in shares]
        first, second, command = monitor(), monitor(), monitor()
        with first.hold("first", Turn(shares[0])), second.hold("second", Turn(shares[1])):
            command.save([profile(1, model) for model in models])
            first.save([profile(2, models[0])])
            second.save([profile(2, models[1])])
            command.save([profile(3, model) for model in models])
        assert [stored(command, model) for model in models] == [[3], [3]]

    def test_a_ruler_that_another_share_wrote_is_no_successor(self, monitor: Start) -> None:
        """Two models of equal content have one ruler; the monitor with the lower epoch is not told it was overtaken."""
        first, second = monitor(), monitor()
        with first.hold("first", Turn(Share(0, 2))), second.hold("second", Turn(Share(1, 2))):
            second.save([Ruler({})])
            first.save([Ruler({})])

    def test_a_lease_of_an_earlier_elkmon_is_understood(
        self, client: Elasticsearch, ready: str, monitor: Start, clock: Clock
    ) -> None:
        """Its document knew neither shares nor turns: it is the lease of all models, and its epoch counts."""
        document = {
            "@timestamp": "2026-01-01T12:00:00+00:00",
            "elkmon": {
                "state": {"kind": "lease", "status": "held"},
                "packed": {"owner": "earlier", "epoch": 7, "expires_at": "2026-01-01T12:01:00+00:00"},
            },
        }
        client.index(index=f"elkmon-state-{ready}", id="lease", document=document)
        assert looked(monitor(), "me").holder == "earlier"
        assert looked(monitor(), "me", Turn(Share(0, 3))).claim is Claim.BUSY
        clock.go(MINUTE)
        assert looked(monitor(), "me").claim is Claim.HELD
        assert epoch(client, ready) == 8
