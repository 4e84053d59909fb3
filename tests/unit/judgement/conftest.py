"""A small made-up model whose truth is known, hour by hour; tests say how its traffic changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import ModelSettings
from elkmon.findings import Finding, Kind
from elkmon.judgement import Limits, judge, learn
from elkmon.losses import classification_losses
from elkmon.measures.binning import latency_scale, numeric_scale, score_scale
from elkmon.ports import Completeness
from elkmon.profiles import ALL, Counts, Outcomes, Profile, total
from elkmon.rulers import CategoricalScale, JointScale, NumericScale, Ruler
from elkmon.surveys import NumericSummary
from elkmon.windows import DAY, HOUR

START = datetime(2013, 1, 1, tzinfo=UTC)
X, C, SCORE, LABEL, DURATION = (
    "features.num.x",
    "features.cat.c",
    "elkmon.prediction.score",
    "elkmon.prediction.label",
    "event.duration",
)
EVEN = NumericSummary(10**6, 10**6, (), {p / 100: p / 100 for p in range(1, 100)}, 0.0, 1.0)
NORMAL = NumericSummary(
    10**6,
    10**6,
    (),
    {p: float(q) for p, q in zip(
        (0.005, 0.01, *(k / 20 for k in range(1, 20)), 0.99, 0.995),
        np.quantile(np.random.default_rng(0).normal(size=200_000), [0.005, 0.01, *(k / 20 for k in range(1, 20)), 0.99, 0.995]),
        strict=True,
    )},
    -4.8,
    4.8,
)  # fmt: skip
LABELS = CategoricalScale(("no", "yes"))
SCORE_BY_LABEL = JointScale(SCORE, LABEL, score_scale(EVEN), LABELS)
RULER = Ruler(
    {
        X: numeric_scale(NORMAL),
        C: CategoricalScale(("a", "b")),
        SCORE: score_scale(EVEN),
        LABEL: LABELS,
        DURATION: latency_scale(),
    },
    joints=(SCORE_BY_LABEL,),
)
SETTINGS = ModelSettings("m", positive_label="yes", labels_after=DAY)


@dataclass(frozen=True)
class World:
    """What one hour of traffic looks like."""

    rows: int = 50
    shift: float = 0.0
    share_of_a: float = 0.6
    missing: int = 0
    unseen: int = 0
    rejected: int = 0
    unindexed: int = 0
    errors: int = 0
    slower: float = 1.0
    quality: float = 0.25  # how far scores of positives lie above those of negatives
    labelled: float = 1.0
    constant: bool = False


def binned(scale: NumericScale, values: np.ndarray) -> tuple[int, ...]:
    return tuple(np.bincount(np.searchsorted(scale.edges, values, side="right"), minlength=scale.size).tolist())


def by_label(scale: NumericScale, score: np.ndarray, guess: np.ndarray) -> tuple[int, ...]:
    columns = (binned(scale, score[~guess]), binned(scale, score[guess]), (0,) * scale.size)
    return tuple(count for cell in zip(*columns, strict=True) for count in cell)


def hour(start: datetime, world: World, seed: int) -> Profile:
    rng = np.random.default_rng([seed, int(start.timestamp())])
    rows = world.rows
    if not rows:
        return Profile("m", "1", start, start + HOUR, RULER.id, errors=world.errors)
    x = np.zeros(rows) if world.constant else rng.normal(world.shift, 1, rows)
    kept = rows - world.missing - world.rejected - world.unindexed
    a = int((rng.random(rows - world.unseen) < world.share_of_a).sum())
    truth = rng.random(rows) < 0.4
    score = np.clip(rng.normal(0.35 + world.quality * truth, 0.15), 0.001, 0.999)
    guess = score >= 0.5
    known = rng.random(rows) < world.labelled
    duration = rng.lognormal(np.log(2e7 * world.slower), 0.5, rows)
    scale = RULER.scales[SCORE]
    assert isinstance(scale, NumericScale)
    losses = [
        classification_losses(s, positive=bool(t)) for s, t in zip(score[known].tolist(), truth[known], strict=True)
    ]
    confusion = {
        (true, predicted): int((known & (truth == (true == "yes")) & (guess == (predicted == "yes"))).sum())
        for true in ("no", "yes")
        for predicted in ("no", "yes")
    }
    outcomes = Outcomes(
        int(known.sum()),
        {pair: count for pair, count in confusion.items() if count},
        {"yes": binned(scale, score[known & truth]), "no": binned(scale, score[known & ~truth])},
        sums={
            "log_loss": sum(loss["log_loss"] for loss in losses),
            "log_loss_rows": len(losses),
            "brier": sum(loss["brier"] for loss in losses),
            "brier_rows": len(losses),
        },
    )
    subjects = {
        X: Counts(binned(RULER.scales[X], x[:kept]), world.missing, rejected=world.rejected, unindexed=world.unindexed),
        C: Counts((a, rows - world.unseen - a, world.unseen), unseen=world.unseen),
        SCORE: Counts(binned(scale, score)),
        LABEL: Counts((int((~guess).sum()), int(guess.sum()), 0)),
        SCORE_BY_LABEL.name: Counts(by_label(scale, score, guess)),
        DURATION: Counts(binned(RULER.scales[DURATION], duration)),
    }
    return Profile("m", "1", start, start + HOUR, RULER.id, rows, world.errors, subjects, outcomes)


def window_of(day: int = 100, seed: int = 1, length: timedelta = DAY, **world: Any) -> Profile:
    """Make the profile of a day of traffic, `day` days after the reference began; `world` says how it differs."""
    start = START + day * DAY
    hours = [hour(start + place * HOUR, World(**world), seed) for place in range(length // HOUR)]
    return total(hours, Profile("m", "1", start, start + length, RULER.id))


@cache
def reference_of(days: int = 60, kind: SourceKind = SourceKind.WINDOW, *, weather: bool = False) -> Baseline:
    """Make a reference; with `weather` its days differ by an SD of half an SD."""
    moods = np.random.default_rng(5).normal(0, 0.5, days) if weather else np.zeros(days)
    hours = tuple(
        hour(START + place * HOUR, World(shift=float(moods[place // 24])), seed=0) for place in range(days * 24)
    )
    whole = total(hours, Profile("m", "1", START, START + days * DAY, RULER.id))
    return Baseline("m", "1", RULER, Source(kind, "reference"), whole, START, hours)


@cache
def limits_of(baseline_days: int = 60, *, weather: bool = False) -> Limits:
    return learn(reference_of(baseline_days, weather=weather), SETTINGS)[ALL]


def verdicts_of(
    current: Profile,
    earlier: Sequence[Profile] = (),
    settings: ModelSettings = SETTINGS,
    baseline: Baseline | None = None,
    learnt: Limits | None = None,
    now: datetime | None = None,
    completeness: Completeness | None = None,
) -> dict[tuple[Kind, str], Finding]:
    baseline = baseline or reference_of()
    found = judge(
        settings,
        baseline,
        {ALL: learnt or limits_of()},
        {ALL: current},
        [{ALL: each} for each in earlier],
        now or current.end + 2 * DAY,
        completeness or Completeness(arrived=current.predictions),
    )
    assert len({finding.subject for finding in found}) == len(found)
    return {(finding.subject.kind, finding.subject.name): finding for finding in found}


def bad_of(found: dict[tuple[Kind, str], Finding]) -> set[tuple[Kind, str]]:
    return {key for key, finding in found.items() if finding.status.bad}


@pytest.fixture
def window() -> Callable[..., Profile]:
    """Make a window's profile."""
    return window_of


@pytest.fixture
def reference() -> Callable[..., Baseline]:
    """Make a reference."""
    return reference_of


@pytest.fixture
def limits() -> Callable[..., Limits]:
    """Learn the reference's limits."""
    return limits_of


@pytest.fixture
def verdicts() -> Callable[..., dict[tuple[Kind, str], Finding]]:
    """Judge a window; findings by kind and name."""
    return verdicts_of


@pytest.fixture
def bad() -> Callable[..., set[tuple[Kind, str]]]:
    """Pick the bad ones."""
    return bad_of


@pytest.fixture
def settings() -> ModelSettings:
    """How the model is judged."""
    return SETTINGS


@pytest.fixture
def start() -> datetime:
    """When the reference begins."""
    return START


@pytest.fixture
def ruler() -> Ruler:
    """What it is counted by."""
    return RULER
