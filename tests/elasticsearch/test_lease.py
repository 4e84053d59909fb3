"""The lease on a real Elasticsearch: one monitor at a time, and none overwrites its successor."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import ElasticsearchJournal
from elkmon.errors import StaleWriter
from elkmon.profiles import PRODUCTION, Profile
from elkmon.windows import HOUR, Window

NOW = datetime(2013, 5, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def monitor(client: Elasticsearch, ready: str, clock: Clock) -> Callable[[], ElasticsearchJournal]:
    """Another monitor of the same namespace, by the same clock."""
    return lambda: ElasticsearchJournal(client, ready, lease=MINUTE, clock=clock)


def profile(predictions: int) -> Profile:
    return Profile("m", "1", NOW, NOW + HOUR, "ruler", predictions=predictions)


def stored(journal: ElasticsearchJournal) -> list[int]:
    found = journal.profiles(PRODUCTION, "m", "1", "ruler", Window(NOW, NOW + HOUR))
    return [each.predictions for each in found]


def test_one_monitor_holds_the_lease_at_a_time(monitor: Callable[[], ElasticsearchJournal]) -> None:
    """While it is held nobody else gets it; given up, the next one does at once."""
    first, second = monitor(), monitor()
    with first.hold("first", NOW) as held, second.hold("second", NOW) as also:
        assert (held, also) == (True, False)
    with second.hold("second", NOW) as held:
        assert held


def test_of_many_at_once_one_wins(monitor: Callable[[], ElasticsearchJournal]) -> None:
    """Of eight monitors that start together exactly one gets the lease."""
    everyone, results = threading.Barrier(8), []
    decided = threading.Barrier(8)

    def check(name: str) -> None:
        journal = monitor()
        everyone.wait()
        with journal.hold(name, NOW) as held:
            results.append(held)
            decided.wait(30)

    threads = [threading.Thread(target=check, args=(f"{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 7 + [True]


def test_a_lease_that_ran_out_is_taken_over(monitor: Callable[[], ElasticsearchJournal], clock: Clock) -> None:
    """A monitor that was killed keeps others out for the lease's length and no longer, and may come back itself at once."""
    killed = monitor().hold("killed", NOW)
    assert killed.__enter__()  # and never left
    with monitor().hold("next", NOW) as held:
        assert not held
    clock.now += 2 * MINUTE
    with monitor().hold("next", NOW) as held:
        assert held


def test_who_was_overtaken_writes_nothing(monitor: Callable[[], ElasticsearchJournal], clock: Clock) -> None:
    """A monitor that slept through its lease raises StaleWriter, and what its successor wrote stands."""
    sleeper, successor = monitor(), monitor()
    with sleeper.hold("sleeper", NOW):
        sleeper.save([profile(1)])
        clock.now += 2 * MINUTE
        with successor.hold("successor", NOW) as held:
            assert held
            successor.save([profile(2)])
            with pytest.raises(StaleWriter, match="sleeper"):
                sleeper.save([profile(3)])
        assert stored(successor) == [2]


def test_a_late_document_of_an_older_epoch_is_turned_away(
    client: Elasticsearch, ready: str, monitor: Callable[[], ElasticsearchJournal]
) -> None:
    """What an older epoch sends after its successor wrote is not applied, even if the lease was not asked again."""
    journal = monitor()
    with journal.hold("old", NOW):
        journal.save([profile(1)])
    with journal.hold("new", NOW):
        journal.save([profile(2)])
    with journal.hold("newest", NOW):
        assert journal._lease is not None
        journal._lease.epoch = 1
        with pytest.raises(StaleWriter, match="1 documents"):
            journal.save([profile(3)])
    assert stored(journal) == [2]


def test_the_lease_is_renewed_while_it_is_held(client: Elasticsearch, ready: str) -> None:
    """A short lease outlives its length while its holder works."""
    holder = ElasticsearchJournal(client, ready, lease=timedelta(seconds=2))
    other = ElasticsearchJournal(client, ready)
    index = f"elkmon-state-{ready}"

    def version() -> int:
        return int(client.get(index=index, id="lease")["_version"])

    with holder.hold("holder", NOW):
        before = version()
        while version() < before + 4:
            with other.hold("other", NOW) as held:
                assert not held
        holder.save([profile(1)])
    with other.hold("other", NOW) as held:
        assert held


def test_what_is_saved_without_the_lease_yields_to_nobody_and_stops_nobody(
    monitor: Callable[[], ElasticsearchJournal],
) -> None:
    """A command that writes beside a monitor uses the monitor's epoch: neither is turned away."""
    leader, command = monitor(), monitor()
    command.save([profile(1)])
    with leader.hold("leader", NOW):
        leader.save([profile(2)])
        command.save([profile(3)])
        leader.save([profile(4)])
    assert stored(leader) == [4]
