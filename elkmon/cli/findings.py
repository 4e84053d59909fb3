"""
Findings and changes as text for a terminal: per model and window a line of sums, a table of what asks for attention, and what
could not be judged with its reasons.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from elkmon.alerts import Alert, Transition
from elkmon.cli.output import day, print_table
from elkmon.digests import size
from elkmon.findings import Finding, Status, Subject
from elkmon.presentation.words import VERDICTS, completeness, figures, label
from elkmon.presentation.writing import capital, clean, listing
from elkmon.windows import Window

_WORST_FIRST = sorted(Status, key=lambda each: -each.rank)
_NOT_JUDGED = (Status.UNKNOWN, Status.PENDING)
_HEADINGS = ("verdict", "subject", "what", "value", "limit", "reference", "rows", "because")


def print_findings(findings: Sequence[Finding], *, everything: bool = False) -> None:
    """Print `findings`, worst first within each model, version and window; what is fine only with `everything`."""
    for _, group in groupby(sorted(findings, key=_order), key=_place):
        of_window = list(group)
        first = of_window[0]
        sums = Counter(each.status for each in of_window)
        total = ", ".join(f"{sums[status]} {VERDICTS[status]}" for status in _WORST_FIRST if status in sums)
        print(f"{clean(first.model)} {clean(first.version)} · {first.window} · {total}")
        for caution in _cautions(of_window):
            print(f"  {caution}")
        shown = [each for each in of_window if everything or each.status.bad]
        if shown:
            print_table(_HEADINGS, [_row(each) for each in shown], indent="  ")
        if not everything:
            _print_reasons(of_window)
        print()


def print_transitions(transitions: Sequence[Transition], stories: Mapping[str, Alert]) -> None:
    """Print what changed; `stories` by fingerprint say of what."""
    print("What changed:")
    for each in transitions:
        alert = stories.get(each.fingerprint)
        name = f"{clean(alert.model)}: {label(alert.subject, alert.segment)}" if alert else each.fingerprint
        print(f"  {day(each.at)}  {each.change.value:9}  {name} ({VERDICTS[each.status]})")
    print()


def _print_reasons(findings: Sequence[Finding]) -> None:
    subjects: dict[tuple[Status, str], list[str]] = defaultdict(list)
    for each in findings:
        if each.status in _NOT_JUDGED:
            subjects[each.status, each.reason].append(label(each.subject, each.segment))
    for (status, reason), names in subjects.items():
        print(f"  {VERDICTS[status]}: {listing(list(dict.fromkeys(names)))}: {clean(reason, 200)}")


def _cautions(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield what to bear in mind about a whole window: events that are missing, and a baseline that is provisional."""
    known = {each.completeness for each in findings}
    yield from (capital(words) for words in map(completeness, known) if words)
    if any(each.provisional for each in findings):
        yield "Compared with a provisional baseline, made from the first days of production"


def _row(finding: Finding) -> tuple[str, ...]:
    value, limit, reference = figures(finding)
    return (
        VERDICTS[finding.status],
        label(finding.subject, finding.segment),
        f"{finding.subject.family.value}, {finding.measure or finding.subject.kind.value}".replace("_", " "),
        value,
        limit,
        reference,
        f"{finding.rows:,}",
        finding.reason,
    )


def _place(finding: Finding) -> tuple[str, str, Window]:
    return finding.model, finding.version, finding.window


def _order(finding: Finding) -> tuple[str, str, Window, int, float, str, Subject]:
    reached = size(finding) if finding.status.bad else 0.0
    return *_place(finding), -finding.status.rank, -reached, finding.segment, finding.subject
