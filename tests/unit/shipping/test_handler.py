import contextlib
import json
import logging
import logging.config
import logging.handlers
import queue
import threading

import pytest
from pythonjsonlogger.json import JsonFormatter

import elkmon


@pytest.fixture
def log(handler):
    """A logger of a service with the handler on it."""
    logger = logging.Logger("app.scoring", logging.DEBUG)
    logger.addHandler(handler)
    return logger


def test_prediction_rides_on_a_record(log, documents):
    """A prediction in `extra` becomes its own document, and nothing else."""
    log.info("scored", extra={"prediction": elkmon.Prediction("m", {"a": 1.5}, "3", score=0.5, categorical=["a"])})
    (document,) = documents()
    assert document["data_stream"]["dataset"] == "elkmon.prediction"
    assert document["elkmon"]["model"] == {"name": "m", "version": "3"}
    assert document["features"]["cat"] == {"a": "1.5"}
    assert "message" not in document


def test_outcome_and_failure_ride_on_records(log, documents):
    """Truth and failures in `extra` become documents of their streams."""
    log.info("truth", extra={"outcome": elkmon.Outcome("m", "order 7", label="late")})
    log.warning("failed", extra={"failure": elkmon.Failure("no answer", "m")})
    assert documents("feedback")[0]["elkmon"]["outcome"] == {"label": "late"}
    assert documents("error")[0]["error"] == {"message": "no answer"}
    assert len(documents()) == 2


def test_ordinary_record(log, documents):
    """An ordinary record goes to the log stream: message, level, logger, and its extras as labels of text."""
    log.info("hello %s", "world", extra={"user": "x", "count": 3, "event": "start", "deep": {"a": [1]}})
    (document,) = documents("log")
    assert document["message"] == "hello world"
    assert document["log"] == {"level": "INFO", "logger": "app.scoring"}
    assert document["labels"] == {"user": "x", "count": "3", "event": "start", "deep": '{"a": [1]}'}
    assert document["event"]["sequence"] == 1


def test_exception_becomes_an_error(log, documents):
    """`log.exception` gives an error event, of the model named in `extra`, with the whole chain of causes."""
    try:
        try:
            raise KeyError("gate")
        except KeyError as cause:
            raise ExceptionGroup("two", [ValueError("one"), OSError("other")]) from cause
    except ExceptionGroup:
        log.exception("scoring failed", extra={"model": "m", "model_version": 3})
    (document,) = documents("error")
    assert document["message"] == "scoring failed"
    assert document["error"]["type"] == "ExceptionGroup"
    for part in ("KeyError: 'gate'", "ValueError: one", "OSError: other", "direct cause"):
        assert part in document["error"]["stack_trace"]
    assert document["elkmon"]["model"] == {"name": "m", "version": "3"}
    assert "exc_info" not in json.dumps(document)


def test_error_without_an_exception(log, handler, documents):
    """A record of level ERROR is an error event, also without an exception; a ModelLog may name the model."""
    log.error("disk full", extra={"model": elkmon.ModelLog("m", 3, handler=handler)})
    (document,) = documents("error")
    assert document["error"] == {"message": "disk full"}
    assert document["elkmon"]["model"] == {"name": "m", "version": "3"}


def test_prediction_with_an_exception_is_both(log, documents):
    """A record with a prediction and an exception loses neither."""
    try:
        raise ValueError("late")
    except ValueError:
        log.exception("x", extra={"prediction": elkmon.Prediction("m")})
    assert len(documents("prediction")) == len(documents("error")) == 1


def test_record_behind_a_queue_handler(handler, documents):
    """An exception that a QueueHandler turned into text is still an error with its trace."""
    waiting = queue.Queue()
    log = logging.Logger("app")
    log.addHandler(logging.handlers.QueueHandler(waiting))
    try:
        raise ValueError("late")
    except ValueError:
        log.exception("failed")
    handler.handle(waiting.get())
    (document,) = documents("error")
    assert "ValueError: late" in document["message"] + document["error"].get("stack_trace", "")


def test_users_own_json_formatter(log, handler, documents):
    """The JSON of a user's own formatter is merged; what would change the type of elkmon's fields becomes a label."""
    handler.setFormatter(
        JsonFormatter(
            "%(message)s %(levelname)s", rename_fields={"levelname": "severity"}, static_fields={"http": {"a": 1}}
        )
    )
    log.info("hello", extra={"host": "text where an object belongs", "log.level": "x", "labels": {"k": 1}})
    (document,) = documents("log")
    assert document["message"] == "hello"
    assert document["severity"] == "INFO"
    assert document["http"] == {"a": 1}
    assert document["host"]["name"]
    assert document["labels"] == {"host": "text where an object belongs", "log.level": "x", "k": "1"}


def test_plain_text_formatter(log, handler, documents):
    """What a formatter writes that is not JSON is the message."""
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    log.info("hello")
    assert documents("log")[0]["message"] == "INFO: hello"


def test_own_records_are_ignored(handler, documents):
    """Records of elkmon's own loggers are not shipped, so that nothing feeds itself; similar names are."""
    for name in ("elkmon", "elkmon.monitor", "elkmonitor"):
        handler.handle(logging.LogRecord(name, logging.INFO, "f.py", 1, "x", (), None))
    assert [document["log"]["logger"] for document in documents()] == ["elkmonitor"]


def test_level_and_filters_apply(log, handler, documents):
    """The handler honours its level and filters like any other."""
    handler.setLevel(logging.WARNING)
    handler.addFilter(lambda record: "secret" not in record.getMessage())
    log.info("too low")
    log.warning("a secret")
    log.warning("kept")
    assert [document["message"] for document in documents()] == ["kept"]


def test_service_and_labels_are_on_every_event(make_handler, path):
    """What the service says of itself is on every event; an event's own labels win."""
    handler = make_handler(
        elkmon.FileTransport(path),
        namespace="team_a",
        group="risk",
        service="api",
        service_version="1.2",
        environment="staging",
        labels={"region": "east", "zone": 1},
        totals_every=60,
    )
    log = elkmon.ModelLog("m", handler=handler)
    log.prediction({}, labels={"zone": 2})
    log.outcome("x", label=1)
    handler.close()
    documents = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(documents) == 4
    for document in documents:
        assert document["service"] == {"name": "api", "version": "1.2", "environment": "staging"}
        assert document["labels"]["region"] == "east"
        assert document["data_stream"]["namespace"] == "team_a"
    assert documents[0]["labels"] == {"region": "east", "zone": "2"}
    datasets = [document["data_stream"]["dataset"] for document in documents]
    assert datasets == ["elkmon.prediction.risk", "elkmon.feedback", "elkmon.shipper", "elkmon.shipper"]


def test_totals_are_shipped_and_not_counted(make_handler, path):
    """At the end the totals of each stream and model are shipped; they are nobody's events."""
    handler = make_handler(elkmon.FileTransport(path), totals_every=60)
    log = elkmon.ModelLog("m", handler=handler)
    for _ in range(3):
        log.prediction({})
    handler.close()
    totals = [json.loads(line) for line in path.read_text().splitlines()][3:]
    assert [document["elkmon"]["shipper"] for document in totals] == [
        {"stream": "logs-elkmon.prediction-default", "logged": 3, "delivered": 3, "pending": 0}
    ]
    assert totals[0]["elkmon"]["model"] == {"name": "m"}
    assert handler.stats().logged == handler.stats().delivered == 3


def test_after_closing(handler, path):
    """Closing is no end: the next event begins again, as with any handler of `logging`; closing twice does nothing."""
    log = elkmon.ModelLog("m", handler=handler)
    log.prediction({})
    handler.close()
    handler.close()
    log.prediction({})
    assert handler.flush()
    handler.close()
    assert handler.stats().delivered == 2
    assert len(path.read_text().splitlines()) == 2


def test_many_threads(handler, documents):
    """Events of many threads all arrive, under different ids, numbered without a gap."""
    log = elkmon.ModelLog("m", handler=handler)

    def many():
        for number in range(500):
            log.prediction({"a": number})

    threads = [threading.Thread(target=many) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        stats = handler.stats()
        assert stats.logged == stats.delivered + stats.pending + sum(stats.dropped.values())
        thread.join()
    read = documents("prediction")
    assert len({document["event"]["id"] for document in read}) == 8000
    assert sorted(document["event"]["sequence"] for document in read) == list(range(1, 8001))


def test_logging_from_a_finaliser(handler, documents):
    """An object that logs when it is collected, in the middle of another call, neither blocks nor loses an event."""
    log = elkmon.ModelLog("m", handler=handler)

    class Logs:
        def __str__(self):
            log.prediction({"b": 1})
            return "inner"

    log.prediction({"a": Logs()})
    assert len(documents("prediction")) == 2


def test_callback_and_stderr_tell_of_trouble(make_handler, path, capsys):
    """Trouble is told once a minute per cause: a line on stderr, and a call; a callback that raises does no harm."""
    told = []

    def callback(trouble):
        told.append(trouble)
        logging.getLogger("app").warning("from the callback")
        raise RuntimeError

    handler = make_handler(elkmon.FileTransport(path), on_trouble=callback, max_queue_count=1, flush_every=0.01)
    log = elkmon.ModelLog("m", handler=handler)
    for _ in range(2000):
        log.prediction({})
    handler.close()
    assert [trouble.cause for trouble in told] == ["queue_full"]
    assert capsys.readouterr().err.count("elkmon: queue_full: ") == 1


def test_version_is_known():
    """The package knows its version, and nothing that does not exist."""
    assert elkmon.__version__
    with contextlib.suppress(AttributeError):
        assert not elkmon.nothing
