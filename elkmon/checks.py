"""
Which measures a model gets, and every floor and tolerance in one table.

What is configured for a model is a `ModelSettings`; how a window is judged by it is in `elkmon.judgement`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import StrEnum

from elkmon.alerts import Policy
from elkmon.identity import identity
from elkmon.windows import DAY, format_length


@dataclass(frozen=True, slots=True)
class Floor:
    """The least that counts as big: `warning` and `critical`, in the unit of the measure."""

    warning: float
    critical: float


# Set by trial on real years of weather and flights: lower ones mail about days that differ as days do.
FLOORS: Mapping[str, Floor] = {
    "wasserstein": Floor(0.1, 0.25),  # reference standard deviations
    "total_variation": Floor(0.05, 0.15),  # share of rows that changed level
    "association": Floor(0.05, 0.15),  # share of rows that lie elsewhere in a pair than single features explain
    "concept_gap": Floor(0.05, 0.15),  # change of mean(predicted) − mean(actual): share of rows, or reference SDs
    "missing": Floor(0.01, 0.05),  # further share of rows without a value
    "unseen": Floor(0.01, 0.05),  # further share of rows with a level the reference never had; seasonal ones stay below
    "out_of_range": Floor(0.01, 0.05),  # further share of rows outside the reference's range
    "rejected": Floor(0.001, 0.01),  # share of rows with a value of the wrong type
    "unindexed": Floor(0.001, 0.01),  # share of rows Elasticsearch did not index
    "constant": Floor(0.999, 0.999),  # share of rows in the fullest bin or level
    "lost_events": Floor(0.005, 0.05),  # share of the window's events that did not arrive
    "error_rate": Floor(0.01, 0.05),  # further share of calls that failed
    "latency_p95": Floor(1.25, 2.0),  # ratio to the baseline
    "throughput": Floor(0.5, 0.1),  # ratio to the baseline's rate; lower is worse
}

DISTANCES = frozenset({"wasserstein", "total_variation"})
"""The measures of a feature's drift; which of them is used follows from its kind."""

# How much worse than the reference is still tolerated. Losses and shares are in their own unit; MAE and RMSE are relative.
TOLERANCES: Mapping[str, Floor] = {
    "accuracy": Floor(0.02, 0.05),
    "f1": Floor(0.03, 0.08),
    "roc_auc": Floor(0.02, 0.05),
    "log_loss": Floor(0.03, 0.10),
    "brier": Floor(0.01, 0.03),
    "precision": Floor(0.03, 0.08),
    "recall": Floor(0.03, 0.08),
    "balanced_accuracy": Floor(0.03, 0.08),
    "f1_micro": Floor(0.02, 0.05),
    "f1_weighted": Floor(0.03, 0.08),
    "matthews": Floor(0.05, 0.12),
    "average_precision": Floor(0.03, 0.08),
    "calibration_error": Floor(0.02, 0.05),
    "mae": Floor(0.10, 0.25),
    "rmse": Floor(0.10, 0.25),
    "r2": Floor(0.05, 0.15),
}

CLASSIFICATION_METRICS = ("accuracy", "f1", "roc_auc", "log_loss")
REGRESSION_METRICS = ("mae", "rmse")


MOST_SEGMENTS = 10
"""Levels of one category that become segments; the rest is named and counted, not judged alone."""

STRONGEST_PAIRS = 6
"""Pairs of features that are watched together, beside those named; each costs 30 buckets an hour."""

MOST_PAIRS = 20
"""Pairs beyond this cost more than all single features of most models."""

DRIFT = "drift"
"""What a feature's floor for its distance is called, whichever distance that is."""
QUALITIES = ("missing", "unseen", "out_of_range", "rejected", "unindexed", "constant")
"""Measures of a feature's values that can have floors of its own."""

# Where failed calls begin to be logged, the counts of their hours tell it.
_NOT_JUDGING = frozenset({"policy", "segments", "pairs", "strongest_pairs", "provisional", "failures", "hash"})


class Season(StrEnum):
    """Which stretches of the reference a window is compared with: those of its weekday, its hours of the day, or both."""

    WEEKDAY = "weekday"
    HOUR_OF_DAY = "hour_of_day"
    HOUR_OF_WEEK = "hour_of_week"


def season_problem(window: timedelta, season: Season) -> str:
    """
    Return why windows of this length cannot be told apart by `season`; nothing where they can.

    >>> season_problem(DAY, Season.WEEKDAY), season_problem(DAY / 4, Season.HOUR_OF_DAY)
    ('', '')
    >>> season_problem(DAY, Season.HOUR_OF_DAY)
    'hour_of_day needs windows shorter than a day, not 1d; for days choose weekday'
    """
    if DAY % window:
        return f"{season} needs windows that divide a day, such as 6h or 1d, not {format_length(window)}"
    if window == DAY and season is not Season.WEEKDAY:
        return f"{season} needs windows shorter than a day, not 1d; for days choose weekday"
    return ""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """
    How one model is judged.

    Attributes:
        name: the model's name as the service logs it.
        window: length of the windows judged; `offset` shifts their midnight east of UTC.
        min_rows: fewer rows in a window than this and a subject is UNKNOWN.
        significance: false discovery rate within one (model, version, window).
        positive_label: binary classification: the label whose probability `score` is; None where it is not known.
        labels_after: how long after a window's end its truth is due; None where no truth is expected.
        min_coverage: share of predictions whose truth must be known before performance is judged.
        metrics: performance metrics to judge; empty for the task's usual ones.
        ignore: features that are not judged.
        floors: floors of this model by measure; `feature_floors` by feature and measure, `drift` being its distance.
        tolerances: tolerances of this model by metric.
        segments: categorical features whose levels are judged each alone, as far as the baseline's ruler counts them.
        pairs: pairs of features watched together; `strongest_pairs` how many more the baseline may choose.
        season: which stretches of the reference a window is compared with; None for all.
        provisional: how much of production's beginning makes a provisional baseline where there is none; None for no such.
        failures: whether failed calls are logged at all.
        policy: when alerts open and resolve.
        hash: of all that can change a verdict; not of what only shapes baselines, which have ids of their own, nor alerts.
    """

    name: str
    window: timedelta = DAY
    offset: timedelta = timedelta(0)
    min_rows: int = 200
    significance: float = 0.01
    positive_label: str | None = None
    labels_after: timedelta | None = None
    min_coverage: float = 0.5
    metrics: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    floors: Mapping[str, Floor] = field(default_factory=dict)
    feature_floors: Mapping[str, Mapping[str, Floor]] = field(default_factory=dict)
    tolerances: Mapping[str, Floor] = field(default_factory=dict)
    segments: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    strongest_pairs: int = STRONGEST_PAIRS
    season: Season | None = None
    provisional: timedelta | None = None
    failures: bool = True
    policy: Policy = field(default_factory=Policy)
    hash: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        judged = [
            f"{each.name}={_canonical(getattr(self, each.name))}"
            for each in fields(self)
            if each.name not in _NOT_JUDGING
        ]
        object.__setattr__(self, "hash", identity(*judged))

    def floor(self, measure: str, feature: str = "") -> Floor:
        """Return the floor of `measure`: the feature's own, the model's, or the table's."""
        own = self.feature_floors.get(feature, {})
        name = DRIFT if measure in DISTANCES else measure
        return own.get(name) or self.floors.get(measure, FLOORS[measure])

    def tolerance(self, metric: str) -> Floor:
        """Return the tolerance of `metric`: the model's, or the table's."""
        return self.tolerances.get(metric, TOLERANCES[metric])


def _canonical(value: object) -> str:
    return repr(sorted(value.items())) if isinstance(value, Mapping) else repr(value)
