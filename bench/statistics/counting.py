"""
Rows to what elkmon judges: a ruler, hourly profiles, a baseline. The mathematics is elkmon's; only the counting is done here
from rows in memory, in bulk, as the store does it by aggregations (`whole_path` does it there, and must agree).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.fields import FEATURES_CATEGORICAL, FEATURES_NUMERIC
from elkmon.measures.binning import QUANTILES, make_ruler
from elkmon.profiles import Counts, Profile, total
from elkmon.reference_files.counting import profiles, survey
from elkmon.reference_files.reading import Table
from elkmon.rulers import CategoricalScale, NumericScale, Ruler, Scale
from elkmon.surveys import LevelSummary, NumericSummary
from elkmon.windows import HOUR, Window

MODEL, VERSION = "bench", "1"
NOW = datetime(2014, 1, 1, tzinfo=UTC)
Integers = npt.NDArray[np.int64]
_NUMERIC, _LEVELS = FEATURES_NUMERIC.path + ".", FEATURES_CATEGORICAL.path + "."
_FEW = 20


@dataclass(frozen=True, slots=True)
class Rows:
    """
    A table of predictions: its `timestamp` column (UTC), and which others are numbers and which are levels.

    Columns without a role are left out.
    """

    frame: pd.DataFrame
    numeric: tuple[str, ...]
    categorical: tuple[str, ...] = ()

    def between(self, window: Window) -> Rows:
        """Return the rows within `window`."""
        times = self.frame["timestamp"]
        return Rows(self.frame[(times >= window.start) & (times < window.end)], self.numeric, self.categorical)

    def table(self) -> Table:
        """Return them as a reference file that was read."""
        frame = self.frame.reset_index(drop=True)
        table = Table(len(frame), typed=True, version=VERSION, times=frame["timestamp"])
        for name in self.numeric:
            table.numbers[_NUMERIC + name] = frame[name].astype("float64")
        for name in self.categorical:
            table.levels[_LEVELS + name] = frame[name].astype("category")
        return table


def ruler_of(rows: Rows) -> Ruler:
    """Return the ruler that `rows` make."""
    return make_ruler(survey(rows.table(), QUANTILES))


def hours_of(rows: Rows, ruler: Ruler) -> tuple[Profile, ...]:
    """Count `rows` by `ruler`, an hour a profile."""
    return profiles(rows.table(), ruler, MODEL, NOW, None)


def summed(hours: Mapping[datetime, Profile], window: Window, ruler: Ruler) -> Profile:
    """Return the profile of `window`."""
    there = [hours[hour] for hour in window.hours() if hour in hours]
    return total(there, Profile(MODEL, VERSION, window.start, window.end, ruler.id))


def baseline_of(hours: Sequence[Profile], window: Window, ruler: Ruler, *, timed: bool = True) -> Baseline:
    """Return the baseline that hourly profiles make; without times, floors alone will judge by it."""
    inside = tuple(hour for hour in hours if window.start <= hour.start < window.end)
    whole = total(inside, Profile(MODEL, VERSION, window.start, window.end, ruler.id))
    kind = SourceKind.WINDOW if timed else SourceKind.FILE
    source = Source(kind, str(window), has_timestamps=timed)
    return Baseline(MODEL, VERSION, ruler, source, whole, NOW, inside if timed else ())


def numeric_summary(values: npt.NDArray[np.float64]) -> NumericSummary:
    """Return what a survey says of numbers in memory."""
    distinct = np.unique(values)
    quantiles = np.quantile(values, QUANTILES).tolist()
    few = tuple(distinct.tolist()) if len(distinct) <= _FEW else ()
    return NumericSummary(
        len(values), len(distinct), few, dict(zip(QUANTILES, quantiles, strict=True)), values.min(), values.max()
    )


def level_summary(counts: Integers) -> LevelSummary:
    """Return what a survey says of rows per level, levels being called by their number."""
    there = [(f"{level:03}", int(rows)) for level, rows in enumerate(counts) if rows]
    return LevelSummary(int(counts.sum()), tuple(sorted(there, key=lambda each: (-each[1], each[0]))), complete=True)


def binned(values: npt.NDArray[np.float64], scale: Scale) -> Integers:
    """Return rows per bin."""
    assert isinstance(scale, NumericScale)
    return np.bincount(np.searchsorted(scale.edges, values, side="right"), minlength=scale.size)


def levelled(counts: Integers, scale: Scale) -> tuple[Integers, int]:
    """Return rows per place of the scale from rows per numbered level, and how many have a level it never knew."""
    assert isinstance(scale, CategoricalScale)
    listed = [int(level) for level in scale.levels]
    other = int(counts.sum() - counts[listed].sum())
    return np.append(counts[listed], other), other


def profile(ruler: Ruler, window: Window, subjects: Mapping[str, Counts]) -> Profile:
    """Return one profile from counts made elsewhere."""
    rows = max((counts.present for counts in subjects.values()), default=0)
    empty = {name: Counts((0,) * scale.size) for name, scale in ruler.scales.items()}
    return Profile(MODEL, VERSION, window.start, window.end, ruler.id, rows, 0, {**empty, **subjects})


def hour(number: int) -> Window:
    """Return the hour of that number since the bench's time began."""
    start = datetime(2013, 1, 1, tzinfo=UTC) + number * HOUR
    return Window(start, start + HOUR)
