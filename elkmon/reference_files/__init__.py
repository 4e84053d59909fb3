"""
A CSV or Parquet file of past predictions as the reference of a model: read as production would have stored it, surveyed for
a ruler, counted by the hour, frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.checks import MOST_SEGMENTS, STRONGEST_PAIRS, ModelSettings
from elkmon.errors import ReferenceDataError
from elkmon.fields import FEATURES_CATEGORICAL, FEATURES_NUMERIC
from elkmon.judgement.reference_quality import remarks
from elkmon.measures.binning import QUANTILES, make_ruler
from elkmon.measures.ruling import completed
from elkmon.profiles import ALL, Profile, total
from elkmon.reference_files.columns import Columns
from elkmon.reference_files.counting import Progress, nobody, profiles, survey
from elkmon.reference_files.dvc import tracked
from elkmon.reference_files.reading import Table, content_hash, read_table
from elkmon.rulers import Ruler, feature_of

__all__ = ["Columns", "baseline_from_file"]


def baseline_from_file(
    path: Path,
    *,
    model: str,
    version: str = "",
    now: datetime,
    columns: Columns = Columns(),  # noqa: B008  a frozen value
    ruler: Ruler | None = None,
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    positive_label: str | None = None,
    in_sample: bool = False,
    segments: Sequence[str] = (),
    pairs: Sequence[tuple[str, str]] = (),
    strongest_pairs: int = STRONGEST_PAIRS,
    importances: Mapping[str, float] = MappingProxyType({}),
    settings: ModelSettings | None = None,
    progress: Progress = nobody,
) -> Baseline:
    """
    Return the baseline that the predictions in `path` make for `version` of `model`.

    Args:
        path: a .csv, .tsv (or .gz of them) or .parquet file, one row a prediction; or the .dvc file that tracks one.
        model, version: whose predictions they are; an empty version means the only one that a column of the file names.
        now: the instant written down as the making; of a file without timestamps, also its place in time.
        columns: which columns are no features, where usual names do not say so.
        ruler: counts by this one instead of a new one, so that plots go on; what is asked for below and it lacks is added.
        categorical, numeric: features whose kind does not show in their values, as `ModelLog` is told in production.
        positive_label: binary classification: the label whose probability the score is; without it, no log loss and Brier.
        in_sample: the predictions were made on rows the model was trained on; its performance then serves no comparison.
        segments: categorical features whose levels are counted each alone as well.
        pairs: features that are counted together; `strongest_pairs` how many more pairs are chosen.
        importances: how much each feature matters to the model, by its own name.
        settings: how the model is judged, for what is said of the baseline's quality.
        progress: told what is being counted, how much of it is done, and how much there is.

    Raises:
        ReferenceDataError: with everything that keeps the file from serving, all at once.
        MissingExtra: for Parquet without pyarrow.
    """
    settings = settings or ModelSettings(model, positive_label=positive_label)
    source = tracked(path)
    progress(f"reading {source.data.name}", 0, 1)
    table = read_table(source.data, columns, categorical, numeric, version)
    surveyed = survey(table, QUANTILES)
    if ruler is not None:
        _check_covered(path, table, ruler)
    if positive_label is not None:
        _check_positive(path, table, positive_label)

    def choosing(_: str, done: int, places: int) -> None:
        progress(f"choosing pairs of {model}", done, places)

    def count(by: Ruler) -> Profile:
        counted = profiles(table.without_truth(), by, model, now, None, choosing)
        return total(counted, Profile(model, table.version, counted[0].start, counted[-1].end, by.id))

    ruler = completed(
        ruler or make_ruler(surveyed),
        count,
        segments=segments,
        most_segments=MOST_SEGMENTS,
        pairs=pairs,
        strongest_pairs=strongest_pairs,
        calibration=positive_label is not None,
        ignore=settings.ignore,
        importances=importances,
    )
    hours = profiles(table, ruler, model, now, positive_label, progress)
    empty = Profile(model, table.version, hours[0].start, hours[-1].end, ruler.id)
    baseline = Baseline(
        model,
        table.version,
        ruler,
        Source(
            SourceKind.FILE,
            source.data.name,
            f"md5:{source.md5}" if source.md5 else content_hash(source.data),
            has_timestamps=table.times is not None,
            out_of_sample=not in_sample,
        ),
        total((hour for hour in hours if hour.segment == ALL), empty),
        now,
        hours if table.times is not None else (),
        segments={
            segment: total((hour for hour in hours if hour.segment == segment), replace(empty, segment=segment))
            for segment in ruler.segments
        },
        importances=dict(importances),
    )
    return replace(baseline, notes=(*table.notes, *remarks(baseline, settings, surveyed)))


def _check_covered(path: Path, table: Table, ruler: Ruler) -> None:
    """Refuse a file that lacks features of the ruler it is to be counted by, or has them as another kind."""
    has = {*table.numbers, *table.levels}
    kinds = {feature_of(stored): kind for stored, kind in _kinds(has)}
    lacking = [
        (feature_of(stored), kind) for stored, kind in _kinds(each for each in ruler.features if each not in has)
    ]
    problems = [f"{name} holds {kinds[name]} where the ruler has {kind}" for name, kind in lacking if name in kinds]
    if absent := [name for name, _ in lacking if name not in kinds]:
        problems.insert(0, f"it has no {', '.join(absent)}")
    if problems:
        raise ReferenceDataError(
            f"{path.name} cannot be counted by the ruler {ruler.id[:12]}: {'; '.join(problems)}. Mend the file, say with "
            "--categorical or --numeric what a column is, or make a new ruler with --new-ruler"
        )


def _kinds(stored: Iterable[str]) -> list[tuple[str, str]]:
    """Return features by stored name, each with what it holds."""
    prefixes = {f"{FEATURES_NUMERIC.path}.": "numbers", f"{FEATURES_CATEGORICAL.path}.": "categories"}
    return [(each, kind) for each in stored for prefix, kind in prefixes.items() if each.startswith(prefix)]


def _check_positive(path: Path, table: Table, positive_label: str) -> None:
    """Refuse a positive label that is none of the file's labels: every performance figure would be upside down."""
    if table.actual_labels is None:
        return
    labels = [str(each) for each in table.actual_labels.cat.categories]
    if positive_label not in labels:
        raise ReferenceDataError(
            f"{path.name} has no true label {positive_label!r}, which was named as the positive one; it has "
            f"{', '.join(map(repr, labels[:10]))}"
        )
