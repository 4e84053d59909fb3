"""A day of predictions with odd names, levels and values, and what pandas counts of them by a ruler with segments and pairs."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from elkmon.profiles import ALL, Counts
from elkmon.rulers import CategoricalScale, JointScale, NumericScale, Ruler, Scale, Segmentation
from elkmon.windows import DAY, Window

START = datetime(2013, 4, 1, tzinfo=UTC)
SPAN = Window(START, START + DAY)
HOURS = list(SPAN.hours())

LEVELS = ("UA", "*", ".*", "a|b", 'quo"te', "new\nline", "x=y", "", "~", "<1-5>", "[a]", "\\", '{"a": 1}', "ü☃", " ")
CARRIER, ORIGIN, NUMBER = "features.cat.c=*r", "features.cat.o.b", "features.num.a*b ☃"
PLAIN = "features.num.plain"
SCORE, LABEL = "elkmon.prediction.score", "elkmon.prediction.label"

SCALES: dict[str, Scale] = {
    CARRIER: CategoricalScale(LEVELS[:4], known=LEVELS[4:6]),
    ORIGIN: CategoricalScale(("EWR", "JFK"), known=("LGA",)),
    NUMBER: NumericScale((0.0, 1.0, 5.0), (0.0, 0.5, 3.0, 5.0)),
    PLAIN: NumericScale((0.5,), (0.5, 0.5)),
    SCORE: NumericScale((0.25, 0.5, 0.75), (0.25, 0.4, 0.6, 0.75)),
    LABEL: CategoricalScale(("late", "on time")),
    "event.duration": NumericScale((1e6, 1e7), (1e6, 5e6, 1e7)),
    "features.num.never": NumericScale((), (0.0,)),
}
JOINTS = (
    JointScale(NUMBER, PLAIN, NumericScale((-1.0, 0.0, 1.0), (0.0,) * 4), NumericScale((0.0, 0.5), (0.0,) * 3)),
    JointScale(CARRIER, NUMBER, CategoricalScale(LEVELS[1:3]), NumericScale((0.0,), (0.0, 0.0))),
    JointScale(SCORE, LABEL, SCALES[SCORE], CategoricalScale(("late",))),
    JointScale(ORIGIN, CARRIER, CategoricalScale(("JFK",)), CategoricalScale(())),
    JointScale(PLAIN, "features.num.never", NumericScale((), (0.0,)), NumericScale((), (0.0,))),
)
SEGMENTATIONS = (Segmentation(CARRIER, LEVELS), Segmentation(ORIGIN, ("EWR", "JFK", "gone")))
RULER = Ruler(SCALES, JOINTS, SEGMENTATIONS)


def odd_rows() -> pd.DataFrame:
    """Random predictions of a day: odd levels, values on edges, missing, rejected and unindexed ones."""
    generator = random.Random(11)
    records = []
    for number in range(900):
        at = START + timedelta(seconds=generator.randrange(23 * 3600))  # its last hour is empty
        records.append(
            {
                "id": f"p{number}",
                "at": at,
                "hour": at.replace(minute=0, second=0),
                CARRIER: generator.choice([*LEVELS, None]),
                ORIGIN: generator.choice(["EWR", "EWR", "JFK", "LGA", "new", None]),
                NUMBER: generator.choice([-2.0, -1.0, -0.0, 0.0, 0.5, 1.0, 5.0, 1e300, None]),
                PLAIN: generator.choice([-0.0, 0.25, 0.5, 2.0, None]),
                SCORE: generator.choice([0.0, 0.25, 0.3, 0.5, 0.75, 1.0, None]),
                LABEL: generator.choice(["late", "on time", "diverted"]),
                "event.duration": generator.choice([10, 1_000_000, 50_000_000]),
                "features.num.never": None,
                "rejected": generator.random() < 0.1,
                "unindexed": generator.random() < 0.1,
            }
        )
    frame = pd.DataFrame(records)
    frame.loc[frame["rejected"], PLAIN] = np.nan
    frame.loc[frame["unindexed"], NUMBER] = np.nan
    return frame


def documents(rows: pd.DataFrame, predict: Callable[..., dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the rows as a service's handler would write them."""
    for row in rows.to_dict("records"):
        given = {name: value for name, value in row.items() if not pd.isna(value)}
        features: dict[str, dict[str, Any]] = {"num": {}, "cat": {}}
        for name, value in given.items():
            if name.startswith("features."):
                _, kind, own = name.split(".", 2)
                features[kind][own] = value
        rest: dict[str, Any] = {"features": features}
        if row["unindexed"]:
            features["num"]["a*b ☃"] = "text"
        if row["rejected"]:
            rest |= {"rejected": {"plain": "far"}, "rejected_names": ["plain"]}
        document = predict(row["at"], row["id"], score=given.get(SCORE), label=row[LABEL], **rest)
        document["event"]["duration"] = row["event.duration"]
        yield document


def places(values: pd.Series, scale: Scale) -> pd.Series:
    """Return each row's place on a scale, NaN without one."""
    if isinstance(scale, NumericScale):
        bins = [-np.inf, *scale.edges, np.inf]
        return pd.cut(values.astype(float), bins, right=False, labels=False)
    order = {level: place for place, level in enumerate(scale.levels)}
    return values.map(lambda level: np.nan if pd.isna(level) else order.get(level, len(scale.levels))).astype(float)


def sizes(cells: pd.Series, size: int) -> tuple[int, ...]:
    return tuple(cells.dropna().astype(int).value_counts().reindex(range(size), fill_value=0).tolist())


def expected(here: pd.DataFrame, ruler: Ruler = RULER) -> dict[str, Counts]:
    """Count by pandas what the store is asked for."""
    counts = {}
    for name, scale in ruler.scales.items():
        bins = sizes(places(here[name], scale), scale.size)
        rejected = int(here["rejected"].sum()) if name == PLAIN else 0
        unindexed = int(here["unindexed"].sum()) if name == NUMBER else 0
        unseen = 0
        if isinstance(scale, CategoricalScale):
            unseen = int((~here[name].dropna().isin([*scale.levels, *scale.known])).sum())
        counts[name] = Counts(bins, len(here) - sum(bins) - rejected - unindexed, unseen, rejected, unindexed)
    for joint in ruler.joints:
        left, right = places(here[joint.left_field], joint.left), places(here[joint.right_field], joint.right)
        cells = sizes(left * joint.right.size + right, joint.size)
        counts[joint.name] = Counts(cells, len(here) - sum(cells))
    return counts


def in_segment(rows: pd.DataFrame, segment: str, ruler: Ruler = RULER) -> pd.DataFrame:
    """Return the rows of a segment of the ruler."""
    for each in ruler.segmentations:
        for level, name in zip(each.levels, each.segments, strict=True):
            if name == segment:
                return rows[rows[each.field] == level]
    assert segment == ALL
    return rows
