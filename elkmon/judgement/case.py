"""
One window of one model version before the judge: what is known of it, and how a finding about it begins.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from elkmon.baselines import Baseline
from elkmon.checks import Floor, ModelSettings
from elkmon.findings import Finding, Status, Subject
from elkmon.measures.gauges import Gauge
from elkmon.measures.learnt import Limits
from elkmon.measures.limits import LearntLimit, run_length
from elkmon.ports import Completeness
from elkmon.profiles import Profile
from elkmon.windows import Window

SINGLE_WINDOW = "single window"
FLOOR = "floor"


def earlier_windows(window: timedelta) -> int:
    """Return how many windows before the judged one are wanted, so that a run can be seen."""
    return run_length(window) - 1


@dataclass(frozen=True, slots=True)
class Size:
    """Whether a score is big: the verdict it would make, the limits of the rule that decided, and that rule."""

    status: Status
    limit: float
    critical: float | None
    rule: str


@dataclass(frozen=True, slots=True)
class Case:
    """
    Everything known of one segment of the window to be judged.

    `baseline` is that segment's part, `earlier` are the windows right before this one, oldest first, and `completeness` says
    how many of the whole window's events arrived.
    """

    settings: ModelSettings
    baseline: Baseline
    limits: Limits
    current: Profile
    earlier: tuple[Profile, ...]
    now: datetime
    completeness: Completeness = field(default_factory=Completeness)

    def finding(self, subject: Subject, status: Status = Status.UNKNOWN, reason: str = "") -> Finding:
        """Return a finding about this window, to be filled in."""
        return Finding(
            model=self.settings.name,
            version=self.current.version,
            window=Window(self.current.start, self.current.end),
            subject=subject,
            status=status,
            judged_at=self.now,
            reason=reason,
            baseline=self.baseline.id,
            settings=self.settings.hash,
            segment=self.current.segment,
            completeness=self.completeness.share,
            provisional=self.baseline.source.provisional,
        )

    def measured(self, subject: Subject, gauge: Gauge) -> Finding:
        """Return a finding about this window that says what it is made from."""
        return replace(
            self.finding(subject),
            measure=gauge.measure,
            unit=gauge.unit,
            rows=gauge.rows(self.current),
            reference_rows=gauge.rows(self.baseline.total),
        )

    def too_few(self, gauge: Gauge) -> str:
        """Return why there are not enough rows to judge, or nothing."""
        needed = self.settings.min_rows
        rows, reference_rows = gauge.rows(self.current), gauge.rows(self.baseline.total)
        if rows < needed:
            return f"{rows} rows in this window, {needed} are needed"
        if reference_rows < needed:
            return f"{reference_rows} rows in the reference, {needed} are needed"
        return ""

    def size(self, subject: Subject, gauge: Gauge, score: float, floor: Floor) -> Size:
        """
        Return whether `score` is big.

        Beyond the larger of the floor and the learnt limit, for this window alone or for the smallest score of a run that
        ends with it; CRITICAL beyond the larger of the critical floor and twice the learnt limit. Without enough windows in
        the reference the floor alone decides, and never makes more than a WARNING.
        """
        learnt = self.limits.learnt.get(subject, LearntLimit())
        if learnt.limit is None:
            return Size(Status.WARNING if score > floor.warning else Status.OK, floor.warning, None, FLOOR)
        single = _sized(score, learnt.limit, floor, SINGLE_WINDOW)
        if learnt.run_limit is None or score <= max(floor.warning, learnt.run_limit):
            return single  # the smallest score of the run is no larger, so the windows before need not be scored
        smallest = self._smallest_of_run(gauge, score, learnt.run_length)
        if smallest is None:
            return single
        run = _sized(smallest, learnt.run_limit, floor, f"run of {learnt.run_length}")
        return run if run.status.rank > single.status.rank else single

    def scored(self, finding: Finding, gauge: Gauge, floor: Floor, undefined: str) -> Finding:
        """Return `finding` with its score, limits, p-value and verdict; UNKNOWN as `undefined` where there is no score."""
        score = gauge.score(self.baseline.total, self.current)
        if score is None:
            return replace(finding, reason=undefined)
        size = self.size(finding.subject, gauge, score, floor)
        return replace(
            finding,
            status=size.status,
            reason=size.rule,
            value=score,
            limit=size.limit,
            critical_limit=size.critical,
            p_value=gauge.p_value(self.baseline.total, self.current),
        )

    def _smallest_of_run(self, gauge: Gauge, score: float, length: int) -> float | None:
        """Return the smallest score of the last `length` windows, this one included; None where one cannot be scored."""
        before = self.earlier[len(self.earlier) - (length - 1) :] if len(self.earlier) >= length - 1 else None
        if before is None:
            return None
        smallest = score
        for profile in before:
            if gauge.rows(profile) < self.settings.min_rows:
                return None
            earlier = gauge.score(self.baseline.total, profile)
            if earlier is None:
                return None
            smallest = min(smallest, earlier)
        return smallest


def _sized(score: float, learnt: float, floor: Floor, rule: str) -> Size:
    limit, critical = max(floor.warning, learnt), max(floor.critical, 2 * learnt)
    status = Status.CRITICAL if score > critical else Status.WARNING if score > limit else Status.OK
    return Size(status, limit, critical, rule)
