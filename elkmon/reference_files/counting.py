"""
Counting a `Table` by a ruler: the survey a ruler is made from, and the hourly profiles.

What the store counts with aggregations is counted here from rows, to the same numbers. Nothing is judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import pandas as pd

from elkmon.fields import PREDICTION_LABEL, PREDICTION_SCORE, PREDICTION_VALUE
from elkmon.losses import classification_losses, regression_losses
from elkmon.profiles import ALL, Counts, Outcomes, Profile
from elkmon.reference_files.reading import Table
from elkmon.rulers import CategoricalScale, JointScale, NumericScale, Ruler, Scale
from elkmon.surveys import LevelSummary, NumericSummary, Survey
from elkmon.windows import HOUR

FEW_VALUES = 20
KNOWN_LEVELS = 10_000

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def nobody(what: str, done: int, there_is: int) -> None:
    """Tell nobody."""


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
    now: datetime,
    positive_label: str | None,
    progress: Progress = nobody,
) -> tuple[Profile, ...]:
    """
    Count the table by `ruler`, one profile per hour that has rows, in order, after those of its segments that have some.

    Without timestamps there is one hour, that of `now`. `progress` is told how far it is, subject by subject.
    """
    parts = [(segment, part) for segment, part in _segments(table, ruler) if part.rows]
    parts.append((ALL, table))
    places = len(ruler.places())
    counted: list[Profile] = []
    for number, (segment, part) in enumerate(parts):

        def told(done: int, number: int = number) -> None:
            progress(f"counting {model}", number * places + done, len(parts) * places)

        counted += _of_part(part, segment, ruler, model, now, positive_label, told)
    order = {segment: place for place, (segment, _) in enumerate(parts)}
    return tuple(sorted(counted, key=lambda each: (each.start, order[each.segment])))


def _segments(table: Table, ruler: Ruler) -> Iterator[tuple[str, Table]]:
    for segmentation in ruler.segmentations:
        levels = table.levels.get(segmentation.field)
        if levels is not None:
            for segment, level in zip(segmentation.segments, segmentation.levels, strict=True):
                yield segment, table.part(levels == level)


def _of_part(
    table: Table,
    segment: str,
    ruler: Ruler,
    model: str,
    now: datetime,
    positive_label: str | None,
    progress: Callable[[int], None],
) -> Iterator[Profile]:
    times = pd.Series([now] * table.rows) if table.times is None else table.times
    codes, starts = pd.factorize(times.dt.floor("h"), sort=True)
    hours = pd.Series(codes)
    count = len(starts)
    subjects: list[dict[str, Counts]] = [{} for _ in range(count)]
    rows = hours.value_counts().reindex(range(count)).tolist()
    for done, (name, place) in enumerate(ruler.places().items(), start=1):
        for hour, counts in enumerate(_counts(table, name, place, hours, rows)):
            subjects[hour][name] = counts
        progress(done)
    outcomes = _outcomes(table, ruler, hours, count, positive_label)
    for hour, start in enumerate(starts):
        yield Profile(
            model,
            table.version,
            start.to_pydatetime(),
            start.to_pydatetime() + HOUR,
            ruler.id,
            predictions=rows[hour],
            subjects=subjects[hour],
            outcomes=outcomes[hour],
            segment=segment,
        )


def _counts(table: Table, name: str, place: Scale | JointScale, hours: pd.Series, rows: Sequence[int]) -> list[Counts]:
    """Count one subject, or two together: per hour."""
    unseen = [0] * len(rows)
    if isinstance(place, JointScale):
        left, right = _placed(table, place.left_field, place.left), _placed(table, place.right_field, place.right)
        bins = left * place.right.size + right
    else:
        bins = _placed(table, name, place)
        if isinstance(place, CategoricalScale):
            strange = _strange(table.levels.get(name), place, table.rows)
            unseen = hours[strange].value_counts().reindex(range(len(rows)), fill_value=0).tolist()
    counted = _by_hour(hours, bins, place.size, len(rows))
    return [
        Counts(counted[hour], missing=rows[hour] - sum(counted[hour]), unseen=unseen[hour]) for hour in range(len(rows))
    ]


def _placed(table: Table, stored: str, scale: Scale) -> pd.Series:
    """Return each row's place on the scale, missing where it has no value."""
    if isinstance(scale, NumericScale):
        return _bins(table.numbers.get(stored), scale, table.rows)
    return _levels(table.levels.get(stored), scale, table.rows)


def _bins(numbers: pd.Series | None, scale: NumericScale, rows: int) -> pd.Series:
    """Return each row's bin, missing where there is no number."""
    if numbers is None:
        return pd.Series([float("nan")] * rows)
    bins = pd.Index(scale.edges, dtype="float64").searchsorted(numbers, side="right")
    return pd.Series(bins, dtype="float64").where(numbers.notna())


def _levels(levels: pd.Series | None, scale: CategoricalScale, rows: int) -> pd.Series:
    """Return each row's level by its place, missing where there is none."""
    if levels is None:
        return pd.Series([float("nan")] * rows)
    place = {level: index for index, level in enumerate(scale.levels)}
    return levels.map({name: place.get(name, len(place)) for name in levels.cat.categories}).astype("float64")


def _strange(levels: pd.Series | None, scale: CategoricalScale, rows: int) -> pd.Series:
    """Return which rows have a level that was never known."""
    if levels is None:
        return pd.Series([False] * rows)
    known = {*scale.levels, *scale.known}
    strange = levels.map({name: not scale.open_ended and name not in known for name in levels.cat.categories})
    return strange.astype("boolean").fillna(value=False).astype("bool")


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
