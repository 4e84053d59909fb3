"""
A check in a process of its own that stops itself with SIGSTOP in the middle of its work, until somebody continues it:

    python -m support.paused_check URL NAMESPACE SMTP_PORT saving|telling|sending

It prints how it ended.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from elkmon.digests import Digest
from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect
from elkmon.errors import StaleWriter
from elkmon.findings import Finding
from elkmon.monitor import Monitor
from elkmon.notifiers.mail import Mail
from elkmon.ports import Delivery, Hold, Record, Turn
from support.six_models import DAYS, SHIFTED, settings

LENGTH = timedelta(seconds=2)
MODEL = SHIFTED[0]
END = DAYS[-1]
TURN = Turn(name="daily", due=END)
SAVING, TELLING, SENDING = "saving", "telling", "sending"
"""Before verdicts are saved; before it is asked whether the lease is still held, to tell of them; just after that."""


def pause() -> None:
    """Stop this process, all its threads, until it is sent SIGCONT."""
    os.kill(os.getpid(), signal.SIGSTOP)


class PausingJournal(ElasticsearchJournal):
    """The real journal, whose process stops once at `moment`."""

    moment = ""
    telling = False

    @contextmanager
    def hold(self, owner: str, turn: Turn) -> Iterator[Hold]:
        """Hold the lease, and stop when it is asked for before something is told."""
        with super().hold(owner, turn) as hold:
            yield replace(hold, require=self._pausing(hold.require))

    def save(self, records: Iterable[Record]) -> None:
        """Save, and stop before it when verdicts are to be saved."""
        saved = list(records)
        if self.moment == SAVING and any(isinstance(each, Finding) for each in saved):
            self.moment = ""
            pause()
        self.telling = self.telling or any(isinstance(each, Delivery) for each in saved)
        super().save(saved)

    def _pausing(self, require: Callable[[], None]) -> Callable[[], None]:
        def pausing() -> None:
            if self.moment == TELLING and self.telling:
                self.moment = ""
                pause()
            require()

        return pausing


class PausingMail(Mail):
    """Real mail, whose process stops once before it is sent."""

    moment = ""

    def notify(self, digest: Digest) -> None:
        """Stop, then send."""
        if self.moment == SENDING:
            self.moment = ""
            pause()
        super().notify(digest)


def monitor(url: str, namespace: str, smtp_port: int, owner: str, moment: str = "") -> Monitor:
    """Return a monitor of one model that sends real mail; its process stops at `moment`, if that is one."""
    store = connect([url])
    journal = PausingJournal(store, namespace, lease=LENGTH)
    mail = PausingMail("team", "127.0.0.1", smtp_port, "elkmon@example.org", ["team@example.org"], security="none")
    journal.moment = mail.moment = moment
    return Monitor(ElasticsearchEventLog(store, namespace), journal, [mail], settings([MODEL]), owner=owner)


def main(url: str, namespace: str, smtp_port: int, moment: str) -> None:
    """Check once as of the last day, and say how that ended."""
    try:
        report = monitor(url, namespace, smtp_port, "leader", moment).check(END, explicit=True, turn=TURN)
    except StaleWriter as error:
        print(f"overtaken: {error}")
    else:
        print(report)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
