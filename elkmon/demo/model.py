"""
A model that says how likely a flight is to arrive 15 minutes late or more, and the reference file of its predictions.

The reference file holds out-of-fold predictions: each flight is scored by a model that has not seen its day. In-sample ones
are far too good, and would make every later week look worse than it is.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]  # ships no stubs
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]
from sklearn.model_selection import GroupKFold  # type: ignore[import-untyped]
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]
from tqdm import tqdm

from elkmon.demo.flights import CATEGORICAL, FEATURES, LATE, NUMERIC, ON_TIME, Flights

FOLDS = 5
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class DelayModel:
    """
    Gradient-boosted trees on what is known before departure.

    `levels` are the categories it was trained with; one it has not met is treated as missing.
    """

    levels: dict[str, tuple[str | int, ...]]
    classifier: HistGradientBoostingClassifier

    def matrix(self, flights: Flights) -> np.ndarray:
        """Return the features as the trees take them: one row a flight, categories as codes, missing as NaN."""
        columns = [_codes(flights.table[name], self.levels[name]) for name in CATEGORICAL]
        columns += [flights.table[name].to_numpy(float) for name in NUMERIC]
        return np.column_stack(columns)

    def scores(self, matrix: np.ndarray) -> list[float]:
        """Return the probability of arriving late, one per row of `matrix`."""
        with _one_thread():
            probabilities: list[float] = self.classifier.predict_proba(matrix)[:, 1].tolist()
        return probabilities


def label(score: float) -> str:
    """Return what is predicted at this probability of being late."""
    return LATE if score >= THRESHOLD else ON_TIME


def train(flights: Flights, seed: int) -> DelayModel:
    """Train on flights whose truth is known."""
    levels = {name: tuple(sorted(flights.table[name].unique().tolist())) for name in CATEGORICAL}
    model = DelayModel(
        levels,
        HistGradientBoostingClassifier(
            max_iter=120,
            learning_rate=0.06,
            max_leaf_nodes=15,
            min_samples_leaf=100,
            l2_regularization=5.0,
            categorical_features=list(range(len(CATEGORICAL))),
            random_state=seed,
        ),
    )
    with _one_thread():
        model.classifier.fit(model.matrix(flights), _late(flights))
    return model


def out_of_fold_scores(flights: Flights, seed: int) -> pd.Series:
    """Return each flight's score by a model trained without its day: five folds, each of whole days."""
    scores = pd.Series(np.nan, index=flights.table.index)
    folds = GroupKFold(FOLDS).split(flights.table, groups=flights.table["day"])
    for trained_on, left_out in tqdm(folds, total=FOLDS, unit=" folds", disable=None, leave=False, delay=1):
        model = train(Flights(flights.table.iloc[trained_on]), seed)
        rows = Flights(flights.table.iloc[left_out])
        scores.iloc[left_out] = pd.Series(model.scores(model.matrix(rows)))
    return scores


def write_reference(flights: Flights, scores: pd.Series, path: Path) -> None:
    """Write the reference file: one row a flight with features, score, prediction and truth, as anybody would export it."""
    table = flights.table[["timestamp", *FEATURES]].assign(
        score=scores, prediction=scores.map(label), truth=flights.table["truth"]
    )
    table.to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")


def auc(flights: Flights, scores: pd.Series) -> float:
    """Return the area under the ROC curve over rows, for the story's text."""
    return float(roc_auc_score(_late(flights), scores))


@cache
def _threads() -> ThreadpoolController:
    return ThreadpoolController()


def _one_thread() -> AbstractContextManager[object]:
    """Keep the trees to one thread: several wait for each other by spinning, twenty times slower where cores are busy."""
    limited: AbstractContextManager[object] = _threads().limit(limits=1)
    return limited


def _late(flights: Flights) -> np.ndarray:
    return (flights.table["truth"] == LATE).to_numpy()


def _codes(column: pd.Series, levels: tuple[str | int, ...]) -> np.ndarray:
    return column.map({level: float(code) for code, level in enumerate(levels)}).to_numpy(float)
