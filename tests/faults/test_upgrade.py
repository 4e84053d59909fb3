"""Elasticsearch upgraded between two checks: a node of the older line, and one of the newer that opens its data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import elastic_transport
import elasticsearch
import pytest
from elasticsearch import Elasticsearch

from elkmon.embedded import VERSIONS, EmbeddedElasticsearch
from support import killed_story as story
from support.killed_check import Order, Recorder, checked, prepared
from support.mail_server import Mailbox, mail_server
from support.restored import Stage, contents, remembered

NEWER, OLDER = VERSIONS
UPGRADED, NATIVE = "upgradedspace", "nativespace"


@contextmanager
def older_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Speak to the server as a client of the older line does; where one of the newer is installed, the server refuses it."""
    perform = elastic_transport.Transport.perform_request

    def plainly(self: Any, method: str, target: str, *, headers: Any = None, **more: Any) -> Any:
        plain = {name: value.split(";")[0].replace("vnd.elasticsearch+", "") for name, value in dict(headers).items()}
        return perform(self, method, target, headers=plain, **more)

    with monkeypatch.context() as patched:
        if elasticsearch.__version__[0] > int(OLDER.split(".")[0]):
            patched.setattr(elastic_transport.Transport, "perform_request", plainly)
        yield


@pytest.mark.timeout(180)
def test_a_check_goes_on_where_one_on_the_older_server_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was checked on 8.19 is continued on 9 as if it had been checked there, and what was to be told is told."""
    data, first = tmp_path / "data", tmp_path / "first"
    first.mkdir()
    with (
        older_client(monkeypatch),
        EmbeddedElasticsearch(version=OLDER, data=data) as node,
        Elasticsearch(node.url) as client,
    ):
        prepared(client, node.url, UPGRADED, first)
    box = Mailbox()
    ends = {}
    with (
        EmbeddedElasticsearch(version=NEWER, data=data) as node,
        Elasticsearch(node.url, request_timeout=60) as client,
        mail_server(box) as server,
    ):
        Stage(client, NATIVE, contents(client, UPGRADED, events=True))
        for namespace in (UPGRADED, NATIVE):
            folder = tmp_path / namespace
            folder.mkdir()
            order = Order(namespace, story.END.isoformat(), server.port, str(folder), minutes=2)
            assert checked(node.url, order).trouble == []
            mails = [str(mail["Message-ID"]) for mail in box.mails if mail["To"] == f"{namespace}@example.org"]
            ends[namespace] = remembered(contents(client, namespace)), mails, Recorder.told(folder)
    assert ends[UPGRADED] == ends[NATIVE]
    assert len(ends[NATIVE][1]) == 2
