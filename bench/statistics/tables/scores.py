"""7: each score from counts against scipy, scikit-learn or numpy on the rows, and by how much bins miss it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.spatial import distance as spatial
from sklearn import metrics as on_rows
from sklearn.linear_model import LinearRegression

from bench.statistics import counting, series
from bench.statistics.counting import NOW
from bench.statistics.peers import Failed
from bench.statistics.predictions import all_predictions
from bench.statistics.series import Series
from bench.statistics.session import Session, Table
from elkmon.fields import FEATURES_CATEGORICAL, FEATURES_NUMERIC, PREDICTION_LABEL, PREDICTION_SCORE, PREDICTION_VALUE
from elkmon.measures import drift
from elkmon.measures.binning import QUANTILES, make_ruler
from elkmon.measures.performance import METRICS, Reading, measure
from elkmon.measures.significance import chi_square, ks_p_value
from elkmon.reference_files.counting import profiles, survey
from elkmon.reference_files.reading import Table as Read
from elkmon.rulers import NumericScale
from elkmon.windows import Window

Differences = dict[str, list[tuple[float, float]]]
QUARTERS = (
    Window(datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)),
    Window(datetime(2013, 7, 1, tzinfo=UTC), datetime(2013, 10, 1, tzinfo=UTC)),
)
_OF = {
    "wasserstein": "scipy.stats.wasserstein_distance / SD of the rows",
    "ks": "scipy.stats.ks_2samp",
    "ks p-value": "scipy.stats.ks_2samp, method asymp; log10",
    "total variation": "numpy on shares",
    "jensen_shannon": "scipy.spatial.distance.jensenshannon, base 2",
    "psi, bias added back": "numpy on shares, cells of at least 5 rows",
    "chi_square": "scipy.stats.chi2_contingency",
    "chi_square p-value": "scipy.stats.chi2_contingency; log10",
}


def tables(session: Session) -> Sequence[Table]:
    """Return the table."""
    found: Differences = defaultdict(list)
    for each in (series.weather(), series.flights()):
        session.say(f"7, scores: {each.name}")
        _distances(each, found)
    remarks = []
    try:
        for predictions in all_predictions(session):
            session.say(f"7, scores: {predictions.name}")
            _classification(predictions.reference, predictions.current, found)
    except Failed as failure:
        remarks.append(f"Scores of classifiers are left out: {failure}.")
    _regression(found)
    rows = []
    for name, pairs in found.items():
        apart = [abs(ours - theirs) for ours, theirs in pairs]
        worst = int(np.argmax(apart))
        session.figures[f"7 {name}"] = apart[worst]
        rows.append(
            [
                name,
                _OF.get(name, f"sklearn.metrics.{_CLASSIFICATION[name][0]}" if name in _CLASSIFICATION else "numpy"),
                f"{len(pairs)}",
                f"{apart[worst]:.2g}",
                f"{pairs[worst][0]:.6g}",
                f"{pairs[worst][1]:.6g}",
            ]
        )
    return (
        Table(
            "7. Scores from counts against the rows",
            "Distances: every column of New York's weather and flights, first quarter against third, sampling noise left in "
            "(`net=False`). Performance: the later rows of table 6's models, and air time predicted from distance.",
            ("score", "on the rows", "compared", "worst difference", "there: elkmon", "there: rows"),
            rows,
            remarks,
        ),
    )


def _distances(each: Series, found: Differences) -> None:
    sides = [each.rows.between(quarter) for quarter in QUARTERS]
    ruler = counting.ruler_of(sides[0])
    totals = [
        counting.summed({hour.start: hour for hour in counting.hours_of(side, ruler)}, quarter, ruler)
        for side, quarter in zip(sides, QUARTERS, strict=True)
    ]
    for name in each.rows.numeric:
        field = f"{FEATURES_NUMERIC.path}.{name}"
        scale = ruler.scales[field]
        assert isinstance(scale, NumericScale)
        counts = [whole.subjects[field].bins for whole in totals]
        rows = [side.frame[name].dropna().to_numpy(np.float64) for side in sides]
        exact = stats.ks_2samp(rows[0], rows[1], method="asymp")
        apart = stats.wasserstein_distance(rows[0], rows[1]) / rows[0].std()
        found["wasserstein"].append((drift.wasserstein(counts[0], counts[1], scale.points, net=False), float(apart)))
        found["ks"].append((drift.kolmogorov_smirnov(counts[0], counts[1]), float(exact.statistic)))
        found["ks p-value"].append((_log(ks_p_value(counts[0], counts[1])), _log(float(exact.pvalue))))
    for name in each.rows.categorical:
        field = f"{FEATURES_CATEGORICAL.path}.{name}"
        counts = [whole.subjects[field].bins for whole in totals]
        tallies = [side.frame[name].value_counts() for side in sides]
        table = pd.concat(tallies, axis=1).fillna(0).to_numpy(np.float64).T
        shares = table / table.sum(axis=1, keepdims=True)
        found["total variation"].append(
            (drift.total_variation(counts[0], counts[1], net=False), float(np.abs(shares[0] - shares[1]).sum() / 2))
        )
        found["jensen_shannon"].append(
            (drift.jensen_shannon(counts[0], counts[1]), float(spatial.jensenshannon(shares[0], shares[1], base=2)))
        )
        frequent = table[:, (table.sum(axis=0) * table.sum(axis=1).min() / table.sum()) >= 5]
        if frequent.shape == table.shape:  # else elkmon pools what is rare, and compares something else
            bias = (table.shape[1] - 1) * float((1 / table.sum(axis=1)).sum())
            plain = float(np.sum((shares[0] - shares[1]) * np.log(shares[0] / shares[1])))
            found["psi, bias added back"].append((drift.population_stability_index(counts[0], counts[1]) + bias, plain))
            exact = stats.chi2_contingency(table, correction=False)
            ours = chi_square(counts[0], counts[1])
            found["chi_square"].append((ours[0], float(exact[0])))
            found["chi_square p-value"].append((_log(ours[1]), _log(float(exact[1]))))


_CLASSIFICATION: Mapping[str, tuple[str, Callable[[pd.DataFrame], float]]] = {
    "roc_auc": ("roc_auc_score", lambda rows: on_rows.roc_auc_score(rows["truth"], rows["score"])),
    "average_precision": (
        "average_precision_score",
        lambda rows: on_rows.average_precision_score(rows["truth"], rows["score"]),
    ),
    "log_loss": ("log_loss", lambda rows: on_rows.log_loss(rows["truth"], rows["score"].clip(1e-15, 1 - 1e-15))),
    "brier": ("brier_score_loss", lambda rows: on_rows.brier_score_loss(rows["truth"], rows["score"])),
    "accuracy": ("accuracy_score", lambda rows: on_rows.accuracy_score(rows["truth"], rows["predicted"])),
    "balanced_accuracy": (
        "balanced_accuracy_score",
        lambda rows: on_rows.balanced_accuracy_score(rows["truth"], rows["predicted"]),
    ),
    "precision": (
        "precision_score",
        lambda rows: on_rows.precision_score(rows["truth"], rows["predicted"], zero_division=0),
    ),
    "recall": ("recall_score", lambda rows: on_rows.recall_score(rows["truth"], rows["predicted"])),
    "f1": ("f1_score, macro", lambda rows: on_rows.f1_score(rows["truth"], rows["predicted"], average="macro")),
    "matthews": ("matthews_corrcoef", lambda rows: on_rows.matthews_corrcoef(rows["truth"], rows["predicted"])),
}


def _classification(reference: pd.DataFrame, current: pd.DataFrame, found: Differences) -> None:
    ruler = make_ruler(survey(_read(reference), QUANTILES))
    hours = profiles(_read(current), ruler, counting.MODEL, NOW, "1")
    outcomes = hours[-1].outcomes
    scale = ruler.scales[PREDICTION_SCORE]
    assert isinstance(scale, NumericScale)
    for name, (_, exact) in _CLASSIFICATION.items():
        if name in METRICS:
            ours = measure(name, outcomes, Reading("1", scale.points))
            if ours is not None:
                found[name].append((ours, float(exact(current))))


def _read(rows: pd.DataFrame) -> Read:
    """Return predictions with their truth as a reference file that was read."""
    table = Read(len(rows), typed=True, version=counting.VERSION)
    table.numbers[PREDICTION_SCORE] = rows["score"].astype("float64")
    table.levels[PREDICTION_LABEL] = rows["predicted"].astype(str).astype("category")
    table.actual_labels = rows["truth"].astype(str).astype("category")
    return table


def _regression(found: Differences) -> None:
    """Predict air time from distance, trained on January, and compare on July."""
    frame = series.flights().rows.frame.dropna(subset=["air_time"])
    january, july = (frame[frame["timestamp"].dt.month == month].reset_index(drop=True) for month in (1, 7))
    predicted = LinearRegression().fit(january[["distance"]], january["air_time"]).predict(july[["distance"]])
    truth = july["air_time"].astype("float64")
    table = Read(len(july), typed=True, version=counting.VERSION)
    table.numbers[PREDICTION_VALUE] = pd.Series(predicted)
    table.actual_values = truth
    ruler = make_ruler(survey(table, QUANTILES))
    outcomes = profiles(table, ruler, counting.MODEL, NOW, None)[-1].outcomes
    error: Any = predicted - truth.to_numpy()
    exact = {
        "mae": on_rows.mean_absolute_error(truth, predicted),
        "rmse": float(np.sqrt(on_rows.mean_squared_error(truth, predicted))),
        "bias": float(error.mean()),
        "mape": on_rows.mean_absolute_percentage_error(truth, predicted),
        "r2": on_rows.r2_score(truth, predicted),
    }
    for name, value in exact.items():
        ours = measure(name, outcomes, Reading())
        if ours is not None:
            found[name].append((ours, float(value)))


def _log(p_value: float) -> float:
    return float(np.log10(max(p_value, 1e-300)))
