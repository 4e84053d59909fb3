"""The examples that are programs, run as they stand."""

import os
import subprocess
import sys

import pytest

from support.services import EXAMPLES, SECONDS, stored
from support.shipping import documents_in


@pytest.fixture
def run(tmp_path):
    """Run an example and return the documents it wrote to a file, by the kind of event."""

    def run(name):
        path = tmp_path / "events.ndjson"
        _run(name, ELKMON_FILE=str(path))
        documents = {}
        for document in documents_in(path):
            documents.setdefault(document["data_stream"]["dataset"].removeprefix("elkmon."), []).append(document)
        assert len(documents.pop("shipper")) == len(
            {(one, doc["elkmon"].get("model", {}).get("name")) for one in documents for doc in documents[one]}
        )
        return documents

    return run


def test_dictionary_configuration(run):
    """Level, filter, formatter and an unpropagated logger do what they say; both doors lead to the same handler."""
    documents = run("dictconfig.py")
    assert [one["message"] for one in documents["log"]] == ["model loaded"]
    assert documents["log"][0]["threadName"] == "MainThread"
    assert documents["log"][0]["size"] == 3
    assert [one["elkmon"]["prediction"]["score"] for one in documents["prediction"]] == [0.83, 0.12]
    assert documents["error"][0]["error"]["type"] == "ValueError"
    assert documents["error"][0]["elkmon"]["model"]["name"] == "flight-delay"


def test_yaml(run):
    """The same as YAML, with labels and a description of the service."""
    documents = run("yaml_config.py")
    assert documents["log"][0]["labels"] == {"team": "operations", "size": "3"}
    assert documents["prediction"][0]["features"]["num"] == {"distance": 1400.0}
    assert documents["prediction"][0]["service"] == {"name": "flights", "environment": "production"}


def test_users_own_json_formatter(run):
    """The user's formatter decides what an ordinary record looks like."""
    documents = run("json_formatter.py")
    assert documents["log"][0]["company"] == {"unit": "operations"}
    assert documents["log"][0]["thread"] == {"name": "MainThread"}
    assert documents["log"][0]["company_order"] == 4711
    assert documents["prediction"][0]["elkmon"]["prediction"]["score"] == 0.83


@pytest.mark.parametrize("name", ["structlog_app.py", "loguru_app.py"])
def test_other_loggers(run, name):
    """Of structlog and loguru: bound values become labels, predictions and exceptions arrive as what they are."""
    documents = run(name)
    (ordinary,) = documents["log"]
    assert ordinary["message"].startswith("model loaded")
    assert ordinary["labels"]["request"] == "r-1"
    assert ordinary["labels"]["size"] in ("3", "300")
    (prediction,) = documents["prediction"]
    assert prediction["elkmon"]["prediction"]["score"] == 0.83
    (error,) = documents["error"]
    assert error["message"] == "no score"
    assert error["error"]["type"] == "ValueError"
    assert "could not convert string to float: 'late'" in error["error"]["stack_trace"]
    assert error["elkmon"]["model"]["name"] == "flight-delay"
    assert error["log"]["level"] == "ERROR"


def test_pool(store):
    """The workers of a pool deliver at their end, each under its own process."""
    _run("pool.py", ELKMON_URL=store.url)
    predictions = stored(store)
    assert sorted(one["features"]["num"]["distance"] for one in predictions) == [500.0 * number for number in range(10)]
    assert all(one["event"]["duration"] >= 0 for one in predictions)


def test_batch_that_runs_twice(store):
    """A batch job with ids of its own runs twice, succeeds twice, and is stored once."""
    for _ in range(2):
        _run("batch.py", ELKMON_URL=store.url)
    predictions = stored(store)
    assert sorted(int(one["elkmon"]["prediction"]["id"]) for one in predictions) == list(range(1, 1001))
    first = next(one for one in predictions if one["elkmon"]["prediction"]["id"] == "1")
    assert first["@timestamp"] == "2013-08-05T00:00:00.000Z"
    assert first["features"] == {"num": {"distance": 100.0}, "cat": {"flight": "0"}}
    assert first["elkmon"]["prediction"]["score"] == 0.02


def test_every_example_is_listed():
    """The README of the examples names every one of them."""
    text = (EXAMPLES / "README.md").read_text("utf-8")
    missing = [path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".yaml") and path.name not in text]
    assert not missing


def _run(name, **environment):
    subprocess.run(
        [sys.executable, "-W", "error", name],
        cwd=EXAMPLES,
        env={**os.environ, **environment},
        check=True,
        timeout=SECONDS,
    )
