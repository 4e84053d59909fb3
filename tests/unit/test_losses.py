import math

import pytest
from sklearn.metrics import brier_score_loss, log_loss, mean_absolute_error, mean_absolute_percentage_error, r2_score

from elkmon.losses import classification_losses, regression_losses

SCORES = [0.1, 0.4, 0.35, 0.8, 0.999]
TRUTH = [False, False, True, True, False]
PREDICTED = [2.5, -0.5, 2.0, 8.0]
ACTUAL = [3.0, -0.5, 2.5, 7.0]


def test_mean_losses_of_a_classifier_are_those_of_scikit_learn():
    """Log loss and Brier, averaged over rows, are scikit-learn's."""
    losses = [classification_losses(score, positive=truth) for score, truth in zip(SCORES, TRUTH, strict=True)]
    assert sum(each["log_loss"] for each in losses) / 5 == pytest.approx(log_loss(TRUTH, SCORES), rel=1e-12)
    assert sum(each["brier"] for each in losses) / 5 == pytest.approx(brier_score_loss(TRUTH, SCORES), rel=1e-12)


def test_a_sure_mistake_costs_a_finite_amount():
    """A probability of 0 for what was true counts as 1e-15, so that one row cannot make a month infinite."""
    assert classification_losses(0.0, positive=True)["log_loss"] == pytest.approx(-math.log(1e-15))
    assert classification_losses(1.0, positive=False)["log_loss"] == pytest.approx(-math.log(1e-15))
    assert classification_losses(1.0, positive=True)["log_loss"] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("score", [-0.1, 1.1, math.nan, math.inf])
def test_what_is_no_probability_has_no_loss(score: float):
    """A raw margin or a missing score gives no figure rather than a wrong one."""
    assert classification_losses(score, positive=True) == {}


def test_sums_of_a_regression_give_the_figures_of_scikit_learn():
    """MAE, MAPE and R² from sums over rows are scikit-learn's on the rows."""
    rows = [regression_losses(predicted, actual) for predicted, actual in zip(PREDICTED, ACTUAL, strict=True)]
    sums = {name: sum(row[name] for row in rows) for name in rows[0]}
    total = sums["value_squared"] - sums["value"] ** 2 / 4
    assert sums["absolute_error"] / 4 == pytest.approx(mean_absolute_error(ACTUAL, PREDICTED))
    assert sums["absolute_percentage_error"] / 4 == pytest.approx(mean_absolute_percentage_error(ACTUAL, PREDICTED))
    assert 1 - sums["squared_error"] / total == pytest.approx(r2_score(ACTUAL, PREDICTED))
    assert sums["error"] == pytest.approx(sum(PREDICTED) - sum(ACTUAL))
