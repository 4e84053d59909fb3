"""Monitors that ask for leases by clocks set by hand: what tests of the lease on a real Elasticsearch work with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

from elasticsearch import Elasticsearch

from elkmon.elasticsearch import ElasticsearchJournal
from elkmon.ports import Claim, Hold, Turn
from elkmon.profiles import PRODUCTION, Profile
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


def starting(client: Elasticsearch, namespace: str, clock: Clock) -> Start:
    """Return what starts monitors of a namespace, by `clock` or by one of their own."""

    def started(own: Clock | None = None) -> ElasticsearchJournal:
        used = own or clock
        return ElasticsearchJournal(client, namespace, lease=MINUTE, clock=used, steady=used.steady)

    return started


@contextmanager
def abandoning() -> Iterator[Abandon]:
    """Take leases as monitors that are killed while they hold them; all are let go at the end."""
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
