"""
What a ruler counts beside single subjects: segments, and pairs of subjects, chosen from a reference.

How the bins of single subjects are cut is said in `elkmon.measures.binning`, how a pair's cells are in
`elkmon.measures.joint`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import combinations
from types import MappingProxyType

from elkmon.errors import ReferenceDataError
from elkmon.fields import FEATURES_CATEGORICAL, FEATURES_NUMERIC, PREDICTION_LABEL, PREDICTION_SCORE, PREDICTION_VALUE
from elkmon.measures.joint import coarse, strongest
from elkmon.profiles import Counts, Profile
from elkmon.rulers import CategoricalScale, JointScale, Ruler, Segmentation, feature_of

MOST_CANDIDATES = 20
"""Features among which the strongest pairs are sought: 20 of them and the prediction make 210 pairs."""

MOST_LABELS = 20
"""Labels with which the score is counted together; the rarer ones are counted under OTHER."""

_PREDICTIONS = {"score": str(PREDICTION_SCORE), "value": str(PREDICTION_VALUE), "label": str(PREDICTION_LABEL)}
_COARSE = math.log(5)  # more entropy than a pair's few cells a side can show, such as an id's, is worth no more

_TIED = (str(PREDICTION_SCORE), str(PREDICTION_LABEL))

Count = Callable[[Ruler], Profile]
"""Counts the reference, or a fair part of it, by a ruler."""


def completed(
    ruler: Ruler,
    count: Count,
    *,
    segments: Sequence[str] = (),
    most_segments: int,
    pairs: Sequence[tuple[str, str]] = (),
    strongest_pairs: int = 0,
    calibration: bool = False,
    ignore: Collection[str] = (),
    importances: Mapping[str, float] = MappingProxyType({}),
) -> Ruler:
    """
    Return `ruler` with what is wanted beside its scales, which stay; the same ruler where it has all of that already.

    Args:
        ruler: a new one of scales only, or an older one: what it has of what is wanted stays as it is, the rest goes.
        count: counts the reference; called at most twice, and only where pairs have to be made.
        segments: categorical features, by their own names, whose `most_segments` most frequent levels make a segment each.
        pairs: features, by their own names, or `score`, `value` or `label`, that are counted together.
        strongest_pairs: how many more pairs are chosen: those of the most mutual information among the features and the
            score (or the predicted number) where an older ruler has chosen none yet.
        calibration: count the score together with the predicted label, as estimating performance without truth needs.
        ignore: features that are not chosen.
        importances: where given, the features among which pairs are chosen are the most important ones, else those with the
            most entropy; at most `MOST_CANDIDATES`.

    Raises:
        ReferenceDataError: naming every segment and pair that cannot be counted and every importance of what is no feature.
    """
    problems: list[str] = []
    segmentations = _segmentations(ruler, segments, most_segments, problems)
    named = _named(ruler, pairs, problems)
    _check_importances(ruler, importances, problems)
    if problems:
        raise ReferenceDataError("\n".join(problems))
    tied = _score_and_label(ruler) if calibration else ()
    wanted = {*named, *((joint.left_field, joint.right_field) for joint in tied)}
    has = {(joint.left_field, joint.right_field): joint for joint in ruler.joints}
    others = [joint for fields, joint in has.items() if fields not in wanted and fields != _TIED][:strongest_pairs]
    choose = strongest_pairs if not others else 0
    made: dict[tuple[str, str], JointScale] = {}
    if choose or any(fields not in has for fields in named):
        counts = count(Ruler(ruler.scales)).subjects
        made = {fields: _joint(ruler, fields, counts) for fields in named if fields not in has}
        if choose:
            candidates = _candidates(ruler, counts, ignore, importances)
            fresh = [_joint(ruler, fields, counts) for fields in candidates if fields not in wanted]
            others = _strongest([each for each in fresh if min(each.shape) > 1], count, choose)
    joints = (*(has.get(fields) or made[fields] for fields in named), *others, *tied)
    return Ruler(ruler.scales, joints, segmentations)


def _segmentations(ruler: Ruler, names: Sequence[str], most: int, problems: list[str]) -> tuple[Segmentation, ...]:
    has = {each.field: each for each in ruler.segmentations}
    found = []
    for name in dict.fromkeys(names):
        field = f"{FEATURES_CATEGORICAL.path}.{name}"
        scale = ruler.scales.get(field)
        if not isinstance(scale, CategoricalScale):
            numeric = f"{FEATURES_NUMERIC.path}.{name}" in ruler.scales
            why = "is a number in the reference" if numeric else "is not in the reference"
            problems.append(
                f"segments: the feature {name!r} {why}; only categories make segments: {_categories(ruler)}"
            )
        else:
            left_out = max(0, len(scale.levels) + len(scale.known) - most)
            found.append(has.get(field) or Segmentation(field, scale.levels[:most], left_out))
    return tuple(found)


def _categories(ruler: Ruler) -> str:
    prefix = f"{FEATURES_CATEGORICAL.path}."
    return ", ".join(feature_of(field) for field in ruler.features if field.startswith(prefix)) or "there is none"


def _named(ruler: Ruler, pairs: Sequence[tuple[str, str]], problems: list[str]) -> list[tuple[str, str]]:
    """Return the stored fields of the named pairs, features in order of name and before predictions."""
    fields = {name: field for name, field in _PREDICTIONS.items() if field in ruler.scales}
    fields |= {feature_of(field): field for field in ruler.features}
    found = []
    for pair in pairs:
        if unknown := [name for name in pair if name not in fields]:
            problems.append(
                f"pairs: {' and '.join(map(repr, unknown))} of {list(pair)} {_not(unknown)} in the reference; there is "
                f"{', '.join(fields)}"
            )
        elif len(set(pair)) == 1:
            problems.append(f"pairs: {pair[0]!r} is named with itself; a pair is of two")
        elif {fields[name] for name in pair} == set(_TIED):
            problems.append(
                "pairs: score and label are counted together wherever positive_label is set; leave them out"
            )
        else:
            found.append(_ordered(fields[pair[0]], fields[pair[1]]))
    return list(dict.fromkeys(found))


def _check_importances(ruler: Ruler, importances: Mapping[str, float], problems: list[str]) -> None:
    known = {feature_of(field) for field in ruler.features}
    if unknown := sorted(set(importances) - known):
        problems.append(
            f"importances: {', '.join(map(repr, unknown))} {_not(unknown)} among the reference's features: "
            f"{', '.join(sorted(known)) or 'there is none'}"
        )


def _not(names: Sequence[str]) -> str:
    return "is not" if len(names) == 1 else "are not"


def _ordered(one: str, other: str) -> tuple[str, str]:
    """A pair is the same pair whichever is named first."""
    predictions = _PREDICTIONS.values()
    left, right = sorted((one, other), key=lambda field: (field in predictions, field))
    return left, right


def _score_and_label(ruler: Ruler) -> tuple[JointScale, ...]:
    """Return the score in full with the most frequent labels; nothing where either is not there."""
    score, label = (ruler.scales.get(field) for field in _TIED)
    if score is None or not isinstance(label, CategoricalScale):
        return ()
    few = CategoricalScale(label.levels[:MOST_LABELS])
    return (JointScale(*_TIED, score, few),)


def _joint(ruler: Ruler, fields: tuple[str, str], counts: Mapping[str, Counts]) -> JointScale:
    left, right = fields
    return JointScale(
        left, right, coarse(ruler.scales[left], counts[left].bins), coarse(ruler.scales[right], counts[right].bins)
    )


def _candidates(
    ruler: Ruler, counts: Mapping[str, Counts], ignore: Collection[str], importances: Mapping[str, float]
) -> list[tuple[str, str]]:
    by_name: dict[str, str] = {}
    for field in ruler.features:
        name = feature_of(field)
        seen = by_name.get(name)
        if name not in ignore and (seen is None or counts[field].present > counts[seen].present):
            by_name[name] = field
    weight = {
        name: importances.get(name, 0.0) if importances else min(_entropy(counts[field].bins), _COARSE)
        for name, field in by_name.items()
    }
    heaviest = sorted(by_name, key=lambda name: (-weight[name], name))[:MOST_CANDIDATES]
    chosen = sorted(by_name[name] for name in heaviest)
    prediction = next((_PREDICTIONS[name] for name in ("score", "value") if _PREDICTIONS[name] in ruler.scales), None)
    return [*combinations(chosen, 2), *((field, prediction) for field in chosen if prediction is not None)]


def _entropy(bins: Sequence[int]) -> float:
    """Return the entropy of `bins` in nats; 0 of no rows."""
    rows = sum(bins)
    return sum(count / rows * math.log(rows / count) for count in bins if count)


def _strongest(candidates: Sequence[JointScale], count: Count, most: int) -> list[JointScale]:
    if not candidates:
        return []
    counts = count(Ruler({}, tuple(candidates))).subjects
    return list(strongest([(each, counts[each.name].bins) for each in candidates], most))
