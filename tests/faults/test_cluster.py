"""A cluster of three nodes whose leading one is killed while a service logs and a monitor checks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from elkmon import ElasticsearchTransport, ModelLog, PredictionHandler
from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect, setup
from elkmon.errors import StoreError
from elkmon.monitor import Monitor
from support import killed_story as story
from support.cluster import ThreeNodes
from support.killed_check import Recorder
from support.killed_story import Told
from support.restored import contents, remembered

ROWS_A_WINDOW = 120
BEGIN = story.REFERENCE.end + 2 * story.WINDOW
FATAL_REQUEST = 40
SLICE = 25
PATIENCE = 90.0
JUDGED = ("elkmon-findings", "elkmon-profiles", "elkmon-outcomes", "elkmon-alerts")


@pytest.fixture(scope="module")
def cluster() -> Iterator[ThreeNodes]:
    """Three nodes, all there."""
    with ThreeNodes() as nodes:
        yield nodes


def rounds() -> list[tuple[datetime, list[Told]]]:
    """Return the story in parts: until when each goes, and what is said in it."""

    def end_of(each: Told) -> datetime:
        return max(BEGIN, each.at - (each.at - story.START) % story.WINDOW + story.WINDOW)

    said = sorted(story.told(ROWS_A_WINDOW), key=lambda each: each.at)
    return [(end, list(part)) for end, part in groupby(said, end_of) if end <= story.END]


@dataclass(frozen=True, slots=True)
class Watched:
    """A namespace with a service that logs into it and a monitor that checks it."""

    cluster: ThreeNodes
    namespace: str
    folder: Path

    def live(self, disturbance: Callable[[], object] | None = None) -> list[str]:
        """
        Let the service log part after part, while what it logged before is checked; return what checks had to complain of.

        With a `disturbance`, it comes in the middle of the second check.
        """
        self.folder.mkdir()
        store = connect(self.cluster.urls, timeout=10)
        setup(store, self.namespace)
        handler = PredictionHandler(
            ElasticsearchTransport(self.cluster.urls, timeout=10), namespace=self.namespace, service="lending"
        )
        log = ModelLog(story.MODEL, version="1", handler=handler)
        (_, first), *parts = rounds()
        self._log(handler, log, first)
        story.make_baseline(store, self.namespace)
        complaints: list[str] = []
        with ThreadPoolExecutor(1) as checking:
            until = BEGIN
            for number, (end, part) in enumerate(parts, start=1):
                checked = checking.submit(self._check, until, disturbance if number == 2 else None)
                self._log(handler, log, part)
                complaints += checked.result()
                until = end
            complaints += self._check(until)
        handler.close()
        stats = handler.stats()
        assert stats.logged == stats.delivered, stats
        return complaints

    def _log(self, handler: PredictionHandler, log: ModelLog, part: Sequence[Told]) -> None:
        """Log little by little, and wait for each little to be stored, so that it takes as long as the check does."""
        for start in range(0, len(part), SLICE):
            for each in part[start : start + SLICE]:
                story.say(log, each)
            assert handler.flush(PATIENCE), handler.stats()

    def _check(self, now: datetime, disturbance: Callable[[], object] | None = None) -> list[str]:
        """Check until nothing is in the way; return what was."""
        store = connect(self.cluster.urls, timeout=10)
        if disturbance:
            store.transport.perform_request = _Disturbed(store.transport.perform_request, disturbance)
        recorder = Recorder(self.folder)
        event_log, journal = (kind(store, self.namespace) for kind in (ElasticsearchEventLog, ElasticsearchJournal))
        monitor = Monitor(event_log, journal, [recorder], [story.SETTINGS], owner=self.namespace)
        complaints: list[str] = []
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                report = monitor.check(now, explicit=True)
            except StoreError as error:
                complaints.append(str(error))
            else:
                if not report.problems:
                    return complaints
                complaints += report.problems
        raise AssertionError(complaints)

    def judged(self, client: Elasticsearch) -> dict[str, str]:
        """Return what the monitor remembers."""
        there = remembered(contents(client, self.namespace))
        return {name: content for name, content in there.items() if name.startswith(JUDGED)}

    def arrived(self, client: Elasticsearch) -> list[str]:
        """Return the prediction of every event that is stored, predictions and truths."""
        client.indices.refresh(index=f"logs-elkmon.*-{self.namespace}")
        answer = client.search(
            index=[f"logs-elkmon.{kind}-{self.namespace}" for kind in ("prediction", "feedback")],
            size=10_000,
            source=False,
            docvalue_fields=["elkmon.prediction.id"],
        )
        return sorted(hit["fields"]["elkmon.prediction.id"][0] for hit in answer["hits"]["hits"])


class _Disturbed:
    """Stands in the client's transport; at one request the disturbance comes first."""

    def __init__(self, perform: Callable[..., Any], disturbance: Callable[[], object]) -> None:
        self._perform = perform
        self._disturbance = disturbance
        self._requests = 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self._requests += 1
        if self._requests == FATAL_REQUEST:
            self._disturbance()
        return self._perform(*arguments, **named)


@pytest.mark.timeout(300)
def test_the_leading_node_killed_while_a_service_logs_and_a_check_goes_on(cluster: ThreeNodes, tmp_path: Path) -> None:
    """No event is lost, checks that could not be done say why and are caught up, and the findings are those of a quiet day."""
    quiet = Watched(cluster, "quiet", tmp_path / "quiet")
    assert quiet.live() == []
    killed: list[str] = []
    loud = Watched(cluster, "loud", tmp_path / "loud")
    complaints = loud.live(lambda: killed.append(cluster.kill_master()))

    assert len(killed) == 1
    assert all(len(each) > 20 for each in complaints), complaints
    with Elasticsearch(cluster.urls, request_timeout=30) as client:
        assert loud.arrived(client) == sorted(each.id for _, part in rounds() for each in part)
        assert quiet.arrived(client) == loud.arrived(client)
        assert loud.judged(client) == quiet.judged(client)
    assert Recorder.told(loud.folder) == Recorder.told(quiet.folder) != []
