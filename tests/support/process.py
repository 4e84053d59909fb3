"""Commands of elkmon in processes of their own, and a shop whose model logs for twenty days before today."""

import random
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler

Command = Callable[..., subprocess.CompletedProcess[str]]
Start = Callable[..., subprocess.Popen[str]]

START = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=20)
REFERENCE_DAYS, GOOD_DAYS, BAD_DAYS = 12, 3, 3
ROWS_A_DAY = 300
SHIFT = 1.5


def instant(days: float) -> str:
    return (START + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def configure(folder: Path, url: str, namespace: str, mail_port: int | None = None, model: str = "shop") -> None:
    mail = "" if mail_port is None else f"""
        [notifiers.team]
        kind = "mail"
        host = "127.0.0.1"
        port = {mail_port}
        security = "none"
        sender = "elkmon@example.com"
        recipients = ["team@example.com"]
        """  # fmt: skip
    text = f"""
        [store]
        hosts = ["{url}"]
        namespace = "{namespace}"
        {mail}
        [models.{model}]
        window = "1d"
        positive_label = "yes"
        """
    (folder / "elkmon.toml").write_text(text, encoding="utf-8")


def log_days(url: str, namespace: str, first: int, days: int, shift: float = 0.0) -> None:
    """Log `days` days of predictions through the real handler; `shift` moves the feature `basket` by so many deviations."""
    chance = random.Random(first)
    handler = PredictionHandler(ElasticsearchTransport(url), namespace=namespace)
    log = ModelLog("shop", "1", handler=handler)
    for row in range(days * ROWS_A_DAY):
        at = START + timedelta(days=first + row / ROWS_A_DAY)
        score = chance.random()
        log.prediction(
            features={
                "basket": chance.gauss(shift, 1.0),
                "age": chance.gauss(40.0, 9.0),
                "country": chance.choice(["de", "fr", "it"]),
            },
            score=score,
            label="yes" if score > 0.5 else "no",
            timestamp=at,
            duration=0.004 + chance.random() / 1000,
        )
    assert handler.flush(60)
    stats = handler.stats()
    handler.close()
    assert stats.delivered >= days * ROWS_A_DAY, stats


def read_until(process: subprocess.Popen[str], text: str) -> list[str]:
    """Read lines until one holds `text`; the process's end without it fails the test."""
    assert process.stdout is not None
    lines = []
    deadline = time.monotonic() + 120
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return lines
        assert time.monotonic() < deadline, lines
    assert process.stderr is not None
    pytest.fail(f"{text!r} did not come: {lines}, {process.stderr.read()}")
