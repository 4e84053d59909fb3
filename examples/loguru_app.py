"""
loguru in front of the handler: a sink that hands each message on as a record of `logging`, with its extras.

    python loguru_app.py
"""

import logging
import os
from typing import TYPE_CHECKING

from loguru import logger

import elkmon

if TYPE_CHECKING:
    from loguru import Message

FILE = os.environ.get("ELKMON_FILE")
URL = os.environ.get("ELKMON_URL", "http://localhost:9200")

handler = elkmon.PredictionHandler(elkmon.FileTransport(FILE) if FILE else elkmon.ElasticsearchTransport(URL))


def to_elkmon(message: "Message") -> None:
    """Ship a message of loguru's."""
    said = message.record
    error = said["exception"]
    own = {
        "name": said["name"] or "",
        "msg": said["message"],
        "levelno": said["level"].no,
        "levelname": said["level"].name,
        "created": said["time"].timestamp(),
        "exc_info": (error.type, error.value, error.traceback) if error else None,
    }
    handler.handle(logging.makeLogRecord({**said["extra"], **own}))


# Without enqueue=True: the handler has a queue of its own.
logger.add(to_elkmon, level="INFO")

if __name__ == "__main__":
    with logger.contextualize(request="r-1"):
        logger.info("model loaded: {size} trees", size=300)
        prediction = elkmon.Prediction("flight-delay", version="3", features={"distance": 1400.0}, score=0.83)
        logger.bind(prediction=prediction).info("scored")
        try:
            float("late")
        except ValueError:
            logger.bind(model="flight-delay").exception("no score")
