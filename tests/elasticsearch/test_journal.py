"""What the journal remembers on a real Elasticsearch."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from elasticsearch import Elasticsearch

from elkmon.alerts import Alert, Change, State, Transition, Verdict
from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.elasticsearch import ElasticsearchJournal
from elkmon.errors import StoreRefused
from elkmon.findings import Direction, Family, Finding, Kind, Status, Subject
from elkmon.measures.degradation import Uncertainty
from elkmon.measures.learnt import Limits
from elkmon.measures.limits import LearntLimit
from elkmon.ports import (
    Bookmark,
    Delivery,
    DeliveryState,
    HourCounts,
    Lesson,
    Record,
    Run,
    RunStatus,
    Stories,
    Tally,
    Totals,
    Turn,
)
from elkmon.profiles import PRODUCTION, Counts, Outcomes, Profile, total
from elkmon.rulers import CategoricalScale, NumericScale, Ruler
from elkmon.windows import DAY, HOUR, Window

START = datetime(2013, 4, 30, 22, tzinfo=UTC)
NOW = datetime(2013, 5, 2, 3, 4, 5, 678901, tzinfo=UTC)
MODELS = ("m", "../../x", "<script>", "a\nb", "ü" * 300)
RULER = Ruler(
    {
        "features.num.a*b": NumericScale((0.1, 1e300), (0.1, 0.2, 1e300), lowest=0.1, highest=9.9),
        "features.cat.": CategoricalScale(("", "ü", 'q"'), known=("x",), open_ended=True),
    }
)


def hourly(hour: datetime, model: str = "m", version: str = "1") -> Profile:
    count = hour.hour + 1
    return Profile(
        model,
        version,
        hour,
        hour + HOUR,
        RULER.id,
        predictions=count,
        errors=2,
        subjects={
            "features.num.a*b": Counts((1, count, 0), missing=3, unseen=0, rejected=1, unindexed=2),
            "features.cat.": Counts((0, 1, 2, count), unseen=1),
        },
        outcomes=Outcomes(
            labelled=count,
            confusion={("", "late"): 1, ("late", "a.b"): 2},
            scores={"": (1, 2, 3), "late": (0, 0, 1)},
            predicted=(1, 0),
            actual=(0, 1),
            sums={"log_loss": 0.1 + 0.2, "log_loss_rows": 3.0},
        ),
    )


def finding(window: Window, name: str = "distance", model: str = "m") -> Finding:
    return Finding(
        model=model,
        version="",
        window=window,
        subject=Subject(Family.DRIFT, Kind.FEATURE, name, f"features.num.{name}"),
        status=Status.CRITICAL,
        judged_at=NOW,
        measure="wasserstein",
        unit="SD",
        value=0.1 + 0.2,
        baseline_value=-math.inf,
        limit=1e-300,
        direction=Direction.EITHER,
        q_value=0.0,
        rows=10,
        reference_rows=2**40,
        reason="single window",
        beside={"psi": 0.25, "kl": math.inf, "a.b": 1.0},
        baseline="b",
        settings="s",
        content="c",
        revision=2,
        previous=Status.UNKNOWN,
    )


@pytest.fixture
def journal(client: Elasticsearch, ready: str) -> ElasticsearchJournal:
    return ElasticsearchJournal(client, ready)


def a_baseline(model: str = "m", hours: int = 3) -> Baseline:
    profiles = tuple(hourly(START + count * HOUR, model) for count in range(hours))
    whole = total(profiles, Profile(model, "1", START, START + hours * HOUR, RULER.id))
    source = Source(SourceKind.FILE, "reference.csv", digest="abc", out_of_sample=False)
    return Baseline(model, "1", RULER, source, whole, NOW, profiles, notes=("few rows",))


def everything() -> list[Record]:
    """One record of each kind, with all that can be odd about it."""
    window = Window(START, START + DAY)
    subject = Subject(Family.QUALITY, Kind.MISSING, "x\ny", "features.num.x")
    alert = Alert("m", subject, episode=1, state=State.OPEN, severity=Status.WARNING, last_window=window.end)
    opened = Transition(Change.OPENED, alert.fingerprint, 1, window.end, Status.WARNING, ("1", ""))
    alert = replace(
        alert,
        recent=(Verdict(START, Status.OK), Verdict(window.end, Status.WARNING)),
        opened_at=window.end,
        versions=("1",),
        timeline=(opened,),
    )
    delivery = Delivery("mail", (opened.id,), NOW, attempts=3, last_error="no route")
    run = Run("r1", NOW, NOW, NOW, models=1, status=RunStatus.ALERTING, problems=("one",))
    baseline = a_baseline()
    watched = Alert("m", subject, segment="c=a", recent=(Verdict(window.end, Status.WARNING),), last_window=window.end)
    counts = (HourCounts("m", "1", START, 5, 1, 2, RULER.id), HourCounts("m", "", START + HOUR, 1))
    bookmark = Bookmark("m", "settings", {"1": baseline.id, "": ""}, counts, window.end, (("1", window),), (watched,))
    learnt = Limits({subject: LearntLimit(8, 0.5, 0.7)}, {"f1": Uncertainty(0.5, 0.1, 0.2, 9, 100.0)}, {}, 12, 3)
    lesson = Lesson("m", baseline.id, "settings", 1, {"": learnt})
    tally = Tally(("m", "n"), {START: Totals(6, 1, 2, 1)})
    return [RULER, baseline, hourly(START), finding(window), alert, delivery, run, bookmark, lesson, tally]


@pytest.mark.parametrize("model", MODELS)
def test_what_is_saved_is_read_back_as_it_was(journal: ElasticsearchJournal, model: str) -> None:
    """Profiles and findings of any model name come back equal, infinities and odd names included."""
    window = Window(START, START + DAY)
    profiles = [hourly(START + count * HOUR, model) for count in range(4)]
    findings = [finding(window, name, model) for name in ("distance", "a*b")]
    journal.save([*profiles, *findings])
    assert list(journal.profiles(PRODUCTION, model, "1", RULER.id, window)) == profiles
    assert list(journal.findings(model, window)) == sorted(findings, key=lambda each: each.subject)


def test_how_far_models_were_judged_comes_back(journal: ElasticsearchJournal) -> None:
    """Bookmarks, lessons and the tally of exactly these models, as they were saved."""
    journal.save(everything())
    *_, bookmark, lesson, tally = everything()
    found = journal.stories(["n", "m"])
    assert found.bookmarks == {"m": bookmark}
    assert found.lessons == (lesson,)
    assert found.tally is not None
    assert found.tally.totals == tally.totals
    assert journal.stories(["m"]).tally is None
    assert journal.stories(["n"]).bookmarks == {}


def test_saving_again_changes_nothing(client: Elasticsearch, ready: str, journal: ElasticsearchJournal) -> None:
    """The same records written twice leave the same documents."""

    def documents() -> dict[str, object]:
        hits = client.search(index=f"elkmon-*-{ready}*", size=1000)["hits"]["hits"]
        return {f"{hit['_index']} {hit['_id']}": hit["_source"] for hit in hits}

    journal.save(everything())
    before = documents()
    assert len(before) == len(everything()) + 3  # and a baseline's three hours
    journal.save(everything())
    assert documents() == before


def test_baselines_come_newest_first_and_their_hours_stay_apart(journal: ElasticsearchJournal) -> None:
    """A baseline has its ruler and total; its hours are found under its id, and are no profiles of production."""
    older, newer = a_baseline(hours=2), replace(a_baseline(), created_at=NOW + DAY)
    other = a_baseline("other")
    journal.save([older, newer, other])
    assert list(journal.baselines("m")) == [replace(newer, hours=()), replace(older, hours=())]
    assert len(journal.baselines("")) == 3
    span = Window(START, START + DAY)
    stored = journal.profiles(newer.id, "m", "1", RULER.id, span)
    assert [replace(each, source=PRODUCTION) for each in stored] == list(newer.hours)
    assert {each.source for each in stored} == {newer.id}
    assert journal.profiles(PRODUCTION, "m", "1", RULER.id, span) == ()
    assert journal.profiled(span, []) == ()


def test_profiles_of_a_span_come_in_order_page_by_page(journal: ElasticsearchJournal) -> None:
    """More hours than a page holds come whole, once each and in order; hours outside the span, other rulers do not."""
    hours = [START + count * HOUR for count in range(2100)]
    profiles = [hourly(hour) for hour in hours]
    journal.save(reversed(profiles))
    journal.save([replace(profiles[5], ruler="another")])
    span = Window(hours[1], hours[-1])
    assert list(journal.profiles(PRODUCTION, "m", "1", RULER.id, span)) == profiles[1:-1]
    recorded = journal.profiled(span, ["m"])
    assert len(recorded) == len(profiles) - 2 + 1
    expected = profiles[1]
    assert recorded[0] == HourCounts("m", "1", hours[1], expected.predictions, 2, expected.predictions, RULER.id)
    assert journal.profiled(span, ["other"]) == ()


def test_a_profile_written_anew_replaces_the_old_one(journal: ElasticsearchJournal) -> None:
    """An hour that is profiled again has one profile, the new one."""
    journal.save([hourly(START)])
    anew = replace(hourly(START), predictions=99)
    journal.save([anew])
    assert list(journal.profiles(PRODUCTION, "m", "1", RULER.id, Window(START, START + HOUR))) == [anew]


def test_findings_are_found_by_the_end_of_their_window(journal: ElasticsearchJournal) -> None:
    """Findings whose window ends within the span or at its end, and not at its start, are found, in order of window."""
    windows = [Window(START + count * DAY, START + (count + 1) * DAY) for count in range(4)]
    journal.save(finding(window) for window in reversed(windows))
    found = journal.findings("m", Window(windows[0].end, windows[2].end))
    assert [each.window for each in found] == windows[1:3]
    assert journal.findings("another", Window(windows[0].start, windows[3].end)) == ()


def test_stories_are_the_last_episodes_and_what_was_told_of_them(journal: ElasticsearchJournal) -> None:
    """Of a story's episodes the last stands; deliveries count while they are not done, or tell of a story."""
    subject = Subject(Family.DRIFT, Kind.FEATURE, "x")
    first = Alert("m", subject, episode=1, state=State.RESOLVED, last_window=START)
    opened = Transition(Change.OPENED, first.fingerprint, 1, START, Status.WARNING)
    first = replace(first, timeline=(opened,))
    second = replace(first, episode=2, state=State.OPEN, last_window=START + DAY)
    done, of_others = (
        Delivery("mail", (name,), NOW, state=DeliveryState.DONE) for name in (opened.id, "a story that is gone")
    )
    failed = Delivery("hook", ("gone too",), NOW + timedelta(seconds=1), state=DeliveryState.FAILED, last_error="no")
    journal.save([first, second, done, of_others, failed])
    assert journal.stories() == Stories((second,), (done, failed))
    journal.save([replace(failed, attempts=2)])
    assert journal.stories().deliveries[1].attempts == 2


def test_without_setup_neither_reading_nor_writing_is_answered(client: Elasticsearch, namespace: str) -> None:
    """A namespace that was never set up is refused with the remedy, never told as one without trouble; no index is made."""
    journal = ElasticsearchJournal(client, namespace)
    span = Window(START, START + DAY)
    for read in (lambda: journal.baselines(""), lambda: journal.findings("m", span), journal.stories):
        with pytest.raises(StoreRefused, match=f"set up in the namespace '{namespace}'.*elkmon setup"):
            read()
    with pytest.raises(StoreRefused, match="elkmon setup"):
        journal.save(everything())
    with pytest.raises(StoreRefused, match="elkmon setup"), journal.hold("me", Turn()):
        pass
    assert not client.indices.get(index=f"elkmon-*-{namespace}*")


def test_a_read_only_index_is_named(client: Elasticsearch, ready: str, journal: ElasticsearchJournal) -> None:
    """What cannot be written because its index is read-only is refused, saying so."""
    index = f"elkmon-rulers-{ready}"
    client.indices.put_settings(index=index, settings={"index.blocks.write": True})
    with pytest.raises(StoreRefused, match=rf"read-only.*{index}"):
        journal.save([RULER])
    client.indices.put_settings(index=index, settings={"index.blocks.write": None})
