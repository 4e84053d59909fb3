"""
Logging as a dictionary: one handler of elkmon's beside a console, a formatter and a filter of the service's own.

    python dictconfig.py
"""

import logging
import logging.config
import os

import elkmon

FILE = os.environ.get("ELKMON_FILE")
URL = os.environ.get("ELKMON_URL", "http://localhost:9200")


class NoHealthChecks(logging.Filter):
    """Keep out what the load balancer asks every second."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is to be shipped."""
        return "/health" not in record.getMessage()


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "pythonjsonlogger.json.JsonFormatter", "fmt": "%(message)s %(threadName)s"}},
    "filters": {"no_health_checks": {"()": NoHealthChecks}},
    "handlers": {
        "elkmon": {
            "class": "elkmon.PredictionHandler",
            # The URL alone would do. This is how to name any transport, with its arguments.
            "transport": {"()": "elkmon.FileTransport", "path": FILE}
            if FILE
            else {"()": "elkmon.ElasticsearchTransport", "hosts": [URL]},
            "service": "flights",
            "level": "INFO",
            "formatter": "json",  # decides what ordinary records look like; predictions need none
            "filters": ["no_health_checks"],
        },
        "console": {"class": "logging.StreamHandler"},
    },
    # Put no QueueHandler in front: the handler has a queue of its own, and a QueueHandler turns exceptions into text.
    "loggers": {"flights": {"handlers": ["elkmon", "console"], "level": "DEBUG", "propagate": False}},
}

logging.config.dictConfig(LOGGING)
log = logging.getLogger("flights")

if __name__ == "__main__":
    log.debug("below the handler's level: only on the console")
    log.info("GET /health")
    log.info("model loaded", extra={"size": 3})

    features = {"distance": 1400.0, "carrier": "UA"}
    prediction = elkmon.Prediction("flight-delay", version="3", features=features, score=0.83, label="late")
    log.info("scored", extra={"prediction": prediction})

    try:
        float("late")
    except ValueError:
        log.exception("no score", extra={"model": "flight-delay"})

    # For hot paths and batches, the handler that dictConfig made is also a way without log records:
    handler = next(one for one in log.handlers if isinstance(one, elkmon.PredictionHandler))
    model_log = elkmon.ModelLog("flight-delay", version="3", handler=handler)
    model_log.prediction(features, score=0.12, label="on time")
