"""One sentence for each term a reader of a mail or page may not know. Only those that are used there are printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from elkmon.findings import Finding, Kind

_MEASURES: Mapping[str, str] = {
    "wasserstein": "SD: by how many standard deviations of the reference the values have moved, on average over all rows "
    "(Wasserstein distance).",
    "total_variation": "Rows that changed level: the smallest share of rows that would have to change level to make the "
    "reference look like now (total variation).",
    "association": "Go together: in the coarse cells that two features make, the share of rows that would have to move, and how "
    "far, beyond what each feature alone explains.",
    "concept_gap": "Gap: mean of what was predicted minus mean of what turned out true.",
    "roc_auc": "ROC AUC: how often a positive case is scored higher than a negative one; 0.5 is guessing, 1 is perfect.",
    "log_loss": "Log loss: how surprised the model was by the truth; lower is better.",
    "brier": "Brier score: mean squared error of the predicted probability; lower is better.",
    "f1": "F1: harmonic mean of precision and recall, averaged over classes; 1 is perfect.",
    "accuracy": "Accuracy: share of predictions that were right.",
    "latency_p95": "95th percentile of latency: 95 % of calls were faster.",
}
_ESTIMATE = (
    "Estimated: what the scores promise, by what they were worth in the reference; it cannot notice that a score means "
    "something else now."
)
_LOST = (
    "Lost events: predictions whose numbers were given out, or that a service says it dropped, and that never arrived."
)
_PROVISIONAL = (
    "Provisional baseline: the first days of production, for want of a reference that is known to be good; what was wrong in "
    "those days counts as usual."
)
_LIMIT = (
    "Limit: the larger of a fixed floor and what the reference's own windows differ by; a verdict also needs enough rows and "
    "a difference that sampling noise does not explain."
)
_NOISE = "q: share of false alarms to expect among verdicts at least this clear (Benjamini–Hochberg)."


def explanations(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the explanations of the terms that go with `findings`."""
    shown = list(findings)
    used = {finding.measure for finding in shown}
    words = [text for measure, text in _MEASURES.items() if measure in used]
    kinds = {finding.subject.kind for finding in shown}
    words += [_ESTIMATE] * (Kind.ESTIMATE in kinds) + [_LOST] * (Kind.COMPLETENESS in kinds)
    if any(finding.provisional for finding in shown):
        words.append(_PROVISIONAL)
    if any(finding.limit is not None for finding in shown):
        words.append(_LIMIT)
    if any(finding.q_value is not None and finding.status.bad for finding in shown):
        words.append(_NOISE)
    return tuple(words)
