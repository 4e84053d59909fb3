"""Nothing of a redacted value is on the wire, in a dead letter or on disk, whichever door it came by."""

import json
import logging
import logging.config

import pytest
from pythonjsonlogger.json import JsonFormatter

import elkmon
from support.doors import DOORS, FORMATTERS, HIDDEN, KEY, REDACT, SECRET, SECRETS, hashed
from support.shipping import Store, documents_in


@pytest.fixture
def store():
    """A server that refuses the first document of each request, so that it becomes a dead letter."""
    store = Store().start()
    yield store
    store.stop()


@pytest.mark.parametrize("formatter", FORMATTERS.values(), ids=FORMATTERS)
@pytest.mark.parametrize("door", DOORS)
def test_nothing_of_it_leaves_the_process(make_handler, store, tmp_path, door, formatter, capfd):
    """The bytes that a server received, the dead letters, and stderr, hold nothing of a redacted value, by any door."""
    letters = tmp_path / "letters.ndjson"
    handler = make_handler(
        elkmon.ElasticsearchTransport(store.url),
        redact=REDACT,
        redact_key=KEY,
        labels=HIDDEN,
        dead_letters=letters,
        totals_every=60,
    )
    handler.setFormatter(formatter)
    log = logging.Logger("app", logging.DEBUG)
    log.addHandler(handler)
    door(handler, log)
    assert handler.flush()
    store.script = [(200, [400], {})]
    door(handler, log)
    handler.close()
    sent = b"".join(body for _, _, body in store.requests)
    assert store.documents
    assert letters.read_bytes()
    said = sent + letters.read_bytes() + "".join(capfd.readouterr()).encode()
    for secret in SECRETS:
        assert secret not in said
    assert hashed(SECRET).encode() in sent  # as the handler's own label, at least


@pytest.mark.parametrize("door", DOORS)
def test_nothing_of_it_is_in_the_journal(make_handler, path, tmp_path, door):
    """The bytes of a journal, while events wait in it, hold nothing of a redacted value, by any door."""
    journal = tmp_path / "journal"
    journal.mkdir()
    handler = make_handler(
        elkmon.FileTransport(path), journal=journal, flush_every=60, redact=REDACT, redact_key=KEY, labels=HIDDEN
    )
    log = logging.Logger("app", logging.DEBUG)
    log.addHandler(handler)
    door(handler, log)
    kept = b"".join(file.read_bytes() for file in journal.iterdir() if file.is_file())
    assert kept.count(b'"@timestamp"') == handler.stats().logged > 0
    for secret in SECRETS:
        assert secret not in kept
    assert hashed(SECRET).encode() in kept


def test_a_hash_can_be_counted_by(make_handler, path):
    """A hashed value is a level, the same for 1, 1.0 and "1", wherever it stands; what is missing stays missing."""
    handler = make_handler(elkmon.FileTransport(path), redact={"number": "hash", "email": "hash"}, redact_key=KEY)
    log = elkmon.ModelLog("m", handler=handler, numeric=["number"])
    for number in (1, 1.0, "1", None, float("nan")):
        log.prediction({"number": number, "distance": 2.5}, labels={"email": number})
    logger = logging.Logger("app")
    logger.addHandler(handler)
    logger.info("x", extra={"number": 1.0, "user": {"email": "1"}})
    assert handler.flush()
    *predictions, record = documents_in(path)
    assert [document["features"] for document in predictions[:3]] == 3 * [
        {"num": {"distance": 2.5}, "cat": {"number": hashed("1")}}
    ]
    assert [document["labels"] for document in predictions] == [*3 * [{"email": hashed("1")}], {}, {}]
    assert [document["elkmon"].get("missing") for document in predictions[3:]] == [["number"], ["number"]]
    assert record["labels"] == {"number": hashed("1"), "user": json.dumps({"email": hashed("1")})}


def test_what_is_dropped_leaves_no_trace(make_handler, path):
    """A dropped feature is neither stored, nor missing, nor noted; the others are as without it."""
    handler = make_handler(elkmon.FileTransport(path), redact={"ssn": "drop"})
    elkmon.ModelLog("m", handler=handler).prediction({"ssn": None, "a": 1, "user": {"ssn": 1, "b": 2}, "my.ssn": 3})
    assert handler.flush()
    (document,) = documents_in(path)
    assert document["features"] == {"num": {"a": 1}, "cat": {}}
    assert document["elkmon"]["rejected"] == {"user": "{'b': 2}"}
    assert "missing" not in document["elkmon"]


def test_a_name_covers_what_is_below_it_and_no_other(make_handler, path):
    """`user.email` is that of a user, whoever is above; `email` is any; similar names are others."""
    handler = make_handler(elkmon.FileTransport(path), redact={"user.email": "drop", "phone": "drop"})
    logger = logging.Logger("app")
    logger.addHandler(handler)
    handler.setFormatter(JsonFormatter("%(message)s"))
    kept = {"email": "a", "users": {"email": "b"}, "phones": "c", "a": {"b": {"phone": "d", "e": ["f", {"phone": 1}]}}}
    logger.info("x", extra={"kept": kept, "user": {"email": "x"}, "in": {"user": {"email": "x"}}, "user.phone": "x"})
    assert handler.flush()
    (document,) = documents_in(path)
    assert document["kept"] == {"email": "a", "users": {"email": "b"}, "phones": "c", "a": {"b": {"e": ["f", {}]}}}
    assert "user" not in document or document["user"] == {}
    assert document["in"] == {"user": {}}
    assert "user.phone" not in document


def test_long_keys_and_bytes_are_keys(make_handler, path):
    """A key may be of any length, and other keys make other hashes."""
    hashes = set()
    for key in ("a", b"b", "c" * 1000, "c" * 1001):
        handler = make_handler(elkmon.FileTransport(path), redact={"email": "hash"}, redact_key=key)
        elkmon.ModelLog("m", handler=handler).prediction({"email": SECRET})
        assert handler.flush()
        hashes.add(documents_in(path)[-1]["features"]["cat"]["email"])
    assert len(hashes) == 4
    assert all(len(text) == 16 for text in hashes)


def test_structures_without_end_are_not_told(make_handler, path):
    """What is nested too deep, in a circle, or cannot be read is left out, not looked through."""
    handler = make_handler(elkmon.FileTransport(path), redact={"ssn": "drop"})

    class Unreadable(dict):
        def items(self):
            raise RuntimeError

    circle = {"ssn": SECRET}
    circle["again"] = circle
    elkmon.ModelLog("m", handler=handler).prediction({"a": circle, "b": Unreadable(ssn=SECRET)})
    assert handler.flush()
    assert SECRET.encode() not in path.read_bytes()
    (document,) = documents_in(path)
    assert document["features"]["cat"] == {"b": "<Unreadable>"}


def test_redaction_by_configuration(path):
    """`dictConfig` takes both arguments as they are."""
    handler = {
        "class": "elkmon.PredictionHandler",
        "transport": {"()": "elkmon.FileTransport", "path": str(path)},
        "redact": {"email": "hash"},
        "redact_key": KEY,
        "totals_every": 0,
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"predictions": handler},
            "loggers": {"app.redacted": {"handlers": ["predictions"], "level": "INFO", "propagate": False}},
        }
    )
    log = logging.getLogger("app.redacted")
    log.info("x", extra={"email": SECRET})
    (handler,) = log.handlers
    log.removeHandler(handler)
    handler.close()
    assert documents_in(path)[0]["labels"] == {"email": hashed(SECRET)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"redact": {"email": "hash"}}, "redact_key: hashing needs a secret key"),
        ({"redact": {"email": "hash"}, "redact_key": ""}, "redact_key"),
        ({"redact": {"email": "hash"}, "redact_key": 7}, "redact_key"),
        ({"redact": {"email": "mask"}}, "'email': 'mask'.*choose one of drop, hash"),
        ({"redact": {"email": None}}, "choose one of drop, hash"),
        ({"redact": {"email": ["hash"]}}, "choose one of drop, hash"),
        ({"redact": {" ": "drop"}}, "' ' is no name"),
        ({"redact": {"": "drop"}}, "'' is no name"),
        ({"redact": {7: "drop"}}, "7 is no name"),
        ({"redact": ["email"]}, "give an action by name"),
        ({"redact": "email"}, "give an action by name"),
    ],
    ids=repr,
)
def test_mistakes_in_what_to_redact_are_told(path, arguments, message):
    """A rule that cannot be followed is refused when the handler is made, and no key is repeated in the text."""
    with pytest.raises(elkmon.ShippingError, match=message):
        elkmon.PredictionHandler(elkmon.FileTransport(path), **arguments)
