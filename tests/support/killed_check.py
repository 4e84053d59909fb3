"""
A check in a process of its own that kills itself with SIGKILL around the n-th time it remembers something:

    python -m support.killed_check URL NAMESPACE SMTP_PORT before|after N

With N = 0 it runs undisturbed.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from itertools import count

from elkmon.elasticsearch import ElasticsearchEventLog, ElasticsearchJournal, connect
from elkmon.monitor import Monitor
from elkmon.notifiers.mail import Mail
from elkmon.ports import Record
from support.scenario import END, SETTINGS


class MortalJournal(ElasticsearchJournal):
    """The real journal, which kills its process before or after the n-th save."""

    moment = "before"
    fatal = 0
    saves = count(1)

    def save(self, records: Iterable[Record]) -> None:
        """Save, unless death comes first."""
        number = next(self.saves)
        if number == self.fatal and self.moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().save(records)
        if number == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, namespace: str, smtp_port: int, moment: str, fatal: int) -> int:
    """Check once as of the scenario's end."""
    store = connect([url])
    journal = MortalJournal(store, namespace, lease=timedelta(seconds=2))
    journal.moment, journal.fatal = moment, fatal
    mail = Mail("team", "127.0.0.1", smtp_port, "elkmon@example.org", ["team@example.org"], security="none")
    monitor = Monitor(ElasticsearchEventLog(store, namespace), journal, [mail], [SETTINGS], owner=f"pid {os.getpid()}")
    report = monitor.check(END, explicit=True)
    while any("another monitor" in problem for problem in report.problems):  # the killed one's lease has to run out
        time.sleep(0.2)
        report = monitor.check(END, explicit=True)
    if report.problems or report.undelivered:
        sys.exit(f"{report.problems} {report.undelivered}")
    return next(MortalJournal.saves) - 1


if __name__ == "__main__":
    _, url, namespace, port, moment, fatal = sys.argv
    print(main(url, namespace, int(port), moment, int(fatal)))
