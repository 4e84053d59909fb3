"""
A period as a table for a terminal, as rows for programs, and as a self-contained page for everybody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from elkmon.digests import History, Report
from elkmon.presentation import untold
from elkmon.presentation.chapters import chapter_view, judged
from elkmon.presentation.facts import facts
from elkmon.presentation.glossary import explanations
from elkmon.presentation.links import checked
from elkmon.presentation.rendering import render
from elkmon.presentation.sentences import sentence
from elkmon.presentation.words import VERDICTS, figures, label
from elkmon.presentation.writing import NOTHING, clean, listing, moment, period

_HEADINGS = ("model", "version", "subject", "verdict", "value", "limit", "reference", "rows", "beyond", "last window")


@dataclass(frozen=True, slots=True)
class Row:
    """
    One subject of one model version over a period: its last verdict, and in how many windows it was beyond its limit.

    `words` says it in a sentence, `facts` what stands below it; `reason` why it could not be judged, or which rule decided.
    `since`, `since_earliest` and `since_latest` say when it began and how sure that is, where it can be told; `importance`
    is the feature's as a multiple of the average.
    """

    model: str
    version: str
    segment: str
    family: str
    kind: str
    subject: str
    status: str
    window_start: datetime
    window_end: datetime
    measure: str
    unit: str
    value: float | None
    limit: float | None
    critical_limit: float | None
    baseline_value: float | None
    lower: float | None
    upper: float | None
    q_value: float | None
    rows: int
    reference_rows: int
    coverage: float | None
    completeness: float | None
    provisional: bool
    since: datetime | None
    since_earliest: datetime | None
    since_latest: datetime | None
    importance: float | None
    windows_beyond: int
    windows_judged: int
    reason: str
    words: str
    facts: tuple[str, ...]


def rows(report: Report) -> list[Row]:
    """Return one row per subject and model version, in the report's order: worst first within each model."""
    return [_row(history) for chapter in report.chapters for history in chapter.histories]


def table(report: Report) -> str:
    """Return the report as an aligned table; names from data are made harmless for a terminal."""
    cells = [_cells(history) for chapter in report.chapters for history in chapter.histories]
    if not cells:
        return f"Nothing was judged in {period(report.span)}."
    frame = pd.DataFrame(cells, columns=list(_HEADINGS))
    for name in frame.columns:
        width = max(len(name), *(len(cell) for cell in frame[name]))
        align = str.rjust if name in {"value", "limit", "reference", "rows", "beyond"} else str.ljust
        frame[name] = [align(cell, width) for cell in frame[name]]
        frame = frame.rename(columns={name: align(name, width)})
    lines = frame.to_string(index=False).splitlines()
    return "\n".join(line.rstrip() for line in lines)


def page(report: Report, kibana_url: str | None = None) -> str:
    """
    Return the report as one HTML page that needs nothing else: no script, no image, no font from elsewhere.

    Raises:
        ConfigurationError: when `kibana_url` is not an http or https address.
    """
    kibana = checked(kibana_url)
    chapters = [chapter_view(chapter, report.span, index, kibana) for index, chapter in enumerate(report.chapters, 1)]
    latest = [history.latest for chapter in report.chapters for history in chapter.histories]
    names = [clean(chapter.model, 50) for chapter in report.chapters]
    values: dict[str, object] = {
        "title": f"{listing(names, most=3)}, {period(report.span)}" if names else period(report.span),
        "span": period(report.span),
        "made": moment(report.at),
        "chapters": chapters,
        "untold": [untold.sentence(each) for each in report.untold],
        "explanations": explanations(latest),
    }
    return render("page.html", values)


def _row(history: History) -> Row:
    finding = history.latest
    change, known = history.explanation.since, history.explanation.importance
    return Row(
        model=finding.model,
        version=history.version,
        segment=finding.segment,
        family=finding.subject.family.value,
        kind=finding.subject.kind.value,
        subject=finding.subject.name,
        status=finding.status.value,
        window_start=finding.window.start,
        window_end=finding.window.end,
        measure=finding.measure,
        unit=finding.unit,
        value=finding.value,
        limit=finding.limit,
        critical_limit=finding.critical_limit,
        baseline_value=finding.baseline_value,
        lower=finding.lower,
        upper=finding.upper,
        q_value=finding.q_value,
        rows=finding.rows,
        reference_rows=finding.reference_rows,
        coverage=finding.coverage,
        completeness=finding.completeness,
        provisional=finding.provisional,
        since=change.at if change else None,
        since_earliest=change.earliest if change else None,
        since_latest=change.latest if change else None,
        importance=known.weight if known else None,
        windows_beyond=sum(point.bad for point in history.points),
        windows_judged=len(judged(history)),
        reason=finding.reason,
        words=sentence(finding),
        facts=facts(finding, history.points, history.explanation),
    )


def _cells(history: History) -> tuple[str, ...]:
    finding = history.latest
    value, limit, reference = figures(finding)
    beyond = sum(point.bad for point in history.points)
    return (
        clean(finding.model, 30),
        clean(history.version, 12) if history.version else NOTHING,
        label(finding.subject, finding.segment),
        VERDICTS[finding.status],
        value,
        limit,
        reference,
        f"{finding.rows:,}",
        f"{beyond} of {len(judged(history))}",
        period(finding.window),
    )
