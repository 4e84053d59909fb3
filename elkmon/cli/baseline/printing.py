"""
A baseline as a few lines of text.
"""

from __future__ import annotations

from collections.abc import Mapping

from elkmon.baselines import Baseline
from elkmon.presentation.writing import clean, listing, percent
from elkmon.rulers import CategoricalScale, feature_of

_MOST_LABELS = 10


def print_baseline(baseline: Baseline, remark: str = "") -> None:
    """Print what `baseline` is; `remark` is said of its ruler."""
    from elkmon.judgement.reference_quality import label_shares

    predictions, labelled = baseline.total.predictions, baseline.total.outcomes.labelled
    ruler = baseline.ruler
    print(f"Baseline {baseline.id[:12]} of {clean(baseline.model)} {clean(baseline.version)}")
    print(f"  from {clean(str(baseline.source), 150)}: {predictions:,} predictions, truth known for {labelled:,}")
    print(f"  ruler {ruler.id[:12]}{f' ({remark})' if remark else ''}, {len(ruler.scales)} subjects")
    for each in ruler.segmentations:
        levels = ", ".join(clean(level) for level in each.levels)
        scale = ruler.scales.get(each.field)
        at_least = "at least " if isinstance(scale, CategoricalScale) and scale.open_ended else ""
        left_out = f"; {at_least}{each.left_out:,} more are left out" if each.left_out else ""
        print(f"  segments by {clean(feature_of(each.field))}: {levels}{left_out}")
    if ruler.joints:
        together = [f"{pair_side(each.left_field)} with {pair_side(each.right_field)}" for each in ruler.joints]
        print(f"  counted together: {', '.join(together)}")
    for which, shares in label_shares(baseline.total, baseline).items():
        if shares:
            print(f"  {which} labels: {shown_shares(shares)}")
    if baseline.importances:
        heaviest = sorted(baseline.importances, key=lambda name: -baseline.importances[name])
        print(f"  most important: {listing([clean(name) for name in heaviest[:5]])}")
    for note in baseline.notes:
        print(f"  note: {clean(note, 400)}")


def pair_side(field: str) -> str:
    """Name one side of a pair: a feature's own name, or `score`, `value`, `label`."""
    return clean(feature_of(field).removeprefix("elkmon.prediction."))


def shown_shares(shares: Mapping[str, float]) -> str:
    """Return labels with their shares, most frequent first."""
    shown = [f"{clean(label)} {percent(share)}" for label, share in list(shares.items())[:_MOST_LABELS]]
    more = f" and {len(shares) - _MOST_LABELS} more" if len(shares) > _MOST_LABELS else ""
    return ", ".join(shown) + more
