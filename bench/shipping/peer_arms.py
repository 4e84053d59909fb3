"""OpenTelemetry, Sentry, structlog and loguru, each as its documentation sets it up."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from bench.shipping.arms import Arm, Call, Place, by_logging


def _opentelemetry(place: Place) -> Call:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.instrumentation.logging.handler import LoggingHandler
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    provider = LoggerProvider()
    exporter = OTLPLogExporter(endpoint=f"http://127.0.0.1:{place.port}/v1/logs")
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    return by_logging(LoggingHandler(logger_provider=provider))


def _sentry(place: Place) -> Call:
    import sentry_sdk

    sentry_sdk.init(dsn=f"http://key@127.0.0.1:{place.port}/1", enable_logs=True)
    return by_logging(logging.NullHandler())  # the SDK looks at every record itself


def _structlog(_place: Place) -> Call:
    import orjson
    import structlog

    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(open(os.devnull, "wb")),  # noqa: PTH123, SIM115  as long as the process
    )
    logger = structlog.get_logger()

    def call(marker: str, features: Mapping[str, Any]) -> None:
        logger.info("scored", event_id=marker, features=features, score=0.83, label="late")

    return call


def _loguru(enqueue: bool) -> Call:
    from loguru import logger

    logger.remove()
    logger.add(open(os.devnull, "w"), serialize=True, enqueue=enqueue)  # noqa: PTH123, SIM115  as long as the process

    def call(marker: str, features: Mapping[str, Any]) -> None:
        logger.info("scored", event_id=marker, features=features, score=0.83, label="late")

    return call


ARMS = (
    Arm(
        "OpenTelemetry, batch processor, OTLP http",
        _opentelemetry,
        "opentelemetry.exporter.otlp.proto.http._log_exporter",
        "http",
        bound=2_048,
    ),
    Arm("sentry-sdk, logs", _sentry, "sentry_sdk", "http", bound=1_000),
    Arm("structlog (orjson) to null", _structlog, "structlog"),
    Arm("loguru, serialize, to null", lambda _: _loguru(enqueue=False), "loguru"),
    Arm("loguru, serialize + enqueue, to null", lambda _: _loguru(enqueue=True)),
)
