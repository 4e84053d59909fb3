"""
What a log call costs the service that makes it: elkmon's two front doors beside the standard library's handlers.

Every arm logs the same event of 20 features, in rounds that take turns, at 2,000 calls a second (as a service would) and flat
out. The figures are ratios of the median call to a logger whose handler does nothing, in the same round.
"""

from __future__ import annotations

import logging
import logging.handlers
import queue
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pythonjsonlogger.orjson import OrjsonFormatter

import elkmon

ROUNDS = 5
STEADY_CALLS, STEADY_RATE = 2_000, 2_000
FLAT_OUT_CALLS = 20_000
FEATURES = {f"feature_{number}": number * 1.37 for number in range(16)} | {
    f"level_{number}": f"value {number}" for number in range(4)
}


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        arms, close = _arms(Path(folder))
        steady: dict[str, list[float]] = {name: [] for name in arms}
        flat: dict[str, list[float]] = {name: [] for name in arms}
        for _ in range(ROUNDS):
            for name, call in arms.items():
                steady[name].append(_steady(call))
            for name, call in arms.items():
                flat[name].append(_flat_out(call))
        close()
    noop = "logger with a no-op handler"
    print(
        f"{'a call of 20 features':44} {'at 2,000/s':>12} {'flat out':>10}   (median of {ROUNDS} rounds, no-op handler = 1)"
    )
    for name in arms:
        ratios = [
            statistics.median(a / b for a, b in zip(times[name], times[noop], strict=True)) for times in (steady, flat)
        ]
        print(f"{name:44} {ratios[0]:11.2f}× {ratios[1]:9.2f}×")


def _arms(folder: Path) -> tuple[dict[str, Callable[[], object]], Callable[[], None]]:
    null = (folder / "null").open("w")
    through_queue: queue.SimpleQueue[object] = queue.SimpleQueue()
    listener = logging.handlers.QueueListener(through_queue, logging.NullHandler())  # type: ignore[arg-type]
    listener.start()
    json_handler = logging.StreamHandler(null)
    json_handler.setFormatter(OrjsonFormatter())
    handler = elkmon.PredictionHandler(elkmon.FileTransport("/dev/null"))
    direct = elkmon.PredictionHandler(elkmon.FileTransport("/dev/null"))
    model_log = elkmon.ModelLog("bench", version="1", handler=direct)

    def logged(name: str, own: logging.Handler) -> Callable[[], object]:
        logger = logging.getLogger(f"bench.{name}")
        logger.propagate = False
        logger.setLevel(logging.INFO)
        logger.addHandler(own)
        return lambda: logger.info("scored", extra={"features": FEATURES, "score": 0.83, "label": "late"})

    def by_logging() -> None:
        door.info(
            "scored", extra={"prediction": elkmon.Prediction("bench", FEATURES, version="1", score=0.83, label="late")}
        )

    door = logging.getLogger("bench.elkmon")
    door.propagate = False
    door.setLevel(logging.INFO)
    door.addHandler(handler)
    arms: dict[str, Callable[[], object]] = {
        "logger with a no-op handler": logged("noop", _Nothing()),
        "logging.handlers.QueueHandler": logged("queue", logging.handlers.QueueHandler(through_queue)),  # type: ignore[arg-type]
        "python-json-logger (orjson) to a file": logged("json", json_handler),
        "elkmon, logging door": by_logging,
        "elkmon, direct door": lambda: model_log.prediction(features=FEATURES, score=0.83, label="late"),
    }

    def close() -> None:
        listener.stop()
        handler.close()
        direct.close()
        null.close()

    return arms, close


class _Nothing(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        pass


def _steady(call: Callable[[], object]) -> float:
    times = []
    due = time.perf_counter()
    for _ in range(STEADY_CALLS):
        due += 1 / STEADY_RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def _flat_out(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    for _ in range(FLAT_OUT_CALLS):
        call()
    return (time.perf_counter() - begun) / FLAT_OUT_CALLS


if __name__ == "__main__":
    main()
