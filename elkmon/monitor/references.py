"""
What windows are compared with: a baseline with its hours, or its part of the window's season, and the limits that it teaches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from elkmon.baselines import Baseline
from elkmon.checks import ModelSettings
from elkmon.fields import PREDICTION_LABEL
from elkmon.judgement import EDITION, Limits, learn
from elkmon.judgement.seasons import Phase, enough_of, learn_phase, phase_name, phase_of
from elkmon.measures.limits import LEAST_WINDOWS
from elkmon.ports import Journal, Lesson
from elkmon.rulers import CategoricalScale, feature_of
from elkmon.windows import Window

_NAMED = 7


@dataclass(frozen=True, slots=True)
class Reference:
    """
    A baseline, or the part of it that has the window's season, and the limits it teaches by segment.

    `lacks` names the season that it has too few windows of.
    """

    baseline: Baseline
    limits: Mapping[str, Limits]
    lacks: str = ""


class References:
    """
    Keeps what was learnt from each baseline, which follows from its hours and the settings and never changes.

    The hours themselves are forgotten again: those of a hundred models would not fit into memory.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._loaded_last: Baseline | None = None
        self._lessons: dict[tuple[str, str], Lesson] = {}
        self._known: dict[tuple[str, str, Phase], Reference] = {}

    def remember(self, lessons: Iterable[Lesson]) -> None:
        """Take in what was learnt by another process, or before a restart."""
        self._lessons |= {(each.baseline, each.settings): each for each in lessons if each.edition == EDITION}

    def of(self, baseline: Baseline, settings: ModelSettings, window: Window) -> Reference:
        """Return what `window` is compared with under `settings`."""
        season = settings.season
        if season is None or not baseline.source.has_timestamps:
            return self._all_of(baseline, settings)
        key = (baseline.id, settings.hash, phase_of(window, season, settings.offset))
        if key not in self._known:
            whole = self._loaded(baseline)
            if enough_of(whole, window, settings, season):
                part, limits = learn_phase(whole, window, settings, season)
                self._known[key] = of_phase(self._all_of(baseline, settings), replace(part, hours=()), limits)
            else:
                lacks = phase_name(window, season, settings.offset)
                self._known[key] = replace(self._all_of(baseline, settings), lacks=lacks)
        return self._known[key]

    def _all_of(self, baseline: Baseline, settings: ModelSettings) -> Reference:
        key = (baseline.id, settings.hash, Phase())
        if key not in self._known:
            lesson = self._lessons.pop(key[:2], None)
            if lesson is None:
                limits = learn(self._loaded(baseline), settings)
                self._journal.save([Lesson(baseline.model, baseline.id, settings.hash, EDITION, limits)])
            self._known[key] = Reference(baseline, lesson.limits if lesson else limits)
        return self._known[key]

    def _loaded(self, baseline: Baseline) -> Baseline:
        if self._loaded_last is None or self._loaded_last.id != baseline.id:
            span = Window(baseline.start, baseline.end)
            hours = self._journal.profiles(baseline.id, baseline.model, baseline.version, baseline.ruler.id, span)
            self._loaded_last = replace(baseline, hours=tuple(hours))
        return self._loaded_last


def of_phase(whole: Reference, part: Baseline, limits: Mapping[str, Limits]) -> Reference:
    """
    Return the `part` of a season with its `limits`, completed from the `whole`.

    A lasting fall of performance shows over runs of days, which a season cuts up, so performance is held against all of the
    reference; and so is a segment that has too few windows of the season.
    """
    segments, completed = dict(part.segments), {}
    for segment, learnt in limits.items():
        if segment and max((each.windows for each in learnt.learnt.values()), default=0) < LEAST_WINDOWS:
            segments |= {segment: whole.baseline.segments[segment]} if segment in whole.baseline.segments else {}
            completed[segment] = whole.limits[segment]
        else:
            completed[segment] = replace(learnt, metrics=whole.limits[segment].metrics)
    return Reference(replace(part, segments=segments), completed)


def segments_of(models: Iterable[ModelSettings], baselines: Iterable[Baseline]) -> Mapping[str, Sequence[str]]:
    """
    Return by which features truth is joined, per model: those configured, and those its baselines were cut by.

    A baseline goes on to be judged by its segments when they are configured no more, so their truth must still come.
    """
    found: dict[str, set[str]] = {each.name: set(each.segments) for each in models}
    for baseline in baselines:
        cut_by = (feature_of(each.field) for each in baseline.ruler.segmentations)
        found.setdefault(baseline.model, set()).update(cut_by)
    return {model: tuple(sorted(names)) for model, names in found.items() if names}


def shortcomings(
    settings: ModelSettings, baselines: Iterable[Baseline], lacking: Mapping[str, set[str]]
) -> Iterator[str]:
    """Yield what was configured and the `baselines` cannot give: segments, seasons; `lacking` are seasons by baseline's id."""
    for baseline in {each.id: each for each in baselines}.values():
        cut_by = {feature_of(each.field) for each in baseline.ruler.segmentations}
        for name in settings.segments:
            if name not in cut_by:
                yield (
                    f"{name} is configured as a segment, but baseline {baseline.id} has no segments by it; make a new one "
                    "with `elkmon baseline create`"
                )
        labels = baseline.ruler.scales.get(PREDICTION_LABEL)
        if (
            settings.positive_label is not None
            and isinstance(labels, CategoricalScale)
            and settings.positive_label not in (*labels.levels, *labels.known)
        ):
            yield (
                f"positive_label {settings.positive_label!r} is none of the labels that baseline {baseline.id} knows: "
                f"{', '.join(map(repr, labels.levels[:_NAMED]))}"
            )
        if settings.season and not baseline.source.has_timestamps:
            yield f"baseline {baseline.id} has no timestamps, so it knows no {settings.season}; all of it is compared with"
        elif names := sorted(lacking.get(baseline.id, ())):
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            yield (
                f"baseline {baseline.id} has fewer than {LEAST_WINDOWS} windows with enough rows of {', '.join(names[:_NAMED])}"
                f"{more}; these are compared with all of it"
            )
