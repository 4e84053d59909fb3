"""Indices of other conventions on a real Elasticsearch: what is judged of them equals what is judged of the handler's events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from elkmon.checks import ModelSettings
from elkmon.config import Config, ModelEntry, StoreSettings
from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, LayoutEventLog, setup
from elkmon.errors import StoreRefused
from elkmon.findings import Finding, Status, Subject
from elkmon.layouts import FailureLayout, Layout, TruthLayout, Unit
from elkmon.monitor import Monitor
from elkmon.ports import EventLog, HourCounts, Totals, Visit, Wanted
from elkmon.reference_windows import baseline_from_window
from elkmon.rulers import CategoricalScale, NumericScale, Ruler, Segmentation
from elkmon.windows import DAY, HOUR, Window
from elkmon.wiring import connect as wired
from support import conventions, scenario
from support.scenario import MODEL, POSITIVE_LABELS, SETTINGS, SHIFT, START

REFERENCE = Window(SHIFT - 4 * DAY, SHIFT)
END = SHIFT + 2 * DAY
SPAN = Window(REFERENCE.start, END)
OURS = replace(SETTINGS, segments=("region",), pairs=(("amount", "score"),), min_rows=30, failures=False)
SEGMENTS = {MODEL: OURS.segments}
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LOST = "lost_events"
A_DAY = Window(NOON - 12 * HOUR, NOON + 12 * HOUR)


def judged(client: Elasticsearch, event_log: EventLog, namespace: str) -> dict[tuple[str, datetime, Subject], Finding]:
    """Make a baseline, check once, and return all verdicts by segment, window and subject."""
    journal = ElasticsearchJournal(client, namespace)
    baseline = baseline_from_window(
        event_log, MODEL, "1", REFERENCE, END, positive_labels=POSITIVE_LABELS, segments=SEGMENTS, pairs=OURS.pairs, settings=OURS
    )  # fmt: skip
    journal.save([baseline])
    Monitor(event_log, journal, (), [OURS], owner="test").check(END + DAY, explicit=True, since=SHIFT)
    return {
        (each.segment, each.window.start, each.subject): each for each in journal.findings(MODEL, Window(SHIFT, END))
    }


def comparable(finding: Finding) -> Finding:
    """Return the finding without what no other convention can know, and sums of floating numbers as exact as they are."""

    def rounded(value: Any) -> Any:
        return float(f"{value:.9g}") if isinstance(value, float) else value

    figures = ("value", "baseline_value", "limit", "critical_limit", "p_value", "q_value", "lower", "upper")
    return replace(
        finding,
        completeness=None,
        beside={name: rounded(value) for name, value in finding.beside.items()},
        **{name: rounded(getattr(finding, name)) for name in figures},
    )


def test_verdicts_do_not_depend_on_who_wrote_the_events(
    client: Elasticsearch, elasticsearch_url: str, theirs: str
) -> None:
    """
    The same rows through the handler, in one flat index, and in two joined by id have the same verdicts, performance,
    segments and pairs included; only that events were lost is not said where nobody numbers them.
    """
    scenario.send(elasticsearch_url, theirs, REFERENCE.start, END)
    conventions.index_flat(client, theirs, REFERENCE.start, END)
    conventions.index_apart(client, theirs, REFERENCE.start, END)
    native = judged(client, ElasticsearchEventLog(client, theirs), theirs)

    expected = {place: comparable(each) for place, each in native.items() if each.subject.name != LOST}
    assert {each.status for each in expected.values()} >= {Status.OK, Status.WARNING}
    assert {"amount × score", "roc_auc"} <= {each.subject.name for each in expected.values()}
    assert {segment for segment, _, _ in expected} == {"", "region=north", "region=south", "region=west"}
    for suffix, layout in (("a", conventions.flat(theirs)), ("b", conventions.apart(theirs))):
        namespace = f"{theirs}{suffix}"
        setup(client, namespace)
        found = judged(client, LayoutEventLog(client, namespace, layout, [MODEL]), namespace)
        assert {place: comparable(each) for place, each in found.items() if each.subject.name != LOST} == expected
        assert {each.status for each in found.values() if each.subject.name == LOST} == {Status.NOT_APPLICABLE}


def test_types_of_another_mapping_are_counted_as_the_handler_would_have_sent_them(
    client: Elasticsearch, theirs: str, index: Callable[..., str], send: Any, predict: Any
) -> None:
    """Booleans and numbered classes are levels, text is read by its keyword, seconds are nanoseconds, ids may be numbers."""
    count = 40
    index(
        {
            f"{number}": {
                "at": (NOON + timedelta(minutes=number)).isoformat(" ", "seconds").removesuffix("+00:00"),
                "request": number,
                "class": number % 2,
                "p": number / count,
                "seconds": 0.25 * (number % 4),
                "x": {"flag": number % 3 == 0, "code": number % 5, "word": f"w{number % 4}", "size": number},
            }
            for number in range(count)
        },
        at={"type": "date", "format": "yyyy-MM-dd HH:mm:ss"},
        p={"type": "double"},
        seconds={"type": "float"},
    )
    layout = Layout(
        "typed",
        f"scoring-{theirs}",
        timestamp="at",
        id="request",
        label="class",
        score="p",
        latency="seconds",
        latency_unit=Unit.SECONDS,
        categorical=("x.code",),
        features=("x.*",),
        truth=TruthLayout(label="class"),
    )
    send(
        "prediction",
        (
            predict(
                NOON + timedelta(minutes=number),
                f"{number}",
                version="",
                label=f"{number % 2}",
                score=number / count,
                event={"duration": 250_000_000 * (number % 4), "id": f"e{number}"},
                features={
                    "num": {"size": number},
                    "cat": {
                        "flag": "true" if number % 3 == 0 else "false",
                        "x.code": f"{number % 5}",
                        "word": f"w{number % 4}",
                    },
                },
            )
            for number in range(count)
        ),
    )
    ruler = Ruler(
        {
            "features.num.size": NumericScale((10.0, 20.0), (5.0, 15.0, 20.0)),
            "features.cat.flag": CategoricalScale(("true",), known=("false",)),
            "features.cat.x.code": CategoricalScale(("0", "3"), known=("1",)),
            "features.cat.word": CategoricalScale(("w0", "w1"), known=("w2", "w3")),
            "elkmon.prediction.label": CategoricalScale(("1", "0")),
            "elkmon.prediction.score": NumericScale((0.5,), (0.0, 1.0)),
            "event.duration": NumericScale((250_000_000.0, 600_000_000.0), (0.0, 3e8, 6e8)),
        },
        segmentations=(Segmentation("features.cat.flag", ("true", "false")),),
    )
    native = ElasticsearchEventLog(client, theirs)
    foreign = LayoutEventLog(client, theirs, layout, ["m"])

    wanted = [Wanted("m", "", [NOON], ruler)]
    assert list(foreign.profiles(wanted)) == list(native.profiles(wanted))
    assert foreign.survey("m", "", A_DAY, [0.5]) == native.survey("m", "", A_DAY, [0.5])
    assert foreign.join(NOON + DAY, A_DAY, (), {"m": "1"}, {"m": ("flag",)}).outcomes == count
    truth = {each.segment: each.outcomes for each in foreign.profiles(wanted)}
    assert truth[""].confusion == {("0", "0"): 20, ("1", "1"): 20}
    assert truth["flag=true"].labelled == 14


def test_models_of_all_conventions_are_one_event_log(
    client: Elasticsearch, elasticsearch_url: str, theirs: str, send: Any, predict: Any
) -> None:
    """As wired from a configuration: a model of the handler's, two that share a layout, one whose index is not there."""
    end = START + 2 * HOUR
    conventions.index_flat(client, theirs, START, end)
    send("prediction", [predict(START, "n", model="native", features={"num": {"z": 1.0}})])
    send("prediction", [predict(START, "o", model="other")])  # its layout says that it is elsewhere
    layout, nothing = conventions.flat(theirs), Layout("nothing", f"requests-{theirs}", id="id", score="p")
    layouts = {"native": None, MODEL: layout, "other": layout, "absent": nothing}
    config = Config(
        store=StoreSettings(hosts=(elasticsearch_url,), namespace=theirs),
        models=tuple(ModelEntry(ModelSettings(name), layout=each) for name, each in layouts.items()),
    )
    event_log = wired(config).event_log
    span = Window(START, end)

    joined = event_log.join(end + DAY, Window(START, end + DAY), (), {}, {})
    assert (joined.outcomes, joined.waiting) == (10, 0)
    counts = event_log.counts(span, ())
    assert [(each.model, each.hour, each.predictions, each.outcomes) for each in counts] == [
        (MODEL, START, 5, 5),
        ("native", START, 1, 0),
        ("other", START, 5, 0),
        (MODEL, START + HOUR, 5, 5),
        ("other", START + HOUR, 5, 0),
    ]
    assert event_log.counts(span, ("absent", "native")) == counts[1:2]
    assert event_log.totals(span) == {START: Totals(12, 0, 5, 0), START + HOUR: Totals(10, 0, 5, 0)}
    arrived = list(
        event_log.arrivals([Visit("native", "1", span), Visit("other", "1", span), Visit("native", "1", span)])
    )
    assert [each.features for each in arrived] == [
        ("features.num.z",),
        ("features.cat.region", "features.num.amount", "features.num.unknown"),
        ("features.num.z",),
    ]
    assert [each.completeness.share for each in arrived] == [1.0, None, 1.0]
    ruler = Ruler({"features.num.amount": NumericScale((0.0,), (0.0, 0.0))})
    wanted = [Wanted(model, "1", [START], ruler) for model in (MODEL, "native", "other", "absent")]
    found = [(each.model, each.subjects["features.num.amount"].bins) for each in event_log.profiles(wanted)]
    assert found == [(MODEL, (0, 5)), ("native", (0, 0)), ("other", (5, 0)), ("absent", (0, 0))]


def test_failed_calls_are_counted_where_they_are_named(
    client: Elasticsearch, theirs: str, index: Callable[..., str]
) -> None:
    """Documents of failures are no predictions, and are counted as errors of their hour."""
    stamp = NOON.isoformat()
    name = index(
        {"a": {"@timestamp": stamp, "state": "done", "p": 0.5}, "b": {"@timestamp": stamp, "state": "failed"}},
        state={"type": "keyword"},
    )
    done, failed = (("state", "done"),), (("state", "failed"),)
    layout = Layout("f", name, score="p", where=done, failures=FailureLayout(where=failed))

    event_log = LayoutEventLog(client, theirs, layout, ["m"])

    assert event_log.counts(A_DAY, ()) == (HourCounts("m", "", NOON, predictions=1, errors=1),)


def test_what_nothing_can_be_counted_without_is_said(
    client: Elasticsearch, theirs: str, index: Callable[..., str]
) -> None:
    """A model's name in text without a keyword, and times as numbers, are refused with the remedy, not counted as nothing."""
    name = index({"a": {"at": 1_777_896_000_000, "model": "m", "p": 0.5}}, model={"type": "text"}, at={"type": "long"})

    event_log = LayoutEventLog(client, theirs, Layout("l", name, timestamp="at", model="model", score="p"), ["m"])

    with pytest.raises(StoreRefused, match=r"model is text, not a keyword: add a sub-field of type keyword") as raised:
        event_log.counts(A_DAY, ())
    assert "at is long, not a date: map it as date, with format epoch_millis" in str(raised.value)
