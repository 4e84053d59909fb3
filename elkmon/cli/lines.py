"""
The lines that `elkmon run` prints: one for a check, and one more for each thing that went wrong.
"""

from __future__ import annotations

import os
import traceback
from typing import TYPE_CHECKING

from elkmon.digests import Judging
from elkmon.errors import ElkmonError
from elkmon.findings import Status
from elkmon.ports import Claim
from elkmon.presentation.writing import clean

if TYPE_CHECKING:
    from datetime import timedelta

    from elkmon.monitor import CheckReport
    from elkmon.monitor.outages import Told
    from elkmon.monitor.watching import Attempt, Duty


def lines_of(attempt: Attempt) -> list[str]:
    """Return what one attempt to check has to say; nothing where that was said before."""
    standing, report = attempt.standing, attempt.report
    names = names_of(standing.duty.models)
    if attempt.repeated:
        return []
    if report is None:
        assert attempt.error is not None
        return [f"could not check {names}: {reason_of(attempt.error)}{_again(attempt.again)}"]
    if report.claim is Claim.HELD:
        first, *others = summary(report, standing.duty.models)
        return [first + _again(attempt.again), *others]
    holder = clean(standing.holder)
    if report.claim is Claim.DONE:
        first = f"{names}: already checked by {holder} for {standing.due:%Y-%m-%dT%H:%M:%SZ}"
    else:
        first = f"{names}: {holder} is checking at this moment; looked at again until it has"
    return [first, *(f"note: {clean(note, 300)}" for note in report.notes)]


def summary(report: CheckReport, models: tuple[str, ...]) -> list[str]:
    """Return what one check has to say, in a line, and one more for each thing that went wrong."""
    bad = sum(finding.status.bad for finding in report.findings)
    unknown = sum(finding.status is Status.UNKNOWN for finding in report.findings)
    counted = f"{report.run.windows} windows judged, {bad} subjects beyond limits, {unknown} not judged"
    lines = [f"checked {names_of(models)}: {report.run.status}; {counted}, {len(report.transitions)} changes"]
    lines.extend(f"not judged: {clean(problem, 300)}" for problem in report.problems)
    lines.extend(f"note: {clean(note, 300)}" for note in report.notes)
    lines.extend(f"not delivered: {clean(each.notifier)}: {clean(each.error, 300)}" for each in report.undelivered)
    return lines


def told_line(told: Told) -> str:
    """Return what came of telling a notifier of an outage."""
    notice, notifier = told.notice, clean(told.notifier)
    stopped = notice.judging is Judging.STOPPED
    what = (
        f"that nothing could be judged since {notice.since:%Y-%m-%dT%H:%M:%SZ}"
        if stopped
        else "that all is judged again"
    )
    if not told.error:
        return f"told {notifier} {what}"
    return (
        f"could not tell {notifier} {what}: {clean(told.error, 300)}; {'given up' if told.permanent else 'tried again'}"
    )


def described(duty: Duty) -> str:
    """Return which models a duty checks, and which share of all they are."""
    share = duty.turn.share
    part = f" (share {share.index + 1} of {share.of})" if share.of > 1 else ""
    return f"{clean(', '.join(duty.models), 200)}{part}"


def names_of(models: tuple[str, ...]) -> str:
    """Return models in one line."""
    return clean(", ".join(models), 100)


def reason_of(error: Exception) -> str:
    """Return what `error` says, with its kind where it is none of elkmon's."""
    kind = "" if isinstance(error, ElkmonError) else f"unexpected {type(error).__name__}: "
    return f"{kind}{clean(str(error), 300)}"


def show(error: Exception) -> None:
    """Print where `error` came from, for who has asked for that."""
    if os.environ.get("ELKMON_DEBUG"):
        traceback.print_exception(error)


def _again(pause: timedelta | None) -> str:
    return "" if pause is None else f"; tried again in {max(pause.total_seconds(), 1):.0f} s"
