"""
A small lending model with a known story, for tests that need the whole line: twelve quiet days as the reference, three more,
then the amounts arrive in another currency.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from elkmon.checks import ModelSettings
from elkmon.windows import DAY, HOUR, Window

MODEL = "lending"
START = datetime(2026, 3, 2, tzinfo=UTC)
REFERENCE = Window(START, START + 12 * DAY)
SHIFT = START + 15 * DAY
END = START + 20 * DAY
ROWS_A_DAY = 120
POSITIVE_LABELS = {MODEL: "default"}
SETTINGS = ModelSettings(MODEL, window=DAY, min_rows=100, positive_label=POSITIVE_LABELS[MODEL], labels_after=6 * HOUR)


@dataclass(frozen=True)
class Row:
    """One application for a loan and what became of it."""

    id: str
    at: datetime
    amount: float
    region: str
    score: float
    label: str
    truth: str

    @property
    def known_at(self) -> datetime:
        """When the truth arrives."""
        return self.at + timedelta(hours=3)


def rows(start: datetime = START, end: datetime = END, seed: int = 11) -> Iterator[Row]:
    """Yield the rows from `start` to `end`, always the same ones."""
    chance = random.Random(seed)
    day = START
    while day < END:
        for number in range(ROWS_A_DAY):
            at = day + number * DAY / ROWS_A_DAY
            amount = chance.lognormvariate(8.0, 0.5) * (1.6 if at >= SHIFT else 1.0)
            region = chance.choices(("north", "south", "west"), (5, 3, 2))[0]
            score = chance.betavariate(2, 6)
            truth = "default" if chance.random() < score else "paid"
            label = "default" if score > 0.5 else "paid"
            if start <= at < end:
                yield Row(f"{day:%j}-{number}", at, amount, region, score, label, truth)
        day += DAY


def send(url: str, namespace: str, start: datetime = START, end: datetime = END, *, truth: bool = True) -> int:
    """Send the rows through the real handler, wait until all are delivered, and return how many events were."""
    handler = PredictionHandler(ElasticsearchTransport(url), namespace=namespace, service="lending")
    log = ModelLog(MODEL, version="1", handler=handler)
    for row in rows(start, end):
        log.prediction(
            features={"amount": row.amount, "region": row.region},
            score=row.score,
            label=row.label,
            id=row.id,
            timestamp=row.at,
            duration=0.004,
        )
        if truth:
            log.outcome(row.id, label=row.truth, timestamp=row.known_at)
    assert handler.flush(60), handler.stats()
    handler.close()
    stats = handler.stats()
    assert stats.logged == stats.delivered, stats
    return stats.delivered
