"""
structlog in front of the handler: its processors run, then the event goes to `logging` as a record with extras.

    python structlog_app.py
"""

import logging
import os

import structlog

import elkmon

FILE = os.environ.get("ELKMON_FILE")
URL = os.environ.get("ELKMON_URL", "http://localhost:9200")

handler = elkmon.PredictionHandler(elkmon.FileTransport(FILE) if FILE else elkmon.ElasticsearchTransport(URL))
logging.basicConfig(level=logging.INFO, handlers=[handler])

structlog.configure(
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        # The whole recipe: the event is the message, exc_info stays an exception, everything else goes into `extra`.
        structlog.stdlib.render_to_log_kwargs,
    ],
)

log = structlog.get_logger("flights")

if __name__ == "__main__":
    with structlog.contextvars.bound_contextvars(request="r-1"):
        log.info("model loaded", size=3)
        prediction = elkmon.Prediction("flight-delay", version="3", features={"distance": 1400.0}, score=0.83)
        log.info("scored", prediction=prediction)
        try:
            float("late")
        except ValueError:
            log.exception("no score", model="flight-delay")
