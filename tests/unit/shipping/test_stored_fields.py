import json
import logging

import elkmon
from elkmon import fields
from elkmon.schema import EVENTS, Document


def flattened(document, prefix=""):
    """Name every leaf of a document, maps of the user's own names as one."""
    for key, value in document.items():
        name = prefix + key
        if f"{name}.*" in fields.ALL:
            yield f"{name}.*"
        elif isinstance(value, dict):
            yield from flattened(value, f"{name}.")
        else:
            yield name


def test_every_field_is_in_fields(make_handler, path):
    """Events carry the fields that fields.py gives to their kind: no other, and each in at least one of them."""
    about = {"service": "s", "service_version": "1", "environment": "test", "labels": {"a": 1}}
    handler = make_handler(elkmon.FileTransport(path), **about, max_queue_count=20, totals_every=60)
    log = elkmon.ModelLog("m", 1, handler=handler, numeric=["r"])
    logger = logging.Logger("app")
    logger.addHandler(handler)
    log.prediction({"a": 1, "b": "x", "c": None, "r": "x"}, score=1, scores=[1], label=1, value="x", duration=1)
    log.prediction(value=1)
    log.outcome("x", label=1, value=2, timestamp="never")
    with elkmon.bound_trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"):
        log.prediction()
        log.outcome("x", label=1)
        log.error("x")
        logger.info("x")
    log.error(ValueError("x"), features={"a": 1, "b": "x", "c": None, "r": "x"}, duration=1, id="x", timestamp="never")
    logger.info("x", extra={"a": 1, "model": log})
    logger.info("%d", "x")
    logger.error("x")
    handler.shipper.buffer.lost(log._subject.channel, "2013-08-05T10:00:00.000Z", "encode_error")
    handler.close()
    documents = [json.loads(line) for line in path.read_text().splitlines()]
    written = {kind: set() for kind in EVENTS}
    for document in documents:
        kind = Document(document["data_stream"]["dataset"].removeprefix("elkmon."))
        written[kind] |= set(flattened(document))
        assert {"@timestamp", "event.id", "elkmon.process", "host.name", "process.pid"} <= set(flattened(document))
    assert written == {kind: set(fields.of(kind)) for kind in EVENTS}
