"""
A made-up half year of a model of flight delays, as the monitor would hand it over for a report.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from elkmon.alerts import Alert, Change, State, Transition
from elkmon.digests import Chapter, History, Report
from elkmon.findings import Finding, Status, Subject
from elkmon.windows import WEEK, Window
from support.flights_digest import (
    AUC,
    CARRIER,
    DISTANCE,
    ERRORS,
    FIRST,
    HOUR,
    LATENCY,
    LOSS,
    MISSING,
    SCORE,
    TEMPERATURE,
    UNSEEN,
    WEEKS,
    carriers,
    distances,
    finding,
    history,
    temperatures,
)


def a_history(of: Finding, values: Sequence[float | None], limit: float, *, lower: bool = False) -> History:
    """Make a subject's course over the whole period."""
    return History("3", of, history(values, limit, lower=lower))


def a_report() -> Report:
    """From April to September, as the report of the demo would have it."""
    chance = random.Random(3)
    last = WEEKS[-1]

    def about(level: float, spread: float, length: int = 26) -> list[float | None]:
        return [max(0.0, chance.gauss(level, spread)) for _ in range(length)]

    miles = [*about(0.06, 0.02, 18), *about(0.6, 0.02, 8)]
    warm: list[float | None] = [0.3, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5, 1.7, 2.0, 2.2, 2.5, 2.9, 3.1, 3.4, 3.5, 3.3, 3.2, 3.4,
                                3.4, 3.2, 3.1, 2.9, 2.4, 2.2, 1.9, 1.7]  # fmt: skip
    auc: list[float | None] = [*about(0.69, 0.006, 17), *about(0.648, 0.006, 7), None, None]
    histories = (
        a_history(
            finding(
                TEMPERATURE,
                Status.CRITICAL,
                window=last,
                measure="wasserstein",
                unit="SD",
                value=1.7,
                limit=1.1,
                evidence=temperatures(),
                reason="run of 3",
            ),
            warm,
            1.1,
        ),
        a_history(
            finding(
                DISTANCE,
                Status.CRITICAL,
                window=last,
                measure="wasserstein",
                unit="SD",
                value=0.61,
                limit=0.31,
                evidence=distances(),
            ),
            miles,
            0.31,
        ),
        a_history(
            finding(
                AUC,
                Status.PENDING,
                window=last,
                measure="roc_auc",
                reason="the truth of 9 % of predictions is known, 50 % is needed; it is due on 2013-10-07 00:00 UTC",
                coverage=0.09,
            ),
            auc,
            0.6693,
            lower=True,
        ),
        a_history(
            finding(
                CARRIER,
                Status.OK,
                window=last,
                measure="total_variation",
                unit="share of rows",
                value=0.04,
                limit=0.081,
                reason="",
                evidence=carriers().finding.evidence,
            ),
            about(0.04, 0.012),
            0.081,
        ),
        a_history(
            finding(HOUR, Status.OK, window=last, measure="wasserstein", unit="SD", value=0.02, limit=0.1),
            about(0.03, 0.01),
            0.1,
        ),
        a_history(
            finding(SCORE, Status.WARNING, window=last, measure="wasserstein", unit="SD", value=0.42, limit=0.35),
            about(0.38, 0.05),
            0.35,
        ),
        a_history(
            finding(
                LOSS,
                Status.OK,
                window=last,
                measure="log_loss",
                value=0.478,
                baseline_value=0.471,
                limit=0.501,
                lower=0.461,
                upper=0.495,
                coverage=0.92,
            ),
            about(0.47, 0.01),
            0.501,
        ),
        a_history(
            finding(
                MISSING,
                Status.OK,
                window=last,
                measure="missing",
                unit="share of rows",
                value=0.004,
                baseline_value=0.003,
                limit=0.013,
            ),
            about(0.004, 0.001),
            0.013,
        ),
        a_history(
            finding(
                UNSEEN,
                Status.UNKNOWN,
                window=last,
                measure="unseen",
                unit="share of rows",
                reason="the reference had more names than can be known",
            ),
            [None] * 26,
            0.005,
        ),
        a_history(
            finding(LATENCY, Status.OK, window=last, measure="latency_p95", unit="ratio", value=1.04, limit=1.25),
            about(1.03, 0.04),
            1.25,
        ),
        a_history(
            finding(
                ERRORS,
                Status.OK,
                window=last,
                measure="error_rate",
                unit="share of rows",
                value=0.0006,
                baseline_value=0.0004,
                limit=0.0104,
            ),
            about(0.0006, 0.0002),
            0.0104,
        ),
    )

    def story(subject: Subject, severity: Status, opened: datetime, resolved: datetime | None = None) -> Alert:
        alert = Alert("flight-delay", subject, episode=1, state=State.RESOLVED if resolved else State.OPEN, severity=severity,
                      opened_at=opened, resolved_at=resolved, versions=("3",))  # fmt: skip
        told = [Transition(Change.OPENED, alert.fingerprint, 1, opened, Status.WARNING, ("3",))]
        if severity is Status.CRITICAL:
            told.append(Transition(Change.WORSENED, alert.fingerprint, 1, opened + 3 * WEEK, severity, ("3",)))
        if resolved:
            told.append(Transition(Change.RESOLVED, alert.fingerprint, 1, resolved, Status.OK, ("3",)))
        return Alert(alert.model, subject, episode=1, state=alert.state, severity=severity, opened_at=opened,
                     resolved_at=resolved, versions=("3",), timeline=tuple(told))  # fmt: skip

    alerts = (
        story(TEMPERATURE, Status.CRITICAL, WEEKS[6].end),
        story(DISTANCE, Status.CRITICAL, WEEKS[19].end),
        story(AUC, Status.WARNING, WEEKS[18].end),
        story(MISSING, Status.WARNING, WEEKS[10].end, WEEKS[14].end),
    )
    chapter = Chapter(
        "flight-delay",
        "file flights-january-march.parquet (3f9a1c22b7e0), 80,789 predictions of 2013-01-01 – 2013-03-31",
        WEEKS,
        histories,
        alerts,
    )
    quiet = Chapter(
        "gate-changes",
        "window 2013-01-01 to 2013-04-01, 12,004 predictions",
        WEEKS[-4:],
        (History("1", Finding("gate-changes", "1", last, HOUR, Status.OK, last.end, "wasserstein", "SD", 0.03, limit=0.1,
                              rows=900, reference_rows=12_004), history([0.02, 0.03, 0.02, 0.03], 0.1)),),
    )  # fmt: skip
    return Report(last.end + timedelta(hours=1), Window(FIRST, last.end), (chapter, quiet))
