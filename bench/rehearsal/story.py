"""What three models log over some weeks, always the same, and how they are watched."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from elkmon.windows import DAY, HOUR, Window

PUNCTUAL = ("lending", "leasing")
TARDY = "letting"
"""Of this model truth comes after its windows were judged, so what is said, and corrected, depends on who looked when."""

MODELS = (*PUNCTUAL, TARDY)
START = datetime(2026, 3, 2, tzinfo=UTC)
BEGIN = START + 4 * DAY
"""When the watching begins; what was before is the reference."""

REFERENCE = Window(START, BEGIN)

AFTERMATH = 4 * DAY
"""How long the services go on logging after the time that is looked at."""

POSITIVE = "default"
_ROWS_AN_HOUR = 10
_QUIET, _TROUBLED = (12, 36), (12, 30)
_LATE = 5 * HOUR
_VERY_LATE = 30 * HOUR
_TROUBLES = ("amounts", "answers", "regions")
_FLUSH_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a model, and when."""

    kind: str
    span: Window


def troubles(model: str, until: datetime) -> Iterator[Trouble]:
    """Yield what goes wrong with `model` from the beginning of the watching on."""
    chance = random.Random(f"troubles of {model}")
    at = BEGIN
    while at < until:
        start = at + chance.randint(*_QUIET) * HOUR
        at = start + chance.randint(*_TROUBLED) * HOUR
        yield Trouble(chance.choice(_TROUBLES), Window(start, at))


def send(url: str, namespace: str, until: datetime) -> int:
    """Log what all models say until then through the real handler; return how many events that were."""
    handler = PredictionHandler(
        ElasticsearchTransport(url), namespace=namespace, max_queue_count=5_000_000, max_queue_bytes=4 * 1024**3
    )
    for model in MODELS:
        _log(ModelLog(model, version="1", handler=handler), model, until)
    if not handler.flush(_FLUSH_SECONDS):
        raise TimeoutError(f"not all events were stored within {_FLUSH_SECONDS:.0f} s: {handler.stats()}")
    handler.close()
    return handler.stats().delivered


def _log(log: ModelLog, model: str, until: datetime) -> None:
    chance = random.Random(f"rows of {model}")
    wrong = list(troubles(model, until))
    for number in range(int((until - START) / HOUR) * _ROWS_AN_HOUR):
        at = START + number * HOUR / _ROWS_AN_HOUR
        kinds = {each.kind for each in wrong if at in each.span}
        amount = chance.lognormvariate(8.0, 0.4) * (3.0 if "amounts" in kinds else 1.0)
        region = chance.choices(("north", "south", "west"), (1, 1, 8) if "regions" in kinds else (5, 3, 2))[0]
        label = POSITIVE if chance.random() < 0.4 else "paid"
        right = (chance.random() < 0.9) != ("answers" in kinds)
        truth = label if right else ("paid" if label == POSITIVE else POSITIVE)
        name = f"{model}-{number}"
        log.prediction({"amount": amount, "region": region}, label=label, id=name, timestamp=at, duration=0.004)
        log.outcome(name, label=truth, timestamp=at + _delay(model, number))


def _delay(model: str, number: int) -> timedelta:
    """Return how long the truth of a prediction takes."""
    if model != TARDY:
        return timedelta(minutes=1)
    return _VERY_LATE if number % 20 == 0 else _LATE if number % 9 == 0 else HOUR


def configuration(url: str, namespace: str, mail_port: int) -> str:
    """Return the `elkmon.toml` by which the models are watched."""
    models = "".join(
        f"""
        [models.{model}]
        schedule = "1h"
        window = "6h"
        min_rows = 30
        positive_label = "{POSITIVE}"
        labels_after = "6h"
        metrics = ["accuracy"]
        """
        for model in MODELS
    )
    return f"""
        [store]
        hosts = ["{url}"]
        namespace = "{namespace}"
        timeout = 10

        [notifiers.team]
        kind = "mail"
        host = "127.0.0.1"
        port = {mail_port}
        security = "none"
        sender = "elkmon@example.org"
        recipients = ["team@example.org"]
        {models}
        """


def span_of(minutes: float, speed: float) -> Window:
    """Return the time that is looked at when the clock goes for so many `minutes` at `speed`: whole days from the beginning."""
    return Window(BEGIN, BEGIN + max(1, int(timedelta(minutes=minutes) * speed / DAY)) * DAY)
