"""The whole line from events to a notifier, on one namespace: what tests of the monitor on a real Elasticsearch work with."""

from __future__ import annotations

from datetime import datetime

from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from elkmon.digests import Digest
from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect, setup
from elkmon.errors import DeliveryError
from elkmon.findings import Finding
from elkmon.monitor import CheckReport, Monitor
from elkmon.reference_windows import baseline_from_window
from elkmon.windows import HOUR, Window
from support.scenario import MODEL, POSITIVE_LABELS, REFERENCE, SETTINGS


class Recorder:
    """A notifier that keeps what it is told, and refuses while `refusing` is set."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.refusing = False
        self.told: list[Digest] = []

    def notify(self, digest: Digest) -> None:
        """Keep the digest or refuse it."""
        if self.refusing:
            raise DeliveryError("the line is dead")
        self.told.append(digest)


class Line:
    """The whole line on one namespace: a monitor with one recording notifier."""

    def __init__(self, url: str, namespace: str) -> None:
        self.url = url
        self.namespace = namespace
        self.store = connect([url])
        setup(self.store, namespace)
        self.event_log = ElasticsearchEventLog(self.store, namespace)
        self.journal = ElasticsearchJournal(self.store, namespace)
        self.recorder = Recorder("recorder")
        self.monitor = self.another()

    def another(self, *notifiers: Recorder) -> Monitor:
        """Return a monitor that starts afresh, as after a restart."""
        return Monitor(self.event_log, self.journal, notifiers or (self.recorder,), [SETTINGS], owner="test")

    def reference(self) -> None:
        """Make the baseline of the first twelve days."""
        baseline = baseline_from_window(
            self.event_log,
            MODEL,
            "1",
            REFERENCE,
            REFERENCE.end + 3 * HOUR,
            positive_labels=POSITIVE_LABELS,
            segments={},
        )
        self.journal.save([baseline])

    def check(self, at: datetime, since: datetime | None = None) -> CheckReport:
        """Check as of `at`."""
        return self.monitor.check(at, explicit=True, since=since)

    def written(self, client: Elasticsearch) -> dict[str, int]:
        """Return the version of every document the monitor wrote, but for the records of its runs and its lease."""
        return self._versions(client, {"bool": {"must_not": {"exists": {"field": "elkmon.state.kind"}}}})

    def everything(self, client: Elasticsearch) -> dict[str, int]:
        """Return the version of every document of the namespace, events and runs included."""
        return self._versions(client, {"match_all": {}})

    def lose(self, client: Elasticsearch, until: datetime) -> None:
        """Delete the predictions and truths logged for instants before `until`, as retention would."""
        before = {"range": {"@timestamp": {"lt": until.isoformat()}}}
        for stream in ("prediction", "feedback"):
            name = f"logs-elkmon.{stream}-{self.namespace}"
            found = scan(client, index=name, query={"query": before}, _source=False)
            deletes = [{"delete": {"_index": hit["_index"], "_id": hit["_id"]}} for hit in found]
            assert not client.bulk(operations=deletes, refresh=True)["errors"]

    def _versions(self, client: Elasticsearch, query: dict[str, object]) -> dict[str, int]:
        found: dict[str, int] = {}
        for index in (f"elkmon-*-{self.namespace}*", f"logs-elkmon.*-{self.namespace}"):
            client.indices.refresh(index=index)
            for hit in scan(client, index=index, query={"query": query, "seq_no_primary_term": True}, _source=False):
                found[f"{hit['_index']}/{hit['_id']}"] = hit["_seq_no"]
        return found

    def findings(self, span: Window) -> tuple[Finding, ...]:
        """Return what is remembered of `span`."""
        return tuple(self.journal.findings(MODEL, span))

    def ruler(self) -> str:
        """Return the id of the newest baseline's ruler."""
        return self.journal.baselines(MODEL)[0].ruler.id
