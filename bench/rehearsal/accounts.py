"""What a namespace holds in the end, as far as two runs must agree on it, and what of it went out by mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from itertools import pairwise

from bench.rehearsal.story import MODELS, PUNCTUAL
from elkmon.alerts import told_with_the_whole
from elkmon.elasticsearch import ElasticsearchJournal
from elkmon.findings import Finding
from elkmon.ports import Delivery, DeliveryState
from elkmon.windows import Window

NOTIFIER = "team"
_NOTICES = ("elkmon: could not check", "elkmon: checks again")
_NEVER = datetime.min


@dataclass(frozen=True, slots=True)
class Account:
    """
    Attributes:
        findings: those of windows that ended in the time looked at, but for when they were made and what they were before.
        transitions: what changed in that time, in words; `told` their ids, but for those that need no telling.
        punctual: those on which the two must agree, as no truth came after the verdicts.
        deliveries: of all transitions, those after that time included.
    """

    findings: Mapping[tuple[str, str, Window, str, str], Finding]
    transitions: Mapping[str, str]
    told: frozenset[str]
    punctual: Mapping[str, str]
    deliveries: Sequence[Delivery]

    @property
    def undelivered(self) -> list[str]:
        """Transitions that no delivery that is done tells of."""
        done = {
            each
            for delivery in self.deliveries
            if delivery.state is DeliveryState.DONE
            for each in delivery.transitions
        }
        return sorted(self.told - done)


def account(journal: ElasticsearchJournal, span: Window) -> Account:
    """Read what is remembered of `span`."""
    findings = {
        (each.model, each.version, each.window, each.segment, str(each.subject)): _timeless(each)
        for model in MODELS
        for each in journal.findings(model, span)
    }
    stories = journal.stories()
    covered = told_with_the_whole(stories.alerts)
    timeline = [(alert, each) for alert in stories.alerts for each in alert.timeline if each.at <= span.end]
    words = {
        each.id: f"{alert.model}: {alert.subject.kind} {alert.subject.name} {each.change} at {each.at:%m-%d %Hh} ({each.status})"
        for alert, each in timeline
    }
    punctual = {each.id: words[each.id] for alert, each in timeline if alert.model in PUNCTUAL}
    return Account(findings, words, frozenset(words) - covered, punctual, stories.deliveries)


def _timeless(finding: Finding) -> Finding:
    return replace(finding, judged_at=_NEVER, revision=0, previous=None)


@dataclass(frozen=True, slots=True)
class Post:
    """
    What the mails say of deliveries.

    Attributes:
        mails: how many came; `repeated` those that had come before, by Message-ID; `notices` distinct ones of outages.
        ids: per transition the Message-IDs under which it came.
        disordered: Message-IDs that first came after one that was made later.
        strange: Message-IDs of mails that are of no delivery, and no notice of an outage.
    """

    mails: int
    repeated: int
    notices: int
    ids: Mapping[str, frozenset[str]]
    disordered: Sequence[str]
    strange: Sequence[str]


def post(mails: Iterable[EmailMessage], deliveries: Iterable[Delivery]) -> Post:
    """Compare the mails, in the order they came, with what was to be told."""
    mine = {each.id: each for each in deliveries if each.notifier == NOTIFIER}
    came = [(str(mail["Message-ID"]).strip("<>").split("@")[0], str(mail["Subject"])) for mail in mails]
    first = dict(came)
    of_deliveries = [mine[name] for name in first if name in mine]
    ids: dict[str, set[str]] = {}
    for delivery in of_deliveries:
        for transition in delivery.transitions:
            ids.setdefault(transition, set()).add(delivery.id)
    disordered = [later.id for earlier, later in pairwise(of_deliveries) if later.created_at < earlier.created_at]
    others = {name: subject for name, subject in first.items() if name not in mine}
    notices = {name for name, subject in others.items() if subject.startswith(_NOTICES)}
    return Post(
        len(came),
        len(came) - len(first),
        len(notices),
        {each: frozenset(found) for each, found in ids.items()},
        disordered,
        [f"{name}: {subject}" for name, subject in others.items() if name not in notices],
    )
