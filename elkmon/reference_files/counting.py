"""
Counting a `Table` by a ruler: the survey a ruler is made from, and the hourly profiles.

What the store counts with aggregations is counted here from rows, to the same numbers. Nothing is judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

import pandas as pd

from elkmon.fields import PREDICTION_LABEL, PREDICTION_SCORE, PREDICTION_VALUE
from elkmon.losses import classification_losses, regression_losses
from elkmon.profiles import Counts, Outcomes, Profile
from elkmon.reference_files.reading import Table
from elkmon.rulers import CategoricalScale, LevelSummary, NumericScale, NumericSummary, Ruler, Scale, Survey
from elkmon.windows import HOUR

FEW_VALUES = 20
KNOWN_LEVELS = 10_000


def survey(table: Table, probabilities: Sequence[float]) -> Survey:
    """Summarise the table for the making of a ruler, exactly, with quantiles (linear interpolation) at `probabilities`."""
    numeric, categorical = {}, {}
    for stored, numbers in table.numbers.items():
        known = numbers.dropna()
        if known.empty:
            continue
        distinct = int(known.nunique())
        numeric[stored] = NumericSummary(
            rows=len(known),
            distinct=distinct,
            values=tuple(sorted(known.unique().tolist())) if distinct <= FEW_VALUES else (),
            quantiles=dict(zip(probabilities, known.quantile(list(probabilities)).tolist(), strict=True)),
            lowest=float(known.min()),
            highest=float(known.max()),
        )
    for stored, levels in table.levels.items():
        sizes = levels.value_counts()
        counted = sorted(sizes[sizes > 0].items(), key=lambda each: (-each[1], str(each[0])))
        if counted:
            categorical[stored] = LevelSummary(
                rows=sum(rows for _, rows in counted),
                levels=tuple((str(level), int(rows)) for level, rows in counted[:KNOWN_LEVELS]),
                complete=len(counted) <= KNOWN_LEVELS,
            )
    return Survey(table.rows, numeric, categorical)


def profiles(
    table: Table,
    ruler: Ruler,
    model: str,
    version: str,
    now: datetime,
    positive_label: str | None,
    progress: Callable[[str], None],
) -> tuple[Profile, ...]:
    """
    Count the table by `ruler`, one profile per hour that has rows, in order.

    Without timestamps there is one profile, for the hour of `now`.
    """
    times = pd.Series([now] * table.rows) if table.times is None else table.times
    codes, starts = pd.factorize(times.dt.floor("h"), sort=True)
    hours = pd.Series(codes)
    count = len(starts)
    subjects: list[dict[str, Counts]] = [{} for _ in range(count)]
    rows = hours.value_counts().reindex(range(count)).tolist()
    for stored, scale in ruler.scales.items():
        progress(stored)
        for hour, counts in enumerate(_counts(table, stored, scale, hours, rows)):
            subjects[hour][stored] = counts
    outcomes = _outcomes(table, ruler, hours, count, positive_label)
    return tuple(
        Profile(
            model,
            version,
            start.to_pydatetime(),
            start.to_pydatetime() + HOUR,
            ruler.id,
            predictions=rows[hour],
            subjects=subjects[hour],
            outcomes=outcomes[hour],
        )
        for hour, start in enumerate(starts)
    )


def _counts(table: Table, stored: str, scale: Scale, hours: pd.Series, rows: Sequence[int]) -> list[Counts]:
    """Count one subject: per hour."""
    if isinstance(scale, NumericScale):
        bins = _bins(table.numbers.get(stored), scale, table.rows)
        unseen = [0] * len(rows)
    else:
        bins, strange = _places(table.levels.get(stored), scale, table.rows)
        unseen = hours[strange].value_counts().reindex(range(len(rows)), fill_value=0).tolist()
    counted = _by_hour(hours, bins, scale.size, len(rows))
    return [
        Counts(counted[hour], missing=rows[hour] - sum(counted[hour]), unseen=unseen[hour]) for hour in range(len(rows))
    ]


def _bins(numbers: pd.Series | None, scale: NumericScale, rows: int) -> pd.Series:
    """Return each row's bin, missing where there is no number."""
    if numbers is None:
        return pd.Series([float("nan")] * rows)
    bins = pd.Index(scale.edges, dtype="float64").searchsorted(numbers, side="right")
    return pd.Series(bins, dtype="float64").where(numbers.notna())


def _places(levels: pd.Series | None, scale: CategoricalScale, rows: int) -> tuple[pd.Series, pd.Series]:
    """Return each row's place on the scale, missing where there is no level; and which rows have a level never known."""
    if levels is None:
        return pd.Series([float("nan")] * rows), pd.Series([False] * rows)
    names = list(levels.cat.categories)
    place = {level: index for index, level in enumerate(scale.levels)}
    known = {*scale.levels, *scale.known}
    places = levels.map({name: place.get(name, len(place)) for name in names}).astype("float64")
    strange = levels.map({name: not scale.open_ended and name not in known for name in names})
    return places, strange.astype("boolean").fillna(value=False).astype("bool")


def _by_hour(hours: pd.Series, bins: pd.Series, size: int, count: int) -> list[tuple[int, ...]]:
    """Count rows per hour and bin; rows without a bin are in none."""
    cells = (hours * size + bins).dropna().astype("int64").value_counts()
    flat = cells.reindex(range(count * size), fill_value=0).tolist()
    return [tuple(flat[hour * size : (hour + 1) * size]) for hour in range(count)]


def _outcomes(table: Table, ruler: Ruler, hours: pd.Series, count: int, positive_label: str | None) -> list[Outcomes]:
    """Join each row with its truth, by the formulas the store uses, and sum per hour."""
    if table.actual_labels is not None:
        return _class_outcomes(table, table.actual_labels, ruler, hours, count, positive_label)
    if table.actual_values is not None:
        return _number_outcomes(table, table.actual_values, ruler, hours, count)
    return [Outcomes()] * count


def _class_outcomes(
    table: Table, truth: pd.Series, ruler: Ruler, hours: pd.Series, count: int, positive_label: str | None
) -> list[Outcomes]:
    confusion: list[dict[tuple[str, str], int]] = [{} for _ in range(count)]
    predicted = table.levels.get(PREDICTION_LABEL)
    if predicted is not None:
        frame = pd.DataFrame({"hour": hours, "truth": truth, "predicted": predicted})
        pairs = frame.groupby(["hour", "truth", "predicted"], observed=True).size()
        for (hour, actual, said), rows in zip(pairs.index.tolist(), pairs.tolist(), strict=True):
            confusion[hour][actual, said] = rows
    scores: list[dict[str, tuple[int, ...]]] = [{} for _ in range(count)]
    scale = ruler.scales.get(PREDICTION_SCORE)
    given = table.numbers.get(PREDICTION_SCORE)
    sums: list[defaultdict[str, float]] = [defaultdict(float) for _ in range(count)]
    if given is not None:
        if isinstance(scale, NumericScale):
            bins = _bins(given, scale, table.rows)
            for label in truth.cat.categories:
                counted = _by_hour(hours, bins.where(truth == label), scale.size, count)
                for hour in range(count):
                    if any(counted[hour]):
                        scores[hour][label] = counted[hour]
        if positive_label is not None:
            both = given.notna() & truth.notna()
            for hour, score, actual in zip(hours[both], given[both], truth[both], strict=True):
                _add(sums[hour], classification_losses(score, positive=actual == positive_label))
    labelled = hours[truth.notna()].value_counts().reindex(range(count), fill_value=0).tolist()
    return [Outcomes(labelled[hour], confusion[hour], scores[hour], sums=dict(sums[hour])) for hour in range(count)]


def _number_outcomes(table: Table, truth: pd.Series, ruler: Ruler, hours: pd.Series, count: int) -> list[Outcomes]:
    sums: list[defaultdict[str, float]] = [defaultdict(float) for _ in range(count)]
    predicted_bins: list[tuple[int, ...]] = [()] * count
    actual_bins: list[tuple[int, ...]] = [()] * count
    given = table.numbers.get(PREDICTION_VALUE)
    scale = ruler.scales.get(PREDICTION_VALUE)
    if given is not None:
        both = given.notna() & truth.notna()
        if isinstance(scale, NumericScale):
            predicted_bins = _by_hour(hours, _bins(given.where(both), scale, table.rows), scale.size, count)
            actual_bins = _by_hour(hours, _bins(truth.where(both), scale, table.rows), scale.size, count)
        predicted_bins = [bins if any(bins) else () for bins in predicted_bins]
        actual_bins = [bins if any(bins) else () for bins in actual_bins]
        for hour, value, actual in zip(hours[both], given[both], truth[both], strict=True):
            _add(sums[hour], regression_losses(value, actual))
    labelled = hours[truth.notna()].value_counts().reindex(range(count), fill_value=0).tolist()
    return [
        Outcomes(labelled[hour], predicted=predicted_bins[hour], actual=actual_bins[hour], sums=dict(sums[hour]))
        for hour in range(count)
    ]


def _add(sums: defaultdict[str, float], losses: dict[str, float]) -> None:
    for name, loss in losses.items():
        sums[name] += loss
        sums[f"{name}_rows"] += 1
