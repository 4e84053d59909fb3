"""Since when, on a real node: from the handler through stored hours to the digest and the report."""

from __future__ import annotations

from datetime import timedelta

from elkmon.digests import Digest
from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect, setup
from elkmon.monitor import Monitor
from elkmon.presentation.letters import letter
from elkmon.reference_windows import baseline_from_window
from elkmon.windows import DAY, HOUR, Window
from support.scenario import MODEL, POSITIVE_LABELS, REFERENCE, SETTINGS, SHIFT, START, send


class Listener:
    """A notifier that keeps what it is told."""

    name = "listener"

    def __init__(self) -> None:
        self.told: list[Digest] = []

    def notify(self, digest: Digest) -> None:
        """Keep the digest."""
        self.told.append(digest)


def test_digest_and_report_say_when_it_began(elasticsearch_url: str, namespace: str) -> None:
    """The amounts change on a known day; mail and report name a stretch that holds it, and it comes first."""
    store = connect([elasticsearch_url])
    setup(store, namespace)
    event_log, journal, listener = (
        ElasticsearchEventLog(store, namespace), ElasticsearchJournal(store, namespace), Listener(),
    )  # fmt: skip
    send(elasticsearch_url, namespace)
    made = REFERENCE.end + 3 * HOUR
    journal.save(
        [baseline_from_window(event_log, MODEL, "1", REFERENCE, made, positive_labels=POSITIVE_LABELS, segments={})]
    )
    monitor = Monitor(event_log, journal, [listener], [SETTINGS], owner="test")

    now = SHIFT + 4 * DAY
    monitor.check(now, explicit=True)

    item = listener.told[0].items[0]
    assert item.finding.subject.name == "amount"
    since = item.explanation.since
    assert since is not None
    assert since.earliest <= SHIFT <= since.latest + timedelta(hours=23)
    assert since.latest - since.earliest <= 2 * DAY
    assert f"It began on {since.at.day} March 2026" in letter(listener.told[0]).text
    report = monitor.report(Window(START + 12 * DAY, now), now)
    first = report.chapters[0].histories[0]
    assert first.latest.subject.name == "amount"
    assert first.explanation.since is not None
    assert first.explanation.since.earliest <= SHIFT <= first.explanation.since.latest + timedelta(hours=23)
    store.close()
