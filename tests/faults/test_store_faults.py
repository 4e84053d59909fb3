"""
Elasticsearch away, slow, read-only, full, red or in part not there while a check goes on; the check after it mends all.

Each test disturbs one check of the same prepared namespace. Whatever that one wrote is what an undisturbed one writes, so no
figure came from part of an answer, and the check that follows ends where an undisturbed one does.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from support import killed_story as story
from support.killed_check import Ended, Order, Recorder, checked, prepared
from support.mail_server import Mailbox, mail_server
from support.restored import Contents, Stage, contents, remembered
from support.tunnel import Break, Tunnel

JUDGED = ("elkmon-findings", "elkmon-profiles", "elkmon-outcomes", "elkmon-alerts")
IMPATIENT = 1.0
"""Seconds a check waits for an answer where none will come."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What is remembered in the end, the mails by Message-ID (a repeat counts once), and what the recorder was told."""

    remembered: dict[str, str]
    mails: list[str]
    recorded: list[tuple[str, list[str]]]


@dataclass(slots=True)
class Play:
    """The prepared namespace, which checks are done in as of the story's end."""

    client: Elasticsearch
    url: str
    stage: Stage
    documents: Contents
    box: Mailbox
    port: int
    folder: Path

    @property
    def namespace(self) -> str:
        """Its name."""
        return self.stage.namespace

    def begin(self, folder: Path) -> None:
        """Put everything back."""
        self.stage.restore()
        self.box.mails.clear()
        self.folder = folder

    def check(self, *, url: str = "", minutes: int = 0, timeout: float = 30.0) -> Ended:
        """Check once; whatever goes wrong that is no `StoreError` fails the test."""
        order = Order(self.namespace, story.END.isoformat(), self.port, str(self.folder), minutes, timeout=timeout)
        return checked(url or self.url, order)

    def ending(self) -> Ending:
        """Return where it stands."""
        mails = [str(mail["Message-ID"]) for mail in self.box.mails]
        return Ending(self.remembered(), [name for name, _ in groupby(mails)], Recorder.told(self.folder))

    def remembered(self) -> dict[str, str]:
        """Return what is in Elasticsearch."""
        return remembered(contents(self.client, self.namespace))


@pytest.fixture(scope="module")
def play(client: Elasticsearch, elasticsearch_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """The story up to the check that is going to be disturbed."""
    name, folder = f"t{uuid.uuid4().hex[:10]}", tmp_path_factory.mktemp("first")
    documents = prepared(client, elasticsearch_url, name, folder)
    box = Mailbox()
    with mail_server(box) as server:
        stage = Stage(client, f"{name}x", documents)
        yield Play(client, elasticsearch_url, stage, documents, box, server.port, folder)
    client.indices.delete(index=list(client.indices.get(index=f"elkmon-*-{name}*")))
    client.indices.close(index=list(client.indices.get(index=f"logs-elkmon.*-{name}*")))


@pytest.fixture(scope="module")
def undisturbed(play: Play, tmp_path_factory: pytest.TempPathFactory) -> tuple[Ending, int]:
    """Where the story ends by itself, and how many requests its last check is."""
    play.begin(tmp_path_factory.mktemp("undisturbed"))
    with Tunnel(play.url) as tunnel:
        assert play.check(url=tunnel.url).trouble == []
        return play.ending(), tunnel.requests


@pytest.fixture
def begun(play: Play, tmp_path: Path) -> Play:
    """The story, put back to before its last check."""
    play.begin(tmp_path)
    return play


def assert_nothing_made_up(play: Play, end: Ending) -> None:
    """What was remembered and told so far is what was there before, or what an undisturbed check says."""
    before, now = remembered(play.documents), play.ending()
    for name, content in now.remembered.items():
        if name.startswith(JUDGED):
            assert content in {before.get(name), end.remembered.get(name)}, name
    assert now.mails == end.mails[: len(now.mails)]
    assert now.recorded == end.recorded[: len(now.recorded)]


def assert_mended(play: Play, end: Ending) -> None:
    """The next check has no trouble, and ends where an undisturbed one does."""
    assert play.check(minutes=2).trouble == []
    assert play.ending() == end


@pytest.mark.parametrize("how", Break)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9])
def test_away_or_without_an_answer(begun: Play, undisturbed: tuple[Ending, int], how: Break, share: float) -> None:
    """When nobody is there from some request on, or nobody answers in time, the check says so and the next one mends it."""
    end, requests = undisturbed
    with Tunnel(begun.url) as tunnel:
        tunnel.break_at(1 + int(share * requests), how)
        ended = begun.check(url=tunnel.url, timeout=IMPATIENT)
        assert len(ended.trouble) == 1
        assert tunnel.url in ended.trouble[0]
        assert ("cannot be reached" if how is Break.GONE else "did not answer in time") in ended.trouble[0]
    assert_nothing_made_up(begun, end)
    assert_mended(begun, end)


@contextmanager
def blocked(client: Elasticsearch, pattern: str, block: str) -> Iterator[None]:
    """Have a block on all indices of `pattern`."""
    indices = list(client.indices.get(index=pattern))
    client.indices.put_settings(index=indices, settings={f"index.blocks.{block}": True})
    try:
        yield
    finally:
        client.indices.put_settings(index=indices, settings={f"index.blocks.{block}": None})


@pytest.mark.parametrize("kind", ["outcomes", "profiles", "findings", "alerts", "state"])
def test_read_only(begun: Play, undisturbed: tuple[Ending, int], kind: str) -> None:
    """What cannot be written because an index is read-only is said, with what to do, and written by the next check."""
    end, _ = undisturbed
    with blocked(begun.client, f"elkmon-{kind}-{begun.namespace}*", "write"):
        ended = begun.check()
    assert [each for each in ended.trouble if "read-only" in each and "Allow writing" in each], ended
    assert_nothing_made_up(begun, end)
    assert_mended(begun, end)


def test_full(begun: Play, undisturbed: tuple[Ending, int]) -> None:
    """With the block that a full disk brings on every index, the check says so, remembers nothing, and the next one mends it."""
    end, _ = undisturbed
    block, everything = "read_only_allow_delete", f"*elkmon*-{begun.namespace}*"
    with blocked(begun.client, everything, block):
        ended = begun.check()
        settings = begun.client.indices.get_settings(index=everything).values()
        # A node that does not watch its disk lifts this block by itself, at some time.
        held = all(each["settings"]["index"].get("blocks") for each in settings)
    if held:
        assert [each for each in ended.trouble if "disk is full" in each], ended
        before = remembered(begun.documents)
        assert begun.remembered() == {name: before[name] for name in before if name.startswith("elkmon-")}
    assert_nothing_made_up(begun, end)
    assert_mended(begun, end)


@contextmanager
def unallocated(client: Elasticsearch, name: str) -> Iterator[None]:
    """Have an index, or a data stream where the name is of such, whose shard no node holds."""
    nowhere = "index.routing.allocation.require.nowhere"
    settings = {nowhere: "here", "index.number_of_replicas": 0}
    # Who sends to a stream makes it, and is answered when it is mended; without a time its document is not taken even then.
    making = threading.Thread(target=client.bulk, kwargs={"operations": [{"create": {"_index": name}}, {}]})
    if name.startswith("logs-"):
        template = {"index_patterns": [name], "priority": 1_000, "template": {"settings": settings}, "data_stream": {}}
        client.indices.put_index_template(name=name, **template)
        making.start()
    else:
        client.indices.create(index=name, settings=settings, wait_for_active_shards="0")
    index: list[str] = []
    while not index or client.cluster.health(index=index)["status"] != "red":
        time.sleep(0.05)
        index = list(client.indices.get(index=f"{name}*"))
    try:
        yield
    finally:
        client.indices.put_settings(index=index, settings={nowhere: None})
        mended = client.cluster.health(index=index, wait_for_status="green", timeout="30s")
        assert not mended["timed_out"], client.cluster.allocation_explain(index=index[0], shard=0, primary=True)
        if making.is_alive():
            client.indices.delete_index_template(name=name)
            making.join()


@pytest.mark.parametrize(
    "name", ["logs-elkmon.prediction.lost-{}", "logs-elkmon.error-{}", "elkmon-outcomes-{}-2026.04"]
)
def test_red(begun: Play, undisturbed: tuple[Ending, int], name: str) -> None:
    """While a shard of what is asked is nowhere, no figure is made from the rest, and the check says why."""
    end, _ = undisturbed
    with unallocated(begun.client, name.format(begun.namespace)):
        ended = begun.check(timeout=IMPATIENT)
        # What only asks is refused at once; what makes documents visible there waits, and nobody answers.
    said = [each for each in ended.trouble if "no figure is made" in each or "did not answer in time" in each]
    assert said, ended
    assert_nothing_made_up(begun, end)
    assert_mended(begun, end)
