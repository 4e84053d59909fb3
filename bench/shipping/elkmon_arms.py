"""elkmon by its two doors, over its two kinds of transport, in memory and with a journal."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from typing import Any

from bench.shipping.arms import Arm, Call, NotInThisVersion, Place

LOGGING, DIRECT = "elkmon, logging door", "elkmon, direct door"
JOURNAL = ", journal"
TCP = ", Logstash tcp"


def _arm(door: str, *, journal: bool = False, tcp: bool = False) -> Arm:
    name = door + (JOURNAL if journal else "") + (TCP if tcp else "")
    return Arm(
        name,
        _builder(door, journal, tcp),
        "elkmon" if name == LOGGING else "",
        "lines" if tcp else "http",
        own_ids=True,
        durable=journal,
        events=90_000,  # the default queue holds 100,000: nothing is dropped, however far the sender falls behind
        priced=not tcp,
    )


def _builder(door: str, journal: bool, tcp: bool) -> Callable[[Place], Call]:
    def build(place: Place) -> Call:
        import elkmon

        options: dict[str, Any] = {"totals_every": 0}  # the totals are events too, which the sinks would count
        if journal:
            if "journal" not in inspect.signature(elkmon.PredictionHandler).parameters:
                raise NotInThisVersion("journal= is not in this version")
            options["journal"] = place.folder / "journal"
        else:
            options["max_queue_bytes"] = 256 * 1024 * 1024
        transport = (
            elkmon.LogstashTcpTransport("127.0.0.1", place.port)
            if tcp
            else elkmon.ElasticsearchTransport(f"http://127.0.0.1:{place.port}")
        )
        handler = elkmon.PredictionHandler(transport, **options)
        return _by_logging(handler) if door == LOGGING else _direct(handler)

    return build


def _by_logging(handler: logging.Handler) -> Call:
    from elkmon import Prediction

    logger = logging.getLogger("bench")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)

    def call(_marker: str, features: Mapping[str, Any]) -> None:
        logger.info(
            "scored",
            extra={"prediction": Prediction("bench", features, version="1", score=0.83, label="late")},
        )

    return call


def _direct(handler: Any) -> Call:
    from elkmon import ModelLog

    prediction = ModelLog("bench", version="1", handler=handler).prediction

    def call(_marker: str, features: Mapping[str, Any]) -> None:
        prediction(features=features, score=0.83, label="late")

    return call


ARMS = (
    _arm(LOGGING),
    _arm(DIRECT),
    _arm(LOGGING, journal=True),
    _arm(DIRECT, journal=True),
    _arm(LOGGING, tcp=True),
    _arm(DIRECT, tcp=True),
)
