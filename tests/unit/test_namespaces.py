"""One rule for namespaces, whoever is given one: what a service ships to must be what the monitor can read."""

import json
import string
from pathlib import Path

import pytest

from elkmon.config import parse
from elkmon.elasticsearch import validated_namespace
from elkmon.errors import ConfigurationError, ShippingError
from elkmon.shipping.naming import Streams

GOOD = ["default", "team_a", "eu.prod", "0", "a" * 100, "1.2_3", "a.", "a_"]
BAD = [
    "",
    "a" * 101,
    "eu-prod",
    "Prod",
    "_a",
    ".a",
    "-a",
    "+a",
    "a+",
    "é",
    "ß",
    "a b",
    "a\n",
    "*",
    "a/b",
    "a,b",
    "ª",
    "٣",
]
"""Beside the usual: letters and digits that only Unicode counts as such."""


def taken_by(check):
    """Return which of all names a check takes."""
    taken = set()
    for name in {*GOOD, *BAD, *string.printable, *(f"a{letter}" for letter in string.printable)}:
        try:
            check(name)
        except (ConfigurationError, ShippingError):
            continue
        taken.add(name)
    return taken


def configured(name):
    """Read a configuration that names it."""
    text = f'[store]\nhosts = ["http://localhost:9200"]\nnamespace = {json.dumps(name)}\n'
    try:
        parse(text, Path())
    except ConfigurationError as error:
        if any("namespace" in problem for problem in error.problems):
            raise


@pytest.mark.parametrize("check", [Streams, configured, validated_namespace], ids=["handler", "configuration", "store"])
def test_one_rule_for_namespaces(check):
    """The handler, the configuration and the store take the same names, so that what is shipped can be read."""
    lower = {*string.ascii_lowercase, *string.digits}
    assert taken_by(check) == {*GOOD, *lower, *(f"a{letter}" for letter in {*lower, ".", "_"})}
