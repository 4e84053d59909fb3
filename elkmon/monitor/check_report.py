"""
What one check did, for whoever asked for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from elkmon.alerts import Transition
from elkmon.errors import StoreError
from elkmon.findings import Family, Finding, Status
from elkmon.monitor.telling import Undelivered
from elkmon.ports import Claim, Run, RunStatus


@dataclass(frozen=True, slots=True)
class CheckReport:
    """
    What one check did.

    Attributes:
        run: its record.
        findings: verdicts of the latest window of each model, whenever it was judged.
        transitions: what changed in this run.
        undelivered: what could not be told, per notifier; it is tried again next time.
        problems: what kept a model from being judged; `trouble` by model the part of it that the store is the cause of, and
            that may be gone in a while.
        notes: what else is to be said of how it was judged.
        claim: whether the lease was held; where it was not, `holder` holds it or has done the turn, and nothing was done.
    """

    run: Run
    findings: tuple[Finding, ...] = ()
    transitions: tuple[Transition, ...] = ()
    undelivered: tuple[Undelivered, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    trouble: tuple[tuple[str, StoreError], ...] = ()
    claim: Claim = Claim.HELD
    holder: str = ""

    @property
    def status(self) -> RunStatus:
        """How it ended, in one word."""
        if self.undelivered:
            return RunStatus.UNDELIVERED
        if any(finding.status.bad for finding in self.findings):
            return RunStatus.ALERTING
        # That a service is not silent is no judgement of its model.
        judged = any(each.status is Status.OK and each.subject.family is not Family.SERVICE for each in self.findings)
        return RunStatus.HEALTHY if judged and not self.problems else RunStatus.UNJUDGED
