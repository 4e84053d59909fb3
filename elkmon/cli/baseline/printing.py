"""
A baseline as a few lines of text.
"""

from __future__ import annotations

from elkmon.baselines import Baseline
from elkmon.presentation.writing import clean


def print_baseline(baseline: Baseline, remark: str = "") -> None:
    """Print what `baseline` is; `remark` is said of its ruler."""
    predictions, labelled = baseline.total.predictions, baseline.total.outcomes.labelled
    print(f"Baseline {baseline.id[:12]} of {clean(baseline.model)} {clean(baseline.version)}")
    print(f"  from {clean(str(baseline.source), 150)}: {predictions:,} predictions, truth known for {labelled:,}")
    print(f"  ruler {baseline.ruler.id[:12]}{remark}, {len(baseline.ruler.scales)} subjects")
    for note in baseline.notes:
        print(f"  note: {clean(note, 200)}")
