"""
A CSV or Parquet file of past predictions as the reference of a model: read as production would have stored it, surveyed for
a ruler, counted by the hour, frozen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from elkmon.baselines import Baseline, Source, SourceKind
from elkmon.errors import ReferenceDataError
from elkmon.fields import FEATURES_CATEGORICAL, FEATURES_NUMERIC
from elkmon.measures.binning import QUANTILES, make_ruler
from elkmon.profiles import Profile, total
from elkmon.reference_files.columns import Columns
from elkmon.reference_files.counting import profiles, survey
from elkmon.reference_files.reading import Table, content_hash, read_table
from elkmon.rulers import Ruler, feature_of

__all__ = ["Columns", "baseline_from_file"]

FEW_ROWS = 1000


def baseline_from_file(
    path: Path,
    *,
    model: str,
    version: str,
    now: datetime,
    columns: Columns = Columns(),  # noqa: B008  a frozen value
    ruler: Ruler | None = None,
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    positive_label: str | None = None,
    in_sample: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Baseline:
    """
    Return the baseline that the predictions in `path` make for `version` of `model`.

    Args:
        path: a .csv, .tsv (or .gz of them) or .parquet file, one row a prediction.
        model, version: whose predictions they are.
        now: the instant written down as the making; of a file without timestamps, also its place in time.
        columns: which columns are no features, where usual names do not say so.
        ruler: counts by this one instead of a new one, so that plots go on.
        categorical, numeric: features whose kind does not show in their values, as `ModelLog` is told in production.
        positive_label: binary classification: the label whose probability the score is; without it, no log loss and Brier.
        in_sample: the predictions were made on rows the model was trained on; its performance then serves no comparison.
        progress: called with each stored field before it is counted.

    Raises:
        ReferenceDataError: with everything that keeps the file from serving, all at once.
        MissingExtra: for Parquet without pyarrow.
    """
    table = read_table(path, columns, categorical, numeric)
    if ruler is None:
        ruler = make_ruler(survey(table, QUANTILES))
    else:
        _check_covered(path, table, ruler)
    if positive_label is not None:
        _check_positive(path, table, positive_label)
    hours = profiles(table, ruler, model, version, now, positive_label, progress or (lambda _: None))
    empty = Profile(model, version, hours[0].start, hours[-1].end, ruler.id)
    source = Source(
        SourceKind.FILE,
        path.name,
        content_hash(path),
        has_timestamps=table.times is not None,
        out_of_sample=not in_sample,
    )
    kept = hours if table.times is not None else ()
    return Baseline(model, version, ruler, source, total(hours, empty), now, kept, tuple(_notes(table, in_sample)))


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


def _notes(table: Table, in_sample: bool) -> list[str]:
    notes = list(table.notes)
    if table.rows < FEW_ROWS:
        notes.append(f"only {table.rows} rows: limits will be wide")
    if table.times is None:
        notes.append(
            "no timestamps: nothing is learnt of how its days differ, so fixed floors judge, at most as a warning"
        )
    if in_sample:
        notes.append("predictions made on rows the model was trained on: performance is not compared with theirs")
    if table.actual_labels is None and table.actual_values is None:
        notes.append("no truth: performance is not compared with it")
    return notes
