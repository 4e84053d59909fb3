"""Housekeeping: what is deleted, what becomes of hourly profiles, and that it can be interrupted anywhere."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from elasticsearch import Elasticsearch

from elkmon.alerts import Alert, Change, State, Transition
from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.elasticsearch import ElasticsearchJournal, Indices
from elkmon.elasticsearch.retention import Chore, Deed, Keeping, Size, housekeeping
from elkmon.errors import StoreRefused
from elkmon.findings import Family, Kind, Status, Subject
from elkmon.monitor.hours import Hours
from elkmon.ports import Delivery, DeliveryState, Run
from elkmon.profiles import ALL, PRODUCTION, Counts, Outcomes, Profile
from elkmon.rulers import NumericScale, Ruler
from elkmon.windows import DAY, HOUR, Window

JANUARY = datetime(2024, 1, 1, tzinfo=UTC)
MARCH = datetime(2024, 3, 1, tzinfo=UTC)
NOW = datetime(2024, 5, 2, tzinfo=UTC)
KEEPING = Keeping(events=60 * DAY, results=400 * DAY, hours=60 * DAY)
RULER = Ruler({"features.num.x": NumericScale((0.0,), (0.0, 0.0))})


def hour(start: datetime, rows: int, segment: str = ALL, version: str = "1") -> Profile:
    """One hour of a model: `rows` in the first of two bins, as many labelled, twice as many failures."""
    counts = {"features.num.x": Counts((rows, 0), missing=1)}
    outcomes = Outcomes(rows, {("a", "b"): rows}, {"a": (rows, 0)}, sums={"brier": 0.25 * rows, "brier_rows": rows})
    return Profile("m", version, start, start + HOUR, RULER.id, rows, 2 * rows, counts, outcomes, segment=segment)


HOURS = (
    hour(JANUARY, 1),
    hour(JANUARY + 23 * HOUR, 2),
    hour(JANUARY + 23 * HOUR, 1, "region=north"),
    hour(JANUARY + 30 * HOUR, 5),
    hour(JANUARY + 30 * HOUR, 7, version="2"),
)


@pytest.fixture
def journal(client: Elasticsearch, ready: str) -> ElasticsearchJournal:
    """A journal that holds hours of January, and one of March."""
    journal = ElasticsearchJournal(client, ready)
    journal.save([*HOURS, hour(MARCH, 3)])
    return journal


def stored(journal: ElasticsearchJournal, version: str = "1", segment: str = ALL) -> dict[datetime, int]:
    """Return the predictions of each profile of `segment` in January, by its start."""
    span = Window(JANUARY, JANUARY + 31 * DAY)
    found = journal.profiles(PRODUCTION, "m", version, RULER.id, span)
    return {each.start: each.predictions for each in found if each.segment == segment}


def keep(client: Elasticsearch, namespace: str, **options) -> tuple[Chore, ...]:
    return housekeeping(client, namespace, NOW, KEEPING, **options)


def test_hours_become_days(client: Elasticsearch, ready: str, journal: ElasticsearchJournal) -> None:
    """A day is the sum of its hours, of each version and segment; March is too young, and a second time nothing is left."""
    month = f"elkmon-profiles-{ready}-2024.01"

    (chore,) = keep(client, ready)

    assert (chore.what, chore.deed, chore.before.documents) == (month, Deed.ROLLED_UP, 5)
    assert chore.after is not None
    assert chore.after.documents == 4
    assert min(chore.before.bytes, chore.after.bytes) > 0
    first, second = journal.profiles(PRODUCTION, "m", "1", RULER.id, Window(JANUARY, JANUARY + 31 * DAY))[::2]
    outcomes = Outcomes(3, {("a", "b"): 3}, {"a": (3, 0)}, sums={"brier": 0.75, "brier_rows": 3})
    counts = {"features.num.x": Counts((3, 0), missing=2)}
    assert first == Profile("m", "1", JANUARY, JANUARY + DAY, RULER.id, 3, 6, counts, outcomes)
    assert (second.start, second.end, second.predictions) == (JANUARY + DAY, JANUARY + 2 * DAY, 5)
    assert stored(journal, segment="region=north") == {JANUARY: 1}
    assert stored(journal, version="2") == {JANUARY + DAY: 7}
    assert len(journal.profiles(PRODUCTION, "m", "1", RULER.id, Window(MARCH, MARCH + DAY))) == 1
    assert keep(client, ready) == ()


def test_windows_of_whole_days_are_read_as_before(
    client: Elasticsearch, ready: str, journal: ElasticsearchJournal
) -> None:
    """What a model is judged by is the same sum, whether its hours or its days lie there."""
    days = [
        Window(JANUARY, JANUARY + DAY),
        Window(JANUARY + DAY, JANUARY + 2 * DAY),
        Window(JANUARY, JANUARY + 7 * DAY),
    ]
    reference = Baseline("m", "1", RULER, Source(SourceKind.WINDOW, "w"), hour(JANUARY, 1), JANUARY)

    def sums() -> list[Profile]:
        hours = Hours(journal, "m", Window(JANUARY, JANUARY + 31 * DAY))
        return [hours.profile(reference, "1", each) for each in days]

    before = sums()
    keep(client, ready)

    assert [each.predictions for each in before] == [3, 5, 8]
    assert sums() == before


def test_an_hour_cannot_be_added_to_days(client: Elasticsearch, ready: str, journal: ElasticsearchJournal) -> None:
    """What is written into a month of days by its old name would be counted twice, so Elasticsearch refuses it."""
    keep(client, ready)

    with pytest.raises(StoreRefused, match="no write index"):
        journal.save([hour(JANUARY, 1)])

    assert stored(journal) == {JANUARY: 3, JANUARY + DAY: 5}


def test_rolling_up_can_be_interrupted_anywhere(
    client: Elasticsearch, ready: str, journal: ElasticsearchJournal
) -> None:
    """Killed before any step, readers find all hours and no days; started again, it ends as if nothing had been."""
    for allowed in itertools.count():
        steps = itertools.count()

        def require(steps=steps, allowed=allowed) -> None:
            if next(steps) == allowed:
                raise KeyboardInterrupt

        try:
            keep(client, ready, require=require)
        except KeyboardInterrupt:
            assert stored(journal) == {each.start: each.predictions for each in HOURS[:2]} | {JANUARY + 30 * HOUR: 5}
        else:
            break

    assert allowed == 6  # before it begins, before each of four days, before the exchange
    assert stored(journal) == {JANUARY: 3, JANUARY + DAY: 5}


def test_a_month_that_is_written_to_meanwhile_stays(
    client: Elasticsearch, ready: str, journal: ElasticsearchJournal
) -> None:
    """Days that are not the sum of what is there now never take its place; the next time they are made anew."""
    late = [hour(JANUARY + 2 * DAY, 10)]

    def require() -> None:
        while late:
            journal.save([late.pop()])

    steps = itertools.count()
    with pytest.raises(StoreRefused, match="was not rolled up"):
        keep(client, ready, require=lambda: require() if next(steps) == 4 else None)
    assert len(stored(journal)) == 4

    keep(client, ready)
    assert stored(journal) == {JANUARY: 3, JANUARY + DAY: 5, JANUARY + 2 * DAY: 10}


def test_a_dry_run_says_what_would_be_done(client: Elasticsearch, ready: str, journal: ElasticsearchJournal) -> None:
    """It names the same and changes nothing."""
    (would,) = keep(client, ready, dry_run=True)
    assert stored(journal)[JANUARY] == 1
    (done,) = keep(client, ready)

    assert (would.what, would.deed, would.before, would.after) == (done.what, done.deed, done.before, None)


def test_months_are_deleted_when_their_time_is_over(client: Elasticsearch, ready: str) -> None:
    """Outcomes go with the events; profiles, whether of hours or days, and findings later; other names are left alone."""
    indices = Indices(ready)
    old, older = "2024.02", "2023.02"
    for pattern, month in itertools.product((indices.outcomes, indices.profiles, indices.findings), (old, older)):
        client.indices.create(index=pattern.replace("*", month))
    client.indices.create(index=indices.findings.replace("*", "mine"))
    client.indices.create(
        index=indices.days.replace("*", "2023.03"), aliases={indices.profiles.replace("*", "2023.03"): {}}
    )
    young = Keeping(events=62 * DAY, results=400 * DAY, hours=70 * DAY)
    # On 2 May, February ended 62 days ago, and February 2023 ended 428 days, March 2023 397 days ago.
    deleted = {each.what for each in housekeeping(client, ready, NOW, young)}

    assert deleted == {
        indices.outcomes.replace("*", old),
        indices.outcomes.replace("*", older),
        indices.profiles.replace("*", older),
        indices.findings.replace("*", older),
    }
    housekeeping(client, ready, NOW + 4 * DAY, young)
    assert not client.indices.exists(index=indices.days.replace("*", "2023.03"))
    assert client.indices.exists(index=indices.findings.replace("*", "mine"))


def test_a_clock_that_is_ahead_deletes_nothing_early(client: Elasticsearch, ready: str) -> None:
    """Where Elasticsearch's clock says less time has passed, that counts."""
    month = Indices.month(Indices(ready).findings, datetime.now(UTC))
    client.indices.create(index=month)

    assert housekeeping(client, ready, datetime.now(UTC) + 3000 * DAY, KEEPING) == ()


def test_the_state_does_not_grow_for_ever(client: Elasticsearch, ready: str) -> None:
    """Old runs, joined hours, waiting truth and finished deliveries go; what is pending, or a story refers to, stays."""
    indices, journal = Indices(ready), ElasticsearchJournal(client, ready)
    old, young = NOW - 61 * DAY, NOW - 59 * DAY
    story = Alert(
        "m", Subject(Family.DRIFT, Kind.FEATURE, "x"), state=State.OPEN, severity=Status.CRITICAL, last_window=old
    )
    told = Transition(Change.OPENED, story.fingerprint, 1, old, Status.CRITICAL)
    story = replace(story, timeline=(told,))
    reference = told.id
    journal.save(
        [
            story,
            Run("old", old, old, old),
            Run("young", young, young, young),
            Delivery("team", ("gone",), old, DeliveryState.DONE),
            Delivery("team", ("refused",), old, DeliveryState.FAILED),
            Delivery("team", ("waits",), old),
            Delivery("team", (reference,), old, DeliveryState.DONE),
            Delivery("team", ("young",), young, DeliveryState.DONE),
        ]
    )
    for index, kind in ((indices.state, "ledger"), (indices.pending, "pending")):
        for at in (old, young):
            document = {"@timestamp": at.isoformat(), "elkmon": {"state": {"kind": kind}, "prediction": {"id": "p"}}}
            client.index(index=index, id=f"{kind}-{at:%m%d}", document=document, refresh=True)
    stay = {
        *("young", "ledger-0304"),
        *(each.id for each in (Delivery("team", (name,), old) for name in ("waits", reference, "young"))),
    }

    chores = keep(client, ready)

    assert chores == (
        Chore(f"runs in {indices.state}", Deed.DELETED, Size(1)),
        Chore(f"hours of truth joined in {indices.state}", Deed.DELETED, Size(1)),
        Chore(f"deliveries in {indices.state}", Deed.DELETED, Size(2)),
        Chore(f"truth without its prediction in {indices.pending}", Deed.DELETED, Size(1)),
    )
    assert {hit["_id"] for hit in client.search(index=indices.state, size=100)["hits"]["hits"]} == stay
    assert keep(client, ready) == ()


def test_nothing_is_kept_house_of_where_nothing_is_set_up(client: Elasticsearch, namespace: str) -> None:
    """A misspelt namespace is said, not looked after."""
    with pytest.raises(StoreRefused, match="elkmon setup"):
        housekeeping(client, namespace, NOW, KEEPING)
