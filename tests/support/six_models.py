"""Six small models, one for each share of six: a week of predictions each, of which some shift on the last but one day."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from elkmon.checks import ModelSettings
from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect, setup
from elkmon.ports import Share
from elkmon.reference_windows import baseline_from_window
from elkmon.windows import DAY, Window

SHARES = tuple(Share(index, 6) for index in range(6))
MODELS = tuple(next(filter(share.holds, map("model-{}".format, range(100)))) for share in SHARES)
SHIFTED = MODELS[0], MODELS[3]
START = datetime(2026, 3, 2, tzinfo=UTC)
REFERENCE = Window(START, START + 4 * DAY)
DAYS = tuple(REFERENCE.end + number * DAY for number in (1, 2, 3))
"""The instants as of which they are checked; the shift is told at the last one."""
ROWS_A_DAY = 40


def settings(models: Sequence[str] = MODELS) -> list[ModelSettings]:
    """Return how the models are judged."""
    return [ModelSettings(name, window=DAY, min_rows=30) for name in models]


def prepare(url: str, namespace: str, models: Sequence[str] = MODELS) -> None:
    """Set up the namespace, send the week through the real handler, and make the baselines."""
    store = connect([url])
    setup(store, namespace)
    chance = random.Random(5)
    handler = PredictionHandler(ElasticsearchTransport(url), namespace=namespace, service="shop")
    for name in models:
        log = ModelLog(name, version="1", handler=handler)
        for row in range((DAYS[-1] - START) // DAY * ROWS_A_DAY):
            at = START + row * DAY / ROWS_A_DAY
            shift = 3.0 if name in SHIFTED and at >= DAYS[0] else 0.0
            log.prediction({"amount": chance.gauss(shift)}, score=chance.random(), id=f"{row}", timestamp=at)
    assert handler.flush(60), handler.stats()
    handler.close()
    event_log, journal = ElasticsearchEventLog(store, namespace), ElasticsearchJournal(store, namespace)
    journal.save(
        baseline_from_window(event_log, name, "1", REFERENCE, DAYS[-1], positive_labels={}, segments={})
        for name in models
    )
    store.close()
