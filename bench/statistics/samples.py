"""Columns whose truth is known: levels by weight and numbers by law, drawn as counts or as rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.statistics import counting
from elkmon.fields import FEATURES_CATEGORICAL, FEATURES_NUMERIC
from elkmon.measures.binning import make_ruler
from elkmon.profiles import Counts, Profile
from elkmon.rulers import Ruler
from elkmon.surveys import Survey

Numbers = npt.NDArray[np.float64]
CELLS = (5, 10, 20, 50)


@dataclass(frozen=True, slots=True)
class Law:
    """
    What a column is drawn from: `weights` of levels, or `draw` for numbers.

    `name` is how tables call it.
    """

    name: str
    weights: Numbers | None = None
    draw: Callable[[np.random.Generator, int], Numbers] | None = None

    @property
    def is_levels(self) -> bool:
        """Whether it is a category."""
        return self.weights is not None

    @property
    def field(self) -> str:
        """The stored field of a column of it, called `x`."""
        return f"{FEATURES_CATEGORICAL.path if self.is_levels else FEATURES_NUMERIC.path}.x"

    def rows(self, random: np.random.Generator, count: int) -> npt.NDArray[np.generic]:
        """Draw rows: text or numbers."""
        if self.weights is not None:
            names = np.asarray([f"{level:03}" for level in range(len(self.weights))])
            return names[random.choice(len(self.weights), size=count, p=self.weights)]
        assert self.draw is not None
        return self.draw(random, count)


def uniform(levels: int) -> Law:
    """Return equally likely levels."""
    return Law(f"{levels} uniform", np.full(levels, 1 / levels))


def zipf(levels: int) -> Law:
    """Return levels whose weights fall as 1/rank."""
    weights = 1 / np.arange(1, levels + 1)
    return Law(f"{levels} Zipf", weights / weights.sum())


def _normal(random: np.random.Generator, count: int) -> Numbers:
    return random.normal(size=count)


def _log_normal(random: np.random.Generator, count: int) -> Numbers:
    return random.lognormal(size=count)


def _poisson(random: np.random.Generator, count: int) -> Numbers:
    return random.poisson(3.0, count).astype(np.float64)


NORMAL = Law("normal", draw=_normal)
LOG_NORMAL = Law("log-normal", draw=_log_normal)
POISSON = Law("Poisson(3)", draw=_poisson)
LEVELS = tuple(law(levels) for levels in CELLS for law in (uniform, zipf))
NUMBERS = (NORMAL, LOG_NORMAL, POISSON)


@dataclass(frozen=True, slots=True)
class Sides:
    """A drawn reference and window of one column, counted by the ruler that the reference makes."""

    ruler: Ruler
    reference: Profile
    current: Profile


def sides(law: Law, reference: npt.NDArray[np.generic], current: npt.NDArray[np.generic]) -> Sides:
    """Return two sides, given as rows per level of a category or as the rows of a number, counted as elkmon does."""
    if law.is_levels:
        levels = [np.asarray(side, dtype=np.int64) for side in (reference, current)]
        ruler = make_ruler(Survey(int(levels[0].sum()), categorical={law.field: counting.level_summary(levels[0])}))
        counted = [counting.levelled(side, ruler.scales[law.field]) for side in levels]
        counts = [Counts(tuple(bins.tolist()), unseen=unseen) for bins, unseen in counted]
    else:
        numbers = [np.asarray(side, dtype=np.float64) for side in (reference, current)]
        ruler = make_ruler(Survey(len(numbers[0]), numeric={law.field: counting.numeric_summary(numbers[0])}))
        counts = [Counts(tuple(counting.binned(side, ruler.scales[law.field]).tolist())) for side in numbers]
    profiles = [counting.profile(ruler, counting.hour(number), {law.field: each}) for number, each in enumerate(counts)]
    return Sides(ruler, profiles[0], profiles[1])


def drawn(law: Law, random: np.random.Generator, count: int) -> npt.NDArray[np.generic]:
    """Draw one side for `sides`."""
    if law.weights is not None:
        return random.multinomial(count, law.weights)
    return law.rows(random, count)


def frame(laws: Sequence[tuple[str, Law]], random: np.random.Generator, count: int, start: str) -> pd.DataFrame:
    """Draw named columns as a table of rows, all within the hour that begins at `start`."""
    times = pd.Timestamp(start, tz="UTC") + pd.to_timedelta(np.linspace(0, 3599, count).round(3), unit="s")
    columns = {name: law.rows(random, count) for name, law in laws}
    return pd.DataFrame({"timestamp": pd.Series(times).astype("datetime64[us, UTC]"), **columns})
