"""The lease on a real Elasticsearch: each model is looked after by one monitor at a time, and none overwrites its successor."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import ElasticsearchJournal
from elkmon.elasticsearch.lease_documents import DoneTurn, LeaseRecord, lease_document, lease_from
from elkmon.errors import StaleWriter, StoreRefused
from elkmon.ports import Claim, Share
from elkmon.windows import HOUR
from support.leases import (
    ALWAYS,
    MINUTE,
    NOW,
    SECOND,
    Abandon,
    Clock,
    Start,
    abandoning,
    looked,
    profile,
    starting,
    stored,
)


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


def test_a_lease_is_read_as_it_was_written() -> None:
    """Its document survives JSON with its share, its turns and its instants to the microsecond."""
    at = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
    turns = (DoneTurn("", NOW, "me", at), DoneTurn("every day", NOW, "you", at))
    record = LeaseRecord(Share(2, 6), "me", 9, True, at, at + MINUTE, turns, (3, 1))
    assert lease_from(json.loads(json.dumps(lease_document(record))), (3, 1)) == record
