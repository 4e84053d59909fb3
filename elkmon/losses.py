"""
What one prediction lost against its truth: the figures stored per outcome, which add up to performance.

The one place of these formulas: the store's join and reference files both use it, so their sums agree. Nothing is summed
here and nothing is judged.
"""

from __future__ import annotations

import math

CLIP = 1e-15
"""A probability is taken as at least this far from 0 and 1, so that one sure mistake costs 34.5 and not infinity."""


def classification_losses(score: float, *, positive: bool) -> dict[str, float]:
    """
    Return `log_loss` and `brier` of a binary prediction.

    Args:
        score: probability given to the positive class, in [0, 1].
        positive: whether the truth is the positive class.

    Returns:
        `log_loss`: −ln of the probability given to the true class, in nats, in [0, 34.6]; lower is better.
        `brier`: (score − truth)², truth 1 or 0, in [0, 1]; lower is better.
        Neither, where `score` is no probability.

    Source: G. W. Brier, Verification of forecasts expressed in terms of probability, 1950 (its one-class half, as
    scikit-learn's `brier_score_loss`); the clipping is scikit-learn's of old, in double precision.

    >>> classification_losses(0.75, positive=False)
    {'log_loss': 1.3862943611198906, 'brier': 0.5625}
    >>> classification_losses(1.5, positive=True)
    {}
    """
    if not 0.0 <= score <= 1.0:
        return {}
    truth = 1.0 if positive else 0.0
    given = score if positive else 1.0 - score
    return {"log_loss": -math.log(min(max(given, CLIP), 1.0 - CLIP)), "brier": (score - truth) ** 2}


def regression_losses(predicted: float, actual: float) -> dict[str, float]:
    """
    Return the errors of one predicted number, in its own unit or that squared.

    `error` is predicted − actual, so a positive mean says that the model predicts too much. `value` and `value_squared` are
    of the truth, for R². `absolute_percentage_error` is a share of |actual| and left out where the truth is 0.

    Source: R. J. Hyndman and A. B. Koehler, Another look at measures of forecast accuracy, 2006.

    >>> regression_losses(12.0, 10.0)["absolute_percentage_error"]
    0.2
    >>> "absolute_percentage_error" in regression_losses(12.0, 0.0)
    False
    """
    error = predicted - actual
    losses = {
        "error": error,
        "absolute_error": abs(error),
        "squared_error": error * error,
        "value": actual,
        "value_squared": actual * actual,
    }
    if actual != 0.0:
        losses["absolute_percentage_error"] = abs(error) / abs(actual)
    return losses
