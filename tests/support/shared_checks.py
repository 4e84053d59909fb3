"""
One of several monitors that look after the shares of six models, in a process of its own:

    python -m support.shared_checks URL NAMESPACE SMTP_PORT OWNER FIRST_SHARE FATAL_DAY

It begins on a line of input, goes through the days in order and through the shares until all of a day are done, beginning
with the `FIRST_SHARE`, and writes a line of JSON for each look. From day number `FATAL_DAY` on, if that is not -1, it kills
itself with SIGKILL as soon as it has saved verdicts, having written to standard error when that was.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta

from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect
from elkmon.findings import Finding
from elkmon.monitor import Monitor
from elkmon.notifiers.mail import Mail
from elkmon.ports import Claim, Record, Turn
from support.six_models import DAYS, SHARES, settings

LENGTH = timedelta(seconds=4)
"""Of a lease; a busy machine has to renew it in time."""
POLL = 0.2
"""Seconds between looks at shares that others hold."""
NEVER = -1


@dataclass(frozen=True, slots=True)
class Look:
    """
    One look of a monitor at the lease of a share, for a day.

    `judged` are the models that were; `began` and `ended` are seconds by the machine's steady clock.
    """

    owner: str
    share: int
    day: int
    claim: str
    began: float
    ended: float
    judged: tuple[str, ...] = ()
    transitions: int = 0
    trouble: tuple[str, ...] = ()


class MortalJournal(ElasticsearchJournal):
    """The real journal, whose process dies after saving verdicts once it is `doomed`."""

    doomed = False

    def save(self, records: Iterable[Record]) -> None:
        """Save, and die if it is to."""
        saved = list(records)
        super().save(saved)
        if self.doomed and any(isinstance(each, Finding) for each in saved):
            print(time.monotonic(), file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, namespace: str, smtp_port: int, owner: str, first: int, fatal: int) -> None:
    """Look after the shares until every day is done by somebody."""
    store = connect([url])
    journal = MortalJournal(store, namespace, lease=LENGTH)
    mail = Mail("team", "127.0.0.1", smtp_port, "elkmon@example.org", ["team@example.org"], security="none")
    monitor = Monitor(ElasticsearchEventLog(store, namespace), journal, [mail], settings(), owner=owner)
    sys.stdin.readline()
    for day, due in enumerate(DAYS):
        journal.doomed = NEVER < fatal <= day
        left = [*SHARES[first:], *SHARES[:first]]
        while left:
            for share in tuple(left):
                began = time.monotonic()
                report = monitor.check(due, explicit=True, turn=Turn(share, "daily", due))
                if report.claim is not Claim.BUSY:
                    left.remove(share)
                judged = tuple(sorted({each.model for each in report.findings}))
                trouble = (*report.trouble, *(each.error for each in report.undelivered))
                look = Look(
                    owner, share.index, day, report.claim, began, time.monotonic(), judged, len(report.transitions), trouble
                )  # fmt: skip
                print(json.dumps(asdict(look)), flush=True)
            if left:
                time.sleep(POLL)


if __name__ == "__main__":
    _, url, namespace, port, owner, first, fatal = sys.argv
    main(url, namespace, int(port), owner, int(first), int(fatal))
