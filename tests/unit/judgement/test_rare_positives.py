"""Performance where the truth is rarer than in the reference: a few positives say little of how many are found."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import ModelSettings
from elkmon.findings import Kind
from elkmon.judgement import judge, learn
from elkmon.profiles import ALL, Counts, Outcomes, Profile, total
from elkmon.windows import DAY, HOUR

METRICS = ("recall", "balanced_accuracy", "roc_auc")
MODEL = ModelSettings("m", positive_label="yes", labels_after=DAY, metrics=METRICS)
WINDOWS = 60


def profile(start, ruler, positives: float, seed: int, worse: float = 0.0) -> Profile:
    """A thousand rows; scores of positives lie 0.25 above those of negatives, less `worse`."""
    rng = np.random.default_rng(seed)
    truth = rng.random(1_000) < positives
    score = np.clip(rng.normal(0.35 + (0.25 - worse) * truth, 0.15), 0.001, 0.999)
    guess = score >= 0.5
    scale = ruler.scales["elkmon.prediction.score"]

    def binned(rows: np.ndarray) -> tuple[int, ...]:
        return tuple(np.bincount(np.searchsorted(scale.edges, rows, side="right"), minlength=scale.size).tolist())

    pairs = zip(truth.tolist(), guess.tolist(), strict=True)
    name = {True: "yes", False: "no"}
    confusion = Counter((name[true], name[predicted]) for true, predicted in pairs)
    scores = {"yes": binned(score[truth]), "no": binned(score[~truth])}
    counts = {"elkmon.prediction.score": Counts(binned(score))}
    outcomes = Outcomes(1_000, confusion, scores)
    return Profile("m", "1", start, start + HOUR, ruler.id, 1_000, 0, counts, outcomes)


@pytest.fixture
def alarms(ruler, start):
    """Count the windows, of sixty, whose metric is bad against a reference with 20 % positives."""

    @cache
    def known() -> tuple[Baseline, object]:
        hours = tuple(profile(start + day * DAY, ruler, 0.2, day) for day in range(60))
        whole = total(hours, Profile("m", "1", start, start + 60 * DAY, ruler.id))
        baseline = Baseline("m", "1", ruler, Source(SourceKind.WINDOW, "spring"), whole, start, hours)
        return baseline, learn(baseline, MODEL)

    def count(positives: float, worse: float = 0.0) -> Counter[str]:
        baseline, limits = known()
        bad: Counter[str] = Counter(dict.fromkeys(METRICS, 0))
        for seed in range(1_000, 1_000 + WINDOWS):
            current = profile(start + 100 * DAY, ruler, positives, seed, worse)
            found = judge(
                MODEL, baseline, limits, {ALL: replace(current, end=start + 101 * DAY)}, [], start + 110 * DAY
            )
            bad.update(each.subject.name for each in found if each.subject.kind is Kind.METRIC and each.status.bad)
        return bad

    return count


def test_ten_positives_of_a_thousand_are_no_bad_recall(alarms):
    """By the reference's two hundred a window, one in five such windows would be critical with nothing wrong."""
    assert max(alarms(0.01).values()) <= 2


def test_a_worse_model_is_found_by_fifty_positives(alarms):
    """Scores of positives that lost two thirds of their lead are."""
    assert min(alarms(0.05, worse=0.17).values()) >= 0.9 * WINDOWS
