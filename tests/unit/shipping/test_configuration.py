import json
import logging
import logging.config

import pytest

import elkmon


def test_dictionary_configuration(path):
    """`dictConfig` makes the handler, with a transport named by class and arguments."""
    configuration = {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {
            "predictions": {
                "class": "elkmon.PredictionHandler",
                "transport": {"()": "elkmon.FileTransport", "path": str(path)},
                "namespace": "team_a",
                "level": "INFO",
            }
        },
        "loggers": {"app.configured": {"handlers": ["predictions"], "level": "DEBUG", "propagate": False}},
    }
    logging.config.dictConfig(configuration)
    logging.config.dictConfig(configuration)  # again, as a reloading server does: the first handler is closed
    log = logging.getLogger("app.configured")
    (handler,) = log.handlers
    try:
        log.debug("too low")
        log.info("scored", extra={"prediction": elkmon.Prediction("m", {"a": 1})})
        assert handler.flush()
        (document,) = [json.loads(line) for line in path.read_text().splitlines()]
        assert document["data_stream"]["namespace"] == "team_a"
        assert handler.stats().logged == 1
    finally:
        log.removeHandler(handler)
        handler.close()


def test_transport_by_url_and_ext(make_handler, monkeypatch):
    """A transport may be the URL of an Elasticsearch, or an object."""
    assert "localhost:9200" in repr(make_handler("http://localhost:9200").shipper._transport)
    transport = elkmon.LogstashTcpTransport("localhost", 5000)
    assert make_handler(transport).shipper._transport is transport


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"namespace": "Upper"}, "namespace 'Upper'"),
        ({"namespace": "a*"}, "namespace"),
        ({"namespace": "a/b"}, "namespace"),
        ({"namespace": "a-b"}, "namespace"),
        ({"namespace": "_a"}, "namespace"),
        ({"namespace": "-a"}, "namespace"),
        ({"namespace": "+a"}, "namespace"),
        ({"namespace": "."}, "namespace"),
        ({"namespace": ""}, "namespace"),
        ({"namespace": "a" * 101}, "namespace"),
        ({"namespace": "a\n"}, "namespace"),
        ({"namespace": None}, "namespace"),
        ({"group": "A"}, "group"),
        ({"when_full": "panic"}, "drop_oldest, drop_newest, block"),
        ({"max_queue_count": 0}, "max_queue_count=0"),
        ({"max_queue_bytes": True}, "max_queue_bytes=True"),
        ({"flush_every": -1}, "flush_every=-1"),
        ({"dead_letters": "/nowhere/at/all"}, "does not exist"),
        ({"transport": "localhost"}, "give the URL"),
        ({"transport": {"()": "elkmon.FileTransprot", "path": "x"}}, "did you mean elkmon.FileTransport"),
        ({"transport": {"()": "elkmon.FileTransport"}}, "missing 1 required"),
        ({"transport": {}}, "must be one of"),
        ({"transport": 7}, "is no transport"),
        ({"transport": {"()": "elkmon.FileTransport", "path": "/nowhere/at/all"}}, "does not exist"),
        ({"transport": {"()": "elkmon.FileTransport", "path": "/"}}, "folder"),
    ],
    ids=repr,
)
def test_mistakes_are_told_when_the_handler_is_made(path, arguments, message):
    """An argument that cannot be used is named, with its value and what would do."""
    with pytest.raises(elkmon.ShippingError, match=message):
        elkmon.PredictionHandler(**{"transport": elkmon.FileTransport(path), **arguments})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: elkmon.ElasticsearchTransport([]), "at least one URL"),
        (lambda: elkmon.ElasticsearchTransport("localhost:9200"), "no URL"),
        (lambda: elkmon.ElasticsearchTransport("http://localhost:port"), "no URL"),
        (lambda: elkmon.ElasticsearchTransport("http://a b"), "no URL"),
        (lambda: elkmon.ElasticsearchTransport("http://elastic:secret@localhost"), "basic_auth"),
        (lambda: elkmon.ElasticsearchTransport("http://h", api_key="a", basic_auth=("a", "b")), "one is enough"),
        (lambda: elkmon.ElasticsearchTransport("http://h", api_key="a\r\nX: y"), "api_key"),
        (lambda: elkmon.ElasticsearchTransport("http://h", basic_auth="ab"), "pair"),
        (lambda: elkmon.ElasticsearchTransport("https://h", ca_file="/nowhere"), "ca_file='/nowhere'"),
        (lambda: elkmon.ElasticsearchTransport("http://h", timeout=0), "timeout=0"),
        (lambda: elkmon.LogstashTcpTransport("http://h", 1), "without a scheme"),
        (lambda: elkmon.LogstashTcpTransport("h", 70000), "port=70000"),
    ],
)
def test_mistakes_are_told_when_a_transport_is_made(make, message):
    """A transport's arguments are checked at once, not with the first event."""
    with pytest.raises(elkmon.ShippingError, match=message) as raised:
        make()
    assert "secret" not in str(raised.value)
