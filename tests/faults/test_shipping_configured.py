"""Several handlers in one service, and handlers that are configured anew while threads log."""

import logging
import logging.config
import threading

import elkmon
from support.services import wait_for
from support.shipping import assert_balanced, documents_in


def test_two_handlers_to_two_sinks(tmp_path, make_handler):
    """Two handlers on one logger ship everything each, to its own place, under a name of its own."""
    paths = [tmp_path / "one.ndjson", tmp_path / "two.ndjson"]
    handlers = [make_handler(elkmon.FileTransport(path), namespace=path.stem) for path in paths]
    logger = logging.Logger("app")
    for handler in handlers:
        logger.addHandler(handler)
    for number in range(100):
        logger.info("x", extra={"prediction": elkmon.Prediction("m", features={"number": number})})
    names = set()
    for path, handler in zip(paths, handlers, strict=True):
        assert handler.flush(10)
        documents = documents_in(path)
        assert [one["features"]["num"]["number"] for one in documents] == list(range(100))
        assert {one["data_stream"]["namespace"] for one in documents} == {path.stem}
        names |= {one["elkmon"]["process"] for one in documents}
    assert len(names) == 2


def test_configured_again_and_again_while_threads_log(path):
    """`dictConfig`, which closes the handlers it replaces, loses and doubles nothing of what they were given meanwhile."""
    logger = logging.getLogger("reconfigured")
    transport = {"()": "elkmon.FileTransport", "path": str(path)}
    configuration = {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"elkmon": {"class": "elkmon.PredictionHandler", "transport": transport, "totals_every": 0}},
        "loggers": {"reconfigured": {"handlers": ["elkmon"], "level": "INFO", "propagate": False}},
    }
    logging.config.dictConfig(configuration)
    handlers = [logger.handlers[0]]
    log = elkmon.ModelLog("m", handler=handlers[0])  # goes on with the first handler
    done = threading.Event()

    def busy():
        while not done.wait(0.0005):
            logger.info("record")
            log.prediction({})

    threads = [threading.Thread(target=busy) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        logging.config.dictConfig(configuration)
        handlers.append(logger.handlers[0])
        wait_for(lambda: handlers[-1].stats().logged > 10, "threads log by the new handler")
    done.set()
    for thread in threads:
        thread.join()
    assert len(set(handlers)) == 21
    for handler in handlers:
        assert handler.flush(10)
        handler.close()
        assert_balanced(handler.stats())
        assert handler.stats().dropped == {}
    documents = documents_in(path)
    logger.handlers.clear()
    assert len({one["event"]["id"] for one in documents}) == len(documents)
    assert len(documents) == sum(handler.stats().logged for handler in handlers) > 200
    assert not [thread for thread in threading.enumerate() if thread.name == "elkmon-sender"]
