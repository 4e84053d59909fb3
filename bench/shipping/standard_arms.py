"""The standard library's handlers, and python-json-logger and ecs-logging, which are formatters for them."""

from __future__ import annotations

import atexit
import logging
import logging.handlers
import os
import queue

from bench.shipping.arms import NOOP, Arm, Call, Place, by_logging


class _Nothing(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        pass


class _LinesHandler(logging.handlers.SocketHandler):
    """The socket handler, sending what its formatter makes instead of pickles."""

    def makePickle(self, record: logging.LogRecord) -> bytes:  # noqa: N802  the standard library's name
        return self.format(record).encode() + b"\n"


def _noop(_place: Place) -> Call:
    return by_logging(_Nothing())


def _queue_to_socket(place: Place) -> Call:
    from pythonjsonlogger.orjson import OrjsonFormatter

    socket_handler = _LinesHandler("127.0.0.1", place.port)
    socket_handler.setFormatter(OrjsonFormatter())
    waiting: queue.Queue[logging.LogRecord] = queue.Queue()
    listener = logging.handlers.QueueListener(waiting, socket_handler)
    listener.start()
    atexit.register(listener.stop)
    return by_logging(logging.handlers.QueueHandler(waiting))


def _to_null(formatter: logging.Formatter) -> Call:
    handler = logging.StreamHandler(open(os.devnull, "w"))  # noqa: PTH123, SIM115  as long as the process
    handler.setFormatter(formatter)
    return by_logging(handler)


def _json_logger(_place: Place) -> Call:
    from pythonjsonlogger.orjson import OrjsonFormatter

    return _to_null(OrjsonFormatter())


def _ecs_logging(_place: Place) -> Call:
    import ecs_logging

    return _to_null(ecs_logging.StdlibFormatter())


ARMS = (
    Arm(NOOP, _noop),
    Arm("QueueHandler + QueueListener + SocketHandler", _queue_to_socket, "logging.handlers", "lines"),
    Arm("python-json-logger (orjson) to null", _json_logger, "pythonjsonlogger.orjson"),
    Arm("ecs-logging to null", _ecs_logging, "ecs_logging"),
)
