"""
How sure a metric is in a window whose labels are rarer than the reference's: a recall of three positives says little, however
many rows stand beside them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from elkmon.measures.degradation import row_uncertainty
from elkmon.measures.performance import METRICS, Reading
from elkmon.profiles import Outcomes

_RARER = 0.8  # of its share in the reference; rounder shares change an error by a tenth at most
_ROWS = 10**9  # of the reference as it is weighted anew, so that whole rows are fine enough


def variance_where_rarer(name: str, reference: Outcomes, current: Outcomes, reading: Reading) -> float | None:
    """
    Variance of one row of a metric where a true label is rarer in `current` than in `reference`; None where none is.

    Formula: `degradation.row_uncertainty` of the reference with each true label weighted to its share in the window, so that
    predictions and scores of each label are the reference's, as under no change. Of the two labels of a binary classifier
    each has half a row more per predicted label, so one that was never missed is not sure to be found for ever.
    Range [0, ∞); higher is less sure; unit: the metric's, squared. None too for regression, whose truth has no labels.
    Source: Saerens, Latinne and Decaestecker (2002), Adjusting the outputs of a classifier to new a priori probabilities.

    >>> before = Outcomes(1000, {("a", "a"): 400, ("a", "b"): 100, ("b", "b"): 500})
    >>> rare = Outcomes(1000, {("a", "a"): 4, ("a", "b"): 6, ("b", "b"): 990})
    >>> round(variance_where_rarer("recall", before, rare, Reading("a")) / 1000, 4)  # 0.8 · 0.2 of 10 positives
    0.016
    >>> variance_where_rarer("recall", before, before, Reading("a"))
    """
    if METRICS[name].regression:
        return None
    of_scores = METRICS[name].needs_score
    then, now = _shares(reference, of_scores=of_scores), _shares(current, of_scores=of_scores)
    if not then or not any(now.get(label, 0.0) < _RARER * share for label, share in then.items()):
        return None
    found = row_uncertainty(name, _weighted(reference, then, now), reading)
    return None if found is None else found.within


def _shares(outcomes: Outcomes, *, of_scores: bool) -> Mapping[str, float]:
    """Return the share of each true label among the rows of scores, or of predicted labels."""
    rows: Counter[str] = Counter()
    if of_scores:
        rows.update({label: sum(bins) for label, bins in outcomes.scores.items()})
    else:
        for (true, _), count in outcomes.confusion.items():
            rows[true] += count
    total = rows.total()
    return {label: count / total for label, count in rows.items() if count}


def _weighted(outcomes: Outcomes, then: Mapping[str, float], now: Mapping[str, float]) -> Outcomes:
    """Return `outcomes` with the labels that have the shares `then` weighted to those of `now`, labels without rows left out."""
    labels = sorted({label for pair, count in outcomes.confusion.items() if count for label in pair})
    more = 0.5 if len(labels) == 2 else 0.0
    cells = {(true, guess): outcomes.confusion.get((true, guess), 0) + more for true in labels for guess in labels}
    rows: dict[str, float] = defaultdict(float)
    for (true, _), count in cells.items():
        rows[true] += count
    weights = {label: _ROWS * now[label] for label in then if now.get(label)}
    return Outcomes(
        _ROWS,
        {
            pair: round(count / rows[pair[0]] * weights[pair[0]])
            for pair, count in cells.items()
            if count and pair[0] in weights
        },
        {
            label: tuple(round(count / sum(bins) * weights[label]) for count in bins)
            for label, bins in outcomes.scores.items()
            if label in weights and any(bins)
        },
    )
