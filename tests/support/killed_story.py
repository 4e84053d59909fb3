"""
A small story for monitors that are killed: half a day in another currency, wrong answers soon after, truth that comes late,
twice and too early. A first check told only half of it, so a second one has something to mend, to resolve and to open.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from elkmon.checks import Floor, ModelSettings
from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal
from elkmon.reference_windows import baseline_from_window
from elkmon.windows import DAY, HOUR, Window

MODEL = "lending"
WINDOW = 6 * HOUR
START = datetime(2026, 3, 2, tzinfo=UTC)
REFERENCE = Window(START, START + 2 * DAY)
FOREIGN = Window(REFERENCE.end + WINDOW, REFERENCE.end + 3 * WINDOW)
FIRST = FOREIGN.end
WRONG = FIRST
END = FIRST + 3 * WINDOW
ROWS_A_WINDOW = 36
LATE = 7 * HOUR
"""How long every ninth truth takes."""
OTHER = {"default": "paid", "paid": "default"}
POSITIVE_LABELS = {MODEL: "default"}
SETTINGS = ModelSettings(
    MODEL,
    window=WINDOW,
    min_rows=30,
    positive_label=POSITIVE_LABELS[MODEL],
    labels_after=2 * HOUR,
    metrics=("accuracy",),
    floors={"concept_gap": Floor(0.9, 0.95)},  # one story of wrong answers is enough, and each costs a picture
)


@dataclass(frozen=True, slots=True)
class Told:
    """One thing a service says: a prediction, or what became of it."""

    at: datetime
    id: str
    label: str
    is_truth: bool = False
    amount: float = 0.0
    region: str = ""


def told(rows: int = ROWS_A_WINDOW) -> Iterator[Told]:
    """Yield what is said of every application for a loan, of which a window has so many `rows`; always the same."""
    chance = random.Random(11)
    for number in range(rows * ((END - START) // WINDOW)):
        at = START + number * WINDOW / rows
        amount = chance.lognormvariate(8.0, 0.4) * (3.0 if at in FOREIGN else 1.0)
        region = chance.choices(("north", "south", "west"), (5, 3, 2))[0]
        label = "default" if chance.random() < 0.4 else "paid"
        truth = label if (chance.random() < 0.9) == (at < WRONG) else OTHER[label]
        prediction = Told(at, f"loan-{number}", label, amount=amount, region=region)
        outcome = Told(at + (LATE if number % 9 == 0 else HOUR), prediction.id, truth, is_truth=True)
        yield prediction
        yield outcome
        if number % 20 == 0:  # the first word was wrong
            yield replace(outcome, at=outcome.at + 10 * HOUR, label=OTHER[truth])


def held_up(each: Told) -> bool:
    """Whether a prediction of the last hours before the first check arrives after it, and so after its truth."""
    return not each.is_truth and FIRST - 4 * HOUR <= each.at < FIRST - 3 * HOUR


def say(log: ModelLog, each: Told) -> None:
    """Log one thing as a service does."""
    if each.is_truth:
        log.outcome(each.id, label=each.label, timestamp=each.at)
    else:
        features = {"amount": each.amount, "region": each.region}
        log.prediction(features, label=each.label, id=each.id, timestamp=each.at, duration=0.004)


def send(url: str, namespace: str, *, first: bool) -> None:
    """Send what had arrived by the `first` check, or all the rest, through the real handler."""
    handler = PredictionHandler(ElasticsearchTransport(url), namespace=namespace, service="lending")
    log = ModelLog(MODEL, version="1", handler=handler)
    for each in told():
        if (each.at < FIRST and not held_up(each)) == first:
            say(log, each)
    assert handler.flush(60), handler.stats()
    handler.close()
    stats = handler.stats()
    assert stats.logged == stats.delivered, stats


def make_baseline(store: Any, namespace: str) -> None:
    """Make the baseline of the first days, as of their end."""
    baseline = baseline_from_window(
        ElasticsearchEventLog(store, namespace),
        MODEL,
        "1",
        REFERENCE,
        REFERENCE.end + DAY / 2,
        positive_labels=POSITIVE_LABELS,
        segments={},
    )
    ElasticsearchJournal(store, namespace).save([baseline])
