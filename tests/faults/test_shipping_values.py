"""Values that no encoder was made for, by every door."""

import json
import logging
import logging.config
import math

import numpy as np
import pytest

import elkmon


class Unprintable:
    def __repr__(self):
        raise RuntimeError

    __str__ = __repr__


CYCLE = []
CYCLE.append(CYCLE)
HOSTILE = {
    "not a number": math.nan,
    "infinite": math.inf,
    "numpy": np.float32(0.5),
    "numpy integer": np.int64(2**40),
    "numpy array": np.arange(3),
    "numpy nan": np.float64("nan"),
    "cycle": CYCLE,
    "long": "x" * 10_000_000,
    "surrogate": "a\ud800b",
    "large": 10**400,
    "unprintable": Unprintable(),
    "a": 1,
    "a.b": 2,
    3: 3,
    "3": 4,
}


@pytest.mark.parametrize("door", ["direct", "prediction", "record"])
def test_hostile_values(make_handler, path, door):
    """Whatever a value is, its event arrives as JSON that everybody reads, with numbers that are numbers."""
    handler = make_handler(elkmon.FileTransport(path))
    logger = logging.Logger("app")
    logger.addHandler(handler)
    if door == "direct":
        elkmon.ModelLog("m", handler=handler).prediction(HOSTILE, score=np.float32(0.25))
    elif door == "prediction":
        prediction = elkmon.Prediction("m", features=HOSTILE, score=np.float32(0.25))
        logger.info("x", extra={"prediction": prediction})
    else:
        logger.info("x", extra={str(name): value for name, value in HOSTILE.items()})
    assert handler.flush(10)

    def refuse(text):
        raise AssertionError(text)

    (line,) = path.read_text("utf-8").splitlines()
    document = json.loads(line, parse_constant=refuse)
    if door == "record":
        assert document["message"] == "x"
        assert all(value is None or isinstance(value, str) for value in document["labels"].values())
        assert document["labels"]["numpy"] == "0.5"
        return
    numbers, levels = document["features"]["num"], document["features"]["cat"]
    assert document["elkmon"]["prediction"]["score"] == 0.25
    assert {name: numbers[name] for name in ("numpy", "numpy integer", "a", "a.b")} == {
        "numpy": 0.5,
        "numpy integer": 2**40,
        "a": 1,
        "a.b": 2,
    }
    assert sorted(value for name, value in numbers.items() if name.startswith("3")) == [3, 4]
    assert {"not a number", "infinite", "numpy nan"} <= set(document["elkmon"]["missing"])
    assert levels["surrogate"].startswith("a")
    assert len(levels["long"]) < 2000
