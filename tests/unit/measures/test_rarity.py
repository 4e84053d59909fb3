"""What a metric is worth where positives have become rare."""

from __future__ import annotations

import numpy as np
import pytest

from elkmon.measures.performance import Reading
from elkmon.measures.rarity import variance_where_rarer
from elkmon.profiles import Outcomes

COMMON = Outcomes(
    100_000,
    {("yes", "yes"): 16_000, ("yes", "no"): 4_000, ("no", "no"): 80_000},
    {"yes": (2_000, 6_000, 12_000), "no": (50_000, 20_000, 10_000)},
)
READING = Reading("yes", (0.1, 0.5, 0.9))


def rare(positives: int, rows: int = 1_000) -> Outcomes:
    """A window with so many positives, all of them missed."""
    return Outcomes(
        rows,
        {("yes", "no"): positives, ("no", "no"): rows - positives},
        {"yes": (positives, 0, 0), "no": (rows - positives, 0, 0)},
    )


@pytest.mark.parametrize("positives", [1, 5, 50])
def test_recall_varies_by_the_positives_of_the_window(positives: int):
    """p(1 − p) over the positives there are, p being the reference's recall, not over those there used to be."""
    found = variance_where_rarer("recall", COMMON, rare(positives), READING)
    assert found is not None
    assert found / 1_000 == pytest.approx(0.8 * 0.2 / positives, rel=1e-3)


def test_roc_auc_varies_as_delong_says():
    """The variance of both sides' placements, each over its rows; half a point for ties (DeLong, DeLong and Clarke-Pearson)."""
    yes, no = (np.asarray(COMMON.scores[label]) for label in ("yes", "no"))
    beaten = (np.cumsum(no) - no / 2) / no.sum()
    beating = (yes.sum() - np.cumsum(yes) + yes / 2) / yes.sum()
    area = float(yes @ beaten / yes.sum())
    of_positives = float(yes @ (beaten - area) ** 2 / yes.sum())
    of_negatives = float(no @ (beating - area) ** 2 / no.sum())

    found = variance_where_rarer("roc_auc", COMMON, rare(10), READING)

    assert found is not None
    assert found / 1_000 == pytest.approx(of_positives / 10 + of_negatives / 990, rel=1e-3)


def test_labels_as_frequent_as_before_change_nothing():
    """Nor do those that are more frequent, where none is rarer for it; nor numbers, which have no labels."""
    assert variance_where_rarer("recall", COMMON, COMMON, READING) is None
    assert variance_where_rarer("recall", COMMON, Outcomes(), READING) is None
    assert variance_where_rarer("recall", Outcomes(), COMMON, READING) is None
    assert variance_where_rarer("mae", COMMON, rare(1), READING) is None


def test_a_label_that_was_never_missed_can_be():
    """Thirty of thirty found do not say that the next one is; half a row is taken as missed."""
    sure = Outcomes(30_000, {("yes", "yes"): 30, ("no", "no"): 29_970})
    found = variance_where_rarer("recall", sure, rare(1, rows=10_000), READING)
    assert found is not None
    assert found / 10_000 == pytest.approx(30.5 / 31 * 0.5 / 31, rel=1e-3)
