"""The two handlers that were made for Logstash, with their defaults."""

from __future__ import annotations

from bench.shipping.arms import Arm, Call, Place, by_logging


def _logstash(place: Place) -> Call:
    import logstash

    return by_logging(logstash.TCPLogstashHandler("127.0.0.1", place.port, version=1))


def _memory(place: Place) -> Call:
    from logstash_async.handler import AsynchronousLogstashHandler

    return by_logging(AsynchronousLogstashHandler("127.0.0.1", place.port, database_path=None))


def _sqlite(place: Place) -> Call:
    from logstash_async.handler import AsynchronousLogstashHandler

    database = str(place.folder / "queue.db")
    return by_logging(AsynchronousLogstashHandler("127.0.0.1", place.port, database_path=database))


ARMS = (
    Arm("python-logstash", _logstash, "logstash", "lines", queues=False),
    Arm("python-logstash-async, memory", _memory, "logstash_async.handler", "lines", events=5_000),
    Arm("python-logstash-async, sqlite", _sqlite, "", "lines", durable=True, events=500, rate=300),
)
