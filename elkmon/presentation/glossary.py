"""One sentence for each term a reader of a mail or page may not know. Only those that are used there are printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from elkmon.findings import Finding

_MEASURES: Mapping[str, str] = {
    "wasserstein": "SD: by how many standard deviations of the reference the values have moved, on average over all rows "
    "(Wasserstein distance).",
    "total_variation": "Rows that changed level: the smallest share of rows that would have to change level to make the "
    "reference look like now (total variation).",
    "concept_gap": "Gap: mean of what was predicted minus mean of what turned out true.",
    "roc_auc": "ROC AUC: how often a positive case is scored higher than a negative one; 0.5 is guessing, 1 is perfect.",
    "log_loss": "Log loss: how surprised the model was by the truth; lower is better.",
    "brier": "Brier score: mean squared error of the predicted probability; lower is better.",
    "f1": "F1: harmonic mean of precision and recall, averaged over classes; 1 is perfect.",
    "accuracy": "Accuracy: share of predictions that were right.",
    "latency_p95": "95th percentile of latency: 95 % of calls were faster.",
}
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
    if any(finding.limit is not None for finding in shown):
        words.append(_LIMIT)
    if any(finding.q_value is not None and finding.status.bad for finding in shown):
        words.append(_NOISE)
    return tuple(words)
