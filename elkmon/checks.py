"""
Which measures a model gets, and every floor and tolerance in one table.

What is configured for a model is a `ModelSettings`; how a window is judged by it is in `elkmon.judgement`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta

from elkmon.alerts import Policy
from elkmon.identity import identity
from elkmon.windows import DAY


@dataclass(frozen=True, slots=True)
class Floor:
    """The least that counts as big: `warning` and `critical`, in the unit of the measure."""

    warning: float
    critical: float


# Set by trial on real years of weather and flights: lower ones mail about days that differ as days do.
FLOORS: Mapping[str, Floor] = {
    "wasserstein": Floor(0.1, 0.25),  # reference standard deviations
    "total_variation": Floor(0.05, 0.15),  # share of rows that changed level
    "concept_gap": Floor(0.05, 0.15),  # change of mean(predicted) − mean(actual): share of rows, or reference SDs
    "missing": Floor(0.01, 0.05),  # further share of rows without a value
    "unseen": Floor(0.01, 0.05),  # further share of rows with a level the reference never had; seasonal ones stay below
    "out_of_range": Floor(0.01, 0.05),  # further share of rows outside the reference's range
    "rejected": Floor(0.001, 0.01),  # share of rows with a value of the wrong type
    "unindexed": Floor(0.001, 0.01),  # share of rows Elasticsearch did not index
    "constant": Floor(0.999, 0.999),  # share of rows in the fullest bin or level
    "error_rate": Floor(0.01, 0.05),  # further share of calls that failed
    "latency_p95": Floor(1.25, 2.0),  # ratio to the baseline
    "throughput": Floor(0.5, 0.1),  # ratio to the baseline's rate; lower is worse
}

# How much worse than the reference is still tolerated. Losses and shares are in their own unit; MAE and RMSE are relative.
TOLERANCES: Mapping[str, Floor] = {
    "accuracy": Floor(0.02, 0.05),
    "f1": Floor(0.03, 0.08),
    "roc_auc": Floor(0.02, 0.05),
    "log_loss": Floor(0.03, 0.10),
    "brier": Floor(0.01, 0.03),
    "precision": Floor(0.03, 0.08),
    "recall": Floor(0.03, 0.08),
    "mae": Floor(0.10, 0.25),
    "rmse": Floor(0.10, 0.25),
}

CLASSIFICATION_METRICS = ("accuracy", "f1", "roc_auc", "log_loss")
REGRESSION_METRICS = ("mae", "rmse")


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
        floors: floors of this model by measure; `feature_floors` by feature, for drift.
        tolerances: tolerances of this model by metric.
        policy: when alerts open and resolve.
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
    feature_floors: Mapping[str, Floor] = field(default_factory=dict)
    tolerances: Mapping[str, Floor] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)

    def floor(self, measure: str, feature: str = "") -> Floor:
        """Return the floor of `measure`: the feature's own, the model's, or the table's."""
        if feature in self.feature_floors:
            return self.feature_floors[feature]
        return self.floors.get(measure, FLOORS[measure])

    def tolerance(self, metric: str) -> Floor:
        """Return the tolerance of `metric`: the model's, or the table's."""
        return self.tolerances.get(metric, TOLERANCES[metric])

    @property
    def hash(self) -> str:
        """Hash of all that can change a verdict (not the alert policy)."""
        judged = [
            f"{each.name}={_canonical(getattr(self, each.name))}" for each in fields(self) if each.name != "policy"
        ]
        return identity(*judged)


def _canonical(value: object) -> str:
    return repr(sorted(value.items())) if isinstance(value, Mapping) else repr(value)
