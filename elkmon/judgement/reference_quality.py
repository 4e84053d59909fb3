"""
What is odd about a baseline, in words, for whoever makes it: nothing here keeps it from serving.

What a reference cannot show is worth knowing before anything is compared with it; how its windows differ from each other
is what limits are learnt from, and is not said here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.fields import PREDICTION_LABEL, PREDICTION_SCORE
from elkmon.judgement.seasons import Phase, enough_of, phase_name, phase_of
from elkmon.judgement.subjects import PREDICTIONS, Judged, distributions
from elkmon.measures.limits import LEAST_WINDOWS
from elkmon.measures.significance import benjamini_hochberg
from elkmon.profiles import ALL, Profile, total
from elkmon.rulers import CategoricalScale, feature_of
from elkmon.surveys import LevelSummary, NumericSummary, Survey
from elkmon.windows import Window, format_length, windows_within

FEW_ROWS = 1000
FEW_LABELS = 30

_MOST_NAMED = 5
_DISTINCT = 0.9  # share of rows with a value of their own, above which it is an id's rather than a feature's
_FEW_DISTINCT = 20
_MOSTLY = 0.5


def remarks(baseline: Baseline, settings: ModelSettings, survey: Survey) -> tuple[str, ...]:
    """
    Return what is odd about `baseline`, whose hours must be loaded and of which `survey` is the summary.

    Too few rows, windows or weeks; columns that are constant, mostly missing, of two kinds, or like an id; what drifts from
    its first half to its second; labels of one class, or hardly any; segments with too few rows; scores that are no
    probabilities. What `settings` ignore is left out.
    """
    return (
        *_extent(baseline, settings),
        *_season(baseline, settings),
        *_uncounted(baseline, survey),
        *_columns(baseline, settings, survey),
        *_drift(baseline, settings),
        *_truth(baseline, settings, survey),
        *_segments(baseline, settings),
        *_pairs(baseline),
    )


def label_shares(profile: Profile, baseline: Baseline) -> Mapping[str, Mapping[str, float]]:
    """
    Return the share of each label among the `predicted` and among the `true` ones, most frequent first; empty without labels.

    The predicted ones are all predictions', the true ones those whose truth is known.
    """
    predicted: dict[str, int] = {}
    scale = baseline.ruler.scales.get(PREDICTION_LABEL)
    counts = profile.subjects.get(PREDICTION_LABEL)
    if isinstance(scale, CategoricalScale) and counts is not None:
        predicted = dict(zip((*scale.levels, "other"), counts.bins, strict=True))
    return {"predicted": _shares(predicted), "true": _shares(_true_labels(profile))}


def _shares(rows: Mapping[str, int]) -> Mapping[str, float]:
    everything = sum(rows.values())
    ordered = sorted(rows.items(), key=lambda each: (-each[1], each[0]))
    return {label: count / everything for label, count in ordered if count}


def _true_labels(profile: Profile) -> Mapping[str, int]:
    outcomes = profile.outcomes
    rows: dict[str, int] = {}
    for (true, _), count in outcomes.confusion.items():
        rows[true] = rows.get(true, 0) + count
    return rows or {label: sum(bins) for label, bins in outcomes.scores.items()}


def _extent(baseline: Baseline, settings: ModelSettings) -> Iterator[str]:
    if baseline.source.provisional:
        yield "provisional: made from the first days of production for want of a reference; `elkmon baseline create` replaces it"
    rows = baseline.total.predictions
    if rows < FEW_ROWS:
        yield f"only {rows} rows: limits will be wide"
    if not baseline.source.has_timestamps:
        yield "no timestamps: nothing is learnt of how its days differ, so fixed floors judge, at most as a warning"
        return
    a_window = rows * (settings.window / (baseline.end - baseline.start))
    if a_window < settings.min_rows:
        yield (
            f"{a_window:.0f} rows in a window of {format_length(settings.window)} on average, where min_rows is "
            f"{settings.min_rows}: most windows will be UNKNOWN; judge longer windows, or lower min_rows"
        )


def _season(baseline: Baseline, settings: ModelSettings) -> Iterator[str]:
    season = settings.season
    if season is None:
        return
    span = Window(baseline.start, baseline.end)
    by_phase: dict[Phase, Window] = {}
    for window in windows_within(span, settings.window, settings.offset) if baseline.source.has_timestamps else ():
        by_phase.setdefault(phase_of(window, season, settings.offset), window)
    few = [
        phase_name(window, season, settings.offset)
        for window in by_phase.values()
        if not enough_of(baseline, window, settings, season)
    ]
    if few or not by_phase:
        which = "every window" if len(few) == len(by_phase) else _listed(sorted(few))
        yield (
            f"season = {season.value} needs {LEAST_WINDOWS} windows of each, with min_rows rows; there are too few for "
            f"{which}, so all of the reference is compared with there"
        )


def _columns(baseline: Baseline, settings: ModelSettings, survey: Survey) -> Iterator[str]:
    names: dict[str, list[str]] = {}
    for field in baseline.ruler.features:
        if feature_of(field) not in settings.ignore:
            names.setdefault(feature_of(field), []).append(field)
    for name, fields in names.items():
        rows = {field: baseline.total.subjects[field].present for field in fields if field in baseline.total.subjects}
        yield from (f"{name}: {said}" for said in _column(rows, baseline.total.predictions, survey))


def _uncounted(baseline: Baseline, survey: Survey) -> Iterator[str]:
    """What a kept ruler does not know of is not counted, and so never compared."""
    fields = sorted({*survey.numeric, *survey.categorical} - set(baseline.ruler.scales))
    if fields:
        names = _listed([PREDICTIONS.get(field) or feature_of(field) for field in fields])
        yield f"not in the ruler, so not compared: {names}; a new ruler (--new-ruler) counts them"


def _column(present: Mapping[str, int], rows: int, survey: Survey) -> Iterator[str]:
    values = sum(present.values())
    if not values:
        yield "has no value, and is not compared"
        return
    if len([field for field, count in present.items() if count]) > 1:
        few = min(present.values())
        yield f"is a number in some rows and text in others ({few} of {values}); say which with categorical or numeric"
    missing = 1 - values / rows
    if missing > _MOSTLY:
        yield f"missing in {100 * missing:.0f} % of rows"
    for field in present:
        numbers, levels = survey.numeric.get(field), survey.categorical.get(field)
        if _distinct(numbers, levels) == 1:
            yield "always the same; any other value is a change"
        elif (numbers and _like_an_id(numbers)) or (levels and _nearly_all_distinct(levels)):
            yield "nearly every row has a value of its own; if it is an id, it is no feature: leave it out"


def _distinct(numbers: NumericSummary | None, levels: LevelSummary | None) -> int:
    if numbers is not None:
        return numbers.distinct
    return len(levels.levels) if levels is not None else 0


def _like_an_id(numbers: NumericSummary) -> bool:
    """Whole numbers, as far as extremes tell: measured ones are all different as well, but seldom whole."""
    whole = float(numbers.lowest).is_integer() and float(numbers.highest).is_integer()
    wide = numbers.highest - numbers.lowest >= numbers.distinct - 1
    return whole and wide and numbers.distinct > max(_FEW_DISTINCT, _DISTINCT * numbers.rows)


def _nearly_all_distinct(levels: LevelSummary) -> bool:
    """Levels come most frequent first, so those that are not listed hold no more rows each than the listed ones."""
    listed = sum(rows for _, rows in levels.levels)
    return len(levels.levels) > max(_FEW_DISTINCT, _DISTINCT * listed)


def _drift(baseline: Baseline, settings: ModelSettings) -> Iterator[str]:
    """Say what is different in the second half: enough rows, significant among all of them, and beyond its floor."""
    hours = [hour for hour in baseline.hours if hour.segment == ALL]
    if not baseline.source.has_timestamps or not hours:
        return
    middle = baseline.start + (baseline.end - baseline.start) / 2
    first, second = (
        total(half, _nothing(baseline))
        for half in ([h for h in hours if h.start < middle], [h for h in hours if h.start >= middle])
    )
    judged = [
        each
        for each in distributions(baseline, settings)
        if min(each.gauge.rows(first), each.gauge.rows(second)) >= settings.min_rows
    ]
    p_values = [each.gauge.p_value(first, second) for each in judged]
    q_values = benjamini_hochberg([1.0 if p is None else p for p in p_values])
    moved: list[tuple[float, Judged, float]] = []
    for each, q_value in zip(judged, q_values, strict=True):
        score = each.gauge.score(first, second)
        if score is not None and q_value < settings.significance and score > each.floor.warning:
            moved.append((score / each.floor.warning, each, score))
    moved.sort(key=lambda found: (-found[0], found[1].subject.name))
    if moved:
        named = ", ".join(f"{each.subject.name} by {_size(each, score)}" for _, each, score in moved[:_MOST_NAMED])
        more = f", and {len(moved) - _MOST_NAMED} more" if len(moved) > _MOST_NAMED else ""
        yield (
            f"its second half differs from its first: {named}{more}; such changes are learnt as normal, so look "
            f"whether both halves are"
        )


def _nothing(baseline: Baseline) -> Profile:
    whole = baseline.total
    return Profile(whole.model, whole.version, whole.start, whole.end, whole.ruler)


def _size(judged: Judged, score: float) -> str:
    return f"{100 * score:.0f} % of rows" if judged.gauge.measure == "total_variation" else f"{score:.2g} SD"


def _truth(baseline: Baseline, settings: ModelSettings, survey: Survey) -> Iterator[str]:
    outcomes = baseline.total.outcomes
    if not baseline.source.out_of_sample:
        yield "predictions made on rows the model was trained on: performance is not compared with theirs"
    if not outcomes.labelled:
        yield "no truth: performance is not compared with it"
    elif baseline.total.coverage < settings.min_coverage:
        yield f"truth is known for {100 * baseline.total.coverage:.1f} % of rows only; its figures may not be those of all"
    labels = _true_labels(baseline.total)
    if len(labels) == 1:
        yield f"every true label is {next(iter(labels))!r}: nothing tells good predictions from bad ones"
    elif rare := [f"{label!r} ({rows})" for label, rows in labels.items() if rows < FEW_LABELS]:
        yield f"true labels with fewer than {FEW_LABELS} rows: {_listed(rare)}"
    sums = outcomes.sums
    if n := sums.get("value_rows", 0.0):
        variance = sums["value_squared"] / n - (sums["value"] / n) ** 2
        if variance <= 1e-12 * sums["value_squared"] / n:
            yield "the true value is always the same: R² is not defined"
    yield from _scores(settings, survey)


def _scores(settings: ModelSettings, survey: Survey) -> Iterator[str]:
    numbers = survey.numeric.get(PREDICTION_SCORE)
    if numbers is None:
        return
    if numbers.lowest < 0 or numbers.highest > 1:
        yield (
            f"scores reach from {numbers.lowest:g} to {numbers.highest:g}, so they are no probabilities: no log loss, Brier "
            f"score or estimate is made of them"
        )
    if settings.positive_label is None:
        yield (
            "no positive_label is configured, so nobody knows whose probability the score is: no ROC AUC, log loss or "
            "estimate"
        )


def _segments(baseline: Baseline, settings: ModelSettings) -> Iterator[str]:
    few = []
    for segment in baseline.ruler.segments:
        profile = baseline.segments.get(segment)
        rows = profile.predictions if profile else 0
        share = settings.window / (baseline.end - baseline.start) if baseline.source.has_timestamps else 1.0
        if rows * min(share, 1.0) < settings.min_rows:
            few.append(f"{segment} ({rows:,} rows)")
    if few:
        yield (
            f"segments with fewer than min_rows = {settings.min_rows} rows in a window on average, which will mostly be "
            f"UNKNOWN: {_listed(few)}"
        )
    for each in baseline.ruler.segmentations:
        if each.left_out:
            scale = baseline.ruler.scales.get(each.field)
            least = "at least " if isinstance(scale, CategoricalScale) and scale.open_ended else ""
            chosen = f"its {len(each.levels)} most frequent levels are segments"
            yield f"{feature_of(each.field)}: {chosen}, {least}{each.left_out:,} are not"


def _pairs(baseline: Baseline) -> Iterator[str]:
    for joint in baseline.ruler.joints:
        for field, places in zip((joint.left_field, joint.right_field), joint.shape, strict=True):
            if places == 1:
                name = PREDICTIONS.get(field) or feature_of(field)
                yield f"{name}: nearly always the same, so nothing is seen of what it has to do with others"


def _listed(names: Sequence[str]) -> str:
    more = f", and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
