"""
What is different between two baselines of a model: their facts, their bins, how far apart what they count is.

Nothing is judged: a new baseline is meant to be different. Sizes are in the usual measures, so they can be held against
what counts as big in production.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.findings import Subject
from elkmon.judgement.performance import judged_metrics, reading
from elkmon.judgement.reference_quality import label_shares
from elkmon.judgement.subjects import PREDICTIONS, Judged, distributions, pairs
from elkmon.measures.drift import total_variation
from elkmon.measures.performance import measure
from elkmon.measures.significance import chi_square
from elkmon.profiles import Counts, Profile
from elkmon.rulers import CategoricalScale, JointScale, NumericScale, Ruler, Scale, feature_of

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Fact:
    """Something said of each of the two that is not the same."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Shift:
    """
    How far a subject moved from the one to the other.

    Attributes:
        value: its score, net of what sampling alone gives; None where they count it by other bins, or one has no rows.
        p_value: how surprising, were they alike.
        floor: from which on a shift counts as big.
        before, after: what is typical of it in each: the median to within its bin, or the most frequent level.
    """

    subject: Subject
    measure: str
    unit: str
    value: float | None
    p_value: float | None
    floor: float
    before_rows: int
    after_rows: int
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A performance figure, or a label's share, in each of the two; None where it has none."""

    name: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Differences:
    """
    All that is different between two baselines.

    Attributes:
        facts: version, source, rows and so on; `bins` how the ruler counts each field.
        shifts: of every subject of both, largest first as it compares with its floor; those not comparable last.
        performance: of every metric of both; `labels` the shares of predicted and true labels.
    """

    facts: Sequence[Fact]
    bins: Sequence[Fact]
    shifts: Sequence[Shift]
    performance: Sequence[Figure]
    labels: Sequence[Figure]


def differences(before: Baseline, after: Baseline, settings: ModelSettings) -> Differences:
    """Return what is different in `after`, read by `settings`; neither's hours are needed."""
    return Differences(
        facts=[fact for fact in _facts(before, after) if fact.before != fact.after],
        bins=list(_bins(before.ruler, after.ruler)),
        shifts=sorted(_shifts(before, after, settings), key=_largest_first),
        performance=list(_performance(before, after, settings)),
        labels=list(_labels(before, after)),
    )


def _facts(before: Baseline, after: Baseline) -> Iterator[Fact]:
    one, other = _said(before), _said(after)
    for name in one:
        yield Fact(name, one[name], other[name])
    parts, other_parts = _sets(before), _sets(after)
    for name in parts:
        yield Fact(name, *_only(parts[name], other_parts[name]))


def _said(baseline: Baseline) -> Mapping[str, str]:
    source, ruler = baseline.source, baseline.ruler
    return {
        "model": baseline.model,
        "version": baseline.version,
        "source": str(source),
        "from": baseline.start.isoformat() if source.has_timestamps else "no timestamps",
        "to": baseline.end.isoformat() if source.has_timestamps else "no timestamps",
        "predictions": f"{baseline.total.predictions:,}",
        "truth known for": f"{baseline.total.outcomes.labelled:,}",
        "out of sample": "yes" if source.out_of_sample else "no",
        "ruler": ruler.id[:12],
    }


def _sets(baseline: Baseline) -> Mapping[str, Sequence[str]]:
    return {
        "segments": baseline.ruler.segments,
        "pairs": [f"{_name(each.left_field)} × {_name(each.right_field)}" for each in baseline.ruler.joints],
        "importances": [f"{name} {weight:g}" for name, weight in sorted(baseline.importances.items())],
    }


def _name(field: str) -> str:
    return PREDICTIONS.get(field) or feature_of(field)


def _bins(before: Ruler, after: Ruler) -> Iterator[Fact]:
    for field in sorted({**before.scales, **after.scales}):
        one, other = before.scales.get(field), after.scales.get(field)
        if one == other or _same_levels(one, other):
            continue
        if (
            isinstance(one, CategoricalScale)
            and isinstance(other, CategoricalScale)
            and {*one.levels} ^ {*other.levels}
        ):
            yield Fact(field, *_only(one.levels, other.levels))
        else:
            yield Fact(field, _described(one), _described(other))


def _same_levels(one: Scale | None, other: Scale | None) -> bool:
    """Two categories may count the same levels in another order."""
    if not isinstance(one, CategoricalScale) or not isinstance(other, CategoricalScale):
        return False
    return ({*one.levels}, {*one.known}, one.open_ended) == ({*other.levels}, {*other.known}, other.open_ended)


def _only(before: Sequence[str], after: Sequence[str]) -> tuple[str, str]:
    """Say what only the one has, and what only the other."""
    return _counted([each for each in before if each not in after]), _counted(
        [each for each in after if each not in before]
    )


def _counted(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"only here: {', '.join(names[:_MOST_NAMED])}{more}" if names else ""


def _described(scale: Scale | None) -> str:
    if scale is None:
        return "not counted"
    if isinstance(scale, CategoricalScale):
        known = f", {len(scale.known)} more known" if scale.known else ""
        return f"{len(scale.levels)} levels{known}" + (", and any other" if scale.open_ended else "")
    return f"{scale.size} bins, the middle one at {scale.points[scale.size // 2]:g}"


def _shifts(before: Baseline, after: Baseline, settings: ModelSettings) -> Iterator[Shift]:
    others = {each.subject: each for each in _judged(after, settings)}
    one, other = before.ruler.places(), after.ruler.places()
    for judged in _judged(before, settings):
        gauge, field = judged.gauge, judged.subject.field
        if judged.subject not in others:
            continue
        value = p_value = None
        rows, other_rows = gauge.rows(before.total), others[judged.subject].gauge.rows(after.total)
        if rows and other_rows and one[field] == other[field]:
            value, p_value = gauge.score(before.total, after.total), gauge.p_value(before.total, after.total)
        elif rows and other_rows:
            value, p_value = _by_all_levels(one[field], other[field], before.total, after.total, field)
        yield Shift(
            judged.subject,
            gauge.measure,
            gauge.unit,
            value,
            p_value,
            judged.floor.warning,
            rows,
            other_rows,
            _typical(one[field], before.total.subjects.get(field)),
            _typical(other[field], after.total.subjects.get(field)),
        )


def _by_all_levels(
    one: Scale | JointScale, other: Scale | JointScale, before: Profile, after: Profile, field: str
) -> tuple[float | None, float | None]:
    """Return distance and p-value of two categories of which every level is counted, by the levels of both."""
    if not isinstance(one, CategoricalScale) or not isinstance(other, CategoricalScale):
        return None, None
    if one.known or other.known or one.open_ended or other.open_ended:
        return None, None
    by_level = [
        dict(zip((*scale.levels, None), profile.subjects[field].bins, strict=True))
        for scale, profile in ((one, before), (other, after))
    ]
    levels = dict.fromkeys((*by_level[0], *by_level[1]))
    counts = [[side.get(level, 0) for level in levels] for side in by_level]
    return total_variation(counts[0], counts[1]), chi_square(counts[0], counts[1])[1]


def _typical(place: Scale | JointScale, counts: Counts | None) -> str:
    if counts is None or not counts.present or isinstance(place, JointScale):
        return ""
    if isinstance(place, NumericScale):
        below = accumulate(counts.bins)
        middle = next(index for index, rows in enumerate(below) if 2 * rows >= counts.present)
        return f"median {place.label(middle)}"
    fullest = max(range(len(counts.bins)), key=lambda index: counts.bins[index])
    return f"{place.label(fullest)} {100 * counts.bins[fullest] / counts.present:.1f} %"


def _judged(baseline: Baseline, settings: ModelSettings) -> Iterator[Judged]:
    yield from distributions(baseline, settings)
    yield from pairs(baseline, settings)


def _largest_first(shift: Shift) -> tuple[bool, float, str]:
    return shift.value is None, -(shift.value or 0.0) / shift.floor, shift.subject.name


def _performance(before: Baseline, after: Baseline, settings: ModelSettings) -> Iterator[Figure]:
    for name in dict.fromkeys((*judged_metrics(before, settings), *judged_metrics(after, settings))):
        one, other = (measure(name, each.total.outcomes, reading(each, settings)) for each in (before, after))
        if one is not None or other is not None:
            yield Figure(name, one, other)


def _labels(before: Baseline, after: Baseline) -> Iterator[Figure]:
    one, other = label_shares(before.total, before), label_shares(after.total, after)
    for which in one:
        shares: tuple[Mapping[str, float], Mapping[str, float]] = one[which], other[which]
        for label in dict.fromkeys((*shares[0], *shares[1])):
            # A side with labels has 0 of one that it lacks; a side without any has no share at all.
            before_share, after_share = (side.get(label, 0.0) if side else None for side in shares)
            yield Figure(f"{which} {label}", before_share, after_share)
