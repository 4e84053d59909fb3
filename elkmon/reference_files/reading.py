"""
From a CSV or Parquet file to a `Table`: the values as production would have stored them, under the same field names.

Every value becomes a number, a level or missing by `elkmon.values`, the handler's own rules. CSV has no types, so what its
text means is decided here, a column at a time. What cannot serve is collected and raised all at once.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from elkmon.errors import MissingExtra, ReferenceDataError
from elkmon.fields import (
    EVENT_DURATION,
    FEATURES_CATEGORICAL,
    FEATURES_NUMERIC,
    PREDICTION_LABEL,
    PREDICTION_SCORE,
    PREDICTION_VALUE,
)
from elkmon.reference_files.columns import VERSIONS, Columns, absent, recognised
from elkmon.reference_files.texts import texts_as_values
from elkmon.values import Declared, Level, Number, Rejected, as_feature, distinct, feature_name

MANY = 20
"""More different values than this, and a predicted number is taken for a number and not for a class."""

# Before pandas 3.1 its default misses a number by one unit in the last place now and then, and so a bin.
_OLD_PANDAS = tuple(int(part) for part in pd.__version__.split(".")[:2]) < (3, 1)
_EXACT_FLOATS: dict[str, Any] = {"float_precision": "round_trip"} if _OLD_PANDAS else {}
_PARQUET = (".parquet", ".pq")
_YEARS = (1970, 9998)
_ZONE = r"(?:[Zz]|[+-]\d{2}:?\d{2})$"


@dataclass(slots=True)
class Table:
    """
    A reference by stored field name.

    Attributes:
        rows: how many predictions.
        times: when each was made, in UTC; None where the file does not say.
        numbers: numbers per stored field, NaN where missing.
        levels: categories per stored field, missing where missing.
        actual_labels, actual_values: the truth, where the file has it.
        version: whose predictions they are.
        typed: whether the file's format itself tells numbers from text, as Parquet does and CSV does not.
        notes: what was decided or looks odd, for people; `problems` what keeps it from serving.
    """

    rows: int
    typed: bool
    version: str = ""
    times: pd.Series | None = None
    numbers: dict[str, pd.Series] = field(default_factory=dict)
    levels: dict[str, pd.Series] = field(default_factory=dict)
    actual_labels: pd.Series | None = None
    actual_values: pd.Series | None = None
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def without_truth(self) -> Table:
        """Return it without what turned out to be true, at a single time: enough to see what goes with what."""
        return replace(self, times=None, actual_labels=None, actual_values=None)

    def part(self, chosen: pd.Series) -> Table:
        """Return the rows that are `chosen`, a truth value a row; a missing one is none."""
        kept = chosen.fillna(value=False).astype("bool").to_numpy()

        def of(column: pd.Series | None) -> pd.Series | None:
            return None if column is None else column[kept].reset_index(drop=True)

        return Table(
            rows=int(kept.sum()),
            typed=self.typed,
            version=self.version,
            times=of(self.times),
            numbers={stored: column[kept].reset_index(drop=True) for stored, column in self.numbers.items()},
            levels={stored: column[kept].reset_index(drop=True) for stored, column in self.levels.items()},
            actual_labels=of(self.actual_labels),
            actual_values=of(self.actual_values),
        )


def read_table(
    path: Path, columns: Columns, categorical: Collection[str], numeric: Collection[str], version: str = ""
) -> Table:
    """
    Read `path`; `categorical` and `numeric` name features whose kind is declared.

    Where a column says which version predicted, the rows of `version` are taken, or of the only one there is.

    Raises:
        ReferenceDataError: naming everything that keeps the file from serving as a reference.
        MissingExtra: for Parquet without pyarrow.
    """
    texts = (columns.label, columns.actual_label, columns.version)
    raw = _raw(path, {*categorical, *(name for name in texts if name)})
    present = [str(name) for name in raw.columns]
    if doubled := sorted({name for name in present if present.count(name) > 1}):
        raise ReferenceDataError(
            f"{path.name} has several columns of the same name: {', '.join(map(repr, doubled))}; rename or remove all but one"
        )
    raw.columns = pd.Index(present)
    many = [name for name in present if pd.api.types.is_numeric_dtype(raw[name]) and raw[name].nunique() > MANY]
    table = Table(len(raw), typed=path.name.casefold().endswith(_PARQUET))
    table.problems += absent(
        {
            "which was to be used": set(columns.named()),
            "declared categorical": categorical,
            "declared numeric": numeric,
        },
        present,
    )
    columns = recognised(columns, present, many)
    if not table.rows:
        table.problems.append("it has no rows")
    table.version = version
    if not table.problems and columns.version is not None:
        raw = _of_version(table, raw, columns.version)
    elif not version:
        table.problems.append(
            "no column says which version predicted; say it with --version V, or name the column with --column version=NAME"
        )
    if not table.problems:
        _fill(table, raw, columns, categorical, numeric)
    if table.problems:
        listed = "".join(f"\n  - {problem}" for problem in table.problems)
        raise ReferenceDataError(f"{path.name} cannot serve as a reference:{listed}")
    return table


def content_hash(path: Path) -> str:
    """Return the SHA-256 of the file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _of_version(table: Table, raw: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the rows of the wanted version, or of the only one; several of which none is wanted are a problem."""
    versions = _encoded(table, raw[column], Declared.CATEGORICAL)[1]
    sizes = versions.value_counts()
    named = ", ".join(f"{name} ({rows} rows)" for name, rows in sizes.items()) or "none"
    if not table.version and len(sizes) == 1:
        table.version = str(sizes.index[0])
    if not table.version:
        table.problems.append(f"column {column!r} names {len(sizes)} versions: {named}; choose one with --version")
    elif table.version not in sizes.index:
        table.problems.append(f"column {column!r} has no version {table.version!r}; it has {named}")
    chosen = raw[(versions == table.version).to_numpy()].reset_index(drop=True)
    if len(chosen) < len(raw):
        table.notes.append(f"{len(chosen)} of {len(raw)} rows are of version {table.version}; the others are left out")
    table.rows = len(chosen)
    return chosen


def _raw(path: Path, as_text: Collection[str]) -> pd.DataFrame:
    name = path.name.casefold()
    try:
        if name.endswith(_PARQUET):
            frame = pd.read_parquet(path)
            return frame.reset_index(drop=all(level is None for level in frame.index.names))
        if not any(name.endswith(ending) for ending in (".csv", ".tsv", ".csv.gz", ".tsv.gz")):
            raise ReferenceDataError(f"{path.name} is of no known kind; give a .csv, .tsv (or .gz of them) or .parquet")
        separator = "\t" if ".tsv" in name else ","
        # As a row: read as a header, names would be told apart (a column "a" read twice is "a" and "a.1").
        head = pd.read_csv(path, sep=separator, header=None, nrows=1, dtype="str", keep_default_na=False)
        header = [str(column) or f"Unnamed: {place}" for place, column in enumerate(head.iloc[0])]  # as pandas says
        texts = {*as_text, *(column for column in header if column.casefold() in VERSIONS)}
        table: pd.DataFrame = pd.read_csv(
            path,
            sep=separator,
            dtype=dict.fromkeys(texts, "str"),
            keep_default_na=False,  # NA is a carrier, a country and a missing value; `texts` decides by the column
            na_values=["", "NaN", "nan"],
            low_memory=False,
            **_EXACT_FLOATS,
        )
        if len(set(header)) < len(header) == len(table.columns):
            table.columns = pd.Index(header)
        return table  # noqa: TRY300  one try for all that reading may raise
    except FileNotFoundError as error:
        raise ReferenceDataError(f"{path} does not exist") from error
    except ImportError as error:
        raise MissingExtra("pyarrow", "parquet") from error
    except UnicodeDecodeError as error:
        raise ReferenceDataError(f"{path.name} is no UTF-8 ({error}); save it as UTF-8") from error
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise ReferenceDataError(f"{path.name} cannot be read: {error}") from error


def _fill(
    table: Table, raw: pd.DataFrame, columns: Columns, categorical: Collection[str], numeric: Collection[str]
) -> None:
    if columns.timestamp is not None:
        table.times = _times(table, raw[columns.timestamp])
    for column, stored in (
        (columns.score, PREDICTION_SCORE),
        (columns.value, PREDICTION_VALUE),
        (columns.duration, EVENT_DURATION),
    ):
        if column is not None:
            numbers = _encoded(table, raw[column], Declared.NUMERIC)[0]
            # Latency is stored in whole nanoseconds, rounded as the handler does.
            table.numbers[stored] = (numbers * 1e9 + 0.5) // 1 if stored == EVENT_DURATION else numbers
    if columns.label is not None:
        table.levels[PREDICTION_LABEL] = _encoded(table, raw[columns.label], Declared.CATEGORICAL)[1]
    if columns.actual_label is not None:
        table.actual_labels = _encoded(table, raw[columns.actual_label], Declared.CATEGORICAL)[1]
    if columns.actual_value is not None:
        table.actual_values = _encoded(table, raw[columns.actual_value], Declared.NUMERIC)[0]
    for column in (columns.score, columns.value, columns.label, columns.actual_label, columns.actual_value):
        if column is not None and not raw[column].notna().any():
            table.notes.append(f"{column}: has no value in any row")
    stored_names: set[str] = set()
    roles = set(columns.named())
    for column in raw.columns:
        if column in roles:
            continue
        declared = Declared.CATEGORICAL if column in categorical else Declared.NUMERIC if column in numeric else None
        name = distinct(feature_name(column), stored_names)
        stored_names.add(name)
        numbers, levels = _encoded(table, raw[column], declared)
        if not numbers.notna().any() and not levels.notna().any():
            table.notes.append(f"{column}: has no value in any row, and is not compared")
        if numbers.notna().any():
            table.numbers[f"{FEATURES_NUMERIC.path}.{name}"] = numbers
        if levels.notna().any():
            table.levels[f"{FEATURES_CATEGORICAL.path}.{name}"] = levels


def _encoded(table: Table, column: pd.Series, declared: Declared | None) -> tuple[pd.Series, pd.Series]:
    """Return the column's numbers and its levels; a row has one of them, or neither where it is missing."""
    plain = pd.api.types.is_float_dtype(column.dtype) or pd.api.types.is_integer_dtype(column.dtype)
    if plain and declared is not Declared.CATEGORICAL:
        finite = column.astype("float64")
        return finite.where(finite.abs() != math.inf), pd.Series([None] * table.rows, dtype="category")
    codes, values = pd.factorize(column)
    read: Sequence[object] = list(values)
    if not table.typed and pd.api.types.is_string_dtype(column.dtype):
        read, note = texts_as_values([str(value) for value in values], declared)
        if note:
            table.notes.append(f"{column.name}: {note}")
    features = [as_feature(value, declared) for value in read]
    rejected = [each.text for each in features if isinstance(each, Rejected)]
    if rejected:
        what = "numbers" if declared is Declared.NUMERIC else "numbers, text, dates or truth values"
        table.problems.append(
            f"column {column.name!r} holds {rejected[0]!r}{_more(len(rejected))} where {what} are expected; "
            f"mend them, leave the cells empty, or leave the column out"
        )
    numbers = {code: each.value for code, each in enumerate(features) if isinstance(each, Number)}
    levels = {code: each.text for code, each in enumerate(features) if isinstance(each, Level)}
    coded = pd.Series(codes)
    return coded.map(numbers).astype("float64"), coded.map(levels).astype("category")


def _times(table: Table, column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column.dtype):
        table.problems.append(
            f"column {column.name!r} holds numbers such as {column.iloc[0]} where timestamps are expected; write ISO 8601 "
            f"such as 2013-04-01T12:00:00Z, or rename the column where it is a feature"
        )
        return pd.to_datetime(pd.Series([None] * len(column)), utc=True)
    text = pd.api.types.is_string_dtype(column.dtype)
    zoned = column.str.contains(_ZONE, na=True).all() if text else isinstance(column.dtype, pd.DatetimeTZDtype)
    times: pd.Series = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601" if text else None)
    unread = times.isna() | ~times.dt.year.between(*_YEARS)
    if unread.any():
        row = int(unread.argmax())
        table.problems.append(
            f"column {column.name!r} holds {column.iloc[row]!r} in row {row + 1}{_more(int(unread.sum()))} where timestamps "
            f"of the years {_YEARS[0]} to {_YEARS[1]} are expected; write ISO 8601 such as 2013-04-01T12:00:00Z"
        )
    elif not zoned:
        table.notes.append(f"{column.name}: names no time zone, taken as UTC")
    return times


def _more(count: int) -> str:
    return f" (and {count - 1} more)" if count > 1 else ""
