"""Outcomes by segment on a real Elasticsearch, against pandas on the same rows; and segments that are configured late."""

import random
from typing import Any

import pandas as pd
import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, setup
from elkmon.errors import StoreRefused
from elkmon.ports import Wanted
from elkmon.rulers import NumericScale, Ruler, Segmentation
from elkmon.windows import DAY, HOUR, Window
from support.odd_rows import (
    HOURS,
    LABEL,
    LEVELS,
    SCALES,
    SCORE,
    SEGMENTATIONS,
    START,
    documents,
    in_segment,
    odd_rows,
    places,
    sizes,
)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """A day of odd predictions."""
    return odd_rows()


@pytest.mark.parametrize("most", [50_000, 90])
def test_outcomes_by_segment_equal_pandas(
    client: Elasticsearch,
    ready: str,
    send: Any,
    predict: Any,
    tell_truth: Any,
    rows: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
) -> None:
    """Confusion, scores by truth, losses, predicted and actual values of each segment and hour are pandas' of its rows."""
    monkeypatch.setattr("elkmon.elasticsearch.outcome_counts.MOST_BUCKETS", most)
    generator = random.Random(5)
    told = rows[rows["at"] < START + 4 * HOUR].copy()
    told["true"] = [generator.choice(["late", "on time", "★"]) for _ in range(len(told))]
    told["value"] = [generator.choice([0.0, 3.0, 12.0]) for _ in range(len(told))]
    told["actual"] = [generator.choice([-1.0, 0.0, 11.0]) for _ in range(len(told))]
    predictions = list(documents(told, predict))
    for document, value in zip(predictions, told["value"], strict=True):
        document["elkmon"]["prediction"]["value"] = value
    send("prediction", predictions)
    known = START + 2 * DAY
    send("feedback", (tell_truth(known, row.id, label=row.true, value=row.actual) for row in told.itertuples()))
    values = NumericScale((0.0, 10.0), (0.0, 5.0, 10.0))
    ruler = Ruler({**SCALES, "elkmon.prediction.value": values}, segmentations=SEGMENTATIONS)
    event_log = ElasticsearchEventLog(client, ready)
    features = {"m": ["o.b", "c=*r", "nowhere"]}
    assert event_log.join(known, Window(START, known + HOUR), ["m"], {"m": "late"}, features).outcomes == len(told)
    profiles = list(event_log.profiles([Wanted("m", "1", HOURS[:5], ruler)]))
    assert len({profile.segment for profile in profiles}) == 1 + len(LEVELS) + 2
    for profile in profiles:
        here = in_segment(told[told["hour"] == profile.start], profile.segment, ruler)
        found = profile.outcomes
        assert (found.labelled, profile.predictions) == (len(here), len(here))
        assert found.confusion == here.groupby(["true", LABEL]).size().to_dict()
        scored = here.dropna(subset=[SCORE])
        assert found.scores == {
            str(label): sizes(places(of_label[SCORE], SCALES[SCORE]), 4) for label, of_label in scored.groupby("true")
        }
        bins = [sizes(places(here[name], values), 3) if len(here) else () for name in ("value", "actual")]
        assert [found.predicted, found.actual] == bins
        error = here["value"] - here["actual"]
        assert found.sums.get("squared_error", 0.0) == pytest.approx((error**2).sum())
        brier = ((scored["true"] == "late") - scored[SCORE].astype(float)) ** 2
        assert found.sums.get("brier", 0.0) == pytest.approx(brier.sum())
        assert found.sums.get("brier_rows", 0.0) == len(scored)


def test_segments_that_are_configured_late_reach_outcomes_and_profiles(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """Truth that was joined without them is joined again, its hours differ and are profiled again; then all is quiet."""
    event_log, journal = ElasticsearchEventLog(client, ready), ElasticsearchJournal(client, ready)
    span = Window(START, START + 3 * DAY)
    ruler = Ruler({LABEL: SCALES[LABEL]}, segmentations=(Segmentation("features.cat.o", ("EWR", "JFK")),))
    origins = ["EWR", "EWR", "JFK", "LGA"]
    send(
        "prediction", (predict(START, f"{n}", label="late", features={"cat": {"o": o}}) for n, o in enumerate(origins))
    )
    send("prediction", [predict(START, "4", label="late")])
    send("feedback", (tell_truth(START + DAY, f"{n}", label="late") for n in range(5)))

    def differs() -> bool:
        recorded = {each.hour: each.outcomes for each in journal.profiled(span, ["m"])}
        return {each.hour: each.outcomes for each in event_log.counts(span, ["m"])} != recorded

    event_log.join(span.end, span, ["m"], {}, {})
    journal.save(event_log.profiles([Wanted("m", "1", [START], ruler)]))
    assert labelled(journal, ruler, span) == {"": 5, "o=EWR": 0, "o=JFK": 0}
    assert not differs()
    joined = event_log.join(span.end, span, ["m"], {}, {"m": ["o"]})
    assert joined.outcomes == 4
    assert differs()
    journal.save(event_log.profiles([Wanted("m", "1", [START], ruler)]))
    assert not differs()
    assert labelled(journal, ruler, span) == {"": 5, "o=EWR": 2, "o=JFK": 1}
    assert event_log.join(span.end, span, ["m"], {}, {"m": ["o"]}).pages == 0


def labelled(journal: ElasticsearchJournal, ruler: Ruler, span: Window) -> dict[str, int]:
    return {each.segment: each.outcomes.labelled for each in journal.profiles("production", "m", "1", ruler.id, span)}


def test_segments_are_not_written_where_they_would_not_be_found(
    client: Elasticsearch, ready: str, send: Any, predict: Any, tell_truth: Any
) -> None:
    """A month begun by an elkmon without segments is refused with the remedy; after `elkmon setup` all of it is joined."""
    month = f"elkmon-outcomes-{ready}-{START:%Y.%m}"
    client.indices.put_index_template(
        name=f"older-{ready}", index_patterns=[month], priority=999, template={"mappings": {"dynamic": False}}
    )
    send("prediction", [predict(START, "one", features={"cat": {"few": "a"}})])
    send("feedback", [tell_truth(START + HOUR, "one", label="yes")])
    event_log = ElasticsearchEventLog(client, ready)
    now, span = START + 2 * HOUR, Window(START, START + 2 * HOUR)
    with pytest.raises(StoreRefused, match=r"no segments; run `elkmon setup`"):
        event_log.join(now, span, ["m"], {}, {"m": ("few",)})
    client.indices.delete_index_template(name=f"older-{ready}")
    setup(client, ready)

    joined = event_log.join(now, span, ["m"], {}, {"m": ("few",)})

    ruler = Ruler({}, segmentations=(Segmentation("features.cat.few", ("a",)),))
    (of_segment, whole) = event_log.profiles([Wanted("m", "1", [START], ruler)])
    assert joined.outcomes == 1
    assert (of_segment.segment, of_segment.outcomes.labelled, whole.outcomes.labelled) == ("few=a", 1, 1)
