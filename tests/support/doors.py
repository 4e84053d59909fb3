"""Every door by which a secret may come into a handler, and the formatters it may meet there."""

import hashlib
import logging

from pythonjsonlogger.json import JsonFormatter

import elkmon

SECRET = "ada@example.org"
NUMBER = 4711088
SECRETS = (SECRET.encode(), b"ada@", b"4711088")
REDACT = {"email": "hash", "number": "hash", "ssn": "drop"}
KEY = "pepper"


def hashed(text, key=KEY):
    """The documented hash: blake2b with the key, 16 hexadecimal digits."""
    return hashlib.blake2b(text.encode(), key=key.encode(), digest_size=8).hexdigest()


HIDDEN = {"email": SECRET, "number": NUMBER, "ssn": SECRET}
FEATURES = {"a": 1.5, "carrier": "UA", **HIDDEN}


class Hidden:
    """An object that prints the secret."""

    def __str__(self):
        return SECRET


def direct(handler, _):
    elkmon.ModelLog("m", handler=handler, numeric=["number"]).prediction(FEATURES, labels=HIDDEN)


def batch(handler, _):
    elkmon.ModelLog("m", handler=handler).predictions([FEATURES, FEATURES])


def nested_features(handler, _):
    elkmon.ModelLog("m", handler=handler).prediction({"user": HIDDEN, "users": [HIDDEN], "user.email": SECRET})


def objects(handler, _):
    elkmon.ModelLog("m", handler=handler).prediction({"email": Hidden(), "number": [NUMBER], "ssn": {"a": SECRET}})


def too_large(handler, _):
    large = {f"text {number}": "x" * 1000 for number in range(400)}
    elkmon.ModelLog("m", handler=handler).prediction({**FEATURES, **large}, labels=HIDDEN)


def not_encodable(handler, _):
    elkmon.ModelLog("m", handler=handler).prediction({**FEATURES, "\ud800": "\udfff"}, labels={"\ud800": 1, **HIDDEN})


def outcome(handler, _):
    elkmon.ModelLog("m", handler=handler).outcome("x", label=1, labels=HIDDEN)


def failure(handler, _):
    elkmon.ModelLog("m", handler=handler).error(ValueError("x"), features=FEATURES, labels=HIDDEN)


def carried_prediction(_, log):
    log.info("x", extra={"prediction": elkmon.Prediction("m", FEATURES, labels=HIDDEN)})


def carried_prediction_with_exception(_, log):
    try:
        raise ValueError("x")
    except ValueError:
        log.exception(
            "x", extra={"prediction": elkmon.Prediction("m", FEATURES), "other": elkmon.Prediction("m", FEATURES)}
        )


def carried_outcome(_, log):
    log.info("x", extra={"outcome": elkmon.Outcome("m", "x", label=1, labels=HIDDEN)})


def carried_failure(_, log):
    log.info("x", extra={"failure": elkmon.Failure("x", "m", features=FEATURES, labels=HIDDEN)})


def record(_, log):
    log.info("x", extra={**HIDDEN, "user": HIDDEN, "users": [HIDDEN]})


def record_of_a_mapping(_, log):
    log.info({"message": "x", "user": HIDDEN, **HIDDEN})


def record_about_a_mapping(_, log):
    log.info("%(email)s %(ssn)s", HIDDEN)


def record_not_formattable(_, log):
    log.info({"a": Raises(), **HIDDEN}, extra={"b": Raises(), **HIDDEN})


def error_record(_, log):
    log.error("x", extra=HIDDEN)


def surroundings(handler, log):
    with elkmon.bound_labels(HIDDEN):
        elkmon.ModelLog("m", handler=handler).prediction({"a": 1})
        log.info("x")
        log.error("x")


class Raises:
    """Raises wherever it is looked at."""

    def __repr__(self):
        raise RuntimeError

    __str__ = __repr__


DOORS = (
    direct,
    batch,
    nested_features,
    objects,
    too_large,
    not_encodable,
    outcome,
    failure,
    carried_prediction,
    carried_prediction_with_exception,
    carried_outcome,
    carried_failure,
    record,
    record_of_a_mapping,
    record_about_a_mapping,
    record_not_formattable,
    error_record,
    surroundings,
)
FORMATTERS = {
    "default": None,
    "json": JsonFormatter("%(message)s %(email)s", rename_fields={"number": "id"}, static_fields={"ssn": SECRET}),
    "text": logging.Formatter("%(message)s %(levelname)s"),
    "text of extras": logging.Formatter("%(message)s %(email)s %(ssn)s", defaults={"email": "", "ssn": ""}),
}
