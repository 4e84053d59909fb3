"""`elkmon forget` as a user runs it: what it refuses, asks, removes and says."""

import json
import os
import pty
import subprocess
import sys

import pytest
from elasticsearch import Elasticsearch

from elkmon import ModelLog, PredictionHandler, bound_labels
from support.shop import START, Command, configure


@pytest.fixture
def shop(command: Command, handler: PredictionHandler, elasticsearch_url: str, namespace: str) -> str:
    """Five predictions, two of which are a customer's, and truth of one."""
    configure(elasticsearch_url, namespace, "shop")
    assert command("setup").code == 0
    log = ModelLog("shop", version="1", handler=handler)
    for number in range(5):
        with bound_labels(customer="4711" if number < 2 else "12"):
            log.prediction({"amount": number}, score=0.5, id=f"order-{number}", timestamp=START)
    log.outcome("order-0", label="yes", timestamp=START)
    assert handler.flush(60)
    return namespace


def left(client: Elasticsearch, namespace: str) -> int:
    client.indices.refresh(index=f"logs-elkmon.*-{namespace}")
    events = f"logs-elkmon.prediction-{namespace},logs-elkmon.feedback-{namespace}"
    return int(client.count(index=events)["count"])


def test_forgetting_says_what_went_and_what_stays(command: Command, client: Elasticsearch, shop: str):
    """A dry run counts; with --yes it goes; a second time there is nothing, which is no failure."""
    customer = ("forget", "--label", "customer=4711")
    expected = [
        {"model": "shop", "kind": "feedback", "documents": 1},
        {"model": "shop", "kind": "prediction", "documents": 2},
    ]

    dry = command(*customer, "--dry-run", "--json")
    assert (dry.code, json.loads(dry.out)["removed"], left(client, shop)) == (0, expected, 6)

    done = command(*customer, "--yes")
    assert (done.code, left(client, shop)) == (0, 3)
    assert "What stays:" in done.out
    assert "journals, dead letters" in done.out

    again = command(*customer, "--yes")
    assert (again.code, again.out) == (0, "Nothing is stored of it.\n")


def test_what_cannot_be_asked_or_is_unclear_is_refused(command: Command, client: Elasticsearch, shop: str):
    """Without a terminal one of --yes and --dry-run must be given; a label needs a name and a value."""
    for wrong, said in (
        (("--prediction", "order-0"), "--yes"),
        (("--label", "customer", "--yes"), "customer=4711"),
        (("--label", "customer=", "--yes"), "NAME=VALUE"),
        (("--prediction", "", "--yes"), "prediction"),
        ((), "--prediction"),
    ):
        refused = command("forget", *wrong)
        assert refused.code == 2, wrong
        assert said in refused.err
    assert left(client, shop) == 6

    unknown = command("forget", "--prediction", "order-0", "--model", "shpo", "--yes")
    assert (unknown.code, left(client, shop)) == (0, 6)
    assert "'shpo'" in unknown.out


def test_on_a_terminal_it_asks(client: Elasticsearch, shop: str):
    """Whoever says no, or nothing, keeps all; whoever says yes does not."""
    for answer, kept in (("\n", 6), ("n\n", 6), ("y\n", 4)):
        ours, theirs = pty.openpty()
        os.write(ours, answer.encode())
        asked = subprocess.run(
            [sys.executable, "-m", "elkmon", "forget", "--prediction", "order-0"],
            stdin=theirs, capture_output=True, text=True, check=False,
        )  # fmt: skip
        os.close(ours)
        os.close(theirs)
        assert asked.returncode == 0, asked.stderr
        assert "2 documents" in asked.stderr or "two documents" in asked.stderr
        assert left(client, shop) == kept
