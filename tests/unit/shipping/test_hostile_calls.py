import logging
import threading

import pytest

import elkmon


@pytest.fixture
def log(handler):
    """A logger of a service with the handler on it."""
    logger = logging.Logger("app.scoring", logging.DEBUG)
    logger.addHandler(handler)
    return logger


class Raises:
    """Raises wherever it is looked at."""

    def __repr__(self):
        raise RuntimeError

    __str__ = __float__ = __hash__ = __eq__ = keys = items = __iter__ = __len__ = __repr__


@pytest.mark.parametrize(
    "call",
    [
        lambda log: log.info("%d", "text"),
        lambda log: log.info("%s", Raises()),
        lambda log: log.info(Raises()),
        lambda log: log.info({"a": Raises(), (1, 2): 3}),
        lambda log: log.info("x", extra={"a": Raises(), "b": float("nan"), "c": 10**400, "d": "\ud800"}),
        lambda log: log.info("x", extra={"prediction": elkmon.Prediction(Raises(), Raises(), Raises())}),
        lambda log: log.info("x", extra={"prediction": elkmon.Prediction("m", categorical=Raises())}),
        lambda log: log.info("x", extra={"prediction": elkmon.Prediction("m", {}, label=Raises(), labels=Raises())}),
        lambda log: log.info("x", extra={"prediction": elkmon.Prediction("m", {Raises: 1, None: Raises(), "": 1})}),
        lambda log: log.info("x", extra={"prediction": elkmon.Prediction(["m"], {}, ["1"], id=Raises())}),
        lambda log: log.info("x", extra={"outcome": elkmon.Outcome(Raises(), Raises(), Raises(), Raises())}),
        lambda log: log.info("x", extra={"failure": elkmon.Failure(Raises(), Raises(), Raises(), Raises())}),
        lambda log: log.error("x", extra={"model": Raises(), "model_version": Raises()}),
        lambda log: log.info("x", extra={"prediction": Raises()}),
    ],
)
def test_hostile_calls_keep_their_event(log, handler, documents, call):
    """Whatever is logged, nothing is raised, and one event of plain types arrives."""
    call(log)
    assert len(documents()) == 1
    assert handler.stats().logged == 1


def test_features_changed_by_another_thread(handler, documents):
    """A mapping that another thread keeps changing is logged without error, every time."""
    log = elkmon.ModelLog("m", handler=handler)
    features = {str(number): number for number in range(50)}
    done = threading.Event()

    def change():
        number = 50
        while not done.is_set():
            features[str(number)] = number
            features.pop(str(number - 50))
            number += 1

    changing = threading.Thread(target=change)
    changing.start()
    for _ in range(500):
        log.prediction(features)
    done.set()
    changing.join()
    assert len(documents("prediction")) == 500
    assert not any("notes" in document["elkmon"] for document in documents())


def test_logging_at_the_end_of_the_stack(handler):
    """Neither door raises a RecursionError of its own for an object that recurses without end."""

    class Endless:
        def __str__(self):
            return str(self)

    elkmon.ModelLog("m", handler=handler).prediction({"a": Endless()})
    assert handler.flush()
    assert handler.stats().delivered == 1


def test_events_too_large_are_reduced(handler, documents):
    """An event beyond 256 KB keeps what identifies it, and says why there is no more."""
    elkmon.ModelLog("m", handler=handler).prediction({str(number): "x" * 1000 for number in range(400)}, id="order 7")
    (document,) = documents("prediction")
    assert document["elkmon"]["prediction"] == {"id": "order 7"}
    assert "features" not in document
    assert document["elkmon"]["notes"][0].startswith("too large")


def test_features_beyond_the_limit_are_noted(handler, documents):
    """Names that become the same are told apart, and no name is blank."""
    elkmon.ModelLog("m", handler=handler).prediction({"": 1.0, " ": 2.0, 1: 3.0, "1": 4.0})
    (document,) = documents("prediction")
    assert document["features"]["num"] == {"(blank)": 1.0, "(blank) (2)": 2.0, "1": 3.0, "1 (2)": 4.0}
