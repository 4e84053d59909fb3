"""What the event log counts on a real Elasticsearch, against pandas on the same rows."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from elasticsearch import Elasticsearch

from elkmon.elasticsearch import ElasticsearchEventLog
from elkmon.elasticsearch import event_log as event_log_module
from elkmon.elasticsearch.plans import planned
from elkmon.ports import HourCounts, Wanted
from elkmon.rulers import CategoricalScale, NumericScale, Ruler
from elkmon.windows import HOUR, Window

START = datetime(2013, 4, 1, tzinfo=UTC)
SPAN = Window(START, START + 12 * HOUR)
NUMBERS = ("distance", "wind.speed", "a b", "ü☃", "a*b", 'quo"te', ".lead", "new\nline", "constant")
LEVELS = ("origin", "a.b", "★ café", "c*", "tail.")
EDGES = (-1.0, 0.0, 0.25, 0.5, 1.0, 3.0)


def scale(*edges: float) -> NumericScale:
    return NumericScale(edges, (*edges, edges[-1] if edges else 0.0))


RULER = Ruler(
    {
        **{f"features.num.{name}": scale(*EDGES) for name in NUMBERS},
        **{f"features.cat.{name}": CategoricalScale(("l0", "l1", "l2"), known=("l3",)) for name in LEVELS},
        "features.cat.open": CategoricalScale(("l0",), open_ended=True),
        "features.cat.never": CategoricalScale(()),
        "features.num.without edges": scale(),
        "elkmon.prediction.score": scale(0.0, 0.1, 0.5, 0.9),
        "elkmon.prediction.label": CategoricalScale(("late", "on time")),
        "event.duration": scale(1e6, 1e7),
    }
)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Random predictions of twelve hours: zeros of both signs, values on edges, missing, unseen and absent ones."""
    generator = random.Random(7)
    values = [-5.0, -1.0, -0.0, 0.0, 0.25, 0.3, 0.5, 0.99, 1.0, 2.0, 3.0, 1e300, None]
    records = []
    for number in range(600):
        hour = generator.choice([0, 1, 2, 5, 6, 11])
        record: dict[str, Any] = {
            "id": f"p{number}",
            "at": START + timedelta(hours=hour, seconds=generator.random() * 3599),
        }
        record |= {f"features.num.{name}": generator.choice(values) for name in (*NUMBERS, "without edges")}
        record |= {f"features.cat.{name}": generator.choice(["l0", "l1", "l3", "new", "", None]) for name in LEVELS}
        record["features.cat.open"] = generator.choice(["l0", "x", "y"])
        record["rejected"] = generator.random() < 0.1
        record["elkmon.prediction.score"] = generator.choice([0.0, 0.05, 0.1, 0.7, 0.9, 1.0, None])
        record["elkmon.prediction.label"] = generator.choice(["late", "on time", "diverted"])
        record["event.duration"] = generator.choice([10, 1_000_000, 9_999_999, 50_000_000])
        records.append(record)
    frame = pd.DataFrame(records).astype({f"features.num.{name}": float for name in NUMBERS})
    frame.loc[frame["rejected"], "features.num.distance"] = np.nan
    frame["hour"] = frame["at"].dt.floor("h")
    return frame


def documents(rows: pd.DataFrame, predict: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    result = []
    for row in rows.to_dict("records"):
        values = {name: value for name, value in row.items() if not pd.isna(value)}
        number = {n.removeprefix("features.num."): v for n, v in values.items() if n.startswith("features.num.")}
        level = {n.removeprefix("features.cat."): v for n, v in values.items() if n.startswith("features.cat.")}
        rest: dict[str, Any] = {"features": {"num": number, "cat": level}}
        if row["rejected"]:
            rest |= {"rejected": {"distance": "far"}, "rejected_names": ["distance"]}
        document = predict(
            row["at"],
            row["id"],
            score=values.get("elkmon.prediction.score"),
            label=values["elkmon.prediction.label"],
            **rest,
        )
        document["event"]["duration"] = row["event.duration"]
        result.append(document)
    return result


def expected_bins(values: pd.Series, edges: tuple[float, ...]) -> tuple[int, ...]:
    bins = [-np.inf, *edges, np.inf]
    return tuple(pd.cut(values.dropna().astype(float), bins, right=False).value_counts(sort=False))


def test_profiles_equal_pandas_on_the_rows(
    client: Elasticsearch, ready: str, send: Any, predict: Any, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every count of every hour equals pandas on the rows, in one request and in many small ones."""
    send("prediction", documents(rows, predict))
    send("prediction", [predict(START, "other", version="2"), predict(START, "model", model="n")])
    send("error", [{"@timestamp": START.isoformat(), "elkmon": {"model": {"name": "m", "version": "1"}}}])
    event_log = ElasticsearchEventLog(client, ready)
    hours = [START + count * HOUR for count in range(12)]
    profiles = list(event_log.profiles([Wanted("m", "1", hours, RULER)]))
    assert [profile.start for profile in profiles] == hours
    by_hour = dict(list(rows.groupby("hour")))
    nothing = rows.iloc[:0]
    for profile in profiles:
        here = by_hour.get(pd.Timestamp(profile.start), nothing)
        assert profile.predictions == len(here)
        assert profile.errors == (profile.start == START)
        assert set(profile.subjects) == set(RULER.scales)
        for name, each in RULER.scales.items():
            counts = profile.subjects[name]
            if name == "features.cat.never":
                assert (counts.bins, counts.missing) == ((0,), len(here))
                continue
            rejected = int(here["rejected"].sum()) if name == "features.num.distance" else 0
            assert (counts.rejected, counts.unindexed) == (rejected, 0)
            assert counts.missing == here[name].isna().sum() - rejected
            if isinstance(each, NumericScale):
                assert counts.bins == expected_bins(here[name], each.edges), name
                continue
            levels = here[name].dropna()
            counted = tuple((levels == level).sum() for level in each.levels)
            assert counts.bins == (*counted, len(levels) - sum(counted)), name
            seen = levels.isin([*each.levels, *each.known])
            assert counts.unseen == (0 if each.open_ended else (~seen).sum()), name
    # The same, cut into requests of a few fields and one hour each, and asked for hours with gaps between them.
    monkeypatch.setattr(event_log_module, "planned", partial(planned, most_buckets=30))
    gaps = [hours[0], hours[2], hours[3], hours[11]]
    assert list(event_log.profiles([Wanted("m", "1", gaps, RULER)])) == [
        profiles[0],
        profiles[2],
        profiles[3],
        profiles[11],
    ]


def test_counts_say_what_each_hour_holds(client: Elasticsearch, ready: str, send: Any, predict: Any) -> None:
    """Predictions and errors are counted by hour, model and version; hours outside the span and unasked models are not."""
    minute = timedelta(minutes=1)
    send(
        "prediction",
        [
            predict(START, "a"),
            predict(START + HOUR - minute, "b"),
            predict(START + HOUR, "c"),
            predict(START + HOUR, "d", version="2"),
            predict(START + HOUR, "e", model="<script>", version=""),
            predict(START - minute, "before"),
            predict(SPAN.end, "after"),
        ],
    )
    send("prediction.group", [])
    send("error", [{"@timestamp": START.isoformat(), "elkmon": {"model": {"name": "m", "version": "1"}}}])
    send("error", [{"@timestamp": START.isoformat(), "message": "of no model"}])
    counts = ElasticsearchEventLog(client, ready).counts
    mine = (
        HourCounts("m", "1", START, 2, 1),
        HourCounts("m", "1", START + HOUR, 1),
        HourCounts("m", "2", START + HOUR, 1),
    )
    assert counts(SPAN, ["m"]) == mine
    assert counts(SPAN, []) == (mine[0], HourCounts("<script>", "", START + HOUR, 1), *mine[1:])


def test_models_in_groups_of_their_own_are_found(client: Elasticsearch, ready: str, send: Any, predict: Any) -> None:
    """A stream of a group counts like the common one, and so does a namespace whose name ends alike not at all."""
    send("prediction.pricing", [predict(START, "a")])
    send("prediction", [predict(START, "b")])
    assert ElasticsearchEventLog(client, ready).counts(SPAN, [])[0].predictions == 2


def test_what_is_not_indexed_is_neither_present_nor_missing(
    client: Elasticsearch, ready: str, send: Any, predict: Any
) -> None:
    """Text under a number and a level longer than the index takes are counted as unindexed."""
    odd = {"num": {"x": "text"}, "cat": {"c": "y" * 9000}}
    send("prediction", [predict(START, "a", features=odd), predict(START, "b", features={"num": {"x": 1.5}})])
    ruler = Ruler({"features.num.x": scale(1.0), "features.cat.c": CategoricalScale(("y",))})
    (profile,) = ElasticsearchEventLog(client, ready).profiles([Wanted("m", "1", [START], ruler)])
    number, level = profile.subjects["features.num.x"], profile.subjects["features.cat.c"]
    assert (number.bins, number.missing, number.unindexed) == ((0, 1), 0, 1)
    assert (level.bins, level.missing, level.unindexed) == ((0, 0), 1, 1)


def test_a_survey_describes_the_rows(client: Elasticsearch, ready: str, send: Any, predict: Any) -> None:
    """Extremes, rows, few values and levels are exact; quantiles are between the two rows next to them."""
    generator = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "x.y": generator.normal(size=2000),
            "few": generator.integers(0, 3, 2000),
            "level": generator.choice(["a", "b"], 2000),
        }
    )
    send(
        "prediction",
        (
            predict(
                START + timedelta(seconds=number),
                f"{number}",
                label="yes",
                features={"num": {"x.y": row["x.y"], "few": row["few"]}, "cat": {"level": row["level"]}},
            )
            for number, row in enumerate(frame.to_dict("records"))
        ),
    )
    send("prediction", [predict(START, "z", model="other", features={"num": {"foreign": 1.0}})])
    found = ElasticsearchEventLog(client, ready).survey("m", "1", SPAN, [0.333])
    assert found.rows == 2000
    assert set(found.numeric) == {"features.num.x.y", "features.num.few"}
    assert set(found.categorical) == {"features.cat.level", "elkmon.prediction.label"}
    number = found.numeric["features.num.x.y"]
    assert (number.rows, number.lowest, number.highest) == (2000, frame["x.y"].min(), frame["x.y"].max())
    assert number.values == ()
    assert number.distinct == pytest.approx(2000, rel=0.05)
    for probability, value in number.quantiles.items():
        assert (frame["x.y"] <= value).mean() == pytest.approx(probability, abs=1.01 / 2000), probability
    assert 0.333 in number.quantiles
    assert found.numeric["features.num.few"].values == (0.0, 1.0, 2.0)
    assert found.numeric["features.num.few"].distinct == 3
    level = found.categorical["features.cat.level"]
    assert dict(level.levels) == frame["level"].value_counts().to_dict()
    assert level.complete


def test_where_nobody_sent_anything_there_is_nothing(client: Elasticsearch, ready: str) -> None:
    """Without any stream counts are empty, profiles are empty ones, and a survey has no rows."""
    event_log = ElasticsearchEventLog(client, ready)
    assert event_log.counts(SPAN, []) == ()
    (profile,) = event_log.profiles([Wanted("m", "1", [START], RULER)])
    assert (profile.predictions, profile.subjects["features.num.distance"].bins) == (0, (0,) * (len(EDGES) + 1))
    assert event_log.survey("m", "1", SPAN, []).rows == 0
