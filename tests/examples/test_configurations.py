"""Configurations as people write them: each by `dictConfig` in a Python of its own, and what arrives by them."""

import json
import subprocess
import sys
import textwrap

import pytest
import yaml

from support.services import SECONDS, stored
from support.shipping import documents_in

PROGRAM = """
import json, logging, logging.config, logging.handlers, queue, sys
import elkmon

ADDRESS = {address!r}
KEY = "secret"
QUEUE = queue.SimpleQueue()
logging.config.dictConfig(json.loads({configuration!r}))
log = logging.getLogger("app.scoring")
{body}
"""

BODY = """
prediction = elkmon.Prediction("m", features={"a": 1.0})
log.debug("debug")
log.info("scored", extra={"prediction": prediction})
log.warning("warned", extra={"size": 3})
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
"""


@pytest.fixture
def run(tmp_path):
    """Run a program with a configuration given as YAML."""

    def run(configuration, body=BODY, address=""):
        given = {"version": 1, "disable_existing_loggers": False, **yaml.safe_load(textwrap.dedent(configuration))}
        (tmp_path / "app.py").write_text(
            PROGRAM.format(address=address, configuration=json.dumps(given), body=textwrap.dedent(body))
        )
        subprocess.run([sys.executable, "-W", "error", "app.py"], cwd=tmp_path, check=True, timeout=SECONDS)
        path = tmp_path / "events.ndjson"
        return [_told(one) for one in (documents_in(path) if path.exists() else [])]

    return run


def _told(document):
    kind = document["data_stream"]["dataset"].removeprefix("elkmon.")
    return kind, document.get("message", "")


ALL = [("error", "failed"), ("log", "warned"), ("prediction", "")]


def test_url_and_root(run, store):
    """The URL of an Elasticsearch, resolved from the program, on the root logger: everything that propagates arrives."""
    run(
        """
        handlers: {elkmon: {class: elkmon.PredictionHandler, transport: ext://__main__.ADDRESS, totals_every: 0}}
        root: {handlers: [elkmon], level: INFO}
        """,
        address=store.url,
    )
    assert sorted(_told(document) for (document,) in store.documents.values()) == ALL


def test_arguments_of_a_transport_are_resolved(run, store):
    """Within a transport's arguments too, ext:// names an object of the program and cfg:// another place of the file."""
    run(
        """
        addresses: {store: ext://__main__.ADDRESS}
        handlers:
          elkmon:
            class: elkmon.PredictionHandler
            totals_every: 0
            transport:
              (): elkmon.ElasticsearchTransport
              hosts: cfg://addresses.store
              api_key: ext://__main__.KEY
              timeout: 5
        loggers: {app: {handlers: [elkmon], level: INFO}}
        """,
        address=store.url,
    )
    assert len(stored(store)) == 1
    assert store.requests[0][1]["Authorization"] == "ApiKey secret"


def test_level_of_the_handler(run):
    """The handler's own level holds beside the logger's."""
    assert sorted(
        run("""
        handlers:
          elkmon:
            class: elkmon.PredictionHandler
            level: ERROR
            totals_every: 0
            transport: {(): elkmon.FileTransport, path: events.ndjson}
        root: {handlers: [elkmon], level: DEBUG}
        """)
    ) == [("error", "failed")]


def test_propagation_ends_where_it_is_told_to(run):
    """A logger that does not propagate keeps its records from the handler above."""
    assert (
        run("""
        handlers:
          elkmon: {class: elkmon.PredictionHandler, transport: {(): elkmon.FileTransport, path: events.ndjson}}
        loggers: {app.scoring: {propagate: false, level: INFO, handlers: []}}
        root: {handlers: [elkmon], level: DEBUG}
        """)
        == []
    )


def test_handler_twice_on_the_way(run):
    """On a logger and again on one above it, the handler gets a record twice, and says so twice, as any handler."""
    told = run("""
        handlers:
          elkmon:
            class: elkmon.PredictionHandler
            totals_every: 0
            transport: {(): elkmon.FileTransport, path: events.ndjson}
        loggers: {app.scoring: {handlers: [elkmon], level: INFO}}
        root: {handlers: [elkmon], level: INFO}
        """)
    assert sorted(told) == sorted(ALL * 2)


def test_formatter_of_plain_text(run):
    """A formatter of plain text makes the message; predictions and errors stay what they are."""
    assert sorted(
        run("""
        formatters: {plain: {format: "%(levelname)s %(message)s"}}
        handlers:
          elkmon:
            class: elkmon.PredictionHandler
            formatter: plain
            totals_every: 0
            transport: {(): elkmon.FileTransport, path: events.ndjson}
        root: {handlers: [elkmon], level: INFO}
        """)
    ) == [("error", "ERROR failed"), ("log", "WARNING warned"), ("prediction", "")]


def test_queue_handler_in_front(run):
    """Nobody needs one, but a QueueHandler in front costs no event: the exception arrives as text."""
    body = """
    target = logging.getLogger("target").handlers[0]
    listener = logging.handlers.QueueListener(logging.getLogger("app").handlers[0].queue, target)
    listener.start()
    """
    told = run(
        """
        handlers:
          queue: {(): logging.handlers.QueueHandler, queue: ext://__main__.QUEUE}
          elkmon:
            class: elkmon.PredictionHandler
            totals_every: 0
            transport: {(): elkmon.FileTransport, path: events.ndjson}
        loggers:
          app: {handlers: [queue], level: INFO}
          target: {handlers: [elkmon]}
        """,
        body=textwrap.dedent(body) + BODY + "listener.stop()\n",
    )
    kinds = sorted(kind for kind, _ in told)
    assert kinds == ["error", "log", "prediction"]
