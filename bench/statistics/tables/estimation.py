"""6: performance estimated without truth, from counts, beside NannyML's CBPE on the rows, chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bench.statistics import counting
from bench.statistics.peers import Failed
from bench.statistics.predictions import Predictions, all_predictions
from bench.statistics.session import Session, Table
from elkmon.fields import PREDICTION_SCORE
from elkmon.measures.binning import make_ruler
from elkmon.measures.estimation import calibrated, estimate, isotonic_map
from elkmon.rulers import NumericScale
from elkmon.surveys import Survey

GOAL = 0.005
CHUNKS = 10
FEWEST = 60
METRICS = {"roc_auc": "roc_auc", "accuracy": "accuracy", "f1": "f1_of_positive"}


def tables(session: Session) -> Sequence[Table]:
    """Return the table."""
    rows: list[list[str]] = []
    try:
        sets = all_predictions(session)
    except Failed as failure:
        return (Table("6. Estimated performance", f"Left out: {failure}.", ("", ""), ()),)
    worst = 0.0
    for each in sets:
        session.say(f"6, estimation: {each.name}")
        size = max(len(each.current) // CHUNKS, FEWEST)
        later = each.current.iloc[: len(each.current) // size * size]  # a rest would be a chunk of a few rows
        try:
            asked = session.peers.ask(
                "estimation", {"reference": each.reference, "current": later}, rows_per_chunk=size
            )
            chunks = asked.answer()["chunks"]
            asked.forget()
        except Failed as failure:
            rows.append([each.name, str(failure)])
            continue
        ours, mapped = _estimates(each, chunks)
        for name in METRICS:
            theirs = np.asarray([chunk[name] for chunk in chunks])
            apart = np.abs(np.asarray(ours[name]) - theirs)
            always = np.abs(np.asarray(mapped[name]) - theirs)
            realised = np.asarray([_realised(name, each.current, chunk) for chunk in chunks])
            worst = max(worst, float(np.nanmax(apart)))
            rows.append(
                [
                    each.name,
                    f"{len(each.reference):,}",
                    f"{len(chunks)} × {size:,}",
                    name,
                    _written(np.nanmax(apart)),
                    _written(np.nanmean(apart)),
                    f"{np.nanmax(always):.4f}",
                    f"{np.nanmean(np.abs(np.asarray(ours[name]) - realised)):.4f}",
                    f"{np.nanmean(np.abs(theirs - realised)):.4f}",
                ]
            )
    session.figures["6 worst"] = worst
    return (
        Table(
            "6. Estimated performance: from counts beside NannyML's CBPE on the rows",
            f"Each model was trained on a third of its data; reference the second, and the last, ordered by a feature, cut into "
            f"chunks. Differences between both estimates per chunk, worst and mean; **bold** is beyond {GOAL}. 'With the map "
            "always' uses the isotonic map even where the score needs no calibration. The last two columns say how far each "
            "estimate lies from what the truth turned out to be, in the mean.",
            (
                "data, model",
                "reference",
                "chunks",
                "metric",
                "worst difference",
                "mean",
                "worst with the map always",
                "elkmon − realised",
                "NannyML − realised",
            ),
            rows,
        ),
    )


def _estimates(
    each: Predictions, chunks: Sequence[Mapping[str, float]]
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return per metric elkmon's estimate of every chunk, from counts alone: as it is made, and with the map always."""
    scores = each.reference["score"].to_numpy()
    ruler = make_ruler(Survey(len(scores), numeric={str(PREDICTION_SCORE): counting.numeric_summary(scores)}))
    scale = ruler.scales[PREDICTION_SCORE]
    assert isinstance(scale, NumericScale)
    truth = each.reference["truth"].to_numpy()
    sides = [counting.binned(scores[truth == side], scale).tolist() for side in (1, 0)]
    maps = (calibrated(sides[0], sides[1], scale.points), isotonic_map(sides[0], sides[1], scale.points))
    found: tuple[dict[str, list[float]], dict[str, list[float]]] = ({}, {})
    for chunk in chunks:
        part = each.current.iloc[int(chunk["start"]) : int(chunk["end"]) + 1]
        cells = np.stack(
            [counting.binned(part["score"][part["predicted"] == label].to_numpy(), scale) for label in (0, 1)], axis=1
        ).tolist()
        for probabilities, into in zip(maps, found, strict=True):
            assert probabilities is not None
            for name, ours in METRICS.items():
                value = estimate(ours, cells, probabilities, positive=1)
                into.setdefault(name, []).append(float("nan") if value is None else value)
    return found


def _realised(name: str, current: pd.DataFrame, chunk: Mapping[str, float]) -> float:
    """Return what the metric turned out to be, by scikit-learn on the rows."""
    from sklearn import metrics

    part = current.iloc[int(chunk["start"]) : int(chunk["end"]) + 1]
    if part["truth"].nunique() < 2:
        return float("nan")
    if name == "roc_auc":
        return float(metrics.roc_auc_score(part["truth"], part["score"]))
    compute = metrics.accuracy_score if name == "accuracy" else metrics.f1_score
    return float(compute(part["truth"], part["predicted"]))


def _written(difference: float) -> str:
    return f"**{difference:.4f}**" if difference > GOAL else f"{difference:.4f}"
