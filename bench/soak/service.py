"""The service of the soak, a process of its own: logs predictions at a rate until it is told to finish, or killed."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from bench.shipping.event import fresh_features
from bench.shipping.measures.memory import resident
from bench.shipping.measures.pacing import Counter
from elkmon import ElasticsearchTransport, Prediction, PredictionHandler

_TICK = 0.01
_DRAIN_SECONDS = 600.0


def main() -> None:
    """Read the options, log, and drain."""
    options: dict[str, Any] = json.loads(sys.argv[1])
    extra = {"journal": options["journal"]} if options["journal"] else {}
    handler = PredictionHandler(
        ElasticsearchTransport(options["url"]),
        namespace=options["namespace"],
        labels={"life": options["life"]},
        max_queue_count=options["queue_count"],
        max_queue_bytes=options["queue_bytes"],
        **extra,
    )
    finish = threading.Event()
    threading.Thread(target=_listen, args=(finish,), daemon=True).start()
    threading.Thread(target=_tell, args=(handler,), daemon=True).start()
    _log(handler, finish, Counter(Path(options["counter"])), options["rate"], options["features"])
    end = time.monotonic() + _DRAIN_SECONDS
    while not (handler.flush(5) and _nothing_left_behind(options["journal"])) and time.monotonic() < end:
        time.sleep(0.1)
    handler.close()
    _say(handler, final=True)


def _log(handler: PredictionHandler, finish: threading.Event, counter: Counter, rate: int, features: int) -> None:
    logger = logging.getLogger("soak")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    begun = time.monotonic()
    logged = 0
    while not finish.is_set():
        for number in range(logged, int((time.monotonic() - begun) * rate)):
            row = dict(list(fresh_features(number % 1000).items())[-features:])
            logger.info("scored", extra={"prediction": Prediction("soak", row, version="1", score=0.83, label="late")})
            counter.set(number + 1)
            logged = number + 1
        time.sleep(_TICK)


def _nothing_left_behind(journal: str) -> bool:
    """Whether those who were killed left nothing in the journal: one segment may be this process's own."""
    return not journal or len(list(Path(journal).glob("*.ndjson"))) <= 1


def _listen(finish: threading.Event) -> None:
    if not sys.stdin.readline():
        os._exit(1)  # the soak is gone, and its Elasticsearch with it
    finish.set()


def _tell(handler: PredictionHandler) -> None:
    while True:
        _say(handler)
        time.sleep(0.5)


def _say(handler: PredictionHandler, *, final: bool = False) -> None:
    stats = handler.stats()
    told = {
        "logged": stats.logged,
        "delivered": stats.delivered,
        "pending": stats.pending,
        "dropped": dict(stats.dropped),
        "resident": resident(),
        "final": final,
    }
    os.write(1, json.dumps(told).encode() + b"\n")  # in one piece, whichever thread it comes from


if __name__ == "__main__":
    main()
