"""The lease on a real Elasticsearch: each model is looked after by one monitor at a time, and none overwrites its successor."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import ElasticsearchJournal
from elkmon.elasticsearch.lease_documents import DoneTurn, LeaseRecord, lease_document, lease_from
from elkmon.errors import StaleWriter, StoreRefused
from elkmon.ports import Claim, Hold, Share, Turn
from elkmon.profiles import PRODUCTION, Profile
from elkmon.rulers import Ruler
from elkmon.windows import HOUR, Window

NOW = datetime(2013, 5, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
ALWAYS = Turn()
NOON = Turn(name="hourly", due=datetime(2026, 1, 1, 12, tzinfo=UTC))


class Clock:
    """The clocks of one machine, set by hand: what it shows (`now`) may be wrong, `passed` is not."""

    def __init__(self, wrong: timedelta = timedelta(0)) -> None:
        self.now = datetime(2026, 1, 1, 12, tzinfo=UTC) + wrong
        self.passed = 0.0

    def __call__(self) -> datetime:
        return self.now

    def steady(self) -> float:
        return self.passed

    def go(self, time: timedelta) -> None:
        self.now += time
        self.passed += time.total_seconds()


Start = Callable[..., ElasticsearchJournal]
Abandon = Callable[..., None]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def monitor(client: Elasticsearch, ready: str, clock: Clock) -> Start:
    """Another monitor of the same namespace, by the same clock or by one of its own."""

    def started(own: Clock | None = None) -> ElasticsearchJournal:
        used = own or clock
        return ElasticsearchJournal(client, ready, lease=MINUTE, clock=used, steady=used.steady)

    return started


@pytest.fixture
def abandon(ready: str) -> Iterator[Abandon]:
    """Take a lease as a monitor that is killed while it holds it."""
    with ExitStack() as left:

        def taken(journal: ElasticsearchJournal, owner: str, turn: Turn = ALWAYS) -> None:
            assert left.enter_context(journal.hold(owner, turn)).claim is Claim.HELD

        yield taken


def profile(predictions: int, model: str = "m") -> Profile:
    return Profile(model, "1", NOW, NOW + HOUR, "ruler", predictions=predictions)


def stored(journal: ElasticsearchJournal, model: str = "m") -> list[int]:
    found = journal.profiles(PRODUCTION, model, "1", "ruler", Window(NOW, NOW + HOUR))
    return [each.predictions for each in found]


def looked(journal: ElasticsearchJournal, owner: str, turn: Turn = ALWAYS) -> Hold:
    """Ask for the lease, and give it up at once where it was got."""
    with journal.hold(owner, turn) as hold:
        return hold


def epoch(client: Elasticsearch, namespace: str, name: str = "lease") -> int:
    document = client.get(index=f"elkmon-state-{namespace}", id=name)["_source"]
    return int(document["elkmon"]["packed"]["epoch"])


def model_of(share: Share) -> str:
    """Return the name of a model that belongs to `share`."""
    return next(name for name in map("model {}".format, range(1_000)) if share.holds(name))


def test_one_monitor_holds_the_lease_at_a_time(monitor: Start) -> None:
    """While it is held nobody else gets it, but is told by whom; given up, the next one gets it at once."""
    first, second = monitor(), monitor()
    with first.hold("first", ALWAYS) as hold, second.hold("second", ALWAYS) as also:
        assert (hold.claim, hold.holder) == (Claim.HELD, "first")
        assert (also.claim, also.holder) == (Claim.BUSY, "first")
        hold.require()
        with pytest.raises(StaleWriter, match="busy: first"):
            also.require()
    assert looked(second, "second").claim is Claim.HELD


def test_of_many_at_once_one_wins(monitor: Start) -> None:
    """Of eight monitors that start together exactly one gets the lease."""
    everyone, results = threading.Barrier(8), []
    decided = threading.Barrier(8)

    def check(name: str) -> None:
        journal = monitor()
        everyone.wait()
        with journal.hold(name, ALWAYS) as hold:
            results.append(hold.claim)
            decided.wait(30)

    threads = [threading.Thread(target=check, args=(f"{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [Claim.BUSY] * 7 + [Claim.HELD]


def test_a_lease_that_ran_out_is_taken_over(monitor: Start, clock: Clock, abandon: Abandon) -> None:
    """A monitor that was killed keeps others out for the lease's length and no longer, and its successor says so."""
    abandon(monitor(), "killed")
    clock.go(MINUTE - SECOND)
    assert looked(monitor(), "next").claim is Claim.BUSY
    clock.go(SECOND)
    hold = looked(monitor(), "next")
    assert hold.claim is Claim.HELD
    (note,) = hold.notes
    assert note.startswith(
        "took over from killed, who has not renewed its lease since 2026-01-01 12:00:00 UTC by its clock"
    )


def test_who_was_overtaken_writes_nothing(monitor: Start, clock: Clock) -> None:
    """A monitor that slept through its lease raises StaleWriter, and what its successor wrote stands."""
    sleeper, successor = monitor(), monitor()
    with sleeper.hold("sleeper", ALWAYS) as hold:
        sleeper.save([profile(1)])
        clock.go(2 * MINUTE)
        with successor.hold("successor", ALWAYS) as next_hold:
            assert next_hold.claim is Claim.HELD
            successor.save([profile(2)])
            with pytest.raises(StaleWriter, match="sleeper"):
                hold.require()
            with pytest.raises(StaleWriter, match="sleeper"):
                sleeper.save([profile(3)])
        assert stored(successor) == [2]


@pytest.mark.parametrize("asleep", ["process", "machine"])
def test_whoever_wakes_up_asks_first(monitor: Start, asleep: str) -> None:
    """
    A stopped process sees the steady clock ahead; in a machine that slept it stood still, and the other clock is ahead; one
    whose clock was set back meanwhile has only the steady one. Each finds out that it was overtaken.
    """
    own, others = Clock(), Clock()
    sleeper = monitor(own)
    with sleeper.hold("sleeper", ALWAYS) as hold:
        others.go(2 * MINUTE)
        assert looked(monitor(others), "successor").claim is Claim.HELD
        hold.require()  # it has no reason to doubt
        if asleep == "process":
            own.passed += 120
            own.now -= HOUR
        else:
            own.now += 2 * MINUTE
        with pytest.raises(StaleWriter):
            hold.require()


def test_a_late_document_of_an_older_epoch_is_turned_away(monitor: Start) -> None:
    """What an older epoch sends after its successor wrote is not applied, even if the lease was not asked again."""
    journal = monitor()
    with journal.hold("old", ALWAYS):
        journal.save([profile(1)])
    with journal.hold("new", ALWAYS):
        journal.save([profile(2)])
    with journal.hold("newest", ALWAYS):
        assert journal._lease is not None
        journal._lease.epoch = 1
        with pytest.raises(StaleWriter, match="1 documents"):
            journal.save([profile(3)])
    assert stored(journal) == [2]


def test_the_lease_is_renewed_while_it_is_held(client: Elasticsearch, ready: str) -> None:
    """A short lease outlives its length while its holder works."""
    holder = ElasticsearchJournal(client, ready, lease=2 * SECOND)
    other = ElasticsearchJournal(client, ready)
    index = f"elkmon-state-{ready}"

    def version() -> int:
        return int(client.get(index=index, id="lease")["_version"])

    with holder.hold("holder", ALWAYS):
        before = version()
        while version() < before + 4:
            assert looked(other, "other").claim is Claim.BUSY
        holder.save([profile(1)])
    assert looked(other, "other").claim is Claim.HELD


def test_what_is_saved_without_the_lease_yields_to_nobody_and_stops_nobody(monitor: Start) -> None:
    """A command that writes beside a monitor uses the monitor's epoch: neither is turned away."""
    leader, command = monitor(), monitor()
    command.save([profile(1)])
    with leader.hold("leader", ALWAYS):
        leader.save([profile(2)])
        command.save([profile(3)])
        leader.save([profile(4)])
    assert stored(leader) == [4]


def test_without_a_setup_nothing_is_held(client: Elasticsearch, namespace: str) -> None:
    """Where nothing was set up, the remedy is named and no index appears by itself."""
    with pytest.raises(StoreRefused, match="elkmon setup"):
        looked(ElasticsearchJournal(client, namespace), "me")
    assert not client.indices.exists(index=f"elkmon-state-{namespace}")


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


class TestTurns:
    def test_a_turn_is_done_once(self, monitor: Start, clock: Clock) -> None:
        """What one monitor completed, the others find done, and learn by whom; the next turn is anybody's."""
        first, second = monitor(), monitor()
        with first.hold("first", NOON) as hold:
            assert hold.claim is Claim.HELD
            hold.complete()
        hold = looked(second, "second", NOON)
        assert (hold.claim, hold.holder) == (Claim.DONE, "first")
        assert looked(first, "first", NOON).claim is Claim.DONE
        assert looked(second, "second", replace(NOON, due=NOW)).claim is Claim.DONE  # and so is one before it
        clock.go(HOUR)
        assert looked(second, "second", replace(NOON, due=clock.now)).claim is Claim.HELD

    def test_a_turn_that_was_not_completed_is_not_done(self, monitor: Start) -> None:
        """Cut short, it is left to whoever comes next."""
        looked(monitor(), "first", NOON)
        assert looked(monitor(), "second", NOON).claim is Claim.HELD

    def test_only_the_same_schedule_and_share_are_done(self, monitor: Start) -> None:
        """Another schedule, another share, and whoever asks without a schedule, are not served by it."""
        journal = monitor()
        turn = replace(NOON, share=Share(0, 2))
        with journal.hold("first", turn) as hold:
            hold.complete()
        for other in (replace(turn, name="daily"), replace(turn, share=Share(1, 2)), Turn(Share(0, 2), "hourly")):
            assert looked(journal, "second", other).claim is Claim.HELD
        assert looked(journal, "second", turn).claim is Claim.DONE

    def test_while_a_later_turn_is_done_an_earlier_one_stays_done(self, monitor: Start, clock: Clock) -> None:
        """Who comes late for a turn is told that it was done, not to wait for the one in progress."""
        first = monitor()
        with first.hold("first", NOON) as hold:
            hold.complete()
        clock.go(HOUR)
        with first.hold("first", replace(NOON, due=clock.now)):
            assert looked(monitor(), "second", NOON).claim is Claim.DONE

    def test_schedules_that_ended_are_forgotten_after_ninety_days(
        self, client: Elasticsearch, ready: str, monitor: Start, clock: Clock
    ) -> None:
        """A lease's document keeps no more names than are in use."""

        def do(name: str) -> None:
            with journal.hold("m", Turn(name=name, due=clock.now)) as hold:
                hold.complete()

        journal = monitor()
        do("old")
        clock.go(timedelta(days=89))
        do("young")
        document = client.get(index=f"elkmon-state-{ready}", id="lease")["_source"]
        assert [each["name"] for each in document["elkmon"]["packed"]["turns"]] == ["old", "young"]
        clock.go(timedelta(days=1))
        do("new")
        document = client.get(index=f"elkmon-state-{ready}", id="lease")["_source"]
        assert [each["name"] for each in document["elkmon"]["packed"]["turns"]] == ["young", "new"]

    def test_a_turn_done_by_a_wrong_clock_does_not_silence_the_schedule(self, monitor: Start) -> None:
        """What is said to be done of the next year is done again when it is due, with a note on the clocks."""
        ahead = Clock(wrong=timedelta(days=365))
        with monitor(ahead).hold("ahead", replace(NOON, due=ahead.now)) as hold:
            hold.complete()
        with monitor().hold("right", NOON) as hold:
            assert hold.claim is Claim.HELD
            assert "ahead says it did the turn 'hourly' of 2027-01-01 12:00:00 UTC" in hold.notes[-1]
            hold.complete()
        assert looked(monitor(), "third", NOON).holder == "right"

    def test_a_turn_done_in_another_process_is_done(self, elasticsearch_url: str, ready: str, monitor: Start) -> None:
        """What is done is remembered in Elasticsearch, so a monitor that starts afterwards knows."""
        program = """if True:
            import sys
            from datetime import datetime
            from elkmon.elasticsearch import ElasticsearchJournal, connect
            from elkmon.ports import Turn

            journal = ElasticsearchJournal(connect([sys.argv[1]]), sys.argv[2])
            with journal.hold("another process", Turn(name="hourly", due=datetime.fromisoformat(sys.argv[3]))) as hold:
                hold.complete()
            print(hold.claim)
        """
        assert NOON.due is not None
        arguments = [sys.executable, "-c", program, elasticsearch_url, ready, NOON.due.isoformat()]
        done = [subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True) for _ in range(2)]
        assert [each.stdout.strip() for each in done] == ["held", "done"]
        assert looked(monitor(), "this one", NOON).holder == "another process"


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


def test_a_lease_is_read_as_it_was_written() -> None:
    """Its document survives JSON with its share, its turns and its instants to the microsecond."""
    at = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
    turns = (DoneTurn("", NOW, "me", at), DoneTurn("every day", NOW, "you", at))
    record = LeaseRecord(Share(2, 6), "me", 9, True, at, at + MINUTE, turns, (3, 1))
    assert lease_from(json.loads(json.dumps(lease_document(record))), (3, 1)) == record
